//! PUT, PATCH and DELETE: the checks every type shares, and the start of
//! long-running operations.

use std::time::Duration;

use serde_json::{Value, json};

use super::errors::ArmError;
use super::ids::Id;
use super::kind::{Answer, Busy, Draft, ResourceType, Style, Timing, get};
use super::operation::{Operation, Progress, Verb, remove};
use super::reads::{group, lookup, missing, parent_exists, parent_missing, render};
use super::request::Call;
use super::store::{Resource, State};
use super::types;
use crate::world::World;

pub fn put(
    world: &World,
    state: &mut State,
    call: &Call,
    kind: &dyn ResourceType,
    id: &Id,
) -> Result<Answer, ArmError> {
    admit(state, kind, id)?;
    let facts = kind.kind();
    let rp = |error: ArmError| error.bare(facts.unwrapped_errors);
    kind.name(id.name()).map_err(rp)?;
    let existing = state.resources.get(&id.key()).cloned();
    busy(state, kind, id).map_err(rp)?;
    precondition(call, kind, existing.as_ref()).map_err(rp)?;
    let mut body = call.body.clone();
    if let Some(fields) = body.as_object_mut() {
        for name in ["id", "name", "type", "systemData", "etag", "eTag"] {
            fields.remove(name);
        }
    }
    location(&mut body, kind, existing.as_ref())?;
    tags(get(&body, "/tags"))?;
    let sent = body.clone();
    let body = {
        let mut draft = draft(world, state, call, id, existing.as_ref(), body);
        immutable(kind, existing.as_ref(), &sent).map_err(rp)?;
        kind.check(&draft).map_err(rp)?;
        kind.fill(&mut draft);
        draft.body
    };
    let id = existing.as_ref().map_or(id, |r| &r.id);
    state.store(id, facts.name, body, &call.author, (call.now, &call.stamp));
    kind.stored(state, id, &sent, call.now);
    let (timing, running) = match existing {
        Some(_) => (facts.update, facts.updating_state),
        None => (facts.create, "Creating"),
    };
    if let Some(resource) = state.resources.get_mut(&id.key())
        && timing.style != Style::Immediate
    {
        resource.set_state(running);
    }
    answer(world, state, call, kind, id, Verb::Put, timing)
}

pub fn patch(
    world: &World,
    state: &mut State,
    call: &Call,
    kind: &dyn ResourceType,
    id: &Id,
) -> Result<Answer, ArmError> {
    let facts = kind.kind();
    let rp = |error: ArmError| error.bare(facts.unwrapped_errors);
    let Some(existing) = lookup(state, kind, id) else {
        return Err(missing(state, kind, id));
    };
    admit(state, kind, id)?;
    busy(state, kind, id).map_err(rp)?;
    precondition(call, kind, Some(&existing)).map_err(rp)?;
    tags(get(&call.body, "/tags"))?;
    immutable(kind, Some(&existing), &call.body).map_err(rp)?;
    let body = kind.patch(&existing.body, &call.body).map_err(rp)?;
    kind.check(&draft(
        world,
        state,
        call,
        id,
        Some(&existing),
        body.clone(),
    ))
    .map_err(rp)?;
    state.store(
        &existing.id,
        facts.name,
        body,
        &call.author,
        (call.now, &call.stamp),
    );
    let timing = Timing::immediate(200);
    answer(world, state, call, kind, &existing.id, Verb::Put, timing)
}

pub fn delete(
    world: &World,
    state: &mut State,
    call: &Call,
    kind: &dyn ResourceType,
    id: &Id,
) -> Result<Answer, ArmError> {
    let facts = kind.kind();
    let rp = |error: ArmError| error.bare(facts.unwrapped_errors);
    if !facts.deletable {
        return Err(ArmError::method("DELETE"));
    }
    group(state, kind, id)?;
    let Some(existing) = state.resources.get(&id.key()).cloned() else {
        return Ok(Answer::with(204, None));
    };
    busy(state, kind, id).map_err(rp)?;
    precondition(call, kind, Some(&existing)).map_err(rp)?;
    kind.check_delete(state, &existing).map_err(rp)?;
    if facts.delete.style == Style::Immediate {
        let body = kind
            .returns_deleted()
            .then(|| render(state, kind, &existing));
        remove(state, &id.key(), call.now);
        return Ok(Answer::with(facts.delete.status, body));
    }
    if let Some(resource) = state.resources.get_mut(&id.key()) {
        resource.set_state("Deleting");
    }
    let verb = Verb::Delete;
    answer(world, state, call, kind, &existing.id, verb, facts.delete)
}

/// Group, registration and parent must be there.
fn admit(state: &State, kind: &dyn ResourceType, id: &Id) -> Result<(), ArmError> {
    let facts = kind.kind();
    if state
        .unregistered
        .contains(&facts.namespace().to_lowercase())
    {
        return Err(ArmError::conflict(
            "MissingSubscriptionRegistration",
            format!(
                "The subscription is not registered to use namespace '{}'. See https://aka.ms/rps-not-found for how to register subscriptions.",
                facts.namespace()
            ),
        ));
    }
    let of_group = match facts.name == types::GROUP {
        true => Some(id.key()),
        false => id.group_key(),
    };
    if facts.name != types::GROUP {
        group(state, kind, id)?;
    }
    let deleting = of_group
        .and_then(|key| state.resources.get(&key))
        .is_some_and(|g| g.state() == "Deleting");
    if deleting {
        let name = id.resource_group().unwrap_or_else(|| id.name());
        return Err(ArmError::conflict(
            "ResourceGroupBeingDeleted",
            format!(
                "The resource group '{name}' is in deprovisioning state and cannot perform this operation."
            ),
        ));
    }
    if facts.child && !parent_exists(state, kind, id) {
        return Err(parent_missing(id));
    }
    Ok(())
}

/// Refuses a write while an operation is running that excludes it.
fn busy(state: &State, kind: &dyn ResourceType, id: &Id) -> Result<(), ArmError> {
    let key = id.key();
    match kind.kind().busy {
        Busy::Never => Ok(()),
        Busy::Itself(code) => match state.running_within(&key).iter().any(|o| o.target == key) {
            false => Ok(()),
            true => Err(ArmError::conflict(
                code,
                format!(
                    "An operation is currently performing on this resource '{}' that requires exclusive access.",
                    id.name()
                ),
            )),
        },
        Busy::Family => {
            let family = match kind.kind().child {
                true => id.parent().key(),
                false => key.clone(),
            };
            let running = state.running_within(&family);
            let Some(first) = running.first() else {
                return Ok(());
            };
            let what = first.target.rsplit('/').next().unwrap_or_default();
            // A second write to the same pool and one to a sibling have
            // different codes.
            let code = match first.target == key && kind.kind().child {
                true => "AnotherOperationInProgress",
                false => "OperationNotAllowed",
            };
            Err(ArmError::conflict(
                code,
                format!(
                    "Operation is not allowed because there's an in progress {} operation (operation ID {}) on '{what}'. Please wait for it to finish before starting a new operation.",
                    match first.verb {
                        Verb::Put => "create or update",
                        Verb::Delete => "delete",
                    },
                    first.id
                ),
            ))
        }
    }
}

/// If-Match and If-None-Match, where the type keeps ETags.
fn precondition(
    call: &Call,
    kind: &dyn ResourceType,
    existing: Option<&Resource>,
) -> Result<(), ArmError> {
    if kind.kind().etag.is_none() {
        return Ok(());
    }
    let fail = |text: &str| Err(ArmError::new(412, "PreconditionFailed", text));
    if call.header("if-none-match") == Some("*") && existing.is_some() {
        return fail("The resource exists already and If-None-Match is '*'.");
    }
    match (call.header("if-match"), existing) {
        (None, _) | (Some("*"), Some(_)) => Ok(()),
        (Some(tag), Some(resource)) if tag.trim_matches('"') == resource.etag() => Ok(()),
        (Some(_), _) => fail("The given ETag in If-Match does not match the resource's ETag."),
    }
}

fn location(
    body: &mut Value,
    kind: &dyn ResourceType,
    existing: Option<&Resource>,
) -> Result<(), ArmError> {
    if !kind.kind().located {
        return Ok(());
    }
    let normal = |text: &str| text.to_lowercase().replace(' ', "");
    let Some(given) = get(body, "/location").as_str().map(normal) else {
        return Err(ArmError::bad_request(
            "LocationRequired",
            "The location property is required for this definition.",
        ));
    };
    if given.is_empty() || !given.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(ArmError::bad_request(
            "LocationNotAvailableForResourceType",
            format!("The provided location '{given}' is not available for the resource type."),
        ));
    }
    let old = existing.and_then(|r| get(&r.body, "/location").as_str());
    if let Some(old) = old.filter(|old| normal(old) != given) {
        let code = match kind.kind().name == types::GROUP {
            true => "InvalidResourceGroupLocation",
            false => "InvalidResourceLocation",
        };
        return Err(ArmError::conflict(
            code,
            format!(
                "The resource already exists in location '{old}'. A resource with the same name cannot be created in location '{given}'. Please select a new resource name."
            ),
        ));
    }
    body["location"] = json!(given);
    Ok(())
}

pub fn tags(tags: &Value) -> Result<(), ArmError> {
    let Some(tags) = tags.as_object() else {
        return match tags.is_null() {
            true => Ok(()),
            false => Err(ArmError::bad_request(
                "InvalidTags",
                "The tags must be a JSON object of strings.",
            )),
        };
    };
    if tags.len() > 50 {
        return Err(ArmError::bad_request(
            "InvalidNumberOfTags",
            format!("The number of tags is {}, the limit is 50.", tags.len()),
        ));
    }
    for (name, value) in tags {
        let Some(text) = value.as_str() else {
            return Err(ArmError::bad_request(
                "InvalidTagValue",
                format!("The value of tag '{name}' is not a string."),
            ));
        };
        if text.chars().count() > 256 {
            return Err(ArmError::bad_request(
                "InvalidTagValueLength",
                format!("The value of tag '{name}' is longer than 256 characters."),
            ));
        }
        if name.chars().count() > 512 || name.contains(['<', '>', '%', '&', '\\', '?', '/']) {
            return Err(ArmError::bad_request(
                "InvalidTagNameCharacters",
                format!("The tag name '{name}' is too long or has a forbidden character."),
            ));
        }
    }
    Ok(())
}

fn immutable(
    kind: &dyn ResourceType,
    existing: Option<&Resource>,
    sent: &Value,
) -> Result<(), ArmError> {
    let Some(existing) = existing else {
        return Ok(());
    };
    for pointer in kind.kind().immutable {
        let (old, new) = (get(&existing.body, pointer), get(sent, pointer));
        if !new.is_null() && comparable(old) != comparable(new) {
            let name = pointer.trim_start_matches('/').replace('/', ".");
            return Err(ArmError::immutable(kind.kind().immutable_code, &name));
        }
    }
    Ok(())
}

/// Order does not matter in the lists that cannot change, nor does case.
fn comparable(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<String> = items.iter().map(ToString::to_string).collect();
            items.sort();
            json!(items)
        }
        Value::String(text) => json!(text.to_lowercase()),
        other => other.clone(),
    }
}

fn draft<'a>(
    world: &'a World,
    state: &'a State,
    call: &Call,
    id: &'a Id,
    existing: Option<&'a Resource>,
    body: Value,
) -> Draft<'a> {
    Draft {
        state,
        options: &world.options,
        world: &world.arm.surroundings,
        id,
        existing,
        body,
        now: call.now,
        stamp: call.stamp.clone(),
    }
}

/// Starts the operation, if the write is a long one, and answers.
fn answer(
    world: &World,
    state: &mut State,
    call: &Call,
    kind: &dyn ResourceType,
    id: &Id,
    verb: Verb,
    timing: Timing,
) -> Result<Answer, ArmError> {
    let facts = kind.kind();
    let body = |state: &State| {
        state
            .resources
            .get(&id.key())
            .map(|r| render(state, kind, r))
    };
    if timing.style == Style::Immediate {
        return Ok(Answer::with(timing.status, body(state)));
    }
    let operation = start(state, facts.unwrapped_errors, id, verb, timing, call.now);
    let version = call.version().cloned().unwrap_or_default();
    let url = |word: &str| {
        let base = world
            .endpoints
            .resource_manager_endpoint
            .trim_end_matches('/');
        let subscription = &world.options.subscription_id;
        let location = &world.options.location;
        let middle = match facts.name == types::GROUP {
            true => String::new(),
            false => format!("/providers/{}/locations/{location}", facts.namespace()),
        };
        format!(
            "{base}/subscriptions/{subscription}{middle}/{word}/{operation}?api-version={version}"
        )
    };
    let retry = ("retry-after", world.clock.retry_after(10).to_string());
    let mut answer = match (timing.style, verb) {
        (Style::AsyncOperation, Verb::Put) => Answer::with(timing.status, body(state)),
        _ => Answer::with(timing.status, None),
    };
    answer.headers.push(retry);
    if timing.style == Style::AsyncOperation {
        answer
            .headers
            .push(("azure-asyncoperation", url(facts.operations)));
    }
    if timing.style == Style::Location || verb == Verb::Delete {
        answer.headers.push(("location", url(facts.results)));
    }
    Ok(answer)
}

fn start(
    state: &mut State,
    bare: bool,
    id: &Id,
    verb: Verb,
    timing: Timing,
    now: Duration,
) -> String {
    let guid = state.next_guid();
    let doom = state
        .take_doom(&id.key())
        .map(|d| ArmError::conflict(&d.code, d.message).bare(bare));
    let operation = Operation {
        id: guid.clone(),
        target: id.key(),
        verb,
        style: timing.style,
        started: now,
        ends: now + Duration::from_secs(timing.seconds),
        progress: Progress::Running,
        doom,
    };
    state.operations.insert(guid.clone(), operation);
    guid
}
