//! Backups through the plugin: their phases, and the recovery window of the object store.

use super::super::Kubernetes;
use super::{BARMAN, CNPG, PLUGIN, name, namespace, text};
use crate::kubernetes::control::with_condition;
use jiff::Timestamp;
use serde_json::{Value, json};

pub(super) fn act(server: &Kubernetes, backup: &Value, now: Timestamp) -> Option<Timestamp> {
    let cluster = server.look(
        CNPG,
        "Cluster",
        namespace(backup),
        text(&backup["spec"]["cluster"]["name"]),
    );
    let phase = text(&backup["status"]["phase"]);
    if ["completed", "failed"].contains(&phase) {
        return None;
    }
    let Some(cluster) =
        cluster.filter(|cluster| cluster["status"]["phase"] == "Cluster in healthy state")
    else {
        if phase.is_empty() {
            server.report(
                CNPG,
                backup,
                &json!({"phase": "pending", "method": backup["spec"]["method"]}),
            );
        }
        return None;
    };
    match phase {
        "" | "pending" => {
            begin(server, backup, &cluster);
            None
        }
        "started" => {
            if let Err(end) = server.over(backup, "start", 1.0, now) {
                return Some(end);
            }
            server.report(CNPG, backup, &json!({"phase": "running"}));
            None
        }
        _ => {
            if let Err(end) = server.over(backup, "run", 4.0, now) {
                return Some(end);
            }
            match server.ordered_to_fail(name(backup)) {
                Some(error) => fail(server, backup, &cluster, &error),
                None => complete(server, backup, &cluster),
            }
            None
        }
    }
}

fn begin(server: &Kubernetes, backup: &Value, cluster: &Value) {
    if let Err(error) = store(server, backup, cluster) {
        return fail(server, backup, cluster, &error);
    }
    let names = cluster["status"]["instanceNames"]
        .as_array()
        .into_iter()
        .flatten();
    let standby = names
        .into_iter()
        .find(|found| **found != cluster["status"]["currentPrimary"]);
    let pod = match text(&backup["spec"]["target"]) {
        "primary" => &cluster["status"]["currentPrimary"],
        _ => standby.unwrap_or(&cluster["status"]["currentPrimary"]),
    };
    let now = server.clock().stamp();
    server.report(
        CNPG,
        backup,
        &json!({"phase": "started", "startedAt": now, "method": backup["spec"]["method"],
        "instanceID": {"podName": pod, "ContainerID": ""}, "reconciliationStartedAt": now}),
    );
    condition(
        server,
        cluster,
        "False",
        "BackupStarted",
        "New Backup starting up",
    );
}

/// The store that the cluster's plugin writes to.
fn store(server: &Kubernetes, backup: &Value, cluster: &Value) -> Result<Value, String> {
    if backup["spec"]["method"] != "plugin" {
        return Ok(Value::Null);
    }
    let plugins = cluster["spec"]["plugins"].as_array().into_iter().flatten();
    let plugin = plugins
        .into_iter()
        .find(|plugin| plugin["name"] == PLUGIN && plugin["enabled"] != false);
    let plugin = plugin.ok_or_else(|| format!("requested plugin is not available: {PLUGIN}"))?;
    let id = text(&plugin["parameters"]["barmanObjectName"]);
    server
        .look(BARMAN, "ObjectStore", namespace(cluster), id)
        .ok_or_else(|| format!("objectstores.barmancloud.cnpg.io \"{id}\" not found"))
}

fn server_name(cluster: &Value) -> String {
    let plugins = cluster["spec"]["plugins"].as_array().into_iter().flatten();
    let named = plugins
        .into_iter()
        .map(|plugin| text(&plugin["parameters"]["serverName"]))
        .find(|found| !found.is_empty());
    named.unwrap_or_else(|| name(cluster)).to_owned()
}

fn condition(server: &Kubernetes, cluster: &Value, status: &str, reason: &str, message: &str) {
    let list = &cluster["status"]["conditions"];
    let list = with_condition(
        list,
        "LastBackupSucceeded",
        status,
        reason,
        message,
        &server.clock().stamp(),
    );
    server.report(CNPG, cluster, &json!({"conditions": list}));
}

fn complete(server: &Kubernetes, backup: &Value, cluster: &Value) {
    let now = server.clock().now();
    let id = now.strftime("%Y%m%dT%H%M%S").to_string();
    let stamp = server.clock().stamp();
    server.report(CNPG, backup, &json!({
        "phase": "completed", "stoppedAt": stamp, "backupId": id, "backupName": format!("backup-{}", now.strftime("%Y%m%d%H%M%S")),
        "serverName": server_name(cluster), "majorVersion": cluster["status"]["pgDataImageInfo"]["majorVersion"],
        "beginWal": "000000010000000000000003", "endWal": "000000010000000000000003",
        "beginLSN": "0/3000028", "endLSN": "0/3000120", "reconciliationTerminatedAt": stamp, "online": true,
    }));
    condition(
        server,
        cluster,
        "True",
        "LastBackupSucceeded",
        "Backup was successful",
    );
    if let Ok(store) = store(server, backup, cluster) {
        window(
            server,
            &store,
            &server_name(cluster),
            "lastSuccessfulBackupTime",
            &stamp,
        );
    }
}

fn window(server: &Kubernetes, store: &Value, server_name: &str, field: &str, stamp: &str) {
    if store.is_null() {
        return;
    }
    let mut window = json!({field: stamp});
    let known = &store["status"]["serverRecoveryWindow"][server_name]["firstRecoverabilityPoint"];
    if known.is_null() && field == "lastSuccessfulBackupTime" {
        window["firstRecoverabilityPoint"] = stamp.into();
    }
    server.report(
        BARMAN,
        store,
        &json!({"serverRecoveryWindow": {server_name: window}}),
    );
}

fn fail(server: &Kubernetes, backup: &Value, cluster: &Value, error: &str) {
    let stamp = server.clock().stamp();
    server.report(CNPG, backup, &json!({"phase": "failed", "error": error, "stoppedAt": stamp, "method": backup["spec"]["method"]}));
    condition(server, cluster, "False", "LastBackupFailed", error);
    if let Ok(store) = store(server, backup, cluster) {
        window(
            server,
            &store,
            &server_name(cluster),
            "lastFailedBackupTime",
            &stamp,
        );
    }
}
