//! How built-in objects look once they went through the server's Go types: absent instead of empty.

use super::super::kinds::Kind;
use super::super::schema::{Shape, Type};
use serde_json::Value;

/// Plain booleans, which are not written when false.
const OMITTED_WHEN_FALSE: [&str; 8] = [
    "publishNotReadyAddresses",
    "globalDefault",
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "readOnly",
    "stdin",
    "tty",
];

pub fn tidy(kind: &Kind, object: &mut Value) {
    walk(&kind.schema, object);
}

/// The envelope of custom resources goes through Go types too.
pub fn metadata(kind: &Kind, object: &mut Value) {
    if let (Some(node), true) = (
        kind.schema.at(&["metadata"]),
        object["metadata"].is_object(),
    ) {
        walk(node, &mut object["metadata"]);
    }
}

fn walk(node: &Type, value: &mut Value) {
    match (&node.shape, value) {
        (Shape::Object(object), Value::Object(map)) => {
            for (name, item) in map.iter_mut() {
                if let Some(child) = object.child(name) {
                    walk(child, item);
                }
            }
            if !object.fields.is_empty() {
                map.retain(|name, item| {
                    !is_omitted(object.fields.get(name).map(AsRef::as_ref), name, item)
                });
            }
        }
        (Shape::List { item, .. }, Value::Array(values)) => {
            for value in values {
                walk(item, value);
            }
        }
        _ => {}
    }
}

/// Null, an empty list, and an empty free map vanish; an empty struct may mean something.
fn is_omitted(node: Option<&Type>, name: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Bool(false) => OMITTED_WHEN_FALSE.contains(&name),
        Value::Object(map) if map.is_empty() => match node.map(|node| &node.shape) {
            Some(Shape::Object(object)) => object.fields.is_empty() && object.other.is_some(),
            _ => false,
        },
        _ => false,
    }
}
