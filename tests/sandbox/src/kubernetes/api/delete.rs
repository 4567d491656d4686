//! Deletion: at once, or by waiting for finalizers and grace periods.

use super::super::Kubernetes;
use super::super::kinds::Kind;
use super::super::selectors::Selector;
use super::super::status::{self, Answer, Failure};
use super::super::store::{Key, Store};
use super::read::item;
use super::update::is_released;
use super::{Target, name_of};
use serde_json::{Value, json};

/// The body or query of a DELETE.
#[derive(Debug, Clone, Default)]
pub struct DeleteOptions {
    pub propagation: String,
    pub uid: Option<String>,
    pub version: Option<String>,
    pub grace: Option<i64>,
    pub dry_run: bool,
}

/// Kinds whose deletion answers with the object.
const ANSWER_OBJECT: [&str; 8] = [
    "StorageClass",
    "VolumeAttributesClass",
    "PersistentVolume",
    "ServiceAccount",
    "PersistentVolumeClaim",
    "Namespace",
    "Pod",
    "Service",
];

impl Kubernetes {
    pub fn delete(&self, target: &Target, options: &DeleteOptions) -> Answer<Value> {
        let mut store = self.store();
        let answer = self.delete_in(&mut store, target, options)?;
        self.settle(&mut store);
        Ok(answer)
    }

    pub fn delete_collection(
        &self,
        target: &Target,
        selector: &Selector,
        options: &DeleteOptions,
    ) -> Answer<Value> {
        let kind = &target.kind;
        let mut store = self.store();
        let version = store.version;
        let mut gone = Vec::new();
        for object in store.list(kind, &target.namespace) {
            if !selector.matches(&object) {
                continue;
            }
            let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
            let one = Target::object(kind, namespace, name_of(&object));
            self.delete_in(&mut store, &one, options)?;
            gone.push(item(kind, &object));
        }
        self.settle(&mut store);
        Ok(json!({
            "kind": format!("{}List", kind.kind),
            "apiVersion": kind.api_version(),
            "metadata": {"resourceVersion": version.to_string()},
            "items": gone,
        }))
    }

    pub(crate) fn delete_in(
        &self,
        store: &mut Store,
        target: &Target,
        options: &DeleteOptions,
    ) -> Answer<Value> {
        let kind = &target.kind;
        let live = store
            .get(kind, &target.namespace, &target.name)
            .ok_or_else(|| Failure::not_found(kind, &target.name))?;
        preconditions(kind, &live, options)?;
        let mut object = (*live).clone();
        let marked = self.mark(kind, &mut object, options);
        let uid = live["metadata"]["uid"].as_str().unwrap_or_default();
        let key = Key::new(kind, &target.namespace, &target.name);
        if !marked || is_released(kind, &object) {
            if !options.dry_run {
                store.remove(&key);
                self.uninstalled(store, kind, &live);
            }
            let whole = !kind.custom && ANSWER_OBJECT.contains(&kind.kind.as_str());
            return Ok(match whole {
                true => (*live).clone(),
                false => status::deleted(kind, &target.name, uid),
            });
        }
        if options.dry_run || object == *live {
            return Ok(object);
        }
        Ok((*store.put(key, object)).clone())
    }

    /// Marks the object as being deleted when something has to happen first.
    fn mark(&self, kind: &Kind, object: &mut Value, options: &DeleteOptions) -> bool {
        let already = !object["metadata"]["deletionTimestamp"].is_null();
        let mut finalizers = object["metadata"]["finalizers"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let wanted = match options.propagation.as_str() {
            "Foreground" => Some("foregroundDeletion"),
            "Orphan" => Some("orphan"),
            _ => None,
        };
        if let Some(wanted) = wanted {
            finalizers.retain(|found| found != "foregroundDeletion" && found != "orphan");
            finalizers.push(wanted.into());
        }
        let grace = grace(kind, object, options);
        let namespace = kind.is("", "Namespace");
        if finalizers.is_empty() && grace == 0 && !namespace {
            return false;
        }
        let metadata = &mut object["metadata"];
        if !finalizers.is_empty() {
            metadata["finalizers"] = Value::Array(finalizers);
        }
        if already {
            if grace == 0 && !metadata["deletionGracePeriodSeconds"].is_null() {
                metadata["deletionGracePeriodSeconds"] = 0.into();
            }
            return true;
        }
        metadata["deletionTimestamp"] = self.clock().stamp().into();
        if !namespace {
            metadata["deletionGracePeriodSeconds"] = grace.into();
        }
        if let Some(generation) = metadata["generation"].as_i64() {
            metadata["generation"] = (generation + 1).into();
        }
        if namespace {
            object["status"]["phase"] = "Terminating".into();
        }
        true
    }
}

/// Pods on a node are given time to stop.
fn grace(kind: &Kind, object: &Value, options: &DeleteOptions) -> i64 {
    let scheduled = object["spec"]["nodeName"].is_string();
    if !kind.is("", "Pod") || !scheduled {
        return 0;
    }
    let own = object["spec"]["terminationGracePeriodSeconds"].as_i64();
    options.grace.or(own).unwrap_or(30)
}

fn preconditions(kind: &Kind, live: &Value, options: &DeleteOptions) -> Answer<()> {
    let found = |field: &str| {
        live["metadata"][field]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let name = name_of(live);
    let refuse = |what: &str, wanted: &str, found: &str| {
        let qualified = match kind.group.as_str() {
            "" => kind.kind.clone(),
            group => format!("{}.{group}", kind.kind),
        };
        let message = format!(
            "Operation cannot be fulfilled on {qualified} \"{name}\": the {what} in the precondition ({wanted}) does not match the {what} in record ({found}). The object might have been {}",
            if what == "UID" {
                "deleted and then recreated"
            } else {
                "modified"
            }
        );
        let mut failure = Failure::new(409, "Conflict", message);
        failure.details.insert("name".into(), name.into());
        if !kind.group.is_empty() {
            failure
                .details
                .insert("group".into(), kind.group.clone().into());
        }
        failure
            .details
            .insert("kind".into(), kind.kind.clone().into());
        Err(failure)
    };
    if let Some(uid) = options.uid.as_deref().filter(|uid| *uid != found("uid")) {
        return refuse("UID", uid, &found("uid"));
    }
    let version = options.version.as_deref();
    if let Some(version) = version.filter(|version| *version != found("resourceVersion")) {
        return refuse("ResourceVersion", version, &found("resourceVersion"));
    }
    Ok(())
}
