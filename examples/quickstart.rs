//! Shows the provider at work with a real CLI, against a simulated Azure on this machine.
//!
//! ```text
//! cargo run --example quickstart          # TF_CLI=terraform chooses the CLI
//! ```
//!
//! It needs no root and no account, and talks to nothing beyond the loopback interface.

#![allow(clippy::print_stdout)]

#[path = "../tests/it/support/administrator.rs"]
mod administrator;
#[path = "../tests/it/support/cli.rs"]
mod cli;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, bail, ensure};
use sandbox::{Options, Sandbox};
use serde_json::json;
use tokio::runtime::Runtime;

use administrator::Administrator;
use cli::Cli;

const HCL: &str = include_str!("quickstart/main.tf");
const NO_CLI: &str = "No OpenTofu and no Terraform was found on PATH.\n\n\
    Install one of them and run this again:\n  \
    OpenTofu 1.8 or newer:   https://opentofu.org/docs/intro/install/\n  \
    Terraform 1.8 or newer:  https://developer.hashicorp.com/terraform/install\n\n\
    One that is not on PATH can be named: TF_CLI=/path/to/tofu cargo run --example quickstart";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let cli = choose()?;
    let provider = build()?;
    heading(
        "A simulated Azure starts on this machine: Entra, Resource Manager, and an AKS cluster with CloudNativePG",
    );
    let runtime = Runtime::new()?;
    let (sandbox, administrator) = runtime.block_on(async {
        let sandbox = Sandbox::start(Options::default()).await?;
        let administrator = Administrator::new(&sandbox).await?;
        administrator.furnish().await?;
        anyhow::Ok((sandbox, administrator))
    })?;
    println!("{}", administrator.aks);
    let stage = Stage::new(cli, &provider, &sandbox, &administrator)?;
    heading("init");
    println!(
        "Not needed: the freshly built provider is used through `dev_overrides` in\n{}",
        stage.path("cli.rc").display()
    );
    stage.show("What is wanted is planned", &["plan"], &[2])?;
    stage.show("It is made", &["apply", "-auto-approve"], &[0])?;
    stage.show("A second plan is empty", &["plan"], &[0])?;

    heading("Somebody changes things by hand: kubectl edit, and the portal");
    let _inside = runtime.enter();
    meddle(&sandbox)?;
    stage.show("The plan says what, who and when", &["plan"], &[2])?;
    stage.show("It is taken back", &["apply", "-auto-approve"], &[0])?;
    stage.show("The plan is empty again", &["plan"], &[0])?;
    stage.show("Everything is removed", &["destroy", "-auto-approve"], &[0])?;
    heading("Done. The page of HCL is examples/quickstart/main.tf");
    Ok(())
}

fn choose() -> anyhow::Result<Cli> {
    let all = cli::all();
    if let (Some(named), true) = (std::env::var_os("TF_CLI"), all.iter().all(Result::is_err)) {
        bail!(
            "TF_CLI is `{}`: it must be a program `tofu` or `terraform` that exists.",
            named.display()
        );
    }
    all.into_iter().find_map(Result::ok).context(NO_CLI)
}

/// The provider's program beside this example, built when it is not up to date.
fn build() -> anyhow::Result<PathBuf> {
    heading("The provider is built");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args([
            "build",
            "--package",
            "terraform-provider-postgres",
            "--bin",
            "terraform-provider-postgres",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .context("running cargo")?;
    ensure!(built.success(), "the provider could not be built");
    let example = std::env::current_exe()?;
    let directory = example
        .parent()
        .and_then(Path::parent)
        .context("no target directory")?;
    // Built in release mode, the example lies elsewhere than the provider.
    let debug = directory.with_file_name("debug");
    [directory, &debug]
        .into_iter()
        .map(|directory| directory.join("terraform-provider-postgres"))
        .find(|program| program.is_file())
        .context("the built provider was not found")
}

/// A change in Kubernetes and one in Azure, each with its author.
fn meddle(sandbox: &Sandbox) -> anyhow::Result<()> {
    let kubernetes = sandbox.kubernetes();
    let patch =
        json!({"spec": {"instances": 2, "postgresql": {"parameters": {"work_mem": "1GB"}}}});
    let done = kubernetes
        .target("postgresql.cnpg.io", "Cluster", "shop", "orders")
        .and_then(|cluster| kubernetes.patch_as("kubectl-edit", &cluster, &patch));
    ensure!(done.is_ok(), "the Cluster could not be edited");
    println!("kubectl edit cluster orders -n shop     {patch}");
    let patch = json!({"properties": {"minimumTlsVersion": "TLS1_0"}});
    let account = sandbox
        .world
        .arm
        .snapshot()
        .into_iter()
        .map(|(id, _)| id)
        .find(|id| id.ends_with("/ordersbackups"))
        .context("no storage account")?;
    ensure!(
        sandbox
            .world
            .arm
            .change(&account, &patch, "mallory@example.com")
    );
    println!("az storage account update ordersbackups {patch}");
    Ok(())
}

/// A directory with the page of HCL, and the CLI in it.
struct Stage {
    cli: Cli,
    directory: tempfile::TempDir,
    environment: Vec<(&'static str, String)>,
}

impl Stage {
    fn new(
        cli: Cli,
        provider: &Path,
        sandbox: &Sandbox,
        administrator: &Administrator,
    ) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let binaries = provider
            .parent()
            .context("no directory")?
            .display()
            .to_string();
        let overrides = format!("dev_overrides {{ \"pgaks/postgres\" = \"{binaries}\" }}");
        std::fs::write(
            directory.path().join("cli.rc"),
            format!("provider_installation {{\n  {overrides}\n  direct {{}}\n}}\n"),
        )?;
        std::fs::write(directory.path().join("main.tf"), HCL)?;
        let connection = sandbox.connection();
        let environment = vec![
            ("ARM_ENVIRONMENT", "custom".to_owned()),
            (
                "ARM_RESOURCE_MANAGER_ENDPOINT",
                connection.endpoints.resource_manager_endpoint,
            ),
            ("ARM_AUTHORITY_HOST", connection.endpoints.authority_host),
            ("ARM_AUDIENCE", connection.audience),
            ("ARM_SUBSCRIPTION_ID", connection.subscription_id),
            ("ARM_TENANT_ID", connection.tenant_id),
            ("ARM_CLIENT_ID", connection.client_id),
            ("ARM_CLIENT_SECRET", connection.client_secret),
            ("SSL_CERT_FILE", sandbox.ca_file().display().to_string()),
            ("TF_VAR_aks_cluster_id", administrator.aks.clone()),
        ];
        Ok(Self {
            cli,
            directory,
            environment,
        })
    }

    fn path(&self, file: &str) -> PathBuf {
        self.directory.path().join(file)
    }

    /// Runs a command of the CLI with its own output; it must end with one of the codes.
    fn show(&self, what: &str, args: &[&str], codes: &[i32]) -> anyhow::Result<()> {
        heading(what);
        println!("$ {} {}\n", self.cli.name, args.join(" "));
        let mut command = Command::new(&self.cli.program);
        command
            .args(args)
            .args(if args[0] == "plan" {
                &["-detailed-exitcode"][..]
            } else {
                &[]
            })
            .args(if colours() { &[][..] } else { &["-no-color"] })
            .arg("-input=false")
            .current_dir(self.directory.path());
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["ARM_", "AZURE_", "KUBE", "TF_"]
                .iter()
                .any(|prefix| text.starts_with(prefix))
            {
                command.env_remove(&name);
            }
        }
        let status = command
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .env("TF_CLI_CONFIG_FILE", self.path("cli.rc"))
            .env("TF_IN_AUTOMATION", "1")
            .env("CHECKPOINT_DISABLE", "1")
            .status()
            .with_context(|| format!("starting `{}`", self.cli.program.display()))?;
        let code = status.code().unwrap_or(-1);
        ensure!(
            codes.contains(&code),
            "`{} {}` ended with {code}",
            self.cli.name,
            args.join(" ")
        );
        Ok(())
    }
}

fn colours() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

fn heading(text: &str) {
    match colours() {
        true => println!("\n\x1b[1;36m== {text}\x1b[0m"),
        false => println!("\n== {text}"),
    }
}
