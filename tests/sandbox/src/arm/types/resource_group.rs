//! Resource groups.

use serde_json::{Value, json};

use super::{GROUP, GROUP_VERSIONS, names};
use crate::arm::errors::ArmError;
use crate::arm::kind::{Draft, Kind, ResourceType, Style, Timing};

pub struct ResourceGroup;

static KIND: Kind = {
    let mut kind = Kind::plain(GROUP, GROUP_VERSIONS);
    kind.delete = Timing::long(202, Style::Location, 60);
    kind
};

impl ResourceType for ResourceGroup {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn name(&self, name: &str) -> Result<(), ArmError> {
        names::resource_group(name)
    }

    fn fill(&self, draft: &mut Draft<'_>) {
        draft.set("/properties", json!({"provisioningState": "Succeeded"}));
    }

    fn patch(&self, current: &Value, patch: &Value) -> Result<Value, ArmError> {
        let mut body = current.clone();
        for name in ["managedBy", "tags"] {
            if let Some(value) = patch.get(name) {
                body[name] = value.clone();
            }
        }
        Ok(body)
    }
}
