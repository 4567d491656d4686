//! Defaults, preparation and checks of the built-in kinds that the product or its tests use.

use super::super::kinds::Kind;
use super::super::status::Cause;
use base64::Engine;
use serde_json::{Map, Value, json};

/// Sets `key` where it is absent.
fn fill(object: &mut Value, key: &str, value: Value) {
    if object[key].is_null() {
        object[key] = value;
    }
}

/// Defaults that decoding fills in, so that the writer comes to own them.
pub fn defaults(kind: &Kind, object: &mut Value) {
    match kind.kind.as_str() {
        "Secret" => secret(object),
        "Namespace" => {
            let name = object["metadata"]["name"].clone();
            if name.is_string() {
                object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
            }
        }
        "Service" => service(object),
        "StorageClass" => {
            fill(object, "reclaimPolicy", json!("Delete"));
            fill(object, "volumeBindingMode", json!("Immediate"));
        }
        "PersistentVolumeClaim" => fill(&mut object["spec"], "volumeMode", json!("Filesystem")),
        "PersistentVolume" => {
            fill(&mut object["spec"], "volumeMode", json!("Filesystem"));
            fill(
                &mut object["spec"],
                "persistentVolumeReclaimPolicy",
                json!("Retain"),
            );
        }
        "PriorityClass" => fill(object, "preemptionPolicy", json!("PreemptLowerPriority")),
        "NetworkPolicy" => {
            let mut types = vec!["Ingress"];
            if object["spec"]["egress"].is_array() {
                types.push("Egress");
            }
            fill(&mut object["spec"], "policyTypes", json!(types));
            fill(&mut object["spec"], "podSelector", json!({}));
        }
        "RoleBinding" | "ClusterRoleBinding" => {
            fill(
                &mut object["roleRef"],
                "apiGroup",
                json!("rbac.authorization.k8s.io"),
            );
            for subject in items(&mut object["subjects"]) {
                if matches!(subject["kind"].as_str(), Some("User" | "Group")) {
                    fill(subject, "apiGroup", json!("rbac.authorization.k8s.io"));
                }
            }
        }
        "Deployment" => deployment(object),
        "Job" => job(object),
        "Pod" => pod_spec(&mut object["spec"]),
        _ => {}
    }
}

fn items(list: &mut Value) -> impl Iterator<Item = &mut Value> {
    list.as_array_mut().into_iter().flatten()
}

fn secret(object: &mut Value) {
    fill(object, "type", json!("Opaque"));
    let Some(Value::Object(texts)) = object
        .as_object_mut()
        .and_then(|map| map.remove("stringData"))
    else {
        return;
    };
    let engine = base64::engine::general_purpose::STANDARD;
    for (key, value) in texts {
        let text = value.as_str().unwrap_or_default();
        object["data"][key] = engine.encode(text).into();
    }
}

fn service(object: &mut Value) {
    let spec = &mut object["spec"];
    fill(spec, "sessionAffinity", json!("None"));
    fill(spec, "type", json!("ClusterIP"));
    for port in items(&mut spec["ports"]) {
        fill(port, "protocol", json!("TCP"));
        let number = port["port"].clone();
        fill(port, "targetPort", number);
    }
    match spec["type"].as_str() {
        Some("ExternalName") => {}
        Some("LoadBalancer") => {
            fill(spec, "internalTrafficPolicy", json!("Cluster"));
            fill(spec, "externalTrafficPolicy", json!("Cluster"));
            fill(spec, "allocateLoadBalancerNodePorts", json!(true));
        }
        Some("NodePort") => {
            fill(spec, "internalTrafficPolicy", json!("Cluster"));
            fill(spec, "externalTrafficPolicy", json!("Cluster"));
        }
        _ => fill(spec, "internalTrafficPolicy", json!("Cluster")),
    }
    fill(object, "status", json!({"loadBalancer": {}}));
}

fn deployment(object: &mut Value) {
    let spec = &mut object["spec"];
    fill(spec, "replicas", json!(1));
    fill(spec, "revisionHistoryLimit", json!(10));
    fill(spec, "progressDeadlineSeconds", json!(600));
    fill(spec, "strategy", json!({}));
    fill(&mut spec["strategy"], "type", json!("RollingUpdate"));
    if spec["strategy"]["type"] == "RollingUpdate" {
        fill(&mut spec["strategy"], "rollingUpdate", json!({}));
        fill(
            &mut spec["strategy"]["rollingUpdate"],
            "maxSurge",
            json!("25%"),
        );
        fill(
            &mut spec["strategy"]["rollingUpdate"],
            "maxUnavailable",
            json!("25%"),
        );
    }
    fill(&mut spec["template"], "metadata", json!({}));
    pod_spec(&mut spec["template"]["spec"]);
    fill(object, "status", json!({}));
}

fn job(object: &mut Value) {
    let spec = &mut object["spec"];
    for (key, value) in [
        ("completions", json!(1)),
        ("parallelism", json!(1)),
        ("backoffLimit", json!(6)),
        ("completionMode", json!("NonIndexed")),
        ("suspend", json!(false)),
        ("podReplacementPolicy", json!("TerminatingOrFailed")),
        ("manualSelector", json!(false)),
    ] {
        fill(spec, key, value);
    }
    pod_spec(&mut spec["template"]["spec"]);
    fill(object, "status", json!({}));
}

fn pod_spec(spec: &mut Value) {
    if spec.is_null() {
        return;
    }
    for (key, value) in [
        ("restartPolicy", json!("Always")),
        ("dnsPolicy", json!("ClusterFirst")),
        ("schedulerName", json!("default-scheduler")),
        ("securityContext", json!({})),
        ("terminationGracePeriodSeconds", json!(30)),
    ] {
        fill(spec, key, value);
    }
    if spec["serviceAccountName"].is_string() {
        let name = spec["serviceAccountName"].clone();
        fill(spec, "serviceAccount", name);
    }
    for list in ["initContainers", "containers"] {
        if spec[list].is_null() {
            continue;
        }
        for container in items(&mut spec[list]) {
            let image = container["image"].as_str().unwrap_or_default();
            let latest = image.ends_with(":latest") || !image.contains(':');
            let policy = if latest { "Always" } else { "IfNotPresent" };
            fill(container, "imagePullPolicy", json!(policy));
            fill(container, "resources", json!({}));
            fill(
                container,
                "terminationMessagePath",
                json!("/dev/termination-log"),
            );
            fill(container, "terminationMessagePolicy", json!("File"));
            for port in items(&mut container["ports"]) {
                fill(port, "protocol", json!("TCP"));
            }
        }
    }
}

/// What an object of this kind is before anything is said about it: structs that are always there.
pub fn blank(kind: &Kind) -> Value {
    let mut object = json!({"apiVersion": kind.api_version(), "kind": kind.kind, "metadata": {}});
    if kind.custom {
        return object;
    }
    for part in ["spec", "status"] {
        if kind.schema.at(&[part]).is_some() {
            object[part] = json!({});
        }
    }
    match kind.kind.as_str() {
        "Service" => object["status"] = json!({"loadBalancer": {}}),
        "PersistentVolumeClaim" => object["spec"] = json!({"resources": {}}),
        "Deployment" => {
            object["spec"] = json!({"strategy": {}, "template": {"metadata": {}, "spec": {}}})
        }
        "Job" => object["spec"] = json!({"template": {"metadata": {}, "spec": {}}}),
        "RoleBinding" | "ClusterRoleBinding" => object["roleRef"] = json!({}),
        "Event" if kind.group.is_empty() => {
            object["involvedObject"] = json!({});
            object["source"] = json!({});
        }
        _ => {}
    }
    object
}

/// Fields that a change of another field makes meaningless.
pub fn prepare_update(kind: &Kind, old: &Value, new: &mut Value) {
    let balanced = |object: &Value| object["spec"]["type"] == "LoadBalancer";
    if kind.kind != "Service" || balanced(new) || !balanced(old) {
        return;
    }
    if let Some(spec) = new["spec"].as_object_mut() {
        spec.remove("allocateLoadBalancerNodePorts");
        if spec.get("type").is_none_or(|found| found != "NodePort") {
            spec.remove("externalTrafficPolicy");
        }
    }
    new["status"] = json!({"loadBalancer": {}});
}

fn protect(object: &mut Value, finalizer: &str) {
    let list = object["metadata"]["finalizers"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    if !list.iter().any(|found| found == finalizer) {
        object["metadata"]["finalizers"] = Value::Array([list, vec![finalizer.into()]].concat());
    }
}

/// What storing a new object fills in; nobody owns these fields. `address` numbers cluster addresses.
pub fn prepare(kind: &Kind, object: &mut Value, mut address: impl FnMut() -> String) {
    match kind.kind.as_str() {
        "Namespace" => {
            fill(&mut object["spec"], "finalizers", json!(["kubernetes"]));
            object["status"] = json!({"phase": "Active"});
        }
        "Service" => {
            let spec = &mut object["spec"];
            if spec["type"] != "ExternalName" {
                if spec["clusterIP"].as_str().is_none_or(str::is_empty) {
                    spec["clusterIP"] = address().into();
                }
                let ip = spec["clusterIP"].clone();
                fill(spec, "clusterIPs", json!([ip]));
                fill(spec, "ipFamilies", json!(["IPv4"]));
                fill(spec, "ipFamilyPolicy", json!("SingleStack"));
            }
            object["status"] = json!({"loadBalancer": {}});
        }
        "PersistentVolumeClaim" => {
            object["status"] = json!({"phase": "Pending"});
            protect(object, "kubernetes.io/pvc-protection");
        }
        "PersistentVolume" => {
            object["status"] = json!({"phase": "Pending"});
            protect(object, "kubernetes.io/pv-protection");
        }
        "VolumeAttributesClass" => protect(object, "kubernetes.io/vac-protection"),
        "Pod" => object["status"] = json!({"phase": "Pending", "qosClass": "BestEffort"}),
        "PodDisruptionBudget" => {
            object["status"] = json!({"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0});
        }
        "Deployment" | "Job" => object["status"] = json!({}),
        "CustomResourceDefinition" => definition(object),
        _ => {}
    }
}

fn definition(object: &mut Value) {
    let names = object["spec"]["names"].clone();
    let versions = object["spec"]["versions"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let stored: Vec<Value> = versions
        .iter()
        .filter(|version| version["storage"] == true)
        .map(|version| version["name"].clone())
        .collect();
    let condition = |kind: &str, reason: &str, message: &str| json!({"type": kind, "status": "True", "reason": reason, "message": message});
    object["status"] = json!({
        "acceptedNames": names,
        "storedVersions": stored,
        "conditions": [
            condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ],
    });
}

/// Checks of built-in kinds beyond names and types.
pub fn check(kind: &Kind, object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let empty = Map::new();
    let map = |value: &Value| value.as_object().cloned().unwrap_or_else(|| empty.clone());
    match kind.kind.as_str() {
        "ConfigMap" | "Secret" => {
            for key in map(&object["data"])
                .keys()
                .chain(map(&object["binaryData"]).keys())
            {
                let good = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
                if !key.chars().all(good) || key.is_empty() {
                    causes.push(Cause::invalid(&format!("data[{key}]"), &Value::from(key.as_str()).to_string(), "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"));
                }
            }
            if object["type"] == "kubernetes.io/basic-auth"
                && object["data"]["username"].is_null()
                && object["data"]["password"].is_null()
            {
                causes.push(Cause::required("data[username]", ""));
                causes.push(Cause::required("data[password]", ""));
            }
        }
        "StorageClass" if object["provisioner"].as_str().is_none_or(str::is_empty) => {
            causes.push(Cause::required("provisioner", ""));
        }
        "Service" => {
            let ports = object["spec"]["ports"].as_array().map_or(0, Vec::len);
            let headless =
                object["spec"]["clusterIP"] == "None" || object["spec"]["type"] == "ExternalName";
            if ports == 0 && !headless {
                causes.push(Cause::required("spec.ports", ""));
            }
            let addressed = object["status"]["loadBalancer"]["ingress"].is_array();
            if addressed && object["spec"]["type"] != "LoadBalancer" {
                let why = "may only be used when `spec.type` is 'LoadBalancer'";
                causes.push(Cause::forbidden("status.loadBalancer.ingress", why));
            }
        }
        _ => {}
    }
    causes
}
