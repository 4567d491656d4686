//! The scale subresource: replicas by a path that the kind names.

use super::super::Kubernetes;
use super::super::kinds::Kind;
use super::super::status::{Answer, Failure};
use super::patch::PatchKind;
use super::{Options, Reply, Target};
use serde_json::{Value, json};

impl Kubernetes {
    /// A change of `spec.replicas`, by PUT or merge patch.
    pub fn set_scale(&self, target: &Target, scale: &Value, options: &Options) -> Answer<Reply> {
        let Some(paths) = &target.kind.scale else {
            return Err(Failure::no_route());
        };
        let mut patch = scale["spec"]["replicas"].clone();
        if !patch.is_i64() {
            return Ok(Reply::ok(self.get(target)?));
        }
        for key in paths.spec.iter().rev() {
            patch = json!({ key.as_str(): patch });
        }
        let changed = self.patch(
            target,
            PatchKind::Merge,
            patch.to_string().as_bytes(),
            options,
        )?;
        Ok(Reply::ok(view(&target.kind, &changed.body)?))
    }
}

/// An object as a Scale.
pub(super) fn view(kind: &Kind, object: &Value) -> Answer<Value> {
    let Some(scale) = &kind.scale else {
        return Err(Failure::no_route());
    };
    let at = |path: &[String]| {
        path.iter()
            .fold(object, |value, key| &value[key.as_str()])
            .clone()
    };
    let number = |path: &[String]| at(path).as_i64().unwrap_or_default();
    let metadata = &object["metadata"];
    let mut answer = json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {"name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"], "creationTimestamp": metadata["creationTimestamp"]},
        "spec": {"replicas": number(&scale.spec)},
        "status": {"replicas": number(&scale.status)},
    });
    if let Some(selector) = scale.selector.as_deref().map(at).filter(Value::is_string) {
        answer["status"]["selector"] = selector;
    }
    Ok(answer)
}
