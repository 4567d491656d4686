//! The status of a Cluster.

use super::super::super::Kubernetes;
use super::super::children;
use super::super::plan::{Act, Step, step};
use super::super::{CNPG, PLUGIN, name, text};
use super::{instances, serial};
use crate::kubernetes::clock::stamp_micro;
use crate::kubernetes::control::with_condition;
use jiff::ToSpan;
use serde_json::{Value, json};

const HEALTHY: &str = "Cluster in healthy state";

fn ready(server: &Kubernetes, cluster: &Value, ready: bool, detail: &str) -> Value {
    let (status, reason, message) = match ready {
        true => ("True", "ClusterIsReady", "Cluster is Ready"),
        false => ("False", "ClusterIsNotReady", "Cluster Is Not Ready"),
    };
    let message = if detail.is_empty() { message } else { detail };
    with_condition(
        &cluster["status"]["conditions"],
        "Ready",
        status,
        reason,
        message,
        &server.clock().stamp(),
    )
}

pub(super) fn phase(server: &Kubernetes, cluster: &Value, phase: &str, reason: &str) {
    let status = json!({"phase": phase, "phaseReason": reason, "conditions": ready(server, cluster, false, "")});
    server.report(CNPG, cluster, &status);
}

/// The cluster does not progress; once it ran, only its conditions tell.
pub(super) fn waiting(server: &Kubernetes, cluster: &Value, reason: &str) {
    let began = cluster["status"]["phase"].is_string();
    let mut status = json!({"conditions": ready(server, cluster, false, reason)});
    if !began {
        status["phase"] = "Setting up primary".into();
    }
    status["phaseReason"] = reason.into();
    let same = cluster["status"]["phaseReason"] == reason;
    if !same {
        server.report(CNPG, cluster, &status);
    }
}

pub(super) fn started(
    server: &Kubernetes,
    cluster: &Value,
    instance: &str,
    number: u64,
    first: bool,
) {
    let latest = cluster["status"]["latestGeneratedNode"]
        .as_u64()
        .unwrap_or_default();
    let mut status = json!({"latestGeneratedNode": latest.max(number)});
    if first {
        status["currentPrimary"] = instance.into();
        status["targetPrimary"] = instance.into();
        status["currentPrimaryTimestamp"] = stamp_micro(server.clock().now()).into();
        status["targetPrimaryTimestamp"] = stamp_micro(server.clock().now()).into();
        status["timelineID"] = 1.into();
    }
    server.report(CNPG, cluster, &status);
    counts(server, cluster);
}

/// How many instances there are, and where.
pub(super) fn counts(server: &Kubernetes, cluster: &Value) {
    server.report(CNPG, cluster, &count(server, cluster));
}

fn count(server: &Kubernetes, cluster: &Value) -> Value {
    let mut pods = instances(server, cluster);
    pods.sort_by_key(|pod| serial(name(pod)));
    let names: Vec<&str> = pods.iter().map(name).collect();
    let mut places = json!({});
    let mut reported = json!({});
    let mut used = Vec::new();
    for pod in &pods {
        let node = text(&pod["spec"]["nodeName"]);
        let labels = server.look("", "Node", "", node).unwrap_or_default();
        let zone = &labels["metadata"]["labels"]["topology.kubernetes.io/zone"];
        places[name(pod)] = json!({"topology.kubernetes.io/zone": zone});
        reported[name(pod)] = json!({"isPrimary": pod["metadata"]["labels"]["cnpg.io/instanceRole"] == "primary",
            "timeLineID": cluster["status"]["timelineID"].as_u64().unwrap_or(1), "ip": pod["status"]["podIP"]});
        if !used.contains(&node) {
            used.push(node);
        }
    }
    let gone = |field: &Value, fresh: &mut Value| {
        for old in field.as_object().into_iter().flatten().map(|(key, _)| key) {
            if fresh[old].is_null() {
                fresh[old] = Value::Null;
            }
        }
    };
    gone(&cluster["status"]["topology"]["instances"], &mut places);
    gone(&cluster["status"]["instancesReportedState"], &mut reported);
    let claims = server.belonging("", "PersistentVolumeClaim", cluster);
    let healthy: Vec<&str> = claims.iter().map(name).collect();
    json!({
        "instances": names.len(), "readyInstances": names.len(), "instanceNames": names,
        "instancesStatus": {"healthy": names}, "instancesReportedState": reported,
        "topology": {"successfullyExtracted": true, "nodesUsed": used.len(), "instances": places},
        "pvcCount": claims.len(), "healthyPVC": healthy,
        "selector": format!("cnpg.io/cluster={},cnpg.io/podRole=instance", name(cluster)),
    })
}

pub(super) fn healthy(server: &Kubernetes, cluster: &Value) {
    let id = name(cluster);
    let mut status = count(server, cluster);
    let image = children::image(cluster);
    status["phase"] = HEALTHY.into();
    status["phaseReason"] = Value::Null;
    status["image"] = image.as_str().into();
    status["pgDataImageInfo"] = json!({"image": image, "majorVersion": major(&image)});
    status["writeService"] = format!("{id}-rw").into();
    status["readService"] = format!("{id}-r").into();
    status["certificates"] = certificates(server, cluster);
    status["systemID"] = system_id(cluster).into();
    status["licenseStatus"] = Value::Null;
    status["cloudNativePGOperatorHash"] = "sandbox".into();
    status["pluginStatus"] = plugins(cluster);
    status["conditions"] = conditions(server, cluster);
    server.report(CNPG, cluster, &status);
}

fn conditions(server: &Kubernetes, cluster: &Value) -> Value {
    let now = server.clock().stamp();
    let mut list = ready(server, cluster, true, "");
    for (kind, reason, message) in [
        (
            "ConsistentSystemID",
            "Unique",
            "A single, unique system ID was found across reporting instances.",
        ),
        (
            "ContinuousArchiving",
            "ContinuousArchivingSuccess",
            "Continuous archiving is working",
        ),
        (
            "Initialized",
            "ClusterInitialized",
            "Cluster has been initialized",
        ),
    ] {
        let known = list
            .as_array()
            .is_some_and(|list| list.iter().any(|found| found["type"] == kind));
        if !known {
            list = with_condition(&list, kind, "True", reason, message, &now);
        }
    }
    list
}

/// The number that tells this cluster's data from that of any other.
fn system_id(cluster: &Value) -> String {
    let uid = uuid::Uuid::parse_str(text(&cluster["metadata"]["uid"])).unwrap_or_default();
    let (high, _) = uid.as_u64_pair();
    (7_000_000_000_000_000_000 + high % 1_000_000_000_000_000_000).to_string()
}

fn major(image: &str) -> u64 {
    let tag = image.rsplit_once(':').map_or("", |(_, tag)| tag);
    let digits: String = tag.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(18)
}

fn certificates(server: &Kubernetes, cluster: &Value) -> Value {
    let id = name(cluster);
    let known = &cluster["status"]["certificates"];
    if known.is_object() {
        return known.clone();
    }
    let end = server.clock().now() + (90 * 24).hours();
    let end = end.strftime("%Y-%m-%d %H:%M:%S +0000 UTC").to_string();
    let mut expirations = json!({});
    for suffix in ["ca", "server", "replication"] {
        expirations[format!("{id}-{suffix}")] = end.as_str().into();
    }
    json!({"clientCASecret": format!("{id}-ca"), "serverCASecret": format!("{id}-ca"),
        "serverTLSSecret": format!("{id}-server"), "replicationTLSSecret": format!("{id}-replication"),
        "serverAltDNSNames": [format!("{id}-rw"), format!("{id}-ro"), format!("{id}-r")], "expirations": expirations})
}

fn plugins(cluster: &Value) -> Value {
    let list = cluster["spec"]["plugins"].as_array().into_iter().flatten();
    let used = list.into_iter().any(|plugin| plugin["name"] == PLUGIN);
    match used {
        true => {
            json!([{"name": PLUGIN, "version": "0.14.0", "capabilities": ["TYPE_RECONCILER_HOOKS", "TYPE_LIFECYCLE_SERVICE"]}])
        }
        false => Value::Null,
    }
}

/// Keeps a settled cluster's status true: ends a wait, and counts what has changed.
pub(super) fn settled(server: &Kubernetes, cluster: &Value) -> Vec<Step> {
    let phase = text(&cluster["status"]["phase"]);
    if phase != HEALTHY && phase != "Waiting for user action" {
        return vec![step(1.0, Act::Healthy)];
    }
    let fresh = count(server, cluster);
    let stale = fresh.as_object().into_iter().flatten().any(|(key, value)| {
        ["instances", "readyInstances", "instanceNames", "pvcCount"].contains(&key.as_str())
            && cluster["status"][key] != *value
    });
    if stale {
        server.report(CNPG, cluster, &fresh);
    }
    Vec::new()
}
