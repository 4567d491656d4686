//! The tests' hand on the server: what people, operators and the platform do behind the client's back.

use super::Kubernetes;
use super::api::delete::DeleteOptions;
use super::api::patch::PatchKind;
use super::api::{Options, Reply, Target};
use super::status::{Answer, Failure};
use serde_json::{Value, json};
use std::sync::Arc;

impl Kubernetes {
    /// The address of an object: `("postgresql.cnpg.io", "Cluster", "db", "orders")`.
    pub fn target(&self, group: &str, kind: &str, namespace: &str, name: &str) -> Answer<Target> {
        let found = self
            .store()
            .kind_named(group, kind)
            .ok_or_else(Failure::no_route)?;
        Ok(Target::object(&found, namespace, name))
    }

    /// The object as it is now.
    pub fn read(&self, target: &Target) -> Option<Value> {
        let found = self
            .store()
            .get(&target.kind, &target.namespace, &target.name)?;
        Some((*found).clone())
    }

    /// All objects of a kind, in one namespace or (`""`) in all.
    pub fn read_all(&self, group: &str, kind: &str, namespace: &str) -> Vec<Arc<Value>> {
        let store = self.store();
        match store.kind_named(group, kind) {
            Some(kind) => store.list(&kind, namespace),
            None => Vec::new(),
        }
    }

    /// Merge-patches an object as another field manager (`kubectl-edit`).
    pub fn patch_as(&self, manager: &str, target: &Target, patch: &Value) -> Answer<Reply> {
        let body = patch.to_string();
        self.patch(
            target,
            PatchKind::Merge,
            body.as_bytes(),
            &Options::by(manager),
        )
    }

    /// Server-side applies as another field manager, taking what it wants.
    pub fn apply_as(&self, manager: &str, target: &Target, object: &Value) -> Answer<Reply> {
        let options = Options {
            force: true,
            ..Options::by(manager)
        };
        self.patch(
            target,
            PatchKind::Apply,
            object.to_string().as_bytes(),
            &options,
        )
    }

    pub fn create_as(&self, manager: &str, target: &Target, object: &Value) -> Answer<Reply> {
        self.create(target, object.clone(), &Options::by(manager))
    }

    /// Merge-patches the status of an object, as an operator does.
    pub fn patch_status(&self, manager: &str, target: &Target, status: &Value) -> Answer<Reply> {
        let target = Target {
            subresource: if target.kind.status {
                "status".to_owned()
            } else {
                String::new()
            },
            ..target.clone()
        };
        self.patch_as(manager, &target, &json!({"status": status}))
    }

    /// Deletes an object at once, whatever its grace period.
    pub fn delete_now(&self, target: &Target) -> Answer<Value> {
        let options = DeleteOptions {
            grace: Some(0),
            ..DeleteOptions::default()
        };
        self.delete(target, &options)
    }

    /// Sets one condition of an object's status; its transition time moves when its status does.
    pub fn set_condition(
        &self,
        target: &Target,
        kind: &str,
        status: &str,
        reason: &str,
        message: &str,
    ) -> Answer<Reply> {
        let object = self
            .read(target)
            .ok_or_else(|| Failure::not_found(&target.kind, &target.name))?;
        let conditions = with_condition(
            &object["status"]["conditions"],
            kind,
            status,
            reason,
            message,
            &self.clock().stamp(),
        );
        self.patch_status("manager", target, &json!({"conditions": conditions}))
    }

    /// Records an event about an object.
    pub fn emit_event(
        &self,
        target: &Target,
        kind: &str,
        reason: &str,
        message: &str,
    ) -> Answer<Reply> {
        let object = self.read(target).unwrap_or_default();
        let namespace = match target.namespace.as_str() {
            "" => "default",
            namespace => namespace,
        };
        let now = self.clock().stamp();
        let events = self.target("", "Event", namespace, "")?;
        let event = json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": {"generateName": format!("{}.", target.name), "namespace": namespace},
            "involvedObject": {"apiVersion": target.kind.api_version(), "kind": target.kind.kind,
                "name": target.name, "namespace": target.namespace, "uid": object["metadata"]["uid"],
                "resourceVersion": object["metadata"]["resourceVersion"]},
            "type": kind, "reason": reason, "message": message, "count": 1,
            "firstTimestamp": now, "lastTimestamp": now,
            "source": {"component": "cloudnative-pg"},
            "reportingComponent": "cloudnative-pg",
        });
        self.create(&events, event, &Options::by("manager"))
    }

    /// Forgets the past: running watches and old versions get 410.
    pub fn compact(&self) {
        let mut store = self.store();
        store.compact();
    }

    /// The newest version of anything.
    pub fn version(&self) -> u64 {
        self.store().version
    }
}

/// A list of conditions with one of them set.
pub fn with_condition(
    list: &Value,
    kind: &str,
    status: &str,
    reason: &str,
    message: &str,
    now: &str,
) -> Value {
    let mut list = list.as_array().cloned().unwrap_or_default();
    let mut condition = json!({"type": kind, "status": status, "reason": reason, "message": message,
        "lastTransitionTime": now});
    match list.iter_mut().find(|found| found["type"] == kind) {
        Some(found) => {
            if found["status"] == status {
                condition["lastTransitionTime"] = found["lastTransitionTime"].clone();
            }
            *found = condition;
        }
        None => list.push(condition),
    }
    Value::Array(list)
}
