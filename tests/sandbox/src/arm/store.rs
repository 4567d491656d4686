//! The resources and operations of the simulated subscription. Everything is
//! ordered and every generated value follows from names and counts, so that
//! the same requests lead to the same state.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::ids::Id;
use super::operation::Operation;
use crate::hooks::Event;
use crate::options::Behaviour;

/// A stored resource.
#[derive(Clone, Debug)]
pub struct Resource {
    pub id: Id,
    /// The type, as in `types::all`.
    pub kind: &'static str,
    pub body: Value,
    pub generation: u64,
    pub revision: u64,
    pub created: Duration,
    pub system_data: Value,
}

impl Resource {
    pub fn properties(&self) -> &Value {
        super::kind::get(&self.body, "/properties")
    }

    pub fn etag(&self) -> String {
        let seed = format!("{}|{}|{}", self.id.key(), self.generation, self.revision);
        uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, seed.as_bytes()).to_string()
    }

    pub fn state(&self) -> &str {
        super::kind::get(&self.body, "/properties/provisioningState")
            .as_str()
            .unwrap_or("Succeeded")
    }

    pub fn set_state(&mut self, state: &str) {
        super::kind::put(
            &mut self.body,
            "/properties/provisioningState",
            json!(state),
        );
    }
}

/// Who makes a change, as `systemData` shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Author {
    pub name: String,
    /// `Application` or `User`.
    pub kind: String,
}

/// An error that the next operation on a matching resource ends with.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Doom {
    /// Part of the resource id, ignoring case.
    pub path: String,
    pub code: String,
    pub message: String,
}

#[derive(Default)]
pub struct State {
    pub resources: BTreeMap<String, Resource>,
    pub operations: BTreeMap<String, Operation>,
    /// When a principal becomes known to Authorization.
    pub principals: BTreeMap<String, Duration>,
    /// Container keys, and until when they are being deleted.
    pub container_graves: BTreeMap<String, Duration>,
    /// Until when a namespace is being registered.
    pub registrations: BTreeMap<String, Duration>,
    pub unregistered: BTreeSet<String>,
    pub doomed: Vec<Doom>,
    pub events: Vec<Event>,
    pub behaviour: Behaviour,
    generations: BTreeMap<String, u64>,
    counter: u64,
    seed: String,
}

impl State {
    pub fn new(seed: &str) -> Self {
        Self {
            seed: seed.to_owned(),
            ..Self::default()
        }
    }

    pub fn guid(&self, label: &str) -> String {
        let seed = format!("{}|{label}", self.seed);
        uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, seed.as_bytes()).to_string()
    }

    /// A new GUID; the n-th call always gives the same.
    pub fn next_guid(&mut self) -> String {
        self.counter += 1;
        self.guid(&format!("counter|{}", self.counter))
    }

    /// How often a resource with this id was made so far.
    pub fn generation(&self, id: &Id) -> u64 {
        self.generations.get(&id.key()).copied().unwrap_or(0)
    }

    /// Stores a new resource or a new body of an existing one.
    pub fn store(
        &mut self,
        id: &Id,
        kind: &'static str,
        body: Value,
        author: &Author,
        now: (Duration, &str),
    ) {
        let key = id.key();
        let changed = json!({"lastModifiedBy": author.name, "lastModifiedByType": author.kind, "lastModifiedAt": now.1});
        if let Some(resource) = self.resources.get_mut(&key) {
            resource.body = body;
            resource.revision += 1;
            super::kind::merge(&mut resource.system_data, &changed);
            return;
        }
        let generation = self.generation(id) + 1;
        self.generations.insert(key.clone(), generation);
        let mut system_data =
            json!({"createdBy": author.name, "createdByType": author.kind, "createdAt": now.1});
        super::kind::merge(&mut system_data, &changed);
        let resource = Resource {
            id: id.clone(),
            kind,
            body,
            generation,
            revision: 1,
            created: now.0,
            system_data,
        };
        self.resources.insert(key, resource);
    }

    /// Every resource below an id, the id itself excluded.
    pub fn below(&self, key: &str) -> Vec<String> {
        let prefix = format!("{key}/");
        self.resources
            .keys()
            .filter(|k| k.starts_with(&prefix))
            .cloned()
            .collect()
    }

    pub fn of_kind<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = &'s Resource> {
        self.resources.values().filter(move |r| r.kind == kind)
    }

    /// The running operations on a resource or anything below it.
    pub fn running_within(&self, key: &str) -> Vec<&Operation> {
        let prefix = format!("{key}/");
        self.operations
            .values()
            .filter(|o| o.is_running() && (o.target == key || o.target.starts_with(&prefix)))
            .collect()
    }

    /// Takes the error that an operation on this resource shall end with.
    pub fn take_doom(&mut self, key: &str) -> Option<Doom> {
        let at = self
            .doomed
            .iter()
            .position(|d| key.contains(&d.path.to_lowercase()))?;
        Some(self.doomed.remove(at))
    }
}
