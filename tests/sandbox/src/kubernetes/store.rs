//! Objects, their versions, and the log of what happened to them.

use super::kinds::Kind;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

/// How many changes a watch can go back before it is told that its version is gone.
const HISTORY: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub resource: String,
    pub namespace: String,
    pub name: String,
}

impl Key {
    pub fn new(kind: &Kind, namespace: &str, name: &str) -> Self {
        let namespace = if kind.namespaced { namespace } else { "" };
        Self {
            resource: kind.resource(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }
}

/// A change: the object after it (or as it was last, for a deletion), and before it.
#[derive(Debug, Clone)]
pub struct Change {
    pub version: u64,
    pub resource: String,
    pub namespace: String,
    pub before: Option<Arc<Value>>,
    pub after: Option<Arc<Value>>,
    /// The last state of a deleted object, under the version of its deletion.
    pub last: Arc<Value>,
}

/// What is left of a paged list.
#[derive(Debug, Clone)]
pub struct Page {
    pub version: u64,
    pub rest: Vec<Arc<Value>>,
}

#[derive(Debug, Default)]
pub struct Store {
    pub kinds: Vec<Arc<Kind>>,
    pub objects: BTreeMap<Key, Arc<Value>>,
    pub version: u64,
    pub log: VecDeque<Change>,
    /// Changes up to this version have been forgotten.
    pub compacted: u64,
    pub pages: HashMap<String, Page>,
    pub addresses: u32,
}

impl Store {
    pub fn kind(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Kind>> {
        let served = |kind: &&Arc<Kind>| {
            kind.group == group && kind.version == version && kind.plural == plural
        };
        self.kinds.iter().find(served).cloned()
    }

    pub fn kind_named(&self, group: &str, kind: &str) -> Option<Arc<Kind>> {
        self.kinds
            .iter()
            .find(|found| found.is(group, kind))
            .cloned()
    }

    pub fn get(&self, kind: &Kind, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.objects.get(&Key::new(kind, namespace, name)).cloned()
    }

    /// Objects of a kind, of one namespace or (`""`) of all, ordered by namespace and name.
    pub fn list(&self, kind: &Kind, namespace: &str) -> Vec<Arc<Value>> {
        let resource = kind.resource();
        let from = Key {
            resource: resource.clone(),
            namespace: namespace.to_owned(),
            name: String::new(),
        };
        let of_kind = self
            .objects
            .range(from..)
            .take_while(|(key, _)| key.resource == resource);
        of_kind
            .filter(|(key, _)| namespace.is_empty() || key.namespace == namespace)
            .map(|(_, object)| Arc::clone(object))
            .collect()
    }

    /// Stores an object under a new version and returns it as stored.
    pub fn put(&mut self, key: Key, mut object: Value) -> Arc<Value> {
        self.version += 1;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        let object = Arc::new(object);
        let before = self.objects.insert(key.clone(), Arc::clone(&object));
        self.record(key, before, Some(Arc::clone(&object)), Arc::clone(&object));
        object
    }

    pub fn remove(&mut self, key: &Key) -> Option<Arc<Value>> {
        let before = self.objects.remove(key)?;
        self.version += 1;
        let mut last = (*before).clone();
        last["metadata"]["resourceVersion"] = self.version.to_string().into();
        let last = Arc::new(last);
        self.record(key.clone(), Some(before), None, Arc::clone(&last));
        Some(last)
    }

    fn record(
        &mut self,
        key: Key,
        before: Option<Arc<Value>>,
        after: Option<Arc<Value>>,
        last: Arc<Value>,
    ) {
        self.log.push_back(Change {
            version: self.version,
            resource: key.resource,
            namespace: key.namespace,
            before,
            after,
            last,
        });
        while self.log.len() > HISTORY {
            if let Some(change) = self.log.pop_front() {
                self.compacted = change.version;
            }
        }
    }

    /// Forgets the past: watches and pages that refer to it are refused.
    pub fn compact(&mut self) {
        self.log.clear();
        self.pages.clear();
        self.compacted = self.version;
    }

    pub fn changes_after(&self, version: u64) -> Vec<Change> {
        let first = self.log.partition_point(|change| change.version <= version);
        self.log.iter().skip(first).cloned().collect()
    }
}
