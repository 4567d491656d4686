//! Replacement of an object, and the common end of every change of one.

use super::super::Kubernetes;
use super::super::apply::managers::Operation;
use super::super::kinds::Kind;
use super::super::status::{Answer, Cause, Failure};
use super::super::store::{Key, Store};
use super::super::strategy::{self, builtin, decode};
use super::{Options, Reply, Target, check_namespace, name_of, set_managers, updated, write};
use serde_json::{Map, Value};
use std::sync::Arc;

impl Kubernetes {
    pub fn replace(&self, target: &Target, mut object: Value, options: &Options) -> Answer<Reply> {
        let kind = &target.kind;
        let mut warnings = decode::decode(kind, &mut object, options.validation)?;
        check_namespace(target, &mut object)?;
        if name_of(&object) != target.name {
            return Err(Failure::bad_request(format!(
                "the name of the object ({}) does not match the name on the URL ({})",
                name_of(&object),
                target.name
            )));
        }
        strategy::defaults(kind, &mut object);
        let mut store = self.store();
        let live = store
            .get(kind, &target.namespace, &target.name)
            .ok_or_else(|| Failure::not_found(kind, &target.name))?;
        if kind.custom && object["metadata"]["resourceVersion"].is_null() {
            let cause = Cause::invalid(
                "metadata.resourceVersion",
                "0",
                "must be specified for an update",
            );
            return Err(Failure::invalid_named(
                &kind.group,
                &kind.plural,
                &target.name,
                vec![cause],
            ));
        }
        let now = self.clock().stamp();
        replaced_uid(target, &live, &object)?;
        let managers = updated(
            &write(target, options, Operation::Update, &now),
            &live,
            &object,
        );
        set_managers(&mut object, &managers);
        let (stored, more) = self.change(&mut store, target, &live, object, options)?;
        warnings.extend(more);
        self.settle(&mut store);
        Ok(Reply {
            code: 200,
            body: (*stored).clone(),
            warnings,
        })
    }

    /// Checks preconditions, admits, checks and stores `new` in place of `live`.
    pub(super) fn change(
        &self,
        store: &mut Store,
        target: &Target,
        live: &Arc<Value>,
        mut new: Value,
        options: &Options,
    ) -> Answer<(Arc<Value>, Vec<String>)> {
        let kind = &target.kind;
        preconditions(kind, live, &new)?;
        keep_system_fields(live, &mut new);
        confine(kind, &target.subresource, live, &mut new);
        let mut warnings = Vec::new();
        if target.subresource.is_empty() {
            self.mutate(kind, Some(live), &mut new);
            strategy::defaults(kind, &mut new);
        }
        if !kind.custom {
            builtin::prepare_update(kind, live, &mut new);
        }
        count_generation(kind, live, &mut new);
        finalizers(kind, live, &new)?;
        strategy::validate_update(kind, &target.subresource, live, &new)?;
        if target.subresource.is_empty() {
            warnings = self.validate(store, kind, Some(live), &new)?;
        }
        let key = Key::new(kind, &target.namespace, &target.name);
        if only_times_differ(live, &new) {
            return Ok((Arc::clone(live), warnings));
        }
        if options.dry_run {
            return Ok((Arc::new(new), warnings));
        }
        if is_released(kind, &new) {
            store.remove(&key);
            self.uninstalled(store, kind, live);
            return Ok((Arc::new(new), warnings));
        }
        let stored = store.put(key, new);
        self.installed(store, kind, &stored);
        Ok((stored, warnings))
    }
}

fn preconditions(kind: &Kind, live: &Value, new: &Value) -> Answer<()> {
    let name = name_of(live);
    let (found, wanted) = (&live["metadata"], &new["metadata"]);
    if wanted["uid"].is_string() && wanted["uid"] != found["uid"] {
        // The check runs twice in the real server.
        let cause = Cause::invalid(
            "metadata.uid",
            &wanted["uid"].to_string(),
            "field is immutable",
        );
        return Err(Failure::invalid(kind, name, vec![cause.clone(), cause]));
    }
    let version = wanted["resourceVersion"].as_str().unwrap_or_default();
    if !version.is_empty()
        && version != "0"
        && wanted["resourceVersion"] != found["resourceVersion"]
    {
        return Err(Failure::modified(kind, name));
    }
    Ok(())
}

/// A replacement that names another object of the same name.
fn replaced_uid(target: &Target, live: &Value, new: &Value) -> Answer<()> {
    let text = |object: &Value| {
        object["metadata"]["uid"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let (wanted, found) = (text(new), text(live));
    if wanted.is_empty() || wanted == found {
        return Ok(());
    }
    let kind = &target.kind;
    let folder = if kind.custom { kind.group.as_str() } else { "" };
    let parts = [
        "/registry",
        folder,
        &kind.plural,
        &target.namespace,
        &target.name,
    ];
    let key: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let why = format!(
        "StorageError: invalid object, Code: 4, Key: {}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {wanted}, UID in object meta: {found}",
        key.join("/")
    );
    Err(Failure::conflict(kind, &target.name, &why))
}

/// Fields of the envelope that no write changes.
fn keep_system_fields(live: &Value, new: &mut Value) {
    let (Some(old), Some(map)) = (
        live["metadata"].as_object(),
        new["metadata"].as_object_mut(),
    ) else {
        return;
    };
    for field in [
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "resourceVersion",
        "name",
        "namespace",
    ] {
        match old.get(field) {
            Some(value) => map.insert(field.to_owned(), value.clone()),
            None => map.remove(field),
        };
    }
    map.remove("selfLink");
}

/// Keeps a write inside its endpoint: status through `/status`, everything else through the object.
fn confine(kind: &Kind, subresource: &str, live: &Value, new: &mut Value) {
    if !kind.status {
        return;
    }
    if subresource == "status" {
        let status = new["status"].take();
        let managed = new["metadata"]["managedFields"].take();
        *new = live.clone();
        put(new, "status", status);
        put(&mut new["metadata"], "managedFields", managed);
    } else {
        put(new, "status", live["status"].clone());
    }
}

fn put(object: &mut Value, key: &str, value: Value) {
    if let Some(map) = object.as_object_mut() {
        match value {
            Value::Null => map.remove(key),
            value => map.insert(key.to_owned(), value),
        };
    }
}

fn contents(object: &Value) -> Map<String, Value> {
    let mut map = object.as_object().cloned().unwrap_or_default();
    map.remove("metadata");
    map.remove("status");
    map
}

fn count_generation(kind: &Kind, live: &Value, new: &mut Value) {
    if !kind.counted {
        return;
    }
    let mut changed = contents(live) != contents(new);
    if kind.custom && !kind.status {
        changed |= live["status"] != new["status"];
    }
    if changed {
        let current = live["metadata"]["generation"].as_i64().unwrap_or_default();
        new["metadata"]["generation"] = (current + 1).into();
    }
}

fn finalizers(kind: &Kind, live: &Value, new: &Value) -> Answer<()> {
    if live["metadata"]["deletionTimestamp"].is_null() {
        return Ok(());
    }
    let list = |object: &Value| {
        object["metadata"]["finalizers"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    };
    let old = list(live);
    let added: Vec<String> = list(new)
        .iter()
        .filter(|finalizer| !old.contains(finalizer))
        .map(Value::to_string)
        .collect();
    if added.is_empty() {
        return Ok(());
    }
    let detail = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        added.join(", ")
    );
    let cause = Cause::forbidden("metadata.finalizers", &detail);
    // The check runs twice in the real server.
    Err(Failure::invalid(
        kind,
        name_of(live),
        vec![cause.clone(), cause],
    ))
}

/// Whether nothing changed but perhaps the times of ownership entries: then nothing is stored.
fn only_times_differ(live: &Value, new: &Value) -> bool {
    let timeless = |object: &Value| {
        let mut copy = object.clone();
        for entry in copy["metadata"]["managedFields"]
            .as_array_mut()
            .into_iter()
            .flatten()
        {
            entry["time"] = Value::Null;
        }
        if let Some(list) = copy["metadata"]["managedFields"].as_array_mut() {
            list.sort_by_key(ToString::to_string);
        }
        copy
    };
    timeless(live) == timeless(new)
}

/// A deleted object goes away with its last finalizer, unless it has a grace period left.
pub fn is_released(kind: &Kind, object: &Value) -> bool {
    let metadata = &object["metadata"];
    let list = |value: &Value| value.as_array().is_some_and(|list| !list.is_empty());
    let graceful = metadata["deletionGracePeriodSeconds"]
        .as_i64()
        .unwrap_or_default()
        > 0;
    let held = kind.is("", "Namespace") && list(&object["spec"]["finalizers"]);
    !metadata["deletionTimestamp"].is_null() && !list(&metadata["finalizers"]) && !graceful && !held
}
