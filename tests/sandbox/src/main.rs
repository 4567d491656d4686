//! `sandbox serve`: starts a sandbox and prints how to reach it, as JSON.

mod cli;

use std::io::Write;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Parser)]
#[command(about = "Simulated Entra, Azure Resource Manager and Kubernetes on loopback")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves until interrupted; prints endpoints and credentials as JSON.
    Serve(Box<cli::Serve>),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Command::Serve(serve) = Cli::parse().command;
    let mut terminate = signal(SignalKind::terminate())?;
    let sandbox = sandbox::Sandbox::start(serve.options().await?).await?;
    let connection = serde_json::to_string_pretty(&sandbox.connection())?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{connection}")?;
    stdout.flush()?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
