//! The resource types, one folder each.

pub mod postgres_ha_cluster;
pub mod timeouts;
