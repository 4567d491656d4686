//! Starts everything and holds what the parts share. This is the one place
//! where a further service is put behind its own listener.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::arm::Arm;
use crate::arm::kind::Surroundings;
use crate::blob_store::BlobContainers;
use crate::clock::Clock;
use crate::entra::{self, SigningKey};
use crate::faults::{self, Faults};
use crate::kubernetes::Kubernetes;
use crate::log::{self, Detail, Log};
use crate::node_pools::NodePools;
use crate::options::{Issuer, Options};
use crate::service_accounts::ServiceAccounts;
use crate::tls::Authority;
use crate::{arm, control, hooks, mount, premade};

/// How often events without a request are told, on an automatic clock.
const TICK: Duration = Duration::from_millis(20);

/// Addresses of a running sandbox.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Endpoints {
    pub resource_manager_endpoint: String,
    /// Ends with a slash; the tenant follows.
    pub authority_host: String,
    pub kubernetes_host: String,
    pub control: String,
}

/// What a client needs to know, as printed by `serve`.
#[derive(Clone, Serialize, Deserialize)]
pub struct Connection {
    #[serde(flatten)]
    pub endpoints: Endpoints,
    pub audience: String,
    pub ca_file: PathBuf,
    pub tenant_id: String,
    pub subscription_id: String,
    pub client_id: String,
    pub client_secret: String,
    pub location: String,
    /// The cluster that is there from the start.
    pub aks_cluster_id: Option<String>,
}

pub struct World {
    pub options: Options,
    pub endpoints: Endpoints,
    pub clock: Arc<Clock>,
    pub faults: Arc<Faults>,
    pub log: Arc<Log>,
    pub arm: Arm,
    pub signing_key: SigningKey,
    pub kubernetes: Arc<Kubernetes>,
    pub service_accounts: ServiceAccounts,
    issuers: Mutex<Vec<Issuer>>,
    generation: AtomicU64,
}

impl World {
    /// Tokens of earlier generations count as expired.
    pub fn token_generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    pub fn expire_tokens(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    pub fn issuers(&self) -> Vec<Issuer> {
        self.issuers
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .clone()
    }

    /// Trusts an issuer, or changes the keys of one.
    pub fn add_issuer(&self, issuer: Issuer) {
        let mut issuers = self.issuers.lock().unwrap_or_else(|e| e.into_inner());
        issuers.retain(|known| known.issuer != issuer.issuer);
        issuers.push(issuer);
    }

    /// Whether a bearer token opens the cluster: the static one of the
    /// kubeconfigs, or an Entra token for the AKS server application.
    pub fn accepts_kubernetes_token(&self, token: &str) -> bool {
        token == self.arm.surroundings.kubernetes_token
            || self.signing_key.read(token).is_ok_and(|claims| {
                entra::token::same_resource(&claims.aud, entra::AKS_SERVER)
                    && !claims.is_expired()
                    && claims.generation == self.token_generation()
            })
    }

    /// Lets what is due happen and tells the hooks.
    pub async fn settle(&self) {
        let events = self.arm.take_events();
        if let Err(error) = hooks::dispatch(&self.options.hooks, events).await {
            tracing::warn!(%error, "hook");
        }
    }

    /// Steps the clock and lets everything due happen, each thing in its time.
    pub async fn step(&self, by: Duration) {
        mount::play(&self.kubernetes, &self.clock, by);
        self.settle().await;
    }
}

/// A running sandbox. It stops when dropped.
pub struct Sandbox {
    pub world: Arc<World>,
    pub ca_pem: String,
    ca_file: PathBuf,
    owns_ca_file: bool,
    stop: CancellationToken,
}

struct Listeners {
    arm: TcpListener,
    entra: TcpListener,
    kubernetes: TcpListener,
    control: TcpListener,
}

impl Listeners {
    async fn bind(options: &Options) -> anyhow::Result<Self> {
        let bind = |port: u16| TcpListener::bind(("127.0.0.1", port));
        Ok(Self {
            arm: bind(options.arm_port).await.context("ARM port")?,
            entra: bind(options.entra_port).await.context("Entra port")?,
            kubernetes: bind(options.kubernetes_port)
                .await
                .context("Kubernetes port")?,
            control: bind(options.control_port).await.context("control port")?,
        })
    }

    fn endpoints(&self) -> anyhow::Result<Endpoints> {
        let url = |listener: &TcpListener| -> anyhow::Result<String> {
            Ok(format!(
                "https://localhost:{}",
                listener.local_addr()?.port()
            ))
        };
        Ok(Endpoints {
            resource_manager_endpoint: url(&self.arm)?,
            authority_host: format!("{}/", url(&self.entra)?),
            kubernetes_host: url(&self.kubernetes)?,
            control: format!("{}/sandbox", url(&self.control)?),
        })
    }
}

impl Sandbox {
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let authority = Authority::new()?;
        let listeners = Listeners::bind(&options).await?;
        let (ca_file, owns_ca_file) = ca_file(&options, &authority.ca_pem)?;
        let world = build(options, listeners.endpoints()?, &authority.ca_pem)?;
        if let Some(name) = &world.options.aks_cluster {
            premade::make(&world, name)?;
            world.settle().await;
        }
        let stop = CancellationToken::new();
        let services = [
            (
                listeners.arm,
                arm::router::router(world.clone()),
                "arm",
                Detail::Bodies,
            ),
            (
                listeners.entra,
                entra::router(world.clone()),
                "entra",
                Detail::Bodies,
            ),
            (
                listeners.kubernetes,
                mount::router(&world),
                "kubernetes",
                Detail::Lines,
            ),
        ];
        for (listener, router, name, detail) in services {
            let router = faults::layer(router, world.faults.clone());
            let router = log::layer(router, world.log.clone(), name, detail);
            authority.serve(listener, router, stop.clone());
        }
        authority.serve(
            listeners.control,
            control::router(world.clone()),
            stop.clone(),
        );
        if !world.clock.is_stepped() {
            tokio::spawn(tick(world.clone(), stop.clone()));
        }
        Ok(Self {
            world,
            ca_pem: authority.ca_pem.clone(),
            ca_file,
            owns_ca_file,
            stop,
        })
    }

    /// The Kubernetes behind the AKS clusters, to play with from the inside.
    pub fn kubernetes(&self) -> &Arc<Kubernetes> {
        &self.world.kubernetes
    }

    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    pub fn connection(&self) -> Connection {
        let options = &self.world.options;
        Connection {
            endpoints: self.world.endpoints.clone(),
            audience: options.audience.clone(),
            ca_file: self.ca_file.clone(),
            tenant_id: options.tenant_id.clone(),
            subscription_id: options.subscription_id.clone(),
            client_id: options.application.client_id.clone(),
            client_secret: options.application.secret.clone(),
            location: options.location.clone(),
            aks_cluster_id: options
                .aks_cluster
                .as_ref()
                .map(|name| premade::cluster_id(&options.subscription_id, name)),
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.cancel();
        if self.owns_ca_file {
            let _ = std::fs::remove_file(&self.ca_file);
        }
    }
}

fn build(mut options: Options, endpoints: Endpoints, ca_pem: &str) -> anyhow::Result<Arc<World>> {
    let clock = Arc::new(Clock::new(options.clock, options.retry_after));
    let faults = Faults::default();
    faults.set_latency(options.latency);
    let gate = mount::Gate::default();
    let kubernetes = mount::server(&options, clock.clone(), gate.clone())?;
    let service_accounts = ServiceAccounts::new(format!("{}/", endpoints.kubernetes_host))?;
    let cluster_issuer = match &options.cluster_issuer {
        Some(real) => real.clone(),
        None => {
            options.issuers.push(service_accounts.issuer());
            service_accounts.issuer().issuer
        }
    };
    let surroundings = Surroundings {
        kubernetes_host: endpoints.kubernetes_host.clone(),
        cluster_issuer,
        ca_pem: ca_pem.to_owned(),
        kubernetes_token: uuid::Uuid::new_v4().simple().to_string(),
        blob_endpoint: options.blob_store.as_ref().map(|b| b.endpoint.clone()),
    };
    let nodes = NodePools::new(kubernetes.clone());
    options.hooks.push(Arc::new(nodes));
    if let Some(store) = options.blob_store.clone() {
        options.hooks.push(Arc::new(BlobContainers::new(store)));
    }
    let world = Arc::new(World {
        arm: Arm::new(&options, surroundings, clock.clone()),
        log: Arc::new(Log::to_file(options.log_file.as_deref())?),
        issuers: Mutex::new(options.issuers.clone()),
        signing_key: SigningKey::generate()?,
        generation: AtomicU64::new(0),
        faults: Arc::new(faults),
        kubernetes,
        service_accounts,
        options,
        endpoints,
        clock,
    });
    gate.open(&world);
    Ok(world)
}

fn ca_file(options: &Options, pem: &str) -> anyhow::Result<(PathBuf, bool)> {
    let own = std::env::temp_dir().join(format!("sandbox-ca-{}.pem", uuid::Uuid::new_v4()));
    let path = options.ca_file.clone().unwrap_or(own);
    std::fs::write(&path, pem).with_context(|| format!("writing {}", path.display()))?;
    Ok((path, options.ca_file.is_none()))
}

async fn tick(world: Arc<World>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(TICK) => world.settle().await,
            () = stop.cancelled() => return,
        }
    }
}
