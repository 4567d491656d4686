//! What the controller manager does beside the API server: namespace deletion and garbage collection.

use super::Kubernetes;
use super::api::Target;
use super::api::delete::DeleteOptions;
use super::api::update::is_released;
use super::kinds::Kind;
use super::store::{Key, Store};
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;

impl Kubernetes {
    /// Runs the controllers until nothing is left to do.
    pub(crate) fn settle(&self, store: &mut Store) {
        if self.options().controllers {
            while self.finish_namespaces(store) || self.collect_garbage(store) {}
        }
        self.announce(store);
    }

    fn finish_namespaces(&self, store: &mut Store) -> bool {
        let Some(namespaces) = store.kind_named("", "Namespace") else {
            return false;
        };
        let mut acted = false;
        for namespace in store.list(&namespaces, "") {
            if namespace["metadata"]["deletionTimestamp"].is_null() {
                continue;
            }
            let name = namespace["metadata"]["name"].as_str().unwrap_or_default();
            let inside: Vec<(Key, Arc<Value>)> = store
                .objects
                .iter()
                .filter(|(key, _)| key.namespace == name)
                .map(|(key, object)| (key.clone(), Arc::clone(object)))
                .collect();
            if inside.is_empty() {
                acted |= self.release_namespace(store, &namespaces, &namespace);
            }
            for (key, object) in inside {
                if object["metadata"]["deletionTimestamp"].is_null() {
                    acted |= self.remove(store, &key, "Background");
                }
            }
        }
        acted
    }

    fn release_namespace(&self, store: &mut Store, kind: &Kind, namespace: &Value) -> bool {
        let mut last = namespace.clone();
        let key = Key::new(
            kind,
            "",
            last["metadata"]["name"].as_str().unwrap_or_default(),
        );
        if last["spec"]["finalizers"]
            .as_array()
            .is_none_or(Vec::is_empty)
        {
            return false;
        }
        if let Some(spec) = last["spec"].as_object_mut() {
            spec.remove("finalizers");
        }
        if is_released(kind, &last) {
            store.remove(&key);
        } else {
            store.put(key, last);
        }
        true
    }

    fn collect_garbage(&self, store: &mut Store) -> bool {
        let uids: HashSet<String> = store
            .objects
            .values()
            .filter_map(|object| uid(object))
            .collect();
        let all: Vec<(Key, Arc<Value>)> = store
            .objects
            .iter()
            .map(|(key, object)| (key.clone(), Arc::clone(object)))
            .collect();
        let mut acted = false;
        for (key, object) in &all {
            let owners = owners(object);
            let orphaned = !owners.is_empty() && owners.iter().all(|owner| !uids.contains(owner));
            if orphaned && object["metadata"]["deletionTimestamp"].is_null() {
                acted |= self.remove(store, key, "Background");
            }
            acted |= self.unprotect(store, key, object, &all);
            if has_finalizer(object, "orphan") {
                acted |= self.orphan(store, key, object, &all);
            }
            if has_finalizer(object, "foregroundDeletion") {
                acted |= self.foreground(store, key, object, &all);
            }
        }
        acted
    }

    /// Storage objects stay while something uses them.
    fn unprotect(
        &self,
        store: &mut Store,
        key: &Key,
        object: &Value,
        all: &[(Key, Arc<Value>)],
    ) -> bool {
        let finalizer = match key.resource.as_str() {
            "persistentvolumeclaims" => "kubernetes.io/pvc-protection",
            "persistentvolumes" => "kubernetes.io/pv-protection",
            "volumeattributesclasses.storage.k8s.io" => "kubernetes.io/vac-protection",
            _ => return false,
        };
        if object["metadata"]["deletionTimestamp"].is_null() || !has_finalizer(object, finalizer) {
            return false;
        }
        let used = all
            .iter()
            .any(|(other, user)| store.objects.contains_key(other) && uses(other, user, key));
        !used && self.release(store, key, object, finalizer)
    }

    /// Cuts the dependants loose, then lets the owner go.
    fn orphan(
        &self,
        store: &mut Store,
        key: &Key,
        owner: &Value,
        all: &[(Key, Arc<Value>)],
    ) -> bool {
        let Some(id) = uid(owner) else {
            return false;
        };
        for (dependant, object) in all
            .iter()
            .filter(|(_, object)| owners(object).contains(&id))
        {
            let mut copy = (**object).clone();
            if let Some(list) = copy["metadata"]["ownerReferences"].as_array_mut() {
                list.retain(|reference| reference["uid"] != id.as_str());
            }
            drop_empty(&mut copy, "ownerReferences");
            store.put(dependant.clone(), copy);
        }
        self.release(store, key, owner, "orphan")
    }

    /// Deletes the dependants; the owner goes when those that block it are gone.
    fn foreground(
        &self,
        store: &mut Store,
        key: &Key,
        owner: &Value,
        all: &[(Key, Arc<Value>)],
    ) -> bool {
        let Some(id) = uid(owner) else {
            return false;
        };
        let mut acted = false;
        let mut blocked = false;
        for (dependant, object) in all
            .iter()
            .filter(|(_, object)| owners(object).contains(&id))
        {
            let references = object["metadata"]["ownerReferences"]
                .as_array()
                .into_iter()
                .flatten();
            let blocking =
                |found: &Value| found["uid"] == id.as_str() && found["blockOwnerDeletion"] == true;
            blocked |=
                store.objects.contains_key(dependant) && references.into_iter().any(blocking);
            if object["metadata"]["deletionTimestamp"].is_null() {
                acted |= self.remove(store, dependant, "Foreground");
            }
        }
        if !blocked {
            acted |= self.release(store, key, owner, "foregroundDeletion");
        }
        acted
    }

    fn release(&self, store: &mut Store, key: &Key, object: &Value, finalizer: &str) -> bool {
        let Some(kind) = kind_of(store, key) else {
            return false;
        };
        let mut copy = object.clone();
        if let Some(list) = copy["metadata"]["finalizers"].as_array_mut() {
            list.retain(|found| found != finalizer);
        }
        drop_empty(&mut copy, "finalizers");
        if is_released(&kind, &copy) {
            store.remove(key);
            self.uninstalled(store, &kind, &copy);
        } else {
            store.put(key.clone(), copy);
        }
        true
    }

    fn remove(&self, store: &mut Store, key: &Key, propagation: &str) -> bool {
        let Some(kind) = kind_of(store, key) else {
            return store.remove(key).is_some();
        };
        let target = Target::object(&kind, &key.namespace, &key.name);
        let options = DeleteOptions {
            propagation: propagation.to_owned(),
            ..DeleteOptions::default()
        };
        self.delete_in(store, &target, &options).is_ok()
    }
}

/// Whether one object keeps another in use.
fn uses(other: &Key, user: &Value, key: &Key) -> bool {
    let same_namespace = other.namespace == key.namespace;
    match (other.resource.as_str(), key.resource.as_str()) {
        ("pods", "persistentvolumeclaims") if same_namespace => {
            let volumes = user["spec"]["volumes"].as_array().into_iter().flatten();
            volumes
                .into_iter()
                .any(|volume| volume["persistentVolumeClaim"]["claimName"] == key.name.as_str())
        }
        ("persistentvolumeclaims", "persistentvolumes") => {
            user["spec"]["volumeName"] == key.name.as_str()
        }
        ("persistentvolumeclaims", _) => {
            user["spec"]["volumeAttributesClassName"] == key.name.as_str()
        }
        _ => false,
    }
}

fn kind_of(store: &Store, key: &Key) -> Option<Arc<Kind>> {
    let served = |kind: &&Arc<Kind>| kind.resource() == key.resource;
    store.kinds.iter().find(served).cloned()
}

fn uid(object: &Value) -> Option<String> {
    object["metadata"]["uid"].as_str().map(str::to_owned)
}

fn owners(object: &Value) -> Vec<String> {
    let references = object["metadata"]["ownerReferences"]
        .as_array()
        .into_iter()
        .flatten();
    references
        .filter_map(|reference| reference["uid"].as_str().map(str::to_owned))
        .collect()
}

fn has_finalizer(object: &Value, name: &str) -> bool {
    let list = object["metadata"]["finalizers"]
        .as_array()
        .into_iter()
        .flatten();
    list.into_iter().any(|found| found == name)
}

fn drop_empty(object: &mut Value, field: &str) {
    if object["metadata"][field]
        .as_array()
        .is_some_and(Vec::is_empty)
        && let Some(map) = object["metadata"].as_object_mut()
    {
        map.remove(field);
    }
}
