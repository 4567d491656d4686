//! `resources` of a resource group: what is in it, a little late.

use serde_json::{Value, json};

use super::{Found, Lookup};
use crate::arm::errors::ArmError;
use crate::arm::kind::{Answer, get};
use crate::arm::types;

const VERSIONS: [&str; 3] = ["2024-07-01", "2025-04-01", "2021-04-01"];

pub(super) fn find(lookup: &mut Lookup<'_>) -> Found {
    let rest = lookup.in_subscription()?;
    let ["resourcegroups", group, "resources"] = rest.as_slice() else {
        return None;
    };
    let group = (*group).to_owned();
    if !lookup.is("GET") {
        return Some(Err(ArmError::method(&lookup.call.method)));
    }
    if let Err(error) = lookup.version("Microsoft.Resources/resources", &VERSIONS) {
        return Some(Err(error));
    }
    let key = format!(
        "/subscriptions/{}/resourcegroups/{group}",
        lookup.segments[1]
    );
    if !lookup.state.resources.contains_key(&key) {
        return Some(Err(ArmError::group_not_found(&group)));
    }
    let lag = lookup.world.options.behaviour.listing_lag;
    let value: Vec<Value> = lookup
        .state
        .below(&key)
        .iter()
        .filter_map(|key| lookup.state.resources.get(key))
        // Only tracked, top-level resources are listed.
        .filter(|r| types::find(r.kind).is_some_and(|t| t.kind().located))
        .filter(|r| r.created + lag <= lookup.call.now)
        .map(|r| {
            let mut item = json!({
                "id": r.id.text,
                "name": r.id.name(),
                "type": r.kind,
                "location": get(&r.body, "/location"),
            });
            for name in ["tags", "sku", "kind", "identity"] {
                if let Some(value) = r.body.get(name) {
                    item[name] = value.clone();
                }
            }
            item
        })
        .collect();
    Some(Ok(Answer::ok(json!({"value": value}))))
}
