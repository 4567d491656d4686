//! The lab's command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    lab::cli::main()
}
