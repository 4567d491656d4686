//! Views for comparing: everything there is, and what was asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Shared;
use crate::kubernetes::Kubernetes;
use crate::world::World;

/// How many requests are shown unless more are asked for.
const LAST: usize = 20;

/// Objects shown as they are, by group and kind.
const SHOWN: &[(&str, &str)] = &[
    ("", "Namespace"),
    ("", "PersistentVolumeClaim"),
    ("barmancloud.cnpg.io", "ObjectStore"),
    ("postgresql.cnpg.io", "Backup"),
    ("postgresql.cnpg.io", "Cluster"),
    ("postgresql.cnpg.io", "Pooler"),
    ("postgresql.cnpg.io", "ScheduledBackup"),
    ("storage.k8s.io", "StorageClass"),
    ("storage.k8s.io", "VolumeAttributesClass"),
];

pub fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/world", get(whole))
        .route("/requests", get(requests))
}

/// `namespace/name`, or the name alone.
fn place(object: &Value) -> String {
    let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default();
    match text("namespace") {
        "" => text("name").to_owned(),
        namespace => format!("{namespace}/{}", text("name")),
    }
}

fn objects(server: &Kubernetes, group: &str, kind: &str) -> Value {
    let all = server.read_all(group, kind, "");
    let all = all.iter().map(|object| (place(object), (**object).clone()));
    Value::Object(all.collect())
}

/// Resources of ARM by id, objects of Kubernetes by kind and place. Of
/// secrets only the places are told.
async fn whole(State(world): Shared) -> Json<Value> {
    let arm: BTreeMap<String, Value> = world.arm.snapshot().into_iter().collect();
    let server = &world.kubernetes;
    let mut kinds: Map<String, Value> = SHOWN
        .iter()
        .map(|(group, kind)| ((*kind).to_owned(), objects(server, group, kind)))
        .collect();
    let secrets = server.read_all("", "Secret", "");
    let secrets: Vec<String> = secrets.iter().map(|secret| place(secret)).collect();
    kinds.insert("Secret".to_owned(), json!(secrets));
    Json(json!({"arm": arm, "kubernetes": kinds}))
}

#[derive(Deserialize)]
struct Filter {
    last: Option<usize>,
    /// `arm`, `entra` or `kubernetes`.
    service: Option<String>,
}

/// How many requests there were, and the last of them.
async fn requests(State(world): Shared, Query(filter): Query<Filter>) -> Json<Value> {
    let entries = world.log.entries();
    let wanted: Vec<_> = entries
        .iter()
        .filter(|entry| filter.service.as_ref().is_none_or(|s| *s == entry.service))
        .collect();
    let first = wanted.len().saturating_sub(filter.last.unwrap_or(LAST));
    let last: Vec<Value> = wanted
        .iter()
        .skip(first)
        .map(|entry| {
            json!({"sequence": entry.sequence, "service": entry.service, "method": entry.method,
                "path": entry.url, "status": entry.status})
        })
        .collect();
    Json(json!({"count": wanted.len(), "last": last}))
}
