//! The Kubernetes half over plain HTTP on loopback, with the operators playing.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking and reports on stdout"
)]

mod backups;
mod clock;
mod clusters;
mod machinery;
mod world;
