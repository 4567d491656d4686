//! What all stories use: the CLIs, workspaces for them, and the run of the stories themselves.

pub mod administrator;
pub mod cli;
pub mod outcome;
pub mod runner;
pub mod sandbox;
pub mod wait;
pub mod workspace;
