//! What the server says about itself: groups, resources, version.

use super::Kubernetes;
use super::kinds::Kind;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Discovery and other fixed answers, if `path` is one.
pub fn answer(server: &Kubernetes, path: &str, _accept: &str) -> Option<Value> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let kinds = server.store().kinds.clone();
    match parts.as_slice() {
        ["version"] => Some(
            json!({"major": "1", "minor": "34", "emulationMajor": "1", "emulationMinor": "34",
            "minCompatibilityMajor": "1", "minCompatibilityMinor": "33", "gitVersion": "v1.34.4",
            "gitCommit": "", "gitTreeState": "", "buildDate": "1970-01-01T00:00:00Z", "goVersion": "go1.25.0",
            "compiler": "gc", "platform": "linux/amd64"}),
        ),
        ["api"] => Some(
            json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}),
        ),
        ["apis"] => {
            let names: BTreeSet<&str> = kinds
                .iter()
                .map(|kind| kind.group.as_str())
                .filter(|name| !name.is_empty())
                .collect();
            let groups: Vec<Value> = names.into_iter().map(|name| group(&kinds, name)).collect();
            Some(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}))
        }
        ["apis", name] if kinds.iter().any(|kind| kind.group == *name) => {
            let mut body = group(&kinds, name);
            body["kind"] = "APIGroup".into();
            body["apiVersion"] = "v1".into();
            Some(body)
        }
        ["api", version] => resources(&kinds, "", version),
        ["apis", name, version] => resources(&kinds, name, version),
        ["openid", "v1", "jwks"] => Some(json!({"keys": []})),
        ["openapi", "v3"] => Some(openapi_index(&kinds)),
        ["openapi", "v3", "api", version] => openapi(&kinds, "", version),
        ["openapi", "v3", "apis", name, version] => openapi(&kinds, name, version),
        _ => None,
    }
}

fn group(kinds: &[Arc<Kind>], name: &str) -> Value {
    let versions: BTreeSet<&str> = kinds
        .iter()
        .filter(|kind| kind.group == name)
        .map(|kind| kind.version.as_str())
        .collect();
    let versions: Vec<Value> = versions
        .into_iter()
        .map(|version| json!({"groupVersion": format!("{name}/{version}"), "version": version}))
        .collect();
    json!({"name": name, "versions": versions, "preferredVersion": versions.first()})
}

fn resources(kinds: &[Arc<Kind>], group: &str, version: &str) -> Option<Value> {
    let served: Vec<&Arc<Kind>> = kinds
        .iter()
        .filter(|kind| kind.group == group && kind.version == version)
        .collect();
    let first = served.first()?;
    let mut list = Vec::new();
    for kind in &served {
        let verbs = [
            "create",
            "delete",
            "deletecollection",
            "get",
            "list",
            "patch",
            "update",
            "watch",
        ];
        let mut entry = json!({"name": kind.plural, "singularName": kind.singular, "namespaced": kind.namespaced,
            "kind": kind.kind, "verbs": verbs});
        if !kind.short.is_empty() {
            entry["shortNames"] = kind.short.clone().into();
        }
        list.push(entry);
        if kind.status {
            list.push(json!({"name": format!("{}/status", kind.plural), "singularName": "",
                "namespaced": kind.namespaced, "kind": kind.kind, "verbs": ["get", "patch", "update"]}));
        }
        if kind.scale.is_some() {
            list.push(json!({"name": format!("{}/scale", kind.plural), "singularName": "",
                "namespaced": kind.namespaced, "group": "autoscaling", "version": "v1", "kind": "Scale",
                "verbs": ["get", "patch", "update"]}));
        }
    }
    Some(
        json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": first.api_version(), "resources": list}),
    )
}

fn openapi_index(kinds: &[Arc<Kind>]) -> Value {
    let mut paths = json!({});
    for kind in kinds {
        let path = match kind.group.as_str() {
            "" => format!("api/{}", kind.version),
            group => format!("apis/{group}/{}", kind.version),
        };
        let url = format!("/openapi/v3/{path}");
        paths[path] = json!({"serverRelativeURL": url});
    }
    json!({"paths": paths})
}

/// As much of the document as clients read to learn which query parameters a kind takes.
fn openapi(kinds: &[Arc<Kind>], group: &str, version: &str) -> Option<Value> {
    let mut paths = json!({});
    for kind in kinds
        .iter()
        .filter(|kind| kind.group == group && kind.version == version)
    {
        let base = match group {
            "" => format!("/api/{version}"),
            group => format!("/apis/{group}/{version}"),
        };
        let scope = if kind.namespaced {
            "/namespaces/{namespace}"
        } else {
            ""
        };
        let parameters: Vec<Value> = ["dryRun", "fieldManager", "fieldValidation", "force"]
            .into_iter()
            .map(|name| json!({"name": name, "in": "query"}))
            .collect();
        let gvk = json!({"group": group, "version": version, "kind": kind.kind});
        paths[format!("{base}{scope}/{}/{{name}}", kind.plural)] = json!({
            "patch": {"x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": gvk, "parameters": parameters}
        });
    }
    let any = paths.as_object().is_some_and(|map| !map.is_empty());
    any.then(|| {
        json!({"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.34.4"},
            "paths": paths, "components": {"schemas": {}}})
    })
}
