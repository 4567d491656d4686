//! Blob containers through ARM.

use std::time::Duration;

use serde_json::{Value, json};

use super::{CONTAINER, STORAGE_VERSIONS, names};
use crate::arm::errors::ArmError;
use crate::arm::ids::Id;
use crate::arm::kind::{Draft, Kind, ResourceType, get, merge, put};
use crate::arm::store::{Resource, State};
use crate::hooks;

pub struct Container;

static KIND: Kind = {
    let mut kind = Kind::child(CONTAINER, STORAGE_VERSIONS);
    kind.missing_code = "ContainerNotFound";
    kind
};

fn account(id: &Id) -> Id {
    id.parent().parent()
}

fn event(id: &Id) -> hooks::Container {
    hooks::Container {
        account: account(id).name().to_owned(),
        name: id.name().to_owned(),
    }
}

impl ResourceType for Container {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn name(&self, name: &str) -> Result<(), ArmError> {
        names::container(name)
    }

    fn check(&self, draft: &Draft<'_>) -> Result<(), ArmError> {
        let account = draft.state.resources.get(&account(draft.id).key());
        if account.is_some_and(|a| a.state() != "Succeeded") {
            return Err(ArmError::conflict(
                "StorageAccountIsNotProvisioned",
                "The storage account provisioning state must be 'Succeeded' before executing the operation.",
            ));
        }
        let grave = draft.state.container_graves.get(&draft.id.key());
        if grave.is_some_and(|until| *until > draft.now) {
            return Err(ArmError::conflict(
                "ContainerBeingDeleted",
                "The specified container is being deleted. Try operation later.",
            ));
        }
        let access = get(&draft.body, "/properties/publicAccess");
        let open = !access.is_null() && access != "None";
        let allowed = account
            .is_some_and(|a| get(&a.body, "/properties/allowBlobPublicAccess") == &json!(true));
        match open && !allowed {
            false => Ok(()),
            true => Err(ArmError::conflict(
                "PublicAccessNotPermitted",
                "Public access is not permitted on this storage account.",
            )),
        }
    }

    fn fill(&self, draft: &mut Draft<'_>) {
        draft.set_default("/properties/publicAccess", json!("None"));
        draft.set_default(
            "/properties/defaultEncryptionScope",
            json!("$account-encryption-key"),
        );
        draft.set_default("/properties/denyEncryptionScopeOverride", json!(false));
        let read_only = json!({
            "deleted": false,
            "remainingRetentionDays": 0,
            "leaseStatus": "Unlocked",
            "leaseState": "Available",
            "lastModifiedTime": draft.stamp,
            "hasImmutabilityPolicy": false,
            "hasLegalHold": false,
        });
        merge(&mut draft.body["properties"], &read_only);
    }

    fn patch(&self, current: &Value, patch: &Value) -> Result<Value, ArmError> {
        let mut body = current.clone();
        for name in ["publicAccess", "metadata"] {
            let value = get(patch, &format!("/properties/{name}"));
            if !value.is_null() {
                put(&mut body, &format!("/properties/{name}"), value.clone());
            }
        }
        Ok(body)
    }

    fn stored(&self, state: &mut State, id: &Id, _sent: &Value, _now: Duration) {
        state.events.push(hooks::Event::ContainerCreated(event(id)));
    }

    fn removed(&self, state: &mut State, resource: &Resource, now: Duration) {
        let service = resource.id.parent().key();
        let soft = state.resources.get(&service).map(|s| {
            get(
                &s.body,
                "/properties/containerDeleteRetentionPolicy/enabled",
            )
            .clone()
        });
        if soft != Some(json!(true)) {
            let until = now + state.behaviour.container_deletion;
            state.container_graves.insert(resource.id.key(), until);
        }
        state
            .events
            .push(hooks::Event::ContainerRemoved(event(&resource.id)));
    }

    fn render(&self, _state: &State, resource: &Resource, body: &mut Value) {
        let tag = resource.etag().replace('-', "").to_uppercase();
        put(body, "/etag", json!(format!("\"0x{}\"", &tag[..15])));
    }
}
