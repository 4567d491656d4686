//! How players read and write objects.

use super::super::Kubernetes;
use super::{CNPG, MANAGER, name, namespace, text};
use crate::kubernetes::api::Target;
use serde_json::{Value, json};

impl Kubernetes {
    pub(super) fn look(
        &self,
        group: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Option<Value> {
        let target = self.target(group, kind, namespace, name).ok()?;
        self.read(&target)
    }

    /// Creates an object unless one of its name is there.
    pub(super) fn ensure(&self, group: &str, object: &Value) {
        let (kind, namespace, name) = (text(&object["kind"]), namespace(object), name(object));
        if self.look(group, kind, namespace, name).is_some() {
            return;
        }
        if let Ok(target) = self.target(group, kind, namespace, "")
            && let Err(failure) = self.create_as(MANAGER, &target, object)
        {
            tracing::warn!(
                "the operator could not create {kind} {namespace}/{name}: {}",
                failure.message
            );
        }
    }

    pub(super) fn address(&self, group: &str, object: &Value) -> Option<Target> {
        self.target(
            group,
            text(&object["kind"]),
            namespace(object),
            name(object),
        )
        .ok()
    }

    /// Merges into the status of an object.
    pub(super) fn report(&self, group: &str, object: &Value, status: &Value) {
        if let Some(target) = self.address(group, object)
            && let Err(failure) = self.patch_status(MANAGER, &target, status)
        {
            tracing::warn!(
                "the operator could not report on {}: {}",
                target.name,
                failure.message
            );
        }
    }

    pub(super) fn amend(&self, group: &str, object: &Value, patch: &Value) {
        if let Some(target) = self.address(group, object)
            && let Err(failure) = self.patch_as(MANAGER, &target, patch)
        {
            tracing::warn!(
                "the operator could not change {}: {}",
                target.name,
                failure.message
            );
        }
    }

    pub(super) fn drop_object(&self, group: &str, object: &Value) {
        if let Some(target) = self.address(group, object) {
            // Somebody else may have deleted it in between.
            drop(self.delete_now(&target));
        }
    }

    /// Objects of a cluster by its label.
    pub(super) fn belonging(&self, group: &str, kind: &str, cluster: &Value) -> Vec<Value> {
        let all = self.read_all(group, kind, namespace(cluster));
        all.iter()
            .filter(|object| {
                object["metadata"]["labels"]["cnpg.io/cluster"] == cluster["metadata"]["name"]
            })
            .map(|object| (**object).clone())
            .collect()
    }
}

/// A controller reference to a CNPG object.
pub(super) fn owned_by(owner: &Value) -> Value {
    json!([{
        "apiVersion": format!("{CNPG}/v1"), "kind": owner["kind"], "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true,
    }])
}
