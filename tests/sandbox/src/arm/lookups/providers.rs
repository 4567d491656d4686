//! Resource providers and their registration.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Found, Lookup};
use crate::arm::errors::ArmError;
use crate::arm::kind::Answer;
use crate::arm::types;

const VERSIONS: [&str; 4] = ["2024-07-01", "2025-04-01", "2021-04-01", "2022-09-01"];

/// How long a registration takes.
const REGISTRATION: Duration = Duration::from_secs(60);

pub(super) fn find(lookup: &mut Lookup<'_>) -> Found {
    let rest = lookup.in_subscription()?;
    let (name, action) = match rest.as_slice() {
        ["providers"] => (None, None),
        ["providers", name] => (Some((*name).to_owned()), None),
        ["providers", name, "register"] => (Some((*name).to_owned()), Some("register")),
        _ => return None,
    };
    if let Err(error) = lookup.version("Microsoft.Resources/providers", &VERSIONS) {
        return Some(Err(error));
    }
    settle(lookup);
    Some(match (name, action, lookup.call.method.as_str()) {
        (None, None, "GET") => {
            let value: Vec<Value> = types::namespaces()
                .into_iter()
                .map(|n| provider(lookup, n))
                .collect();
            Ok(Answer::ok(json!({"value": value})))
        }
        (Some(name), None, "GET") => one(lookup, &name),
        (Some(name), Some(_), "POST") => {
            if lookup.state.unregistered.contains(&name) {
                let until = lookup.call.now + REGISTRATION;
                lookup
                    .state
                    .registrations
                    .entry(name.clone())
                    .or_insert(until);
            }
            one(lookup, &name)
        }
        (_, _, other) => Err(ArmError::method(other)),
    })
}

/// Finishes the registrations that are due.
fn settle(lookup: &mut Lookup<'_>) {
    let now = lookup.call.now;
    let state = &mut *lookup.state;
    state.registrations.retain(|name, until| {
        if *until <= now {
            state.unregistered.remove(name);
        }
        *until > now
    });
    if !state.registrations.is_empty() {
        lookup.world.clock.polled();
    }
}

fn one(lookup: &Lookup<'_>, name: &str) -> Result<Answer, ArmError> {
    let namespace = types::namespaces()
        .into_iter()
        .find(|n| n.eq_ignore_ascii_case(name));
    match namespace {
        Some(namespace) => Ok(Answer::ok(provider(lookup, namespace))),
        None => Err(ArmError::new(
            404,
            "InvalidResourceNamespace",
            format!("The resource namespace '{name}' is invalid."),
        )),
    }
}

fn provider(lookup: &Lookup<'_>, namespace: &str) -> Value {
    let key = namespace.to_lowercase();
    let state = match (
        lookup.state.registrations.contains_key(&key),
        lookup.state.unregistered.contains(&key),
    ) {
        (true, _) => "Registering",
        (false, true) => "NotRegistered",
        (false, false) => "Registered",
    };
    let kinds: Vec<Value> = types::all()
        .iter()
        .map(|t| t.kind())
        .filter(|k| k.namespace() == namespace)
        .map(|k| {
            json!({
                "resourceType": k.name.split_once('/').map_or("", |(_, n)| n),
                "locations": [lookup.world.options.location],
                "apiVersions": k.versions,
                "capabilities": "None",
            })
        })
        .collect();
    json!({
        "id": format!("/subscriptions/{}/providers/{namespace}", lookup.world.options.subscription_id),
        "namespace": namespace,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": state,
        "resourceTypes": kinds,
    })
}
