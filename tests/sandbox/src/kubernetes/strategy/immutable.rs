//! Fields of built-in kinds that cannot change once the object exists.

use super::super::kinds::Kind;
use super::super::status::Cause;
use serde_json::Value;

pub fn check(kind: &Kind, old: &Value, new: &Value) -> Vec<Cause> {
    match kind.kind.as_str() {
        "StorageClass" => storage_class(old, new),
        "VolumeAttributesClass" => ["driverName", "parameters"]
            .into_iter()
            .filter(|field| old[field] != new[field])
            .map(|field| Cause::forbidden(field, &format!("updates to {field} are forbidden.")))
            .collect(),
        "ConfigMap" | "Secret" => contents(old, new),
        "RoleBinding" | "ClusterRoleBinding" if old["roleRef"] != new["roleRef"] => {
            vec![Cause::invalid(
                "roleRef",
                &go_struct(&new["roleRef"]),
                "cannot change roleRef",
            )]
        }
        "Deployment" | "Job" => fixed(
            "spec.selector",
            &old["spec"]["selector"],
            &new["spec"]["selector"],
        )
        .into_iter()
        .collect(),
        "PersistentVolumeClaim" => claim(old, new),
        "PriorityClass" if old["value"] != new["value"] => {
            vec![Cause::forbidden(
                "value",
                "may not be changed in an update.",
            )]
        }
        "Service"
            if new["spec"]["type"] != "ExternalName" && !old["spec"]["clusterIP"].is_null() =>
        {
            let ips = new["spec"]["clusterIPs"].to_string();
            let before = &old["spec"]["clusterIP"];
            let changed = *before != new["spec"]["clusterIP"];
            let cause = Cause::invalid("spec.clusterIPs[0]", &ips, "may not change once set");
            if changed { vec![cause] } else { Vec::new() }
        }
        _ => Vec::new(),
    }
}

fn fixed(field: &str, old: &Value, new: &Value) -> Option<Cause> {
    (old != new).then(|| Cause::invalid(field, &new.to_string(), "field is immutable"))
}

fn go_struct(value: &Value) -> String {
    let text = |key: &str| value[key].as_str().unwrap_or_default();
    format!(
        "{{\"apiGroup\":\"{}\",\"kind\":\"{}\",\"name\":\"{}\"}}",
        text("apiGroup"),
        text("kind"),
        text("name")
    )
}

fn storage_class(old: &Value, new: &Value) -> Vec<Cause> {
    let mut causes: Vec<Cause> = ["parameters", "provisioner", "reclaimPolicy"]
        .into_iter()
        .filter(|field| old[field] != new[field])
        .map(|field| Cause::forbidden(field, &format!("updates to {field} are forbidden.")))
        .collect();
    causes.extend(fixed(
        "volumeBindingMode",
        &old["volumeBindingMode"],
        &new["volumeBindingMode"],
    ));
    causes
}

fn contents(old: &Value, new: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    causes.extend(fixed("type", &old["type"], &new["type"]));
    if old["immutable"] == true {
        let why = "field is immutable when `immutable` is set";
        if new["immutable"] != true {
            causes.push(Cause::forbidden("immutable", why));
        }
        for field in ["data", "binaryData"] {
            if old[field] != new[field] {
                causes.push(Cause::forbidden(field, why));
            }
        }
    }
    causes
}

fn claim(old: &Value, new: &Value) -> Vec<Cause> {
    let bare = |claim: &Value| {
        let mut spec = claim["spec"].clone();
        if let Some(map) = spec.as_object_mut() {
            map.remove("volumeAttributesClassName");
            map.remove("volumeName");
            map.remove("resources");
        }
        spec
    };
    if bare(old) == bare(new) {
        return Vec::new();
    }
    vec![Cause::forbidden(
        "spec",
        "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
    )]
}
