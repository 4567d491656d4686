//! Comparison by meaning, on the paths that the configuration sets. Nothing that a server filled in counts.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::object::{Address, Desired};
use super::paths;
use crate::kubernetes::quantity::Quantity;

/// Whether a value is spelt in several ways, by the place where it stands.
fn is_quantity(path: &str) -> bool {
    let path = paths::shown(path);
    [".requests.", ".limits."]
        .iter()
        .any(|part| path.contains(part))
        || [".size", ".storage"].iter().any(|end| path.ends_with(end))
}

/// The one spelling of a value at `path` of an object at `address`.
pub fn canonical(address: &Address, path: &str, value: &Json) -> Json {
    match (address, value) {
        (Address::Kubernetes { .. }, Json::String(text)) if is_quantity(path) => text
            .parse::<Quantity>()
            .map_or_else(|_| value.clone(), |quantity| quantity.to_string().into()),
        (Address::Arm { .. }, Json::String(text)) if path == "location" => {
            text.to_lowercase().replace(' ', "").into()
        }
        (Address::Arm { .. }, Json::String(text))
            if text.len() > 1 && text.to_lowercase().starts_with("/subscriptions/") =>
        {
            text.to_lowercase().into()
        }
        (Address::Arm { .. }, Json::Array(_)) | (Address::Kubernetes { .. }, _) => value.clone(),
        _ => value.clone(),
    }
}

/// Lists of ARM that have no order.
fn is_unordered(address: &Address, path: &str) -> bool {
    matches!(address, Address::Arm { .. })
        && ["availabilityZones", "nodeTaints", "audiences"]
            .iter()
            .any(|name| path.ends_with(name))
}

/// The leaves of a document that are compared, each in its one spelling.
pub fn leaves(address: &Address, body: &Json, once: &[&str]) -> BTreeMap<String, Json> {
    let ordered = order(address, "", body);
    paths::leaves(&ordered)
        .into_iter()
        .filter(|(path, _)| !once.iter().any(|once| paths::is_below(path, once)))
        .filter(|(path, _)| {
            !matches!(
                path.as_str(),
                "apiVersion" | "kind" | "metadata.name" | "metadata.namespace"
            )
        })
        .map(|(path, value)| {
            let value = canonical(address, &path, &value);
            (path, value)
        })
        .collect()
}

fn order(address: &Address, path: &str, value: &Json) -> Json {
    match value {
        Json::Object(members) => members
            .iter()
            .map(|(name, value)| {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                (name.clone(), order(address, &path, value))
            })
            .collect(),
        Json::Array(elements) if is_unordered(address, path) => {
            let mut elements = elements.clone();
            elements.sort_by_key(Json::to_string);
            Json::Array(elements)
        }
        other => other.clone(),
    }
}

/// The value of a live object at `path`, in its one spelling. Missing, null, an empty object, an empty list and an empty string
/// are the same: APIs leave out what is empty.
pub fn live_leaf(address: &Address, live: &Json, path: &str) -> Json {
    let found = paths::at(live, path).unwrap_or(Json::Null);
    canonical(address, path, &found)
}

/// A document prepared for [`live_leaf`].
pub fn prepare(address: &Address, live: &Json) -> Json {
    order(address, "", live)
}

pub fn same(a: &Json, b: &Json) -> bool {
    a == b || (is_empty(a) && is_empty(b))
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Object(members) => members.is_empty(),
        Json::Array(elements) => elements.is_empty(),
        Json::String(text) => text.is_empty(),
        Json::Number(number) => number.as_u64() == Some(0),
        Json::Bool(flag) => !flag,
    }
}

/// The paths at which a live object is not what is desired.
pub fn differences(desired: &Desired, live: &Json) -> Vec<String> {
    let prepared = prepare(&desired.address, live);
    leaves(&desired.address, &desired.body, desired.once)
        .into_iter()
        .filter(|(path, wanted)| !same(wanted, &live_leaf(&desired.address, &prepared, path)))
        .map(|(path, _)| path)
        .collect()
}
