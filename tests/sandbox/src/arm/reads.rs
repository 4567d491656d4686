//! GET, HEAD, lists and actions.

use serde_json::{Value, json};

use super::errors::ArmError;
use super::ids::Id;
use super::kind::{Answer, Query, ResourceType, put};
use super::request::Call;
use super::store::{Resource, State};
use super::types;
use crate::world::World;

/// A resource as its service shows it.
pub fn render(state: &State, kind: &dyn ResourceType, resource: &Resource) -> Value {
    let facts = kind.kind();
    let mut body = resource.body.clone();
    let id = match facts.lower_case_ids {
        true => resource
            .id
            .text
            .replacen("/resourceGroups/", "/resourcegroups/", 1),
        false => resource.id.text.clone(),
    };
    put(&mut body, "/id", json!(id));
    put(&mut body, "/name", json!(resource.id.name()));
    put(&mut body, "/type", json!(facts.name));
    put(&mut body, "/systemData", resource.system_data.clone());
    if let Some(pointer) = facts.etag {
        put(&mut body, pointer, json!(resource.etag()));
    }
    kind.render(state, resource, &mut body);
    body
}

/// The stored resource, or one that is there without having been made.
pub fn lookup(state: &State, kind: &dyn ResourceType, id: &Id) -> Option<Resource> {
    if let Some(found) = state.resources.get(&id.key()) {
        return Some(found.clone());
    }
    let body = kind.implicit(id, state)?;
    Some(Resource {
        id: id.clone(),
        kind: kind.kind().name,
        body,
        generation: 0,
        revision: 0,
        created: std::time::Duration::ZERO,
        system_data: json!({}),
    })
}

/// The error for an id that leads nowhere: the outermost missing part counts.
pub fn missing(state: &State, kind: &dyn ResourceType, id: &Id) -> ArmError {
    if let Err(error) = group(state, kind, id) {
        return error;
    }
    if kind.kind().child && !parent_exists(state, kind, id) {
        return parent_missing(id);
    }
    let mut error = ArmError::not_found(&id.text, id.resource_group().unwrap_or_default());
    error.code = kind.kind().missing_code.to_owned();
    error
}

pub fn group(state: &State, kind: &dyn ResourceType, id: &Id) -> Result<(), ArmError> {
    let name = id.resource_group().unwrap_or_default();
    match id.group_key() {
        Some(key) if !state.resources.contains_key(&key) => Err(ArmError::group_not_found(name)),
        None if kind.kind().name == types::GROUP => Err(ArmError::group_not_found(id.name())),
        _ => Ok(()),
    }
}

pub fn parent_exists(state: &State, kind: &dyn ResourceType, id: &Id) -> bool {
    let parent = id.parent();
    let owner = kind.kind().name.rsplit_once('/').map_or("", |(o, _)| o);
    types::find(owner).is_none_or(|owner| lookup(state, owner, &parent).is_some())
}

pub fn parent_missing(id: &Id) -> ArmError {
    let text = format!(
        "Can not perform requested operation on nested resource. Parent resource '{}' not found.",
        id.parent().name()
    );
    ArmError::new(404, "ParentResourceNotFound", text)
}

pub fn get(
    world: &World,
    state: &State,
    call: &Call,
    kind: &dyn ResourceType,
    id: &Id,
) -> Result<Answer, ArmError> {
    let Some(resource) = lookup(state, kind, id) else {
        return Err(missing(state, kind, id));
    };
    let terminal = ["Succeeded", "Failed", "Canceled"].contains(&resource.state());
    if !terminal {
        world.clock.polled();
    }
    let _ = call;
    Ok(Answer::ok(render(state, kind, &resource)))
}

pub fn head(state: &State, kind: &dyn ResourceType, id: &Id) -> Result<Answer, ArmError> {
    let status = if lookup(state, kind, id).is_some() {
        204
    } else {
        404
    };
    Ok(Answer::with(status, None))
}

pub fn list(
    world: &World,
    state: &State,
    call: &Call,
    kind: &dyn ResourceType,
    scope: &str,
) -> Result<Answer, ArmError> {
    let probe = Id::new(format!("{scope}/x/x"));
    if kind.kind().child && !parent_exists(state, kind, &probe) {
        return Err(missing(state, kind, &probe));
    }
    if let Some(key) = probe.group_key()
        && !state.resources.contains_key(&key)
    {
        return Err(ArmError::group_not_found(
            probe.resource_group().unwrap_or_default(),
        ));
    }
    let query = query(world, state, call);
    let scope = scope.to_lowercase();
    let value: Vec<Value> = state
        .of_kind(kind.kind().name)
        .filter(|r| kind.listed(r, &scope, &query))
        .map(|r| render(state, kind, r))
        .collect();
    Ok(Answer::ok(json!({"value": value})))
}

pub fn action(
    world: &World,
    state: &State,
    call: &Call,
    kind: &dyn ResourceType,
    id: &Id,
    name: &str,
) -> Result<Answer, ArmError> {
    let Some(resource) = lookup(state, kind, id) else {
        return Err(missing(state, kind, id));
    };
    let bare = kind.kind().unwrapped_errors;
    kind.action(name, &resource, &query(world, state, call))
        .unwrap_or_else(|| Err(ArmError::method("POST")))
        .map_err(|error| error.bare(bare))
}

pub fn query<'a>(world: &'a World, state: &'a State, call: &'a Call) -> Query<'a> {
    Query {
        state,
        options: &world.options,
        world: &world.arm.surroundings,
        parameters: &call.query,
        body: &call.body,
        now: call.now,
    }
}
