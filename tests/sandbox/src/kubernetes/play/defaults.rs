//! What the mutating webhook writes into a Cluster; nobody owns it.

use super::text;
use serde_json::{Value, json};

pub const IMAGE: &str = "ghcr.io/cloudnative-pg/postgresql:18.4-system-trixie";

const PARAMETERS: [(&str, &str); 23] = [
    ("archive_mode", "on"),
    ("archive_timeout", "5min"),
    ("dynamic_shared_memory_type", "posix"),
    ("full_page_writes", "on"),
    ("logging_collector", "on"),
    ("log_destination", "csvlog"),
    ("log_directory", "/controller/log"),
    ("log_filename", "postgres"),
    ("log_rotation_age", "0"),
    ("log_rotation_size", "0"),
    ("log_truncate_on_rotation", "false"),
    ("max_parallel_workers", "32"),
    ("max_replication_slots", "32"),
    ("max_worker_processes", "32"),
    ("shared_memory_type", "mmap"),
    ("shared_preload_libraries", ""),
    ("ssl_max_protocol_version", "TLSv1.3"),
    ("ssl_min_protocol_version", "TLSv1.3"),
    ("wal_keep_size", "512MB"),
    ("wal_level", "logical"),
    ("wal_log_hints", "on"),
    ("wal_receiver_timeout", "5s"),
    ("wal_sender_timeout", "5s"),
];

/// The parameters that the operator computes; a user may repeat these values only.
pub fn parameter(name: &str) -> Option<&'static str> {
    PARAMETERS
        .iter()
        .find(|(found, _)| *found == name)
        .map(|(_, value)| *value)
}

fn set(object: &mut Value, key: &str, value: Value) {
    if object[key].is_null() {
        object[key] = value;
    }
}

pub fn fill(cluster: &mut Value) {
    let spec = &mut cluster["spec"];
    if !spec.is_object() {
        return;
    }
    if text(&spec["imageName"]).is_empty() && spec["imageCatalogRef"].is_null() {
        spec["imageName"] = IMAGE.into();
    }
    bootstrap(&mut spec["bootstrap"]);
    set(
        &mut spec["affinity"],
        "podAntiAffinityType",
        json!("preferred"),
    );
    if spec["backup"].is_object() {
        set(&mut spec["backup"], "target", json!("prefer-standby"));
    }
    set(spec, "logLevel", json!("info"));
    for (name, value) in PARAMETERS {
        set(&mut spec["postgresql"]["parameters"], name, value.into());
    }
    if spec["postgresql"]["synchronous"].is_object() {
        set(
            &mut spec["postgresql"]["synchronous"],
            "dataDurability",
            json!("required"),
        );
    }
    monitoring(&mut spec["monitoring"]);
    let slots = &mut spec["replicationSlots"];
    set(
        slots,
        "highAvailability",
        json!({"enabled": true, "slotPrefix": "_cnpg_"}),
    );
    set(&mut slots["synchronizeReplicas"], "enabled", json!(true));
    let spaces = spec.get_mut("tablespaces").and_then(Value::as_array_mut);
    for space in spaces.into_iter().flatten() {
        let owner = json!({"name": "app"});
        set(space, "owner", owner);
    }
    set(
        &mut spec["probes"]["liveness"],
        "isolationCheck",
        json!({"connectionTimeout": 1000, "enabled": true, "requestTimeout": 1000}),
    );
}

fn bootstrap(bootstrap: &mut Value) {
    let methods = ["initdb", "recovery", "pg_basebackup"];
    let chosen = methods
        .into_iter()
        .find(|method| bootstrap[*method].is_object());
    let chosen = chosen.unwrap_or("initdb");
    let method = &mut bootstrap[chosen];
    if chosen == "initdb" {
        set(method, "database", json!("app"));
        let database = method["database"].clone();
        set(method, "owner", database);
        set(method, "encoding", json!("UTF8"));
        set(method, "localeCollate", json!("C"));
        set(method, "localeCType", json!("C"));
    } else {
        set(method, "database", json!("app"));
        let database = method["database"].clone();
        set(method, "owner", database);
    }
}

/// The default queries come first in the list.
fn monitoring(monitoring: &mut Value) {
    if monitoring["disableDefaultQueries"] == true {
        return;
    }
    let default = json!({"name": "cnpg-default-monitoring", "key": "queries"});
    let mut list = monitoring["customQueriesConfigMap"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    if !list.iter().any(|found| found["name"] == default["name"]) {
        list.insert(0, default);
        monitoring["customQueriesConfigMap"] = Value::Array(list);
    }
}
