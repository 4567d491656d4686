//! Terraform's concepts without any IO: values, typed objects, schemas, diagnostics.

pub mod attr;
pub mod check;
pub mod checks;
pub mod codec;
pub mod diagnostic;
pub mod equal;
pub mod field;
pub mod identity;
pub mod import;
pub mod json;
pub mod msgpack;
pub mod number;
pub mod object;
pub mod page;
pub mod plan;
#[cfg(test)]
mod properties;
pub mod quantity;
pub mod resource;
pub mod selfcheck;
pub mod snapshot;
pub mod strip;
pub mod types;
pub mod validate;
pub mod value;
