//! The options of `sandbox serve`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use sandbox::clock::Mode;
use sandbox::options::{BlobStore, Issuer, Options};
use sandbox::real_cluster::RealCluster;

#[derive(clap::Args)]
pub struct Serve {
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
    /// Name of an AKS cluster that is there from the start, in group `rg`.
    #[arg(long, num_args = 0..=1, default_missing_value = "aks")]
    aks: Option<String>,
    /// Kubeconfig of a real cluster that AKS credentials return. Its nodes
    /// take the labels of new pools by the `kubectl` on PATH.
    #[arg(long)]
    kubeconfig: Option<PathBuf>,
    /// OIDC issuer of that cluster; by default the cluster is asked.
    #[arg(long, requires = "cluster_jwks")]
    cluster_issuer: Option<String>,
    /// File with the issuer's public keys (JWKS).
    #[arg(long, requires = "cluster_issuer")]
    cluster_jwks: Option<PathBuf>,
    /// Address of a real blob store, without an account.
    #[arg(long)]
    blob_endpoint: Option<String>,
    /// `NAME:KEY` of an account of that store, more of them separated by `;`;
    /// the environment's `AZURITE_ACCOUNTS` by default.
    #[arg(long, value_delimiter = ';', value_parser = account, requires = "blob_endpoint")]
    blob_account_key: Vec<(String, String)>,
}

fn account(text: &str) -> Result<(String, String), String> {
    let (name, key) = text.split_once(':').ok_or("expected NAME:KEY")?;
    Ok((name.to_owned(), key.to_owned()))
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

impl Serve {
    pub async fn options(self) -> anyhow::Result<Options> {
        let mut options = Options {
            arm_port: self.arm_port,
            entra_port: self.entra_port,
            kubernetes_port: self.kubernetes_port,
            control_port: self.control_port,
            clock: match self.stepped {
                Some(poll_step_seconds) => Mode::Stepped { poll_step_seconds },
                None => Mode::Automatic { speed: self.speed },
            },
            retry_after: self.retry_after,
            latency: Duration::from_millis(self.latency),
            log_file: self.log.clone(),
            ca_file: self.ca_file.clone(),
            operator_speed: self.operator_speed,
            aks_cluster: self.aks.clone(),
            crds: self
                .crds
                .clone()
                .or_else(|| std::env::var_os("CRDS_DIR").map(PathBuf::from)),
            ..Options::default()
        };
        options.behaviour.throttle = self.throttle;
        self.real_cluster(&mut options).await?;
        options.blob_store = self.blob_store()?;
        Ok(options)
    }

    async fn real_cluster(&self, options: &mut Options) -> anyhow::Result<()> {
        let mut issuer = None;
        if let Some(path) = &self.kubeconfig {
            let cluster = RealCluster::new(path);
            options.kubeconfig = Some(read(path)?);
            if self.cluster_issuer.is_none() {
                issuer = Some(cluster.issuer().await?);
            }
            options.hooks.push(Arc::new(cluster));
        }
        if let (Some(name), Some(jwks)) = (&self.cluster_issuer, &self.cluster_jwks) {
            issuer = Some(Issuer {
                issuer: name.clone(),
                jwks: serde_json::from_str(&read(jwks)?).context("JWKS")?,
            });
        }
        if let Some(issuer) = issuer {
            options.cluster_issuer = Some(issuer.issuer.clone());
            options.issuers.push(issuer);
        }
        Ok(())
    }

    fn blob_store(&self) -> anyhow::Result<Option<BlobStore>> {
        let Some(endpoint) = &self.blob_endpoint else {
            return Ok(None);
        };
        let mut accounts: BTreeMap<String, String> =
            self.blob_account_key.iter().cloned().collect();
        if accounts.is_empty() {
            let text = std::env::var("AZURITE_ACCOUNTS")
                .context("`--blob-endpoint` needs `--blob-account-key` or `AZURITE_ACCOUNTS`")?;
            let pairs = text.split(';').filter(|pair| !pair.is_empty());
            accounts = pairs
                .map(|pair| account(pair).map_err(anyhow::Error::msg))
                .collect::<anyhow::Result<_>>()?;
        }
        Ok(Some(BlobStore {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            accounts,
        }))
    }
}
