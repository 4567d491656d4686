//! Whether an object is ready: the verdict, and the conditions that the usual kinds report.

use serde_json::Value;

/// What a look at an object says about waiting for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    Ready,
    /// Not yet; what it still waits for.
    Waiting(String),
    /// It will not become ready by itself; why.
    Failed(String),
}

/// One entry of `status.conditions`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    pub kind: String,
    pub status: String,
    pub reason: String,
    pub message: String,
    pub since: String,
}

/// All conditions of an object.
pub fn all(object: &Value) -> Vec<Condition> {
    let entries = object
        .pointer("/status/conditions")
        .and_then(Value::as_array);
    entries.into_iter().flatten().map(condition).collect()
}

fn condition(entry: &Value) -> Condition {
    let text = |name: &str| {
        entry
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    Condition {
        kind: text("type"),
        status: text("status"),
        reason: text("reason"),
        message: text("message"),
        since: text("lastTransitionTime"),
    }
}

/// The condition of one type.
pub fn find(object: &Value, kind: &str) -> Option<Condition> {
    all(object)
        .into_iter()
        .find(|condition| condition.kind == kind)
}

/// Whether the condition is there and `True`.
pub fn is_true(object: &Value, kind: &str) -> bool {
    find(object, kind).is_some_and(|condition| condition.status == "True")
}

/// The condition in words: `Ready is False (ClusterIsNotReady): Cluster is not ready`.
pub fn describe(condition: &Condition) -> String {
    let mut text = format!("{} is {}", condition.kind, condition.status);
    if !condition.reason.is_empty() {
        text = format!("{text} ({})", condition.reason);
    }
    if !condition.message.is_empty() {
        text = format!("{text}: {}", condition.message);
    }
    text
}

fn number(object: &Value, pointer: &str) -> i64 {
    object
        .pointer(pointer)
        .and_then(Value::as_i64)
        .unwrap_or_default()
}

/// An object that is ready as soon as it exists.
pub fn exists(_: &Value) -> Readiness {
    Readiness::Ready
}

/// Ready when the named condition is `True`.
pub fn condition_true(object: &Value, kind: &str) -> Readiness {
    match find(object, kind) {
        Some(condition) if condition.status == "True" => Readiness::Ready,
        Some(condition) => Readiness::Waiting(describe(&condition)),
        None => Readiness::Waiting(format!("condition {kind} is not reported yet")),
    }
}

/// A Deployment whose current specification is rolled out and available.
pub fn deployment(object: &Value) -> Readiness {
    if let Some(progress) = find(object, "Progressing")
        && progress.reason == "ProgressDeadlineExceeded"
    {
        return Readiness::Failed(describe(&progress));
    }
    if number(object, "/status/observedGeneration") < number(object, "/metadata/generation") {
        return Readiness::Waiting("the change is not observed yet".to_owned());
    }
    let wanted = object
        .pointer("/spec/replicas")
        .and_then(Value::as_i64)
        .unwrap_or(1);
    let updated = number(object, "/status/updatedReplicas");
    let available = number(object, "/status/availableReplicas");
    let all = number(object, "/status/replicas");
    if updated >= wanted && available >= wanted && all <= updated {
        return Readiness::Ready;
    }
    Readiness::Waiting(format!(
        "{available} of {wanted} replicas are available, {updated} updated, {all} in all"
    ))
}

/// A Job that completed.
pub fn job(object: &Value) -> Readiness {
    if is_true(object, "Complete") {
        return Readiness::Ready;
    }
    if let Some(failed) = find(object, "Failed")
        && failed.status == "True"
    {
        return Readiness::Failed(describe(&failed));
    }
    let (active, failed) = (
        number(object, "/status/active"),
        number(object, "/status/failed"),
    );
    Readiness::Waiting(format!("{active} pods are running, {failed} failed"))
}

/// A CustomResourceDefinition that the API server serves.
pub fn custom_resource_definition(object: &Value) -> Readiness {
    if let Some(names) = find(object, "NamesAccepted")
        && names.status == "False"
    {
        return Readiness::Failed(describe(&names));
    }
    condition_true(object, "Established")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_deployment_is_ready_when_the_new_pods_are_and_the_old_ones_are_gone() {
        let mut object = json!({
            "metadata": {"generation": 2}, "spec": {"replicas": 2},
            "status": {"observedGeneration": 1, "replicas": 3, "updatedReplicas": 2, "availableReplicas": 2},
        });
        assert_eq!(
            deployment(&object),
            Readiness::Waiting("the change is not observed yet".into())
        );
        object["status"]["observedGeneration"] = json!(2);
        assert_eq!(
            deployment(&object),
            Readiness::Waiting("2 of 2 replicas are available, 2 updated, 3 in all".into())
        );
        object["status"]["replicas"] = json!(2);
        assert_eq!(deployment(&object), Readiness::Ready);
    }

    #[test]
    fn a_deployment_past_its_progress_deadline_has_failed() {
        let object = json!({"status": {"conditions": [{"type": "Progressing", "status": "False",
            "reason": "ProgressDeadlineExceeded", "message": "ReplicaSet has timed out"}]}});
        assert_eq!(
            deployment(&object),
            Readiness::Failed(
                "Progressing is False (ProgressDeadlineExceeded): ReplicaSet has timed out".into()
            )
        );
    }

    #[test]
    fn a_job_ends_complete_or_failed() {
        let with = |kind: &str| json!({"status": {"active": 1, "conditions": [{"type": kind, "status": "True"}]}});
        assert_eq!(job(&with("Complete")), Readiness::Ready);
        assert_eq!(
            job(&with("Failed")),
            Readiness::Failed("Failed is True".into())
        );
        assert_eq!(
            job(&with("Other")),
            Readiness::Waiting("1 pods are running, 0 failed".into())
        );
    }

    #[test]
    fn a_crd_is_ready_when_established() {
        let crd = json!({"status": {"conditions": [{"type": "Established", "status": "True"}]}});
        assert_eq!(custom_resource_definition(&crd), Readiness::Ready);
        assert!(matches!(
            custom_resource_definition(&json!({})),
            Readiness::Waiting(_)
        ));
        let clash = json!({"status": {"conditions": [{"type": "NamesAccepted", "status": "False", "reason": "X"}]}});
        assert!(matches!(
            custom_resource_definition(&clash),
            Readiness::Failed(_)
        ));
    }
}
