//! Whether a storage account name is free.

use serde_json::json;

use super::{Found, Lookup};
use crate::arm::errors::ArmError;
use crate::arm::kind::{Answer, get};
use crate::arm::types;

pub(super) fn find(lookup: &mut Lookup<'_>) -> Found {
    let rest = lookup.in_subscription()?;
    if rest.as_slice() != ["providers", "microsoft.storage", "checknameavailability"] {
        return None;
    }
    if !lookup.is("POST") {
        return Some(Err(ArmError::method(&lookup.call.method)));
    }
    let versions = types::STORAGE_VERSIONS;
    if let Err(error) = lookup.version("Microsoft.Storage/checkNameAvailability", versions) {
        return Some(Err(error));
    }
    let Some(name) = get(&lookup.call.body, "/name").as_str() else {
        return Some(Err(ArmError::bad_request(
            "InvalidRequestContent",
            "The property 'name' is required.",
        )));
    };
    if types::storage_account_name(name).is_err() {
        return Some(Ok(Answer::ok(json!({
            "nameAvailable": false,
            "reason": "AccountNameInvalid",
            "message": format!("{name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only."),
        }))));
    }
    let ours = lookup
        .state
        .of_kind(types::STORAGE_ACCOUNT)
        .any(|r| r.id.name() == name);
    let taken = &lookup.world.options.behaviour.taken_storage_accounts;
    Some(Ok(Answer::ok(
        match ours || taken.iter().any(|t| t == name) {
            true => json!({
                "nameAvailable": false,
                "reason": "AlreadyExists",
                "message": format!("The storage account named {name} is already taken."),
            }),
            false => json!({"nameAvailable": true}),
        },
    )))
}
