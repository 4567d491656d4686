//! Node pools of ARM as nodes of the sandbox's own Kubernetes.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use crate::hooks::{Hooks, NodePool};
use crate::kubernetes::Kubernetes;
use crate::kubernetes::status::{Answer, Failure};

/// The field manager that nodes are made by.
const MANAGER: &str = "cloud-node-manager";
/// AKS names the pool of a node twice.
const POOL_LABELS: [&str; 2] = ["agentpool", "kubernetes.azure.com/agentpool"];
/// The pool's cluster, since one Kubernetes stands behind all of them.
const CLUSTER_LABEL: &str = "kubernetes.azure.com/cluster";

pub struct NodePools {
    kubernetes: Arc<Kubernetes>,
}

/// Labels that every node of a pool has, with what the pool's owner adds.
pub fn pool_labels(pool: &NodePool) -> BTreeMap<String, String> {
    let given = pool.properties["nodeLabels"].as_object();
    let given = given.into_iter().flatten();
    let mut labels: BTreeMap<String, String> = given
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect();
    for key in POOL_LABELS {
        labels.insert(key.to_owned(), pool.name.clone());
    }
    labels
}

fn cluster_hash(pool: &NodePool) -> String {
    let key = pool.cluster_id.to_lowercase();
    let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, key.as_bytes());
    format!("{:08}", id.as_u128() % 100_000_000)
}

/// Nodes are spread over the pool's zones in turn; without zones they are in
/// the region's zone `0`.
fn labels(pool: &NodePool, node: &str, number: u64) -> Map<String, Value> {
    let mut labels: Map<String, Value> = pool_labels(pool)
        .into_iter()
        .map(|(key, value)| (key, value.into()))
        .collect();
    let zones = pool.properties["availabilityZones"].as_array();
    let zones: Vec<&str> = zones
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let turn = usize::try_from(number).unwrap_or_default() % zones.len().max(1);
    let zone = match zones.get(turn) {
        Some(zone) => format!("{}-{zone}", pool.location),
        None => "0".to_owned(),
    };
    for (key, value) in [
        ("kubernetes.io/hostname", node),
        ("kubernetes.io/os", "linux"),
        ("topology.kubernetes.io/region", &pool.location),
        ("topology.kubernetes.io/zone", &zone),
        (CLUSTER_LABEL, &cluster_hash(pool)),
    ] {
        labels.insert(key.to_owned(), value.into());
    }
    let size = &pool.properties["vmSize"];
    labels.insert("node.kubernetes.io/instance-type".into(), size.clone());
    labels
}

/// `key=value:Effect` and `key:Effect`, as ARM writes them.
fn taints(pool: &NodePool) -> Vec<Value> {
    let texts = pool.properties["nodeTaints"].as_array();
    texts
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter_map(|text| {
            let (taint, effect) = text.rsplit_once(':')?;
            let (key, value) = taint.split_once('=').unwrap_or((taint, ""));
            let mut taint = json!({"key": key, "effect": effect});
            if !value.is_empty() {
                taint["value"] = value.into();
            }
            Some(taint)
        })
        .collect()
}

impl NodePools {
    pub fn new(kubernetes: Arc<Kubernetes>) -> Self {
        Self { kubernetes }
    }

    fn existing(&self, pool: &NodePool) -> Vec<String> {
        let hash = cluster_hash(pool);
        let nodes = self.kubernetes.read_all("", "Node", "");
        nodes
            .iter()
            .filter(|node| {
                let labels = &node["metadata"]["labels"];
                labels[CLUSTER_LABEL] == hash && labels[POOL_LABELS[0]] == pool.name
            })
            .filter_map(|node| node["metadata"]["name"].as_str().map(str::to_owned))
            .collect()
    }

    /// Creates a node, or gives an existing one the pool's present labels.
    fn set(&self, pool: &NodePool, name: &str, number: u64) -> Answer<()> {
        let target = self.kubernetes.target("", "Node", "", name)?;
        let mut labels = labels(pool, name, number);
        let spec = json!({"taints": taints(pool)});
        let Some(found) = self.kubernetes.read(&target) else {
            let node = json!({"apiVersion": "v1", "kind": "Node",
                "metadata": {"name": name, "labels": labels}, "spec": spec});
            let nodes = self.kubernetes.target("", "Node", "", "")?;
            self.kubernetes.create_as(MANAGER, &nodes, &node)?;
            let ready = json!({"conditions": [{"type": "Ready", "status": "True",
                "reason": "KubeletReady", "message": "kubelet is posting ready status"}]});
            self.kubernetes.patch_status(MANAGER, &target, &ready)?;
            return Ok(());
        };
        let before = found["metadata"]["labels"].as_object();
        for key in before.into_iter().flatten().map(|(key, _)| key) {
            labels.entry(key.clone()).or_insert(Value::Null);
        }
        let patch = json!({"metadata": {"labels": labels}, "spec": spec});
        self.kubernetes.patch_as(MANAGER, &target, &patch).map(drop)
    }

    /// Takes a node away, and with it the pods that ran there.
    fn remove(&self, name: &str) -> Answer<()> {
        let target = self.kubernetes.target("", "Node", "", name)?;
        self.kubernetes.delete_now(&target)?;
        for pod in self.kubernetes.read_all("", "Pod", "") {
            if pod["spec"]["nodeName"] == name {
                let text = |key: &str| pod["metadata"][key].as_str().unwrap_or_default().to_owned();
                self.kubernetes
                    .delete_pod(&text("namespace"), &text("name"))?;
            }
        }
        Ok(())
    }

    fn bring_to(&self, pool: &NodePool, count: u64) -> Answer<()> {
        let hash = cluster_hash(pool);
        let names: Vec<String> = (0..count)
            .map(|number| format!("aks-{}-{hash}-vmss{number:06}", pool.name))
            .collect();
        for (number, name) in (0..).zip(&names) {
            self.set(pool, name, number)?;
        }
        for name in self.existing(pool) {
            if !names.contains(&name) {
                self.remove(&name)?;
            }
        }
        Ok(())
    }
}

fn told(pool: &NodePool, result: Answer<()>) {
    if let Err(Failure { message, .. }) = result {
        tracing::warn!("nodes of pool {}: {message}", pool.name);
    }
}

#[async_trait]
impl Hooks for NodePools {
    async fn pool_ready(&self, pool: &NodePool) {
        let count = pool.properties["count"].as_u64().unwrap_or(1);
        told(pool, self.bring_to(pool, count));
    }

    async fn pool_removed(&self, pool: &NodePool) {
        told(pool, self.bring_to(pool, 0));
    }
}
