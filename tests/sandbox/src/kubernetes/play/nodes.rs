//! Nodes, and what kubelets and the disk driver do with pods and claims.

use super::super::Kubernetes;
use super::{earlier, name, text};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn add_defaults(server: &Arc<Kubernetes>) {
    for zone in 1..=3 {
        server.add_node(
            &format!("aks-postgres-{zone}"),
            &format!("westeurope-{zone}"),
            &json!({}),
        );
    }
}

impl Kubernetes {
    /// Adds a node; `labels` come on top of the usual ones.
    pub fn add_node(&self, name: &str, zone: &str, labels: &Value) {
        let mut node = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": {
                "kubernetes.io/hostname": name, "kubernetes.io/os": "linux",
                "topology.kubernetes.io/region": "westeurope", "topology.kubernetes.io/zone": zone,
                "kubernetes.azure.com/agentpool": "postgres", "workload": "postgres"}},
        });
        for (key, value) in labels.as_object().into_iter().flatten() {
            node["metadata"]["labels"][key] = value.clone();
        }
        self.ensure("", &node);
        let ready = json!({"conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady",
            "message": "kubelet is posting ready status"}]});
        self.report("", &node, &ready);
    }

    /// A node for a pod: it matches the selector, repels no pod with these tolerations, and
    /// carries the fewest pods of this cluster.
    pub(super) fn place(&self, affinity: &Value, others: &[Value]) -> Option<Value> {
        let nodes = self.read_all("", "Node", "");
        let fits = |node: &&Arc<Value>| {
            let mut wanted = affinity["nodeSelector"].as_object().into_iter().flatten();
            wanted.all(|(key, value)| node["metadata"]["labels"][key] == *value)
                && is_tolerated(node, &affinity["tolerations"])
        };
        let load = |node: &&Arc<Value>| {
            let name = &node["metadata"]["name"];
            others
                .iter()
                .filter(|pod| pod["spec"]["nodeName"] == *name)
                .count()
        };
        let node = nodes.iter().filter(fits).min_by_key(load)?;
        Some((**node).clone())
    }
}

fn is_tolerated(node: &Value, tolerations: &Value) -> bool {
    let taints = node["spec"]["taints"].as_array().into_iter().flatten();
    let mut hard = taints.filter(|taint| taint["effect"] != "PreferNoSchedule");
    hard.all(|taint| {
        let mut tolerations = tolerations.as_array().into_iter().flatten();
        tolerations.any(|toleration| tolerates(toleration, taint))
    })
}

/// An absent key or effect of a toleration stands for any.
fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let is = |field: &str| text(&toleration[field]) == text(&taint[field]);
    let any = |field: &str| text(&toleration[field]).is_empty();
    (any("effect") || is("effect"))
        && match text(&toleration["operator"]) {
            "Exists" => any("key") || is("key"),
            _ => is("key") && is("value"),
        }
}

/// Kubelets let deleted pods go; the driver binds and grows volumes.
pub(super) fn act(server: &Kubernetes, now: Timestamp) -> Option<Timestamp> {
    let mut due = None;
    for pod in server.read_all("", "Pod", "") {
        if pod["metadata"]["deletionTimestamp"].is_null() {
            continue;
        }
        match server.over(&pod, "stop", 2.0, now) {
            Ok(()) => server.drop_object("", &pod),
            Err(end) => due = earlier(due, Some(end)),
        }
    }
    for claim in server.read_all("", "PersistentVolumeClaim", "") {
        due = earlier(due, volume(server, &claim, now));
    }
    due
}

fn volume(server: &Kubernetes, claim: &Value, now: Timestamp) -> Option<Timestamp> {
    let wanted = &claim["spec"]["resources"]["requests"]["storage"];
    let bound = claim["status"]["phase"] == "Bound";
    let used = claim["metadata"]["labels"]["cnpg.io/cluster"].is_string();
    if !used || (bound && claim["status"]["capacity"]["storage"] == *wanted) {
        return None;
    }
    if let Err(end) = server.over(claim, "volume", 1.0, now) {
        return Some(end);
    }
    if !bound {
        let volume = format!("pvc-{}", text(&claim["metadata"]["uid"]));
        server.amend("", claim, &json!({"spec": {"volumeName": volume}}));
    }
    let status = json!({"phase": "Bound", "capacity": {"storage": wanted},
        "accessModes": claim["spec"]["accessModes"]});
    server.report("", claim, &status);
    tracing::debug!("claim {} is bound", name(claim));
    None
}
