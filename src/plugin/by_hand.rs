//! What a person sees who starts the program by hand.

use std::io::Write;
use std::process::ExitCode;

use serde_json::json;

use super::handshake::Listener;

/// The addresses under which cores know this provider.
const ADDRESSES: [&str; 2] = [
    "registry.terraform.io/pgaks/postgres",
    "registry.opentofu.org/pgaks/postgres",
];

const PAGE: &str = "\
This is the Postgres provider for Terraform and OpenTofu. They start it themselves; there is
nothing to do with it by hand.

To use it, name it in your configuration:

    terraform {
      required_providers {
        postgres = { source = \"pgaks/postgres\" }
      }
    }

To use this very file instead of a released version, put this into ~/.terraformrc or ~/.tofurc
and run plan or apply without init:

    provider_installation {
      dev_overrides { \"pgaks/postgres\" = \"DIRECTORY OF THIS FILE\" }
      direct {}
    }

Options:
    --version   print the version
    --debug     serve for a debugger: prints what to put into the environment of terraform or tofu
    --help      print this page
";

fn print(out: &mut dyn Write, text: &str) {
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// Explains what this program is.
pub fn page(code: ExitCode) -> ExitCode {
    print(&mut std::io::stderr(), PAGE);
    code
}

pub fn version() -> ExitCode {
    let version = concat!(
        "terraform-provider-postgres ",
        env!("CARGO_PKG_VERSION"),
        "\n"
    );
    print(&mut std::io::stdout(), version);
    ExitCode::SUCCESS
}

/// The last words of a process that could not start. Before the handshake, core shows what it finds on stdout.
pub fn complain(why: &str) {
    print(&mut std::io::stdout(), &format!("{why}\n"));
}

/// What a core needs in its environment to use a provider that runs already.
pub fn reattach(listener: &Listener) -> String {
    let entry = json!({
        "Protocol": "grpc",
        "ProtocolVersion": 5,
        "Pid": std::process::id(),
        "Test": true,
        "Addr": {"Network": listener.network(), "String": listener.address()},
    });
    let providers: serde_json::Map<String, serde_json::Value> = ADDRESSES
        .iter()
        .map(|address| ((*address).to_owned(), entry.clone()))
        .collect();
    format!("TF_REATTACH_PROVIDERS='{}'\n", json!(providers))
}
