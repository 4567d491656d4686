//! Calls to the lab's API server through kubectl, inside the namespace.

use std::ffi::OsStr;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::enter;
use crate::paths::Paths;
use crate::shell::{run, run_with_input};

/// kubectl with the lab's administrator.
pub struct Kubectl {
    paths: Paths,
}

impl Kubectl {
    pub fn new(paths: &Paths) -> Self {
        Self {
            paths: paths.clone(),
        }
    }

    /// The command without arguments, for callers that need more than its output.
    pub fn command(&self) -> Command {
        enter::command(&self.paths, self.paths.bin().join("kubectl"))
    }

    /// Runs it and returns what it wrote.
    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Result<String> {
        run(self.command().args(args))
    }

    /// Runs it with `-o json` and reads the answer.
    pub fn json<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Result<Value> {
        let answer = run(self.command().args(args).args(["-o", "json"]))?;
        serde_json::from_str(&answer).context("cannot read what kubectl answered")
    }

    /// Applies a manifest on the server's side.
    pub fn apply(&self, manifest: &str) -> Result<()> {
        let mut command = self.command();
        command.args(["apply", "--server-side", "--force-conflicts", "-f", "-"]);
        run_with_input(&mut command, manifest).map(drop)
    }

    /// Creates an object.
    pub fn create(&self, object: &Value) -> Result<()> {
        run_with_input(
            self.command().args(["create", "-f", "-"]),
            &object.to_string(),
        )
        .map(drop)
    }

    /// A dry run of the smallest Cluster: it passes every webhook, or tells which one does not answer.
    pub fn try_cluster(&self) -> Result<()> {
        let cluster = json!({
            "apiVersion": "postgresql.cnpg.io/v1",
            "kind": "Cluster",
            "metadata": { "name": "lab-probe", "namespace": "default" },
            "spec": { "instances": 1, "storage": { "size": "1Gi" } },
        });
        let mut command = self.command();
        command.args([
            "create",
            "--dry-run=server",
            "--request-timeout=5s",
            "-f",
            "-",
        ]);
        run_with_input(&mut command, &cluster.to_string()).map(drop)
    }

    /// How many nodes are Ready, by their own account and the controllers'.
    pub fn ready_nodes(&self) -> Result<usize> {
        Ok(ready_nodes(&self.json([
            "get",
            "nodes",
            "--request-timeout=5s",
        ])?))
    }
}

fn ready_nodes(nodes: &Value) -> usize {
    let ready = |node: &&Value| {
        let conditions = node["status"]["conditions"].as_array();
        conditions.is_some_and(|all| {
            all.iter()
                .any(|one| one["type"] == "Ready" && one["status"] == "True")
        })
    };
    nodes["items"]
        .as_array()
        .map_or(0, |nodes| nodes.iter().filter(ready).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ready_nodes_count() {
        let node = |status: &str| {
            json!({ "status": { "conditions": [
            { "type": "MemoryPressure", "status": "False" }, { "type": "Ready", "status": status }] } })
        };
        let nodes =
            json!({ "items": [node("True"), node("Unknown"), node("True"), { "status": {} }] });
        assert_eq!(ready_nodes(&nodes), 2);
        assert_eq!(ready_nodes(&json!({})), 0);
    }
}
