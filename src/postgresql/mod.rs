//! What PostgreSQL itself defines: its parameters, versions, names and encodings, and values for the
//! parameters that fit a machine. Pure knowledge: no network, no clock, nothing of Terraform.

pub mod catalogue;
pub mod encodings;
pub mod names;
pub mod tuning;
pub mod versions;
