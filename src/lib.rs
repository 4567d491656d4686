//! Provider.

pub mod azure;
