//! Who wrote a field, and when: `metadata.managedFields` of an object, read without a call.
//!
//! Paths are spelled as the API server prints them in conflicts, without the leading dot:
//! `spec.instances`, `metadata.labels.app.kubernetes.io/name`, `spec.ports[name="metrics"].port`,
//! `metadata.finalizers[="cnpg.io/x"]`.

use serde_json::{Map, Value};

/// One write: the manager, how, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Writer {
    pub manager: String,
    /// `Apply` or `Update`.
    pub operation: String,
    /// Empty for the object itself.
    pub subresource: String,
    /// RFC 3339.
    pub time: String,
}

/// The last writer of the field at `path`, or of something in it. `None`: nobody is recorded, as
/// for a field that a webhook filled in or that was removed.
pub fn last_writer(object: &Value, path: &str) -> Option<Writer> {
    let path = path.trim_start_matches('.');
    entries(object)
        .filter(|entry| {
            entry
                .get("fieldsV1")
                .and_then(Value::as_object)
                .is_some_and(|fields| covers(fields, path))
        })
        .map(writer)
        .max_by(|one, other| one.time.cmp(&other.time))
}

/// The leaf paths that a manager owns (by any operation on the object itself), sorted.
pub fn owned_paths(object: &Value, manager: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for entry in entries(object) {
        let who = writer(entry);
        if who.manager == manager
            && who.subresource.is_empty()
            && let Some(fields) = entry.get("fieldsV1").and_then(Value::as_object)
        {
            leaves(fields, "", &mut paths);
        }
    }
    paths.sort();
    paths.dedup();
    paths
}

fn entries(object: &Value) -> impl Iterator<Item = &Value> {
    object
        .pointer("/metadata/managedFields")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn writer(entry: &Value) -> Writer {
    let text = |name: &str| {
        entry
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    Writer {
        manager: text("manager"),
        operation: text("operation"),
        subresource: text("subresource"),
        time: text("time"),
    }
}

/// How the API server prints one step: `f:name`, `k:{"name":"x"}`, `v:"x"`, `i:0`.
fn printed(step: &str) -> Option<String> {
    let (form, rest) = step.split_once(':')?;
    match form {
        "f" => Some(format!(".{rest}")),
        "i" => Some(format!("[{rest}]")),
        "v" => Some(format!("[={rest}]")),
        "k" => {
            let keys: Map<String, Value> = serde_json::from_str(rest).ok()?;
            let keys: Vec<String> = keys
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            Some(format!("[{}]", keys.join(",")))
        }
        _ => None,
    }
}

/// Whether the fields hold `path`, something below it, or an atomic value above it.
///
/// Names may contain dots, so a path cannot be split; each child whose printed form is a prefix
/// of what remains is tried.
fn covers(fields: &Map<String, Value>, path: &str) -> bool {
    fields.iter().any(|(step, below)| {
        let Some(step) = printed(step) else {
            return false;
        };
        let Some(rest) = path.strip_prefix(step.trim_start_matches('.')) else {
            return false;
        };
        if rest.is_empty() {
            return true;
        }
        if !rest.starts_with(['.', '[']) {
            return false;
        }
        match below.as_object() {
            Some(below) if !below.is_empty() => {
                covers(below, rest.strip_prefix('.').unwrap_or(rest))
            }
            _ => true,
        }
    })
}

fn leaves(fields: &Map<String, Value>, prefix: &str, paths: &mut Vec<String>) {
    for (step, below) in fields {
        // `.` says that the manager owns the existence of the parent.
        let Some(step) = printed(step) else { continue };
        let path = format!("{prefix}{step}");
        match below.as_object() {
            Some(below) if below.keys().any(|key| key != ".") => leaves(below, &path, paths),
            _ => paths.push(path.trim_start_matches('.').to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object() -> Value {
        json!({"metadata": {"managedFields": [
            {"manager": "terraform-provider-postgres", "operation": "Apply", "time": "2026-01-01T00:00:00Z", "fieldsV1": {
                "f:metadata": {"f:labels": {"f:app.kubernetes.io/name": {}}},
                "f:spec": {
                    "f:storage": {"f:size": {}},
                    "f:plugins": {},
                    "f:ports": {"k:{\"name\":\"metrics\"}": {".": {}, "f:name": {}, "f:port": {}}},
                },
            }},
            {"manager": "kubectl-patch", "operation": "Update", "time": "2026-01-02T00:00:00Z", "fieldsV1": {
                "f:metadata": {"f:finalizers": {".": {}, "v:\"cnpg.io/x\"": {}}},
                "f:spec": {"f:instances": {}, "f:ports": {"k:{\"name\":\"metrics\"}": {"f:port": {}}}},
            }},
            {"manager": "manager", "operation": "Update", "subresource": "status", "time": "2026-01-03T00:00:00Z",
             "fieldsV1": {"f:status": {"f:phase": {}}}},
        ]}})
    }

    fn manager(path: &str) -> Option<String> {
        last_writer(&object(), path).map(|writer| writer.manager)
    }

    #[test]
    fn a_field_has_the_writer_that_the_server_recorded() {
        let writer = last_writer(&object(), ".spec.instances").unwrap();
        assert_eq!(
            (writer.manager.as_str(), writer.operation.as_str()),
            ("kubectl-patch", "Update")
        );
        assert_eq!(writer.time, "2026-01-02T00:00:00Z");
        assert_eq!(
            manager("spec.storage.size").as_deref(),
            Some("terraform-provider-postgres")
        );
        assert_eq!(
            last_writer(&object(), "status.phase").unwrap().subresource,
            "status"
        );
    }

    #[test]
    fn names_with_dots_keys_and_values_are_found() {
        assert_eq!(
            manager("metadata.labels.app.kubernetes.io/name").as_deref(),
            Some("terraform-provider-postgres")
        );
        assert_eq!(manager("metadata.labels.app.kubernetes.io/other"), None);
        assert_eq!(
            manager("metadata.finalizers[=\"cnpg.io/x\"]").as_deref(),
            Some("kubectl-patch")
        );
        assert_eq!(
            manager("spec.ports[name=\"metrics\"].port").as_deref(),
            Some("kubectl-patch")
        );
        assert_eq!(
            manager("spec.ports[name=\"metrics\"].name").as_deref(),
            Some("terraform-provider-postgres")
        );
    }

    #[test]
    fn an_atomic_value_belongs_to_the_writer_of_the_whole() {
        assert_eq!(
            manager("spec.plugins[0].name").as_deref(),
            Some("terraform-provider-postgres")
        );
        assert_eq!(manager("spec").as_deref(), Some("kubectl-patch"));
    }

    #[test]
    fn what_nobody_wrote_has_no_writer() {
        assert_eq!(manager("spec.imageName"), None);
        assert_eq!(manager("spec.instance"), None);
        assert_eq!(last_writer(&json!({}), "spec.instances"), None);
    }

    #[test]
    fn owned_paths_are_the_leaves_of_one_manager() {
        assert_eq!(
            owned_paths(&object(), "terraform-provider-postgres"),
            [
                "metadata.labels.app.kubernetes.io/name",
                "spec.plugins",
                "spec.ports[name=\"metrics\"].name",
                "spec.ports[name=\"metrics\"].port",
                "spec.storage.size",
            ]
        );
        assert!(owned_paths(&object(), "manager").is_empty());
    }
}
