//! The provider, from the wire inwards.

pub mod azure;
pub mod kubernetes;
pub mod plugin;
pub mod postgresql;
pub mod provider;
pub mod reconcile;
pub mod resources;
pub mod schema;
