//! Tests of the mapping between configuration and remote objects.

mod bad_input;
mod objects;
mod plans;
mod round_trip;

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{PostgresHaCluster, PostgresHaClusterResource};
use crate::reconcile::graph::Graph;
use crate::reconcile::object::{Desired, Live, Outputs, merge};
use crate::reconcile::part::Defaults;
use crate::reconcile::plan;
use crate::reconcile::record::Record;
use crate::reconcile::resource::Resource;
use crate::schema::diagnostic::Diagnostics;
use crate::schema::json as json_codec;
use crate::schema::object::Object;
use crate::schema::plan::Proposal;
use crate::schema::value::Value;

pub const AKS: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/aks";

/// A configuration as core sends it: complete, with nulls and empty lists for what is not written.
pub fn config(written: Json) -> Value {
    let fields = PostgresHaCluster::fields();
    json_codec::decode_state_json(&fields, &written).unwrap()
}

pub fn minimal() -> Json {
    json!({"name": "pg", "storage": [{"size": "64Gi"}]})
}

/// Everything that can be written at once.
pub fn full() -> Json {
    json!({
        "name": "pg", "namespace": "data", "aks_cluster_id": AKS, "instances": 3, "postgres_version": "17.5",
        "cpu": "4", "memory": "16Gi", "cpu_limit": false, "tuning": "mixed", "parameters": {"work_mem": "16MB"},
        "labels": {"team": "a"}, "annotations": {"note": "b"}, "description": "orders", "log_level": "debug",
        "priority_class": "database", "image_pull_secrets": ["registry"], "deletion_protection": false, "on_destroy": "delete",
        "node_pool": [{"name": "pgpool", "vm_size": "Standard_D4s_v5", "zones": ["1", "2", "3"], "dedicated": true, "labels": {"x": "y"}, "max_surge": "33%", "tags": {"cost": "1"}}],
        "storage": [{"type": "premium_v2", "size": "256Gi", "iops": 8000, "throughput": 500, "reclaim_policy": "Delete", "wal": [{"size": "64Gi", "iops": 4000}]}],
        "high_availability": [{"profile": "fast", "synchronous_replicas": 1, "failover_delay": 1, "zone_spread": "preferred", "readiness_probe": [{"type": "streaming", "maximum_lag": "16Mi"}]}],
        "initdb": [{"database": "orders", "owner": "orders", "wal_segment_size": 32}],
        "pooler": [{"type": "rw"}, {"type": "ro", "instances": 2, "cpu": "1", "memory": "1Gi"}, {"name": "sessions", "type": "rw", "pool_mode": "session", "parameters": {"query_wait_timeout": "60"}}],
        "backup": [{"storage_account": [{"name": "pgbackups1"}], "path": "prod", "schedules": ["0 0 1 * * *", "0 0 13 * * *"], "data_compression": "gzip"}],
        "timeouts": [{"create": "30m"}],
    })
}

pub fn graph() -> Graph<PostgresHaCluster> {
    Graph::new(PostgresHaClusterResource.parts())
}

pub fn defaults() -> Defaults {
    Defaults {
        labels: BTreeMap::from([("from".to_owned(), "provider".to_owned())]).into(),
        tags: BTreeMap::from([("env".to_owned(), "test".to_owned())]).into(),
    }
}

pub fn propose(prior: &Value, config: &Value) -> Proposal<PostgresHaCluster> {
    plan::plan(
        &PostgresHaClusterResource,
        &graph(),
        &defaults(),
        prior,
        config,
        &Record::default(),
    )
}

/// What lookups and Azure tell in the course of an apply.
pub fn outputs() -> Outputs {
    let mut outputs = Outputs::default();
    outputs.set("location", "westeurope");
    outputs.set("oidc_issuer_url", "https://issuer.example/");
    outputs.set("blob_endpoint", "https://pgbackups1.blob.core.windows.net");
    outputs
}

/// The model as it is in the middle of an apply, with what Azure chose.
pub fn model(written: Json) -> PostgresHaCluster {
    let mut model = propose(&Value::Null, &config(written)).model;
    model.identity_client_id = "11111111-1111-1111-1111-111111111111".into();
    model.identity_principal_id = "22222222-2222-2222-2222-222222222222".into();
    model
}

/// Every object, by its key.
pub fn objects(model: &PostgresHaCluster) -> BTreeMap<String, Desired> {
    let outputs = outputs();
    graph()
        .parts()
        .iter()
        .flat_map(|part| {
            part.desired(model, &outputs)
                .unwrap_or_else(|_| panic!("`{}` is incomplete", part.name()))
        })
        .map(|desired| (desired.address.key(), desired))
        .collect()
}

/// Objects as the servers return them: with what they fill in.
pub fn lives(model: &PostgresHaCluster) -> Vec<(&'static str, Live)> {
    let outputs = outputs();
    let mut lives = Vec::new();
    for part in graph().parts() {
        for desired in part.desired(model, &outputs).unwrap_or_default() {
            let mut body = desired.body.clone();
            merge(
                &mut body,
                json!({"metadata": {"uid": "u"}, "status": {"phase": "x"}}),
            );
            if let Some(name) = desired.address.key().split('/').nth(1) {
                merge(&mut body, json!({"name": name}));
            }
            lives.push((
                part.name(),
                Live {
                    address: desired.address,
                    body,
                },
            ));
        }
    }
    lives
}

pub fn validate(written: Json) -> Diagnostics {
    let config = config(written);
    let mut diagnostics = crate::schema::validate::validate(&PostgresHaCluster::fields(), &config);
    let decoded = propose(&Value::Null, &config).model;
    PostgresHaClusterResource.validate(&decoded, &mut diagnostics);
    for part in graph().parts() {
        part.validate(&decoded, &mut diagnostics);
    }
    diagnostics
}
