//! Values of resource identities.

use super::value::Value;

/// The identity of a resource with this state: the attributes of these names.
pub fn from_state(state: &Value, names: &[&str]) -> Value {
    Value::Map(
        names
            .iter()
            .map(|name| ((*name).to_owned(), state.member(name).clone()))
            .collect(),
    )
}

/// The attributes that an identity tells.
pub fn attributes(identity: &Value) -> Vec<(String, Value)> {
    identity
        .as_map()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
