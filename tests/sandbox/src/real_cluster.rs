//! A real cluster in place of the sandbox's own Kubernetes, reached with
//! `kubectl`: its nodes take the labels of new pools. All of them do, so a
//! cluster that several sandboxes share keeps the labels of the last pool.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, bail};
use async_trait::async_trait;
use serde_json::Value;
use tokio::process::Command;

use crate::hooks::{Hooks, NodePool};
use crate::node_pools::pool_labels;
use crate::options::Issuer;

pub struct RealCluster {
    kubectl: PathBuf,
    kubeconfig: PathBuf,
}

impl RealCluster {
    pub fn new(kubeconfig: &Path) -> Self {
        Self {
            kubectl: "kubectl".into(),
            kubeconfig: kubeconfig.to_owned(),
        }
    }

    async fn kubectl(&self, arguments: &[String]) -> anyhow::Result<Vec<u8>> {
        let output = Command::new(&self.kubectl)
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .context("starting `kubectl`, which must be on PATH for a real cluster")?;
        if !output.status.success() {
            bail!(
                "`kubectl {}` failed: {}",
                arguments.join(" "),
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(output.stdout)
    }

    async fn raw(&self, path: &str) -> anyhow::Result<Value> {
        let arguments = ["get", "--raw", path].map(str::to_owned);
        let answer = self.kubectl(&arguments).await?;
        serde_json::from_slice(&answer).with_context(|| format!("answer to `{path}`"))
    }

    /// The cluster's issuer of service account tokens, with its keys.
    pub async fn issuer(&self) -> anyhow::Result<Issuer> {
        let discovery = self.raw("/.well-known/openid-configuration").await?;
        let issuer = discovery["issuer"].as_str();
        Ok(Issuer {
            issuer: issuer.context("the cluster names no issuer")?.to_owned(),
            jwks: self.raw("/openid/v1/jwks").await?,
        })
    }

    async fn label(&self, pool: &NodePool) -> anyhow::Result<()> {
        let fixed = ["label", "nodes", "--all", "--overwrite"].map(str::to_owned);
        let labels = pool_labels(pool)
            .into_iter()
            .map(|(key, value)| format!("{key}={value}"));
        let arguments: Vec<String> = fixed.into_iter().chain(labels).collect();
        self.kubectl(&arguments).await.map(drop)
    }
}

#[async_trait]
impl Hooks for RealCluster {
    /// System pools are left out: the real cluster runs its system pods
    /// already, and their labels would displace those of a user pool.
    async fn pool_ready(&self, pool: &NodePool) {
        if pool.properties["mode"] == "System" {
            return;
        }
        if let Err(error) = self.label(pool).await {
            tracing::warn!("labels of pool {}: {error:#}", pool.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::os::unix::fs::PermissionsExt;

    /// A program in place of `kubectl` that runs a shell command, and a place
    /// for what it writes.
    fn cluster(command: &str) -> (RealCluster, PathBuf) {
        let base = std::env::temp_dir().join(format!("sandbox-kubectl-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&base).expect("directory");
        let (kubectl, output) = (base.join("kubectl"), base.join("output"));
        let script = format!("#!/bin/sh\nexec >>'{}' 2>&1\n", output.display());
        let script = match command {
            "" => format!("{script}echo \"$@\"\n"),
            command => format!("#!/bin/sh\n{command}\n"),
        };
        std::fs::write(&kubectl, script).expect("script");
        std::fs::set_permissions(&kubectl, PermissionsExt::from_mode(0o755)).expect("mode");
        let cluster = RealCluster {
            kubectl,
            kubeconfig: "/k".into(),
        };
        (cluster, base)
    }

    fn pool(mode: &str) -> NodePool {
        NodePool {
            cluster_id: "/c".into(),
            name: "pg".into(),
            location: "westeurope".into(),
            properties: json!({"mode": mode, "nodeLabels": {"workload": "postgres"}}),
        }
    }

    #[tokio::test]
    async fn all_nodes_take_the_labels_of_a_pool() {
        let (cluster, base) = cluster("");
        cluster.pool_ready(&pool("User")).await;
        cluster.pool_ready(&pool("System")).await;
        let seen = std::fs::read_to_string(base.join("output")).expect("output");
        assert_eq!(
            seen.trim(),
            "--kubeconfig /k label nodes --all --overwrite agentpool=pg kubernetes.azure.com/agentpool=pg workload=postgres"
        );
        std::fs::remove_dir_all(base).expect("removed");
    }

    #[tokio::test]
    async fn what_kubectl_complains_about_is_told() {
        let (cluster, base) = cluster("echo 'no such host' >&2; exit 1");
        let error = cluster.label(&pool("User")).await.expect_err("must fail");
        assert!(format!("{error:#}").contains("no such host"), "{error:#}");
        std::fs::remove_dir_all(base).expect("removed");
    }
}
