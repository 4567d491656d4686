//! A Kubernetes API server in memory: objects, field ownership, schemas, watches,
//! and a play of the operators whose kinds the product uses.

pub mod api;
pub mod apply;
pub mod clock;
pub mod control;
mod controllers;
mod definitions;
mod discovery;
pub mod kinds;
pub mod play;
mod query;
mod routes;
pub mod schema;
pub mod selectors;
pub mod status;
mod store;
mod strategy;
mod watch;

pub use clock::Clock;
pub use status::{Answer, Failure};

use kinds::Kind;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::Store;

type Authenticate = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// How a server is to behave.
#[derive(Clone)]
pub struct Options {
    /// Whether a bearer token is good.
    pub authenticate: Authenticate,
    pub clock: Clock,
    /// A directory of CustomResourceDefinition files, installed at the start; searched recursively.
    pub crds: Option<PathBuf>,
    /// Namespace deletion and garbage collection.
    pub controllers: bool,
    /// The operators.
    pub play: bool,
    /// How much faster than in reality the operators are.
    pub speed: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            authenticate: Arc::new(|_| true),
            clock: Clock::system(),
            crds: None,
            controllers: true,
            play: true,
            speed: 20.0,
        }
    }
}

pub struct Kubernetes {
    options: Options,
    store: Mutex<Store>,
    signal: tokio::sync::watch::Sender<u64>,
    stage: play::Stage,
}

impl Kubernetes {
    /// Starts a server. With `play`, its operators run on the current tokio runtime until it is dropped.
    pub fn new(options: Options) -> anyhow::Result<Arc<Self>> {
        let (signal, _) = tokio::sync::watch::channel(0);
        let server = Arc::new(Self {
            options,
            store: Mutex::new(Store::default()),
            signal,
            stage: play::Stage::default(),
        });
        server.boot()?;
        if server.options.play {
            play::start(&server);
        }
        Ok(server)
    }

    fn boot(&self) -> anyhow::Result<()> {
        self.store().kinds = kinds::builtin();
        for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
            self.seed("", "Namespace", "", json!({"metadata": {"name": name}}))?;
        }
        match &self.options.crds {
            Some(directory) => self.install_directory(directory)?,
            None => self.store().kinds.extend(kinds::schemaless()),
        }
        Ok(())
    }

    pub fn router(self: Arc<Self>) -> axum::Router {
        routes::router(self)
    }

    pub fn options(&self) -> &Options {
        &self.options
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.options.clock
    }

    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.signal.subscribe()
    }

    pub(crate) fn announce(&self, store: &Store) {
        let version = store.version;
        self.signal.send_if_modified(|seen| {
            let changed = *seen != version;
            *seen = version;
            changed
        });
    }

    /// Mutating admission.
    pub(crate) fn mutate(&self, kind: &Kind, old: Option<&Value>, new: &mut Value) {
        if self.options.play {
            play::admission::mutate(kind, old, new);
        }
    }

    /// Validating admission; returns warnings.
    pub(crate) fn validate(
        &self,
        store: &Store,
        kind: &Kind,
        old: Option<&Value>,
        new: &Value,
    ) -> Answer<Vec<String>> {
        match self.options.play {
            true => play::admission::validate(store, kind, old, new),
            false => Ok(Vec::new()),
        }
    }
}
