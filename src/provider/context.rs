//! What resources share: the configured provider, one client for Azure, and one for each Kubernetes cluster, made when first needed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::OnceCell;

use super::ProviderConfig;
use crate::azure;
use crate::kubernetes;
use crate::reconcile::failure::{Failure, FailureKind};
use crate::reconcile::part::Defaults;
use crate::reconcile::resource::{Environment, Preflight};
use crate::reconcile::systems::{Limits, Systems};
use crate::schema::attr::NotKnown;

const AKS_API: &str = "2024-09-01";
/// The application that AKS gives its API servers in Entra, the same in every directory.
const AKS_SERVER_SCOPE: &str = "6dae42f8-4368-4678-94ff-3960e28e3630/.default";

#[derive(Default)]
struct Connections {
    azure: OnceCell<azure::Client>,
    /// By AKS cluster id in lower case; the empty key is the cluster of the `kubernetes` block.
    kubeconfigs: Mutex<HashMap<String, Arc<OnceCell<kubernetes::Settings>>>>,
    pool: kubernetes::Pool,
}

#[derive(Default)]
struct Configured {
    config: ProviderConfig,
    connections: Arc<Connections>,
}

/// The provider's state between Configure and the end of the process.
#[derive(Default)]
pub struct Context {
    configured: Mutex<Configured>,
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn unknown(block: &str) -> Failure {
    Failure::other(
        "The provider is not fully configured yet",
        format!(
            "A value of the provider's `{block}` block is known only after apply, and is needed here."
        ),
    )
}

impl Context {
    pub fn configure(&self, config: ProviderConfig) {
        *self
            .configured
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Configured {
            config,
            connections: Arc::default(),
        };
    }

    fn now(&self) -> (ProviderConfig, Arc<Connections>) {
        let configured = self
            .configured
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        (configured.config.clone(), configured.connections.clone())
    }
}

async fn azure_client(
    config: &ProviderConfig,
    connections: &Connections,
) -> Result<azure::Client, Failure> {
    let settings = match config.azure.get() {
        Ok(Some(block)) => block.settings(),
        Ok(None) => Ok(azure::Settings::default()),
        Err(NotKnown) => Err(NotKnown),
    }
    .map_err(|NotKnown| unknown("azure"))?;
    connections
        .azure
        .get_or_try_init(|| async { azure::Client::new(settings.with_environment(&environment)) })
        .await
        .cloned()
        .map_err(Failure::from)
}

async fn kubernetes_client(
    config: &ProviderConfig,
    connections: &Connections,
    aks: Option<&str>,
    azure: &Result<azure::Client, Failure>,
    limits: &Limits,
) -> Result<kubernetes::Client, Failure> {
    let own = match config.kubernetes.get() {
        Ok(Some(block)) => block.settings().map_err(|NotKnown| unknown("kubernetes"))?,
        Ok(None) => kubernetes::Settings::default(),
        Err(NotKnown) => return Err(unknown("kubernetes")),
    };
    let settings = match aks {
        // The block wins over the credentials from Azure; the environment does not.
        Some(id) if config.kubernetes.present().is_none() => {
            let cell = {
                let mut cells = connections
                    .kubeconfigs
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                cells.entry(id.to_lowercase()).or_default().clone()
            };
            cell.get_or_try_init(|| from_aks(azure, id, limits))
                .await?
                .clone()
        }
        _ => {
            let settings = own.with_environment(environment);
            if !settings.names_a_cluster() {
                return Err(Failure::other(
                    "No Kubernetes cluster is configured",
                    "Set `aks_cluster_id` on the resource, or the provider's `kubernetes` block, or `KUBE_CONFIG_PATH`.",
                ));
            }
            settings
        }
    };
    Ok(connections.pool.client(settings).await?)
}

/// Credentials for an AKS cluster: the user's kubeconfig; where that wants `kubelogin`, our own Entra token takes its place.
async fn from_aks(
    azure: &Result<azure::Client, Failure>,
    id: &str,
    limits: &Limits,
) -> Result<kubernetes::Settings, Failure> {
    let client = azure.as_ref().map_err(Clone::clone)?;
    let call = limits.azure();
    let answer = client
        .post_action(&call, id, "listClusterUserCredential", AKS_API, None, None)
        .await
        .map_err(|error| {
            let gone = error.kind == azure::ErrorKind::NotFound;
            let failure = Failure::from(error);
            if gone {
                failure.of_kind(FailureKind::ClusterGone)
            } else {
                failure
            }
        })?;
    let encoded = answer["kubeconfigs"][0]["value"]
        .as_str()
        .unwrap_or_default();
    let kubeconfig = STANDARD
        .decode(encoded)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .filter(|text| !text.is_empty())
        .ok_or_else(|| {
            Failure::other(
                "The AKS cluster gave no kubeconfig",
                format!("`{id}` answered without a usable kubeconfig."),
            )
        })?;
    let bearer_token = if kubeconfig.contains("kubelogin") {
        Some(
            client
                .token(&call, AKS_SERVER_SCOPE)
                .await?
                .expose()
                .to_owned(),
        )
    } else {
        None
    };
    Ok(kubernetes::Settings {
        kubeconfig: Some(kubeconfig),
        bearer_token,
        ..kubernetes::Settings::default()
    })
}

#[async_trait]
impl Environment for Context {
    fn defaults(&self) -> Defaults {
        let (config, _) = self.now();
        Defaults {
            labels: config.labels,
            tags: config.tags,
        }
    }

    fn preflight(&self) -> Preflight {
        match self.now().0.preflight.known().map(String::as_str) {
            Some("off") => Preflight::Off,
            Some("required") => Preflight::Required,
            _ => Preflight::Auto,
        }
    }

    async fn systems(&self, aks_cluster_id: Option<&str>, limits: Limits) -> Systems {
        let (config, connections) = self.now();
        let azure = azure_client(&config, &connections).await;
        let kubernetes =
            kubernetes_client(&config, &connections, aks_cluster_id, &azure, &limits).await;
        Systems {
            azure,
            kubernetes,
            limits,
        }
    }
}
