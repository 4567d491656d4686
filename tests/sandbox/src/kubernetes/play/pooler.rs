//! Poolers: a Deployment, a Service, and how many of them are meant to run.

use super::super::Kubernetes;
use super::world::owned_by;
use super::{CNPG, name, namespace, text};
use jiff::Timestamp;
use serde_json::{Value, json};

const IMAGE: &str = "ghcr.io/cloudnative-pg/pgbouncer:1.25.1";

pub(super) fn act(server: &Kubernetes, pooler: &Value, now: Timestamp) -> Option<Timestamp> {
    if !pooler["metadata"]["deletionTimestamp"].is_null() {
        return None;
    }
    let cluster = server.look(
        CNPG,
        "Cluster",
        namespace(pooler),
        text(&pooler["spec"]["cluster"]["name"]),
    );
    if cluster.is_none_or(|cluster| cluster["status"]["currentPrimary"].is_null()) {
        return None;
    }
    server.ensure("", &service(pooler));
    server.ensure("apps", &deployment(pooler));
    let found = server.look("apps", "Deployment", namespace(pooler), name(pooler))?;
    let wanted = &pooler["spec"]["instances"];
    let image = match text(&pooler["spec"]["pgbouncer"]["image"]) {
        "" => IMAGE,
        own => own,
    };
    if found["spec"]["replicas"] != *wanted {
        server.amend("apps", &found, &json!({"spec": {"replicas": wanted}}));
    }
    if found["status"]["readyReplicas"] != *wanted {
        if let Err(end) = server.over(pooler, "rollout", 4.0, now) {
            return Some(end);
        }
        let condition =
            json!({"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"});
        server.report("apps", &found, &json!({"replicas": wanted, "readyReplicas": wanted, "updatedReplicas": wanted,
            "availableReplicas": wanted, "observedGeneration": found["metadata"]["generation"], "conditions": [condition]}));
    }
    let phase = if pooler["spec"]["pgbouncer"]["paused"] == true {
        "paused"
    } else {
        "active"
    };
    let status = json!({"instances": wanted, "phase": phase, "image": image});
    let known = &pooler["status"];
    let stale = ["instances", "phase", "image"]
        .into_iter()
        .any(|key| known[key] != status[key]);
    if stale {
        server.report(CNPG, pooler, &status);
    }
    None
}

fn labels(pooler: &Value) -> Value {
    json!({"cnpg.io/poolerName": name(pooler), "cnpg.io/cluster": pooler["spec"]["cluster"]["name"],
        "cnpg.io/podRole": "pooler"})
}

fn service(pooler: &Value) -> Value {
    let mut service = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name(pooler), "namespace": namespace(pooler), "ownerReferences": owned_by(pooler), "labels": labels(pooler)},
        "spec": {"type": "ClusterIP", "selector": {"cnpg.io/poolerName": name(pooler)},
            "ports": [{"name": "pgbouncer", "port": 5432, "targetPort": "pgbouncer", "protocol": "TCP"}]},
    });
    let template = &pooler["spec"]["serviceTemplate"];
    for key in ["labels", "annotations"] {
        for (field, value) in template["metadata"][key].as_object().into_iter().flatten() {
            service["metadata"][key][field] = value.clone();
        }
    }
    for (key, value) in template["spec"].as_object().into_iter().flatten() {
        service["spec"][key] = value.clone();
    }
    service
}

fn deployment(pooler: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name(pooler), "namespace": namespace(pooler), "ownerReferences": owned_by(pooler), "labels": labels(pooler)},
        "spec": {"replicas": pooler["spec"]["instances"],
            "selector": {"matchLabels": {"cnpg.io/poolerName": name(pooler)}},
            "template": {"metadata": {"labels": labels(pooler)},
                "spec": {"containers": [{"name": "pgbouncer", "image": IMAGE,
                    "ports": [{"name": "pgbouncer", "containerPort": 5432}, {"name": "metrics", "containerPort": 9127}]}]}}},
    })
}
