//! The verbs of the API, each as a function over the store.

pub mod create;
pub mod delete;
pub mod patch;
pub mod read;
pub mod scale;
pub mod strategic;
pub mod update;

use super::apply::Write;
use super::apply::managers::{self, Manager, Managers, Operation};
use super::kinds::Kind;
use super::status::{Answer, Failure};
use super::strategy::{self, decode::Validation};
use serde_json::Value;
use std::sync::Arc;

/// Which object a request is about; the name is empty for collections.
#[derive(Debug, Clone)]
pub struct Target {
    pub kind: Arc<Kind>,
    pub namespace: String,
    pub name: String,
    pub subresource: String,
}

impl Target {
    pub fn object(kind: &Arc<Kind>, namespace: &str, name: &str) -> Self {
        Self {
            kind: Arc::clone(kind),
            namespace: if kind.namespaced {
                namespace.to_owned()
            } else {
                String::new()
            },
            name: name.to_owned(),
            subresource: String::new(),
        }
    }
}

/// How a write is to be done.
#[derive(Debug, Clone)]
pub struct Options {
    pub manager: String,
    pub dry_run: bool,
    pub force: bool,
    pub validation: Validation,
    /// Whether the writer named itself; server-side apply insists on it.
    pub named: bool,
}

impl Options {
    pub fn by(manager: &str) -> Self {
        Self {
            manager: manager.to_owned(),
            dry_run: false,
            force: false,
            validation: Validation::Ignore,
            named: true,
        }
    }
}

/// What a request is answered with.
#[derive(Debug, Clone)]
pub struct Reply {
    pub code: u16,
    pub body: Value,
    pub warnings: Vec<String>,
}

impl Reply {
    pub fn ok(body: Value) -> Self {
        Self {
            code: 200,
            body,
            warnings: Vec::new(),
        }
    }
}

fn write<'a>(target: &'a Target, options: &Options, operation: Operation, now: &str) -> Write<'a> {
    Write {
        node: &target.kind.schema,
        manager: Manager {
            operation,
            name: options.manager.clone(),
            api_version: target.kind.api_version(),
            subresource: target.subresource.clone(),
        },
        // The real server records no time for ownership taken through a scale.
        now: match target.subresource.as_str() {
            "scale" => String::new(),
            _ => now.to_owned(),
        },
        reset: strategy::reset_fields(&target.kind, &target.subresource),
    }
}

fn set_managers(object: &mut Value, managers: &Managers) {
    let Some(metadata) = object["metadata"].as_object_mut() else {
        return;
    };
    match managers::encode(managers) {
        Some(list) => metadata.insert("managedFields".to_owned(), list),
        None => metadata.remove("managedFields"),
    };
}

/// Managers after an update: the writer's own bookkeeping counts when it sent some.
fn updated(write: &Write<'_>, live: &Value, new: &Value) -> Managers {
    let untracked =
        live["metadata"]["managedFields"].is_null() && live["metadata"]["uid"].is_string();
    let sent = new["metadata"]["managedFields"].as_array();
    let Some(sent) = sent.filter(|list| !list.is_empty()) else {
        // Ownership of an object that has none is not recorded before its first apply.
        return match untracked {
            true => Managers::new(),
            false => write.update(live, new),
        };
    };
    if sent.len() == 1 && sent[0].as_object().is_some_and(serde_json::Map::is_empty) {
        return Managers::new();
    }
    let mut based = live.clone();
    based["metadata"]["managedFields"] = Value::Array(sent.clone());
    write.update(&based, new)
}

/// The envelope must agree with the path.
fn check_namespace(target: &Target, object: &mut Value) -> Answer<()> {
    if !object["metadata"].is_object() {
        object["metadata"] = serde_json::json!({});
    }
    let found = object["metadata"]["namespace"].as_str().unwrap_or_default();
    if found == target.namespace {
        return Ok(());
    }
    if !found.is_empty() {
        return Err(Failure::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    if !target.namespace.is_empty() {
        object["metadata"]["namespace"] = target.namespace.clone().into();
    }
    Ok(())
}

fn name_of(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}
