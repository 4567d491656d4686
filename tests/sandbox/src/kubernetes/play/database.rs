//! Databases, roles, publications and subscriptions: applied by the primary once the cluster runs.

use super::super::Kubernetes;
use super::{CNPG, namespace, text};
use jiff::Timestamp;
use serde_json::{Value, json};

pub(super) fn act(
    server: &Kubernetes,
    kind: &str,
    object: &Value,
    now: Timestamp,
) -> Option<Timestamp> {
    let cluster = server.look(
        CNPG,
        "Cluster",
        namespace(object),
        text(&object["spec"]["cluster"]["name"]),
    );
    let running = cluster
        .as_ref()
        .is_some_and(|cluster| cluster["status"]["currentPrimary"].is_string());
    let finalizer = format!("cnpg.io/delete{kind}");
    let finalizers = object["metadata"]["finalizers"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let held = finalizers.iter().any(|found| *found == finalizer);
    if !object["metadata"]["deletionTimestamp"].is_null() {
        if held {
            let rest: Vec<&Value> = finalizers
                .iter()
                .filter(|found| **found != finalizer)
                .collect();
            server.amend(CNPG, object, &json!({"metadata": {"finalizers": rest}}));
        }
        return None;
    }
    if !running || object["status"]["observedGeneration"] == object["metadata"]["generation"] {
        return None;
    }
    if !held {
        let all: Vec<Value> = finalizers.into_iter().chain([finalizer.into()]).collect();
        server.amend(CNPG, object, &json!({"metadata": {"finalizers": all}}));
        return None;
    }
    if let Err(end) = server.over(object, "apply", 1.0, now) {
        return Some(end);
    }
    let status = json!({"applied": true, "observedGeneration": object["metadata"]["generation"]});
    server.report(CNPG, object, &status);
    None
}
