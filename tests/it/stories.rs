//! Stories: what a user sees who drives the provider with a real CLI, against the sandbox and on the lab.
//!
//! `cargo test --test stories [FILTER]`. What this machine cannot run is listed by name at the end; `LAB=required`
//! makes that a failure.

mod azure;
mod lab;
mod support;

use std::process::ExitCode;

use support::runner;

fn main() -> ExitCode {
    runner::main(azure::stories(), lab::stories())
}
