//! Sandbox.
pub mod kubernetes;
