//! The provider, from the wire inwards.

pub mod schema;
