//! Federated credentials of a managed identity.

use serde_json::{Value, json};

use super::{FEDERATED_CREDENTIAL, IDENTITY_VERSIONS, names};
use crate::arm::errors::ArmError;
use crate::arm::kind::{Draft, Kind, ResourceType, get};

const LIMIT: usize = 20;

pub struct FederatedCredential;

static KIND: Kind = {
    let mut kind = Kind::child(FEDERATED_CREDENTIAL, IDENTITY_VERSIONS);
    kind.lower_case_ids = true;
    kind.exclusive = true;
    kind
};

impl ResourceType for FederatedCredential {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn name(&self, name: &str) -> Result<(), ArmError> {
        names::federated_credential(name)
    }

    fn check(&self, draft: &Draft<'_>) -> Result<(), ArmError> {
        let required = |name: &str| {
            draft
                .text(&format!("/properties/{name}"))
                .filter(|text| !text.is_empty())
                .ok_or_else(|| {
                    ArmError::bad_request(
                        "BadRequest",
                        format!("The property '{name}' of the federated identity credential is required."),
                    )
                })
        };
        let (issuer, subject) = (required("issuer")?, required("subject")?);
        if !issuer.starts_with("https://") {
            return Err(ArmError::bad_request(
                "BadRequest",
                format!("The issuer '{issuer}' is not a valid https address."),
            ));
        }
        let audiences = get(&draft.body, "/properties/audiences");
        if audiences.as_array().is_none_or(|a| a.len() != 1) {
            return Err(ArmError::bad_request(
                "BadRequest",
                "The property 'audiences' must hold exactly one audience.",
            ));
        }
        let siblings = draft.state.below(&draft.id.parent().key());
        let siblings: Vec<_> = siblings
            .iter()
            .filter(|key| **key != draft.id.key())
            .filter_map(|key| draft.state.resources.get(key))
            .filter(|r| r.kind == FEDERATED_CREDENTIAL)
            .collect();
        let same = |pointer: &str, value: &str, r: &&&crate::arm::store::Resource| {
            get(r.properties(), pointer).as_str() == Some(value)
        };
        let clash = siblings
            .iter()
            .any(|r| same("/issuer", issuer, &r) && same("/subject", subject, &r));
        if clash {
            return Err(ArmError::conflict(
                "Conflict",
                "Issuer and subject combination already exists for this Managed Identity.",
            ));
        }
        match draft.existing.is_none() && siblings.len() >= LIMIT {
            false => Ok(()),
            true => Err(ArmError::bad_request(
                "BadRequest",
                format!(
                    "Too many Federated Identity Credentials. The limit for an identity is {LIMIT}."
                ),
            )),
        }
    }

    fn fill(&self, draft: &mut Draft<'_>) {
        let given = get(&draft.body, "/properties").clone();
        let kept: Value = json!({
            "issuer": given["issuer"],
            "subject": given["subject"],
            "audiences": given["audiences"],
        });
        draft.body = json!({"properties": kept});
    }
}
