//! The provider, from the wire inwards.

pub mod postgresql;
pub mod reconcile;
pub mod resources;
pub mod schema;
