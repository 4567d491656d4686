//! What keeps the operator from going on, and what makes it restart instances.

use super::super::super::Kubernetes;
use super::super::{BARMAN, PLUGIN, namespace, text};
use serde_json::{Value, json};

/// Something that a cluster needs and that is not there.
pub(super) fn reason(server: &Kubernetes, cluster: &Value) -> Option<String> {
    let spec = &cluster["spec"];
    let external = spec["externalClusters"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| &entry["plugin"]);
    let plugins = spec["plugins"]
        .as_array()
        .into_iter()
        .flatten()
        .chain(external);
    for plugin in plugins.filter(|plugin| plugin["name"] == PLUGIN && plugin["enabled"] != false) {
        let store = text(&plugin["parameters"]["barmanObjectName"]);
        if server
            .look(BARMAN, "ObjectStore", namespace(cluster), store)
            .is_none()
        {
            return Some(format!("ObjectStore \"{store}\" not found"));
        }
    }
    let secret = text(&spec["bootstrap"]["initdb"]["secret"]["name"]);
    if !secret.is_empty()
        && server
            .look("", "Secret", namespace(cluster), secret)
            .is_none()
    {
        return Some(format!("secret \"{secret}\" not found"));
    }
    if server.place(&spec["affinity"], &[]).is_none() {
        return Some(
            "0 nodes are available: no node matches the pod's node selector and tolerations"
                .to_owned(),
        );
    }
    None
}

/// The parts of the specification that running pods depend on.
pub(super) fn fingerprint(cluster: &Value) -> String {
    let spec = &cluster["spec"];
    let parameters = spec["postgresql"]["parameters"]
        .as_object()
        .into_iter()
        .flatten();
    let fixed: Vec<Value> = parameters
        .filter(|(name, _)| RESTART.contains(&name.as_str()))
        .map(|(name, value)| json!([name, value]))
        .collect();
    let mut parts = vec![Value::Array(fixed)];
    for part in [
        "imageName",
        "imageCatalogRef",
        "resources",
        "env",
        "envFrom",
        "probes",
        "affinity",
        "plugins",
        "topologySpreadConstraints",
        "projectedVolumeTemplate",
        "priorityClassName",
        "schedulerName",
        "inheritedMetadata",
    ] {
        parts.push(spec[part].clone());
    }
    for part in ["shared_preload_libraries", "extensions"] {
        parts.push(spec["postgresql"][part].clone());
    }
    parts.push(cluster["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"].clone());
    Value::Array(parts).to_string()
}

/// PostgreSQL parameters that take effect at a restart only.
const RESTART: [&str; 40] = [
    "archive_mode",
    "autovacuum_freeze_max_age",
    "autovacuum_max_workers",
    "autovacuum_worker_slots",
    "commit_timestamp_buffers",
    "dynamic_shared_memory_type",
    "huge_page_size",
    "huge_pages",
    "io_max_combine_limit",
    "io_max_concurrency",
    "io_method",
    "jit_provider",
    "max_active_replication_origins",
    "max_connections",
    "max_files_per_process",
    "max_locks_per_transaction",
    "max_logical_replication_workers",
    "max_notify_queue_pages",
    "max_pred_locks_per_transaction",
    "max_prepared_transactions",
    "max_replication_slots",
    "max_wal_senders",
    "max_worker_processes",
    "min_dynamic_shared_memory",
    "multixact_member_buffers",
    "notify_buffers",
    "old_snapshot_threshold",
    "reserved_connections",
    "serializable_buffers",
    "shared_buffers",
    "shared_memory_type",
    "subtransaction_buffers",
    "superuser_reserved_connections",
    "track_activity_query_size",
    "track_commit_timestamp",
    "transaction_buffers",
    "wal_buffers",
    "wal_decode_buffer_size",
    "wal_level",
    "wal_log_hints",
];
