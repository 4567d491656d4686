//! What the lab runs, as cached artefacts: each is one directory that carries a stamp of everything that determines it.

pub mod build;
pub mod catalogue;
mod containers;
mod debian;
mod digest;
mod go;
mod image;
mod node;
mod programs;
mod recipe;
mod store;

pub use digest::text as checksum;
pub use image::ARCHIVE;
pub use recipe::{Artefact, stamps};
