//! A real cluster in place of the sandbox's own Kubernetes, reached with
//! `kubectl`: its nodes take the labels of new pools.

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
    kubeconfig: PathBuf,
}

impl RealCluster {
    pub fn new(kubeconfig: &Path) -> Self {
        Self {
            kubeconfig: kubeconfig.to_owned(),
        }
    }

    async fn kubectl(&self, arguments: &[String]) -> anyhow::Result<Vec<u8>> {
        let output = Command::new("kubectl")
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
    async fn pool_ready(&self, pool: &NodePool) {
        if let Err(error) = self.label(pool).await {
            tracing::warn!("labels of pool {}: {error:#}", pool.name);
        }
    }
}
