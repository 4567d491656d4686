//! The verbs of the API, each over any JSON object.

mod delete;
mod read;
mod write;

pub use delete::Propagation;
pub use write::{Applied, Apply};
