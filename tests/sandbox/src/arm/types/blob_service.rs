//! The blob service of an account: always there, only configured.

use serde_json::{Value, json};

use super::{BLOB_SERVICE, STORAGE_VERSIONS, names};
use crate::arm::errors::ArmError;
use crate::arm::ids::Id;
use crate::arm::kind::{Draft, Kind, ResourceType, Timing, get};
use crate::arm::store::State;

pub struct BlobService;

static KIND: Kind = {
    let mut kind = Kind::child(BLOB_SERVICE, STORAGE_VERSIONS);
    kind.create = Timing::immediate(200);
    kind.deletable = false;
    kind
};

fn defaults() -> Value {
    json!({
        "cors": {"corsRules": []},
        "deleteRetentionPolicy": {"allowPermanentDelete": false, "enabled": false},
    })
}

/// Days that a retention policy may have.
fn retention(draft: &Draft<'_>, name: &str) -> Result<(), ArmError> {
    let policy = get(&draft.body, &format!("/properties/{name}"));
    let days = policy["days"].as_u64();
    let enabled = policy["enabled"].as_bool().unwrap_or(false);
    let good = match days {
        Some(days) => (1..=365).contains(&days),
        None => !enabled,
    };
    match good {
        true => Ok(()),
        false => Err(ArmError::bad_request(
            "InvalidXmlNodeValue",
            format!("The days of '{name}' must be a number from 1 to 365."),
        )),
    }
}

impl ResourceType for BlobService {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn name(&self, name: &str) -> Result<(), ArmError> {
        names::default_only(name)
    }

    fn implicit(&self, id: &Id, state: &State) -> Option<Value> {
        let there = id.name() == "default" && state.resources.contains_key(&id.parent().key());
        there.then(|| json!({"properties": defaults()}))
    }

    fn check(&self, draft: &Draft<'_>) -> Result<(), ArmError> {
        retention(draft, "deleteRetentionPolicy")?;
        retention(draft, "containerDeleteRetentionPolicy")
    }

    fn fill(&self, draft: &mut Draft<'_>) {
        draft.set_default("/properties/cors", defaults()["cors"].clone());
        draft.set_default(
            "/properties/deleteRetentionPolicy",
            defaults()["deleteRetentionPolicy"].clone(),
        );
        let sku = draft
            .state
            .resources
            .get(&draft.id.parent().key())
            .map_or(Value::Null, |account| get(&account.body, "/sku").clone());
        draft.set("/sku", sku);
    }
}
