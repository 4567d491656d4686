//! The provider, from the wire inwards.

pub mod reconcile;
pub mod schema;
