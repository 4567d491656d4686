//! The resource types, one folder each.

mod azure_ids;
pub mod postgres_ha_cluster;
pub mod timeouts;
