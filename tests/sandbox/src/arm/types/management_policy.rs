//! The lifecycle policy of a storage account.

use serde_json::{Value, json};

use super::{MANAGEMENT_POLICY, STORAGE_VERSIONS, names};
use crate::arm::errors::ArmError;
use crate::arm::kind::{Draft, Kind, ResourceType, Timing, get};

pub struct ManagementPolicy;

static KIND: Kind = {
    let mut kind = Kind::child(MANAGEMENT_POLICY, STORAGE_VERSIONS);
    kind.create = Timing::immediate(200);
    kind.missing_code = "ManagementPolicyNotFound";
    kind
};

fn invalid(text: &str) -> ArmError {
    ArmError::bad_request("InvalidRequestPropertyValue", text)
}

impl ResourceType for ManagementPolicy {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn name(&self, name: &str) -> Result<(), ArmError> {
        names::default_only(name)
    }

    fn check(&self, draft: &Draft<'_>) -> Result<(), ArmError> {
        let rules = get(&draft.body, "/properties/policy/rules").as_array();
        let rules = rules
            .filter(|rules| !rules.is_empty())
            .ok_or_else(|| invalid("The policy must have at least one rule."))?;
        let mut names = std::collections::BTreeSet::new();
        for rule in rules {
            let name = rule["name"].as_str().unwrap_or_default();
            if name.is_empty() || rule["type"] != "Lifecycle" {
                return Err(invalid(
                    "Each rule must have a name and the type 'Lifecycle'.",
                ));
            }
            if !names.insert(name.to_lowercase()) {
                return Err(invalid(&format!("The rule name '{name}' is not unique.")));
            }
            let actions = get(rule, "/definition/actions");
            if actions.as_object().is_none_or(|a| a.is_empty()) {
                return Err(invalid(&format!("The rule '{name}' has no action.")));
            }
        }
        Ok(())
    }

    /// The service gives rules back in an order of its own.
    fn fill(&self, draft: &mut Draft<'_>) {
        let mut rules: Vec<Value> = get(&draft.body, "/properties/policy/rules")
            .as_array()
            .cloned()
            .unwrap_or_default();
        for rule in &mut rules {
            if rule["enabled"].is_null() {
                rule["enabled"] = json!(true);
            }
        }
        rules.sort_by_key(|rule| rule["name"].as_str().unwrap_or_default().to_owned());
        draft.body = json!({"properties": {
            "lastModifiedTime": draft.stamp,
            "policy": {"rules": rules},
        }});
    }
}
