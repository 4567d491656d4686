//! One request of a story.

use serde_json::{Value, json};

pub struct Step {
    pub method: &'static str,
    /// `$ns` is the story's namespace; `$uid` and `$rv` are those of the last object answered.
    pub path: String,
    pub media: &'static str,
    pub body: Option<String>,
}

const JSON: &str = "application/json";

fn step(
    method: &'static str,
    path: impl Into<String>,
    media: &'static str,
    body: Option<Value>,
) -> Step {
    Step {
        method,
        path: path.into(),
        media,
        body: body.map(|body| body.to_string()),
    }
}

pub fn get(path: impl Into<String>) -> Step {
    step("GET", path, JSON, None)
}

pub fn post(path: impl Into<String>, body: Value) -> Step {
    step("POST", path, JSON, Some(body))
}

pub fn put(path: impl Into<String>, body: Value) -> Step {
    step("PUT", path, JSON, Some(body))
}

pub fn delete(path: impl Into<String>) -> Step {
    step("DELETE", path, JSON, None)
}

pub fn delete_with(path: impl Into<String>, body: Value) -> Step {
    step("DELETE", path, JSON, Some(body))
}

pub fn apply(path: impl Into<String>, body: Value) -> Step {
    step("PATCH", path, "application/apply-patch+yaml", Some(body))
}

pub fn merge(path: impl Into<String>, body: Value) -> Step {
    step("PATCH", path, "application/merge-patch+json", Some(body))
}

pub fn json_patch(path: impl Into<String>, body: Value) -> Step {
    step("PATCH", path, "application/json-patch+json", Some(body))
}

pub fn strategic(path: impl Into<String>, body: Value) -> Step {
    step(
        "PATCH",
        path,
        "application/strategic-merge-patch+json",
        Some(body),
    )
}

/// A body in a media type of its own.
pub fn raw(method: &'static str, path: impl Into<String>, media: &'static str, body: &str) -> Step {
    Step {
        method,
        path: path.into(),
        media,
        body: Some(body.to_owned()),
    }
}

/// A core collection in the story's namespace.
pub fn core(plural: &str) -> String {
    format!("/api/v1/namespaces/$ns/{plural}")
}

/// A CNPG collection in the story's namespace.
pub fn cnpg(plural: &str) -> String {
    format!("/apis/postgresql.cnpg.io/v1/namespaces/$ns/{plural}")
}

/// An object with its envelope; `rest` is merged over it at the top level.
pub fn object(api_version: &str, kind: &str, name: &str, rest: Value) -> Value {
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}});
    for (key, value) in rest.as_object().into_iter().flatten() {
        if key == "metadata" {
            for (key, value) in value.as_object().into_iter().flatten() {
                object["metadata"][key] = value.clone();
            }
        } else {
            object[key] = value.clone();
        }
    }
    object
}

pub fn config_map(name: &str, rest: Value) -> Value {
    object("v1", "ConfigMap", name, rest)
}

pub fn cluster(name: &str, spec: Value) -> Value {
    object(
        "postgresql.cnpg.io/v1",
        "Cluster",
        name,
        json!({"spec": spec}),
    )
}
