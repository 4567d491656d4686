//! Azure Resource Manager.

pub mod errors;
pub mod ids;
pub mod kind;
pub mod lookups;
pub mod operation;
mod reads;
pub(crate) mod request;
pub mod router;
pub mod store;
pub mod throttle;
pub mod types;
mod versions;
pub(crate) mod writes;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use kind::{Surroundings, get};
use store::{Author, Doom, State};

use crate::hooks::Event;
use crate::options::Options;

/// A federated credential, as the token endpoint sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Federation {
    pub issuer: String,
    pub subject: String,
    pub audiences: Vec<String>,
}

pub struct Arm {
    state: Mutex<State>,
    pub throttle: throttle::Throttle,
    pub surroundings: Surroundings,
    clock: Arc<crate::clock::Clock>,
    federation_propagation: Duration,
    /// Parents under which an exclusive write is running.
    occupied: Arc<Mutex<BTreeSet<String>>>,
    requests: AtomicU64,
}

impl Arm {
    pub fn new(
        options: &Options,
        surroundings: Surroundings,
        clock: Arc<crate::clock::Clock>,
    ) -> Self {
        let mut state = State::new(&options.subscription_id);
        let behaviour = &options.behaviour;
        state.unregistered = behaviour
            .unregistered
            .iter()
            .map(|n| n.to_lowercase())
            .collect();
        state.behaviour = behaviour.clone();
        state
            .principals
            .insert(options.application.object_id.clone(), Duration::ZERO);
        Self {
            state: Mutex::new(state),
            throttle: throttle::Throttle::default(),
            surroundings,
            clock,
            federation_propagation: behaviour.federation_propagation,
            occupied: Arc::default(),
            requests: AtomicU64::new(0),
        }
    }

    /// The state as of now: everything due has happened.
    pub fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(|e| e.into_inner());
        operation::settle(&mut state, self.clock.now());
        state
    }

    pub fn take_events(&self) -> Vec<Event> {
        std::mem::take(&mut self.state().events)
    }

    pub fn next_request_id(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, &number.to_be_bytes()).to_string()
    }

    /// Object id and accepted credentials of the identity with a client id.
    pub fn federation(&self, client_id: &str) -> Option<(String, Vec<Federation>)> {
        let state = self.state();
        let identity = state.of_kind(types::IDENTITY).find(|r| {
            get(r.properties(), "/clientId")
                .as_str()
                .is_some_and(|c| c.eq_ignore_ascii_case(client_id))
        })?;
        let object_id = get(identity.properties(), "/principalId")
            .as_str()?
            .to_owned();
        let now = self.clock.now();
        let credentials = state
            .below(&identity.id.key())
            .iter()
            .filter_map(|key| state.resources.get(key))
            .filter(|r| r.kind == types::FEDERATED_CREDENTIAL)
            .filter(|r| r.created + self.federation_propagation <= now)
            .map(|r| Federation {
                issuer: text(r.properties(), "/issuer"),
                subject: text(r.properties(), "/subject"),
                audiences: get(r.properties(), "/audiences")
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|a| a.as_str().map(str::to_owned))
                    .collect(),
            })
            .collect();
        Some((object_id, credentials))
    }

    /// Lets the next operation on a matching resource fail.
    pub fn doom(&self, doom: Doom) {
        self.state().doomed.push(doom);
    }

    /// Changes a resource behind everybody's back: merges `patch` into its
    /// body, as somebody else would have with a request of their own.
    pub fn change(&self, id: &str, patch: &serde_json::Value, by: &str) -> bool {
        let now = self.clock.now();
        let stamp = self.clock.stamp(now);
        let mut state = self.state();
        let Some(resource) = state.resources.get(&id.to_lowercase()) else {
            return false;
        };
        let (id, kind) = (resource.id.clone(), resource.kind);
        let mut body = resource.body.clone();
        kind::merge(&mut body, patch);
        let author = Author {
            name: by.to_owned(),
            kind: "User".into(),
        };
        state.store(&id, kind, body, &author, (now, &stamp));
        true
    }

    /// Removes a resource and everything below it at once.
    pub fn remove(&self, id: &str) -> bool {
        let now = self.clock.now();
        let mut state = self.state();
        let key = id.to_lowercase();
        let there = state.resources.contains_key(&key);
        operation::remove(&mut state, &key, now);
        there
    }

    /// The stored bodies by id, without what the front adds.
    pub fn snapshot(&self) -> Vec<(String, serde_json::Value)> {
        let state = self.state();
        state
            .resources
            .values()
            .map(|r| (r.id.text.clone(), r.body.clone()))
            .collect()
    }
}

fn text(value: &serde_json::Value, pointer: &str) -> String {
    get(value, pointer).as_str().unwrap_or_default().to_owned()
}
