//! Provider.

pub mod kubernetes;
