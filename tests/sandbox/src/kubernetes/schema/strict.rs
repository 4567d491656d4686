//! Unknown fields: pruned, and reported by strict field validation.

use super::{Shape, Type};
use serde_json::Value;

/// Removes every field that the schema does not know and returns their paths (`spec.nope`).
pub fn prune(node: &Type, value: &mut Value) -> Vec<String> {
    let mut unknown = Vec::new();
    walk(node, value, "", &mut unknown);
    unknown
}

fn walk(node: &Type, value: &mut Value, path: &str, unknown: &mut Vec<String>) {
    match (&node.shape, value) {
        (Shape::Object(object), Value::Object(map)) => {
            let join = |name: &str| match path {
                "" => name.to_owned(),
                _ => format!("{path}.{name}"),
            };
            map.retain(|name, _| {
                let known = object.child(name).is_some() || object.preserve;
                if !known {
                    unknown.push(join(name));
                }
                known
            });
            for (name, item) in map.iter_mut() {
                if let Some(child) = object.child(name) {
                    walk(child, item, &join(name), unknown);
                }
            }
        }
        (Shape::List { item, .. }, Value::Array(values)) => {
            for (index, value) in values.iter_mut().enumerate() {
                walk(item, value, &format!("{path}[{index}]"), unknown);
            }
        }
        _ => {}
    }
}
