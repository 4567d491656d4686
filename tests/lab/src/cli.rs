//! `lab build|up|down|status|exec|node|kill-postmaster`.

use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::os::unix::process::CommandExt;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};

use crate::cluster::{self, Options, Record, storage_accounts::storage_accounts};
use crate::paths::Paths;
use crate::{artefact, disks, enter, failures, machine, process, progress};

/// A real three-node Kubernetes with CloudNativePG on this machine.
#[derive(Parser)]
#[command(name = "lab", version)]
struct Arguments {
    /// Install missing Debian packages with apt-get instead of naming them.
    #[arg(long, global = true, env = "LAB_INSTALL", value_parser = clap::builder::FalseyValueParser::new())]
    install: bool,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Build what the lab runs, as far as it is missing, outdated or damaged.
    Build,
    /// Start the lab, unless a healthy one of the same versions runs.
    Up {
        /// With CloudNativePG and the barman plugin.
        #[arg(long)]
        operator: bool,
        /// Throw a running lab away.
        #[arg(long)]
        fresh: bool,
    },
    /// Stop the lab and remove its state.
    Down,
    /// Tell what runs. Fails when the lab is not healthy.
    Status,
    /// Run a command inside, with KUBECONFIG and kubectl, kubectl-cnpg and tofu on PATH.
    Exec {
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
    /// Lose or restore a node.
    #[command(subcommand)]
    Node(NodeAction),
    /// Send SIGKILL to the postmaster in a pod.
    KillPostmaster { namespace: String, pod: String },
    /// Serve volumes for the running lab; `up` starts this.
    #[command(hide = true)]
    Disks,
}

#[derive(Subcommand)]
enum NodeAction {
    /// Kill kubelet, containerd and all containers of a node at once.
    Lose { node: u8 },
    /// Start a lost node again and wait until it is ready.
    Restore { node: u8 },
}

/// Runs what the command line says. Errors go to stderr, with their causes.
pub fn main() -> ExitCode {
    progress::begin();
    let arguments = Arguments::parse();
    match Paths::standard().and_then(|paths| run(&paths, arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(paths: &Paths, arguments: Arguments) -> Result<()> {
    match arguments.action {
        Action::Build => {
            machine::require(arguments.install)?;
            artefact::build::build(paths, true)
        }
        Action::Up { operator, fresh } => {
            machine::require(arguments.install)?;
            cluster::up(paths, Options { operator, fresh })
        }
        Action::Down => cluster::down(paths),
        Action::Status => status(paths),
        Action::Exec { command } => exec(paths, command),
        Action::Node(NodeAction::Lose { node }) => failures::lose_node(paths, node),
        Action::Node(NodeAction::Restore { node }) => failures::restore_node(paths, node),
        Action::KillPostmaster { namespace, pod } => {
            failures::kill_postmaster(paths, &namespace, &pod)
        }
        Action::Disks => disks::run(paths),
    }
}

fn exec(paths: &Paths, command: Vec<OsString>) -> Result<()> {
    if !paths.namespace_file().exists() {
        bail!("no lab runs on this machine; start one with `cargo run -p lab -- up --operator`");
    }
    let mut words = command.into_iter();
    let program = words.next().context("`exec` needs a command")?;
    let error = enter::command(paths, &program).args(words).exec();
    Err(error).with_context(|| format!("cannot run `{}` inside the lab", program.to_string_lossy()))
}

fn status(paths: &Paths) -> Result<()> {
    let reason = cluster::unhealthy(paths)?;
    let mut text = match (&reason, Record::read(paths)) {
        (None, Some(record)) if record.operator => {
            "up, with CloudNativePG and the barman plugin\n".to_string()
        }
        (None, _) => "up, without operator\n".into(),
        (Some(reason), _) => format!("not up: {reason}\n"),
    };
    for (name, pids) in process::running()? {
        text += &format!(
            "  {name:<14} {} process(es), log {}\n",
            pids.len(),
            paths.log(&name).display()
        );
    }
    text += &format!("kubeconfig {}\n", paths.kubeconfig().display());
    text += &format!("service account keys {}\n", paths.jwks().display());
    text += "storage accounts (none of the keys opens anything but the lab):\n";
    for account in storage_accounts() {
        text += &format!("  {} {}\n", account.blob_endpoint(), account.key);
    }
    match std::io::stdout().write_all(text.as_bytes()) {
        // Whoever reads only the first line has what it wanted.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => return Err(error.into()),
        _ => {}
    }
    match reason {
        Some(_) => bail!("the lab is not up"),
        None => Ok(()),
    }
}
