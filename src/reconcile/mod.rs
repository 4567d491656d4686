//! Parts as a graph: plan, read, apply and destroy of everything that a resource owns.

pub mod compare;
mod create;
mod destroy;
mod discover;
mod explain;
pub mod failure;
pub mod graph;
pub mod managed;
pub mod mark;
pub mod object;
pub mod outcome;
pub mod part;
pub mod paths;
pub mod plan;
mod preflight;
mod read;
pub mod record;
pub mod resource;
mod run;
mod step;
pub mod systems;
pub mod timeouts;
mod write;

#[cfg(test)]
pub use run::fill_unknown as run_fill_unknown;
