//! The parameters of PostgreSQL: which exist, what they accept and what a change of them costs.
//!
//! The facts are the rows of `pg_settings` of real servers, one file per major, written by
//! `examples/catalogue.rs`. [`check`] reads a value as the server does; [`rules`] adds the hooks that
//! `pg_settings` does not show; [`review`] adds what CloudNativePG refuses and what loses data.

mod check;
mod danger;
mod data;
mod effect;
mod error;
mod fixed;
mod number;
mod quantity;
mod review;
mod rules;
mod suggest;
mod together;
mod value;

pub use check::{check, context, parse, same_value};
pub use danger::{Finding, Settings, Severity, dangerous};
pub use data::{Context, Kind, MAJORS, Parameter, parameters};
pub use effect::{Effect, effect, effects, preloaded_library};
pub use error::{ParameterError, Warning};
pub use fixed::{Fixed, fixed};
pub use number::{Family, Unit};
pub use quantity::{Quantity, quantity};
pub use review::review;
pub use value::Value;
