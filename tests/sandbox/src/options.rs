//! How a sandbox is set up.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::clock::Mode;
use crate::hooks::Hooks;

/// A service principal that may ask for tokens with a secret.
#[derive(Clone)]
pub struct Application {
    pub client_id: String,
    pub object_id: String,
    pub secret: String,
}

/// An issuer of tokens outside Entra (a cluster), with its public keys.
#[derive(Clone, Debug)]
pub struct Issuer {
    pub issuer: String,
    pub jwks: Value,
}

/// A blob store in which ARM container requests really make containers.
#[derive(Clone)]
pub struct BlobStore {
    /// Address without an account, for example `http://127.0.0.1:10000`;
    /// accounts are the first part of the path.
    pub endpoint: String,
    /// Base64 keys by account.
    pub accounts: BTreeMap<String, String>,
}

/// Simulated durations and limits.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// Until a new principal is known to role assignments.
    pub principal_propagation: Duration,
    /// Until a new federated credential is accepted by the token endpoint.
    pub federation_propagation: Duration,
    /// Until a new resource shows in a resource group's contents.
    pub listing_lag: Duration,
    /// How long a federated credential write occupies its identity.
    pub federation_write: Duration,
    /// Until a deleted container's name may be used again.
    pub container_deletion: Duration,
    /// Answer 429 once a token bucket is empty.
    pub throttle: bool,
    /// Namespaces that are not registered in the subscription at first.
    pub unregistered: Vec<String>,
    /// Storage account names that belong to somebody else.
    pub taken_storage_accounts: Vec<String>,
    /// Vcores that node pools may use in all; none means no limit.
    pub core_quota: Option<u64>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            principal_propagation: Duration::from_secs(20),
            federation_propagation: Duration::from_secs(10),
            listing_lag: Duration::from_secs(5),
            federation_write: Duration::from_secs(2),
            container_deletion: Duration::from_secs(30),
            throttle: false,
            unregistered: Vec::new(),
            taken_storage_accounts: Vec::new(),
            core_quota: None,
        }
    }
}

#[derive(Clone)]
pub struct Options {
    /// 0 picks a free port.
    pub arm_port: u16,
    pub entra_port: u16,
    pub kubernetes_port: u16,
    pub control_port: u16,
    pub tenant_id: String,
    pub subscription_id: String,
    pub application: Application,
    /// The scope's resource that ARM accepts tokens for.
    pub audience: String,
    pub location: String,
    pub clock: Mode,
    /// Fixed `Retry-After`; by default the real one divided by the speed.
    pub retry_after: Option<u64>,
    pub latency: Duration,
    pub behaviour: Behaviour,
    pub log_file: Option<PathBuf>,
    /// Where to write the CA certificate; a temporary file by default.
    pub ca_file: Option<PathBuf>,
    /// Kubeconfig (YAML) that AKS credentials return instead of one for the
    /// sandbox's own Kubernetes.
    pub kubeconfig: Option<String>,
    /// The OIDC issuer that clusters report; by default the sandbox's own
    /// address.
    pub cluster_issuer: Option<String>,
    /// Directory of CustomResourceDefinition files for the sandbox's own
    /// Kubernetes. Without it the operators' kinds have no schema.
    pub crds: Option<PathBuf>,
    /// How much faster than in reality the Kubernetes operators are on an
    /// automatic clock.
    pub operator_speed: f64,
    /// Issuers whose tokens may be exchanged by federation.
    pub issuers: Vec<Issuer>,
    pub blob_store: Option<BlobStore>,
    pub hooks: Vec<Arc<dyn Hooks>>,
    /// Name of an AKS cluster that is there from the start.
    pub aks_cluster: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            arm_port: 0,
            entra_port: 0,
            kubernetes_port: 0,
            control_port: 0,
            tenant_id: "6b1f2a1e-0d7c-4c0c-9d5e-3f1f4c2b7a10".into(),
            subscription_id: "2c9f6f0a-5b0e-4a53-8a55-0c1e7d3b9f42".into(),
            application: Application {
                client_id: "a8e0c7d2-4f6b-4e89-b1c3-5d2f7e9a6b31".into(),
                object_id: "e4b7d9f0-1a2c-4d3e-8f5a-6b7c8d9e0f12".into(),
                secret: "sandbox-client-secret".into(),
            },
            audience: "https://management.core.windows.net/".into(),
            location: "westeurope".into(),
            clock: Mode::default(),
            retry_after: None,
            latency: Duration::ZERO,
            behaviour: Behaviour::default(),
            log_file: None,
            ca_file: None,
            kubeconfig: None,
            cluster_issuer: None,
            crds: None,
            operator_speed: 50.0,
            issuers: Vec::new(),
            blob_store: None,
            hooks: Vec::new(),
            aks_cluster: None,
        }
    }
}
