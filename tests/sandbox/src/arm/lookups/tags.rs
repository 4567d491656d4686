//! Tags of any resource, without a PUT of the whole.

use serde_json::{Map, Value, json};

use super::{Found, Lookup};
use crate::arm::errors::ArmError;
use crate::arm::ids::Id;
use crate::arm::kind::{Answer, get, put};
use crate::arm::{types, writes};

const VERSIONS: [&str; 3] = ["2024-07-01", "2025-04-01", "2021-04-01"];
const SUFFIX: &str = "/providers/microsoft.resources/tags/default";

pub(super) fn find(lookup: &mut Lookup<'_>) -> Found {
    let path = format!("/{}", lookup.segments.join("/"));
    let scope = path.strip_suffix(SUFFIX)?.to_owned();
    if let Err(error) = lookup.version("Microsoft.Resources/tags", &VERSIONS) {
        return Some(Err(error));
    }
    Some(answer(lookup, &scope))
}

fn answer(lookup: &mut Lookup<'_>, scope: &str) -> Result<Answer, ArmError> {
    let Some(resource) = lookup.state.resources.get(scope).cloned() else {
        let id = Id::new(scope);
        return Err(match id.resource_group() {
            Some(group)
                if id
                    .group_key()
                    .is_some_and(|key| !lookup.state.resources.contains_key(&key)) =>
            {
                ArmError::group_not_found(group)
            }
            group => ArmError::not_found(scope, group.unwrap_or_default()),
        });
    };
    let mut tags = get(&resource.body, "/tags")
        .as_object()
        .cloned()
        .unwrap_or_default();
    let sent = get(&lookup.call.body, "/properties/tags").clone();
    match lookup.call.method.as_str() {
        "GET" => return Ok(Answer::ok(view(&resource.id, &tags))),
        "PUT" => tags = sent.as_object().cloned().unwrap_or_default(),
        "PATCH" => operate(&mut tags, &lookup.call.body, &sent)?,
        "DELETE" => tags.clear(),
        other => return Err(ArmError::method(other)),
    }
    writes::tags(&Value::Object(tags.clone()))?;
    if !types::find(resource.kind).is_some_and(|t| t.kind().located) {
        return Err(ArmError::bad_request(
            "OperationNotSupported",
            format!("The resource '{}' does not support tags.", resource.id.text),
        ));
    }
    let mut body = resource.body.clone();
    put(&mut body, "/tags", Value::Object(tags.clone()));
    let call = lookup.call;
    let when = (call.now, call.stamp.as_str());
    lookup
        .state
        .store(&resource.id, resource.kind, body, &call.author, when);
    match call.method.as_str() {
        "DELETE" => Ok(Answer::with(200, None)),
        _ => Ok(Answer::ok(view(&resource.id, &tags))),
    }
}

fn operate(tags: &mut Map<String, Value>, body: &Value, sent: &Value) -> Result<(), ArmError> {
    let sent = sent.as_object().cloned().unwrap_or_default();
    match get(body, "/operation").as_str() {
        Some("Replace") => *tags = sent,
        Some("Merge") => {
            for (name, value) in sent {
                tags.retain(|n, _| !n.eq_ignore_ascii_case(&name));
                tags.insert(name, value);
            }
        }
        Some("Delete") => {
            for (name, value) in sent {
                tags.retain(|n, v| !(n.eq_ignore_ascii_case(&name) && *v == value));
            }
        }
        _ => {
            return Err(ArmError::bad_request(
                "InvalidRequestContent",
                "The tags operation must be one of 'Replace', 'Merge', 'Delete'.",
            ));
        }
    }
    Ok(())
}

fn view(scope: &Id, tags: &Map<String, Value>) -> Value {
    json!({
        "id": format!("{}/providers/Microsoft.Resources/tags/default", scope.text),
        "name": "default",
        "type": "Microsoft.Resources/tags",
        "properties": {"tags": tags},
    })
}
