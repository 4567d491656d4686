//! `sandbox serve`: starts a sandbox and prints how to reach it, as JSON.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, Subcommand};
use sandbox::clock::Mode;
use sandbox::options::{BlobStore, Issuer, Options};

#[derive(Parser)]
#[command(about = "Simulated Entra, Azure Resource Manager and Kubernetes on loopback")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves until interrupted; prints endpoints and credentials as JSON.
    Serve(Serve),
}

#[derive(clap::Args)]
struct Serve {
    /// 0 picks a free port.
    #[arg(long, default_value_t = 0)]
    arm_port: u16,
    #[arg(long, default_value_t = 0)]
    entra_port: u16,
    #[arg(long, default_value_t = 0)]
    kubernetes_port: u16,
    #[arg(long, default_value_t = 0)]
    control_port: u16,
    /// Simulated seconds per real second.
    #[arg(long, default_value_t = 1000.0)]
    speed: f64,
    /// Time moves only by steps and by this many seconds per poll.
    #[arg(long, value_name = "SECONDS", conflicts_with = "speed")]
    stepped: Option<u64>,
    /// Fixed Retry-After in seconds.
    #[arg(long)]
    retry_after: Option<u64>,
    /// Delay of every call in milliseconds.
    #[arg(long, default_value_t = 0)]
    latency: u64,
    /// Answer 429 when a token bucket is empty.
    #[arg(long)]
    throttle: bool,
    /// Writes every request with its answer as JSON lines.
    #[arg(long)]
    log: Option<PathBuf>,
    /// Where to write the CA certificate.
    #[arg(long)]
    ca_file: Option<PathBuf>,
    /// Directory of CustomResourceDefinition files for the own Kubernetes; the
    /// environment's `CRDS_DIR` by default.
    #[arg(long)]
    crds: Option<PathBuf>,
    /// How much faster than in reality the Kubernetes operators are.
    #[arg(long, default_value_t = 50.0)]
    operator_speed: f64,
    /// Kubeconfig of a real cluster that AKS credentials return.
    #[arg(long)]
    kubeconfig: Option<PathBuf>,
    /// OIDC issuer of that cluster.
    #[arg(long, requires = "cluster_jwks")]
    cluster_issuer: Option<String>,
    /// File with the issuer's public keys (JWKS).
    #[arg(long, requires = "cluster_issuer")]
    cluster_jwks: Option<PathBuf>,
    /// Address of a real blob store, with the account.
    #[arg(long, requires_all = ["blob_account", "blob_key_file"])]
    blob_endpoint: Option<String>,
    #[arg(long)]
    blob_account: Option<String>,
    /// File with the account key in base64.
    #[arg(long)]
    blob_key_file: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Command::Serve(serve) = Cli::parse().command;
    let sandbox = sandbox::Sandbox::start(options(serve)?).await?;
    let connection = serde_json::to_string_pretty(&sandbox.connection())?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{connection}")?;
    stdout.flush()?;
    tokio::signal::ctrl_c().await?;
    Ok(())
}

fn options(serve: Serve) -> anyhow::Result<Options> {
    let read = |path: &PathBuf| {
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
    };
    let mut options = Options {
        arm_port: serve.arm_port,
        entra_port: serve.entra_port,
        kubernetes_port: serve.kubernetes_port,
        control_port: serve.control_port,
        clock: match serve.stepped {
            Some(poll_step_seconds) => Mode::Stepped { poll_step_seconds },
            None => Mode::Automatic { speed: serve.speed },
        },
        retry_after: serve.retry_after,
        latency: Duration::from_millis(serve.latency),
        log_file: serve.log,
        ca_file: serve.ca_file,
        crds: serve
            .crds
            .or_else(|| std::env::var_os("CRDS_DIR").map(PathBuf::from)),
        operator_speed: serve.operator_speed,
        kubeconfig: serve.kubeconfig.as_ref().map(read).transpose()?,
        ..Options::default()
    };
    options.behaviour.throttle = serve.throttle;
    if let (Some(issuer), Some(jwks)) = (serve.cluster_issuer, &serve.cluster_jwks) {
        let jwks = serde_json::from_str(&read(jwks)?).context("JWKS")?;
        options.cluster_issuer = Some(issuer.clone());
        options.issuers.push(Issuer { issuer, jwks });
    }
    if let (Some(endpoint), Some(account), Some(key)) = (
        serve.blob_endpoint,
        serve.blob_account,
        &serve.blob_key_file,
    ) {
        options.blob_store = Some(BlobStore {
            endpoint,
            account,
            key: read(key)?.trim().to_owned(),
        });
    }
    Ok(options)
}
