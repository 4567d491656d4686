//! A real cluster on one Linux machine: Kubernetes with three nodes in three zones, CloudNativePG with the barman
//! plugin, PostgreSQL and PgBouncer in pods, Azurite as blob store. It lives in a network namespace of its own.
//!
//! `cargo run -p lab -- up --operator` starts it; tests attach to what runs:
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! let Some(lab) = lab::Lab::attach() else { return Ok(()) };
//! lab.run("kubectl", ["get", "nodes"])?;
//! lab.lose_node(2)?;
//! lab.restore_node(2)?;
//! # Ok(())
//! # }
//! ```

pub mod artefact;
pub mod cli;
mod cluster;
mod disks;
mod enter;
mod failures;
mod kubectl;
mod machine;
pub mod paths;
pub mod pins;
mod process;
pub mod progress;
mod shell;

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

pub use cluster::storage_accounts::{ENDPOINT as BLOB_ENDPOINT, StorageAccount, storage_accounts};
use paths::Paths;

/// A lab that runs on this machine.
#[derive(Clone, Debug)]
pub struct Lab {
    paths: Paths,
}

impl Lab {
    /// The lab of this machine, if one was started. Whether it is healthy tells [`Lab::is_up`].
    pub fn attach() -> Option<Self> {
        let paths = Paths::standard().ok()?;
        (paths.namespace_file().exists() && cluster::Record::read(&paths).is_some())
            .then_some(Self { paths })
    }

    /// Whether all of it runs and all nodes are ready.
    pub fn is_up(&self) -> bool {
        cluster::unhealthy(&self.paths).is_ok_and(|reason| reason.is_none())
    }

    /// Whether CloudNativePG and the barman plugin were installed by `up --operator`.
    pub fn has_operator(&self) -> bool {
        cluster::Record::read(&self.paths).is_some_and(|record| record.operator)
    }

    /// Administrator's kubeconfig; its server is reached from inside only.
    pub fn kubeconfig(&self) -> PathBuf {
        self.paths.kubeconfig()
    }

    /// Directory with kubectl, kubectl-cnpg and tofu.
    pub fn bin(&self) -> PathBuf {
        self.paths.bin()
    }

    /// Public keys of service account tokens, whose issuer is `https://kubernetes.default.svc`.
    pub fn jwks(&self) -> PathBuf {
        self.paths.jwks()
    }

    /// Release manifest of `cloudnative-pg` or `barman-plugin`, with images that are never pulled.
    pub fn manifest(&self, artefact: &str) -> PathBuf {
        self.paths.artefact(artefact).join("manifest.yaml")
    }

    /// A command that runs in the lab's network namespace, with KUBECONFIG and the lab's programs first on PATH.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        enter::command(&self.paths, program)
    }

    /// Runs a command inside and returns what it wrote; a failure tells what it said.
    pub fn run<S: AsRef<OsStr>>(
        &self,
        program: impl AsRef<OsStr>,
        args: impl IntoIterator<Item = S>,
    ) -> Result<String> {
        shell::run(self.command(program).args(args))
    }

    /// Runs kubectl with `-o json` and reads the answer.
    pub fn kubectl_json<S: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
    ) -> Result<serde_json::Value> {
        kubectl::Kubectl::new(&self.paths).json(args)
    }

    /// Applies a manifest as text, on the server's side.
    pub fn apply(&self, manifest: &str) -> Result<()> {
        kubectl::Kubectl::new(&self.paths).apply(manifest)
    }

    /// Kills kubelet and all containers of a node (1 to 3) at once.
    pub fn lose_node(&self, node: u8) -> Result<()> {
        failures::lose_node(&self.paths, node)
    }

    /// Starts a lost node again and waits until it is ready.
    pub fn restore_node(&self, node: u8) -> Result<()> {
        failures::restore_node(&self.paths, node)
    }

    /// Sends SIGKILL to the postmaster of an instance's pod.
    pub fn kill_postmaster(&self, namespace: &str, pod: &str) -> Result<()> {
        failures::kill_postmaster(&self.paths, namespace, pod)
    }
}
