//! The provider as a program: see [`terraform_provider_postgres`].

use std::process::ExitCode;

use terraform_provider_postgres::{plugin, provider};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    plugin::main(&arguments, provider::provider)
}
