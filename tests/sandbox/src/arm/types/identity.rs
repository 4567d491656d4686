//! User-assigned managed identities.

use std::time::Duration;

use serde_json::{Value, json};

use super::{IDENTITY, IDENTITY_VERSIONS, names};
use crate::arm::errors::ArmError;
use crate::arm::ids::Id;
use crate::arm::kind::{Draft, Kind, ResourceType, get};
use crate::arm::store::{Resource, State};

pub struct Identity;

static KIND: Kind = {
    let mut kind = Kind::plain(IDENTITY, IDENTITY_VERSIONS);
    kind.lower_case_ids = true;
    kind
};

impl ResourceType for Identity {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn name(&self, name: &str) -> Result<(), ArmError> {
        names::identity(name)
    }

    fn fill(&self, draft: &mut Draft<'_>) {
        let scope = get(&draft.body, "/properties/isolationScope").clone();
        let mut properties = json!({
            "tenantId": draft.options.tenant_id,
            "principalId": draft.guid("principal"),
            "clientId": draft.guid("client"),
        });
        if !scope.is_null() {
            properties["isolationScope"] = scope;
        }
        draft.set("/properties", properties);
        draft.set_default("/tags", json!({}));
    }

    fn patch(&self, current: &Value, patch: &Value) -> Result<Value, ArmError> {
        let mut body = current.clone();
        if let Some(tags) = patch.get("tags") {
            body["tags"] = tags.clone();
        }
        Ok(body)
    }

    fn stored(&self, state: &mut State, id: &Id, _sent: &Value, now: Duration) {
        let principal = state
            .resources
            .get(&id.key())
            .and_then(|r| get(r.properties(), "/principalId").as_str())
            .map(str::to_owned);
        let known_from = now + state.behaviour.principal_propagation;
        if let Some(principal) = principal {
            state.principals.entry(principal).or_insert(known_from);
        }
    }

    fn removed(&self, state: &mut State, resource: &Resource, _now: Duration) {
        if let Some(principal) = get(resource.properties(), "/principalId").as_str() {
            state.principals.remove(principal);
        }
    }
}
