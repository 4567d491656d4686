//! Structural defaulting: fields that the schema gives a default and the object lacks.

use super::{Shape, Type};
use serde_json::Value;

/// Fills defaults into `value`, as the server does on every read and write of a custom resource.
pub fn defaults(node: &Type, value: &mut Value) {
    match (&node.shape, value) {
        (Shape::Object(object), Value::Object(map)) => {
            for (name, child) in &object.fields {
                let Some(default) = &child.default else {
                    continue;
                };
                let missing = match map.get(name) {
                    None => true,
                    Some(Value::Null) => !child.nullable,
                    Some(_) => false,
                };
                if missing {
                    map.insert(name.clone(), default.clone());
                }
            }
            for (name, item) in map.iter_mut() {
                if let Some(child) = object.child(name) {
                    defaults(child, item);
                }
            }
        }
        (Shape::List { item, .. }, Value::Array(values)) => {
            for value in values {
                defaults(item, value);
            }
        }
        _ => {}
    }
}

/// Drops nulls of fields that are not nullable: the server prunes them where a default exists,
/// and a null means nothing elsewhere.
pub fn drop_nulls(node: &Type, value: &mut Value) {
    match (&node.shape, value) {
        (Shape::Object(object), Value::Object(map)) => {
            map.retain(|name, item| {
                !item.is_null()
                    || object
                        .child(name)
                        .is_none_or(|child| child.nullable || matches!(child.shape, Shape::Any))
            });
            for (name, item) in map.iter_mut() {
                if let Some(child) = object.child(name) {
                    drop_nulls(child, item);
                }
            }
        }
        (Shape::List { item, .. }, Value::Array(values)) => {
            for value in values {
                drop_nulls(item, value);
            }
        }
        _ => {}
    }
}
