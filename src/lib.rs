//! Provider.
pub mod postgresql;
