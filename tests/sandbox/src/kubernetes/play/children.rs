//! Objects that the operator creates for a cluster.

use super::super::Kubernetes;
use super::world::owned_by;
use super::{name, namespace, secrets, text};
use serde_json::{Map, Value, json};

/// Everything but instances.
pub(super) fn ensure(server: &Kubernetes, cluster: &Value) {
    secrets::ensure(server, cluster);
    services(server, cluster);
    let account = account(cluster);
    if text(&cluster["spec"]["serviceAccountName"]).is_empty() {
        let mut object = envelope(cluster, "v1", "ServiceAccount", &account);
        let template = &cluster["spec"]["serviceAccountTemplate"]["metadata"];
        merge_metadata(&mut object, template);
        server.ensure("", &object);
        let found = server
            .look("", "ServiceAccount", namespace(cluster), &account)
            .unwrap_or_default();
        for key in ["annotations", "labels"] {
            let wanted = template[key].as_object().into_iter().flatten();
            let missing: Map<String, Value> = wanted
                .filter(|(field, value)| found["metadata"][key][field.as_str()] != **value)
                .map(|(field, value)| (field.clone(), value.clone()))
                .collect();
            if !missing.is_empty() {
                server.amend("", &found, &json!({"metadata": {key: missing}}));
            }
        }
    }
    rights(server, cluster, &account);
    budgets(server, cluster);
}

pub(super) fn account(cluster: &Value) -> String {
    match text(&cluster["spec"]["serviceAccountName"]) {
        "" => name(cluster).to_owned(),
        own => own.to_owned(),
    }
}

fn envelope(cluster: &Value, version: &str, kind: &str, id: &str) -> Value {
    let mut object = json!({
        "apiVersion": version, "kind": kind,
        "metadata": {"name": id, "namespace": namespace(cluster), "ownerReferences": owned_by(cluster),
            "labels": {"cnpg.io/cluster": name(cluster)}},
    });
    merge_metadata(&mut object, &cluster["spec"]["inheritedMetadata"]);
    object
}

fn merge_metadata(object: &mut Value, template: &Value) {
    for key in ["labels", "annotations"] {
        for (field, value) in template[key].as_object().into_iter().flatten() {
            object["metadata"][key][field] = value.clone();
        }
    }
}

fn services(server: &Kubernetes, cluster: &Value) {
    let managed = &cluster["spec"]["managed"]["services"];
    let disabled = managed["disabledDefaultServices"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    for (suffix, role) in [("rw", "primary"), ("ro", "replica"), ("r", "")] {
        if disabled.iter().any(|found| found == suffix) {
            continue;
        }
        let mut service = envelope(
            cluster,
            "v1",
            "Service",
            &format!("{}-{suffix}", name(cluster)),
        );
        service["spec"] = service_spec(cluster, role);
        server.ensure("", &service);
    }
    for extra in managed["additional"].as_array().into_iter().flatten() {
        let template = &extra["serviceTemplate"];
        let mut service = envelope(
            cluster,
            "v1",
            "Service",
            text(&template["metadata"]["name"]),
        );
        merge_metadata(&mut service, &template["metadata"]);
        let role = match text(&extra["selectorType"]) {
            "ro" => "replica",
            "r" => "",
            _ => "primary",
        };
        service["spec"] = service_spec(cluster, role);
        for (key, value) in template["spec"].as_object().into_iter().flatten() {
            service["spec"][key] = value.clone();
        }
        server.ensure("", &service);
    }
}

fn service_spec(cluster: &Value, role: &str) -> Value {
    let mut selector = json!({"cnpg.io/cluster": name(cluster), "cnpg.io/podRole": "instance"});
    if !role.is_empty() {
        selector["cnpg.io/instanceRole"] = role.into();
    }
    json!({"type": "ClusterIP", "selector": selector,
        "ports": [{"name": "postgres", "port": 5432, "targetPort": 5432, "protocol": "TCP"}]})
}

fn rights(server: &Kubernetes, cluster: &Value, account: &str) {
    let group = "rbac.authorization.k8s.io";
    let version = format!("{group}/v1");
    let mut role = envelope(cluster, &version, "Role", name(cluster));
    role["rules"] = json!([{"apiGroups": ["postgresql.cnpg.io"], "resources": ["clusters"], "verbs": ["get", "watch"]}]);
    server.ensure(group, &role);
    let mut binding = envelope(cluster, &version, "RoleBinding", name(cluster));
    binding["roleRef"] = json!({"apiGroup": group, "kind": "Role", "name": name(cluster)});
    binding["subjects"] =
        json!([{"kind": "ServiceAccount", "name": account, "namespace": namespace(cluster)}]);
    server.ensure(group, &binding);
}

fn budgets(server: &Kubernetes, cluster: &Value) {
    let wanted = cluster["spec"]["enablePDB"] != false;
    let several = cluster["spec"]["instances"].as_i64().unwrap_or(1) > 1;
    let plans = [
        (format!("{}-primary", name(cluster)), "primary", wanted),
        (name(cluster).to_owned(), "replica", wanted && several),
    ];
    for (id, role, wanted) in plans {
        let mut budget = envelope(cluster, "policy/v1", "PodDisruptionBudget", &id);
        budget["spec"] = json!({"minAvailable": 1, "selector": {"matchLabels":
            {"cnpg.io/cluster": name(cluster), "cnpg.io/instanceRole": role}}});
        match server.look("policy", "PodDisruptionBudget", namespace(cluster), &id) {
            None if wanted => server.ensure("policy", &budget),
            Some(found) if !wanted => server.drop_object("policy", &found),
            _ => {}
        }
    }
}

/// The claims of one instance with the size that each should have.
pub(super) fn claims(cluster: &Value, instance: &str) -> Vec<Value> {
    let spec = &cluster["spec"];
    let mut all = vec![claim(
        cluster,
        instance,
        instance,
        &spec["storage"],
        "PG_DATA",
    )];
    if spec["walStorage"].is_object() {
        all.push(claim(
            cluster,
            instance,
            &format!("{instance}-wal"),
            &spec["walStorage"],
            "PG_WAL",
        ));
    }
    for space in spec["tablespaces"].as_array().into_iter().flatten() {
        let id = format!("{instance}-tbs-{}", text(&space["name"]).replace('_', "-"));
        all.push(claim(
            cluster,
            instance,
            &id,
            &space["storage"],
            "PG_TABLESPACE",
        ));
    }
    all
}

fn claim(cluster: &Value, instance: &str, id: &str, storage: &Value, role: &str) -> Value {
    let mut object = envelope(cluster, "v1", "PersistentVolumeClaim", id);
    object["metadata"]["labels"]["cnpg.io/instanceName"] = instance.into();
    object["metadata"]["labels"]["cnpg.io/pvcRole"] = role.into();
    object["metadata"]["annotations"]["cnpg.io/pvcStatus"] = "ready".into();
    object["spec"] = storage["pvcTemplate"].clone();
    if !object["spec"].is_object() {
        object["spec"] = json!({});
    }
    if object["spec"]["accessModes"].is_null() {
        object["spec"]["accessModes"] = json!(["ReadWriteOnce"]);
    }
    if storage["size"].is_string() {
        object["spec"]["resources"]["requests"]["storage"] = storage["size"].clone();
    }
    if storage["storageClass"].is_string() {
        object["spec"]["storageClassName"] = storage["storageClass"].clone();
    }
    object
}

/// An instance's pod on a node.
pub(super) fn pod(cluster: &Value, instance: &str, role: &str, node: &Value) -> Value {
    let mut pod = envelope(cluster, "v1", "Pod", instance);
    let labels = &mut pod["metadata"]["labels"];
    labels["cnpg.io/instanceName"] = instance.into();
    labels["cnpg.io/instanceRole"] = role.into();
    labels["role"] = role.into();
    labels["cnpg.io/podRole"] = "instance".into();
    let claims = claims(cluster, instance);
    let volumes: Vec<Value> = claims
        .iter()
        .map(|claim| json!({"name": name(claim), "persistentVolumeClaim": {"claimName": name(claim)}}))
        .collect();
    pod["spec"] = json!({
        "nodeName": node["metadata"]["name"], "serviceAccountName": account(cluster), "hostname": instance,
        "volumes": volumes, "terminationGracePeriodSeconds": cluster["spec"]["stopDelay"],
        "containers": [{"name": "postgres", "image": image(cluster), "resources": cluster["spec"]["resources"],
            "ports": [{"name": "postgresql", "containerPort": 5432}, {"name": "metrics", "containerPort": 9187}]}],
    });
    pod
}

pub(super) fn image(cluster: &Value) -> String {
    let spec = &cluster["spec"];
    match (text(&spec["imageName"]), &spec["imageCatalogRef"]["major"]) {
        ("", major) if major.is_number() => format!("ghcr.io/cloudnative-pg/postgresql:{major}"),
        ("", _) => super::defaults::IMAGE.to_owned(),
        (image, _) => image.to_owned(),
    }
}
