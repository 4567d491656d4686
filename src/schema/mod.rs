//! Terraform's concepts without any IO: values, typed objects, schemas, diagnostics.

pub mod attr;
pub mod diagnostic;
pub mod field;
pub mod object;
pub mod resource;
pub mod value;
