//! Values against their type: the checks and the field sets of server-side apply.

use super::path::Element;
use super::set::Set;
use crate::kubernetes::schema::{ListKind, Scalar, Shape, Type};
use serde_json::Value;
use std::collections::BTreeMap;

/// How a value is treated once its type and its own form are known.
pub enum Form<'a> {
    Leaf,
    Map(&'a Type),
    List(&'a Type, &'a ListKind),
}

/// What is untyped takes the form of its value: maps merge, lists are leaves.
pub fn form<'a>(node: &'a Type, value: Option<&Value>) -> Form<'a> {
    match &node.shape {
        Shape::Any => match value {
            Some(Value::Object(_)) => Form::Map(node),
            _ => Form::Leaf,
        },
        Shape::Scalar(_) => Form::Leaf,
        Shape::Object(object) if object.atomic => Form::Leaf,
        Shape::Object(_) => Form::Map(node),
        Shape::List {
            kind: ListKind::Atomic,
            ..
        } => Form::Leaf,
        Shape::List { item, kind } => Form::List(item, kind),
    }
}

/// The type of a map's key; below an untyped map everything is untyped.
pub fn child<'a>(node: &'a Type, key: &str) -> Option<&'a Type> {
    match &node.shape {
        Shape::Object(object) => object.child(key).map(AsRef::as_ref),
        Shape::Any => Some(node),
        _ => None,
    }
}

pub fn is_declared(node: &Type, key: &str) -> bool {
    matches!(&node.shape, Shape::Object(object) if object.fields.contains_key(key))
}

/// Which item of a list this is, by the list's own rule.
pub fn element(item: &Type, kind: &ListKind, value: &Value) -> Result<Element, String> {
    match kind {
        ListKind::Atomic => Err("invalid indexing into atomic list".to_owned()),
        ListKind::Set => match value {
            Value::Null => Err(
                "associative list without keys has an element that's an explicit null".to_owned(),
            ),
            Value::Object(_) | Value::Array(_) => Err(
                "associative list without keys has an element that's a map or list type".to_owned(),
            ),
            _ => Ok(Element::Value(value.to_string())),
        },
        ListKind::Map(keys) => keyed(item, keys, value),
    }
}

fn keyed(item: &Type, keys: &[String], value: &Value) -> Result<Element, String> {
    let Value::Object(map) = value else {
        return Err("associative list with keys may not have non-map elements".to_owned());
    };
    let mut found = BTreeMap::new();
    for key in keys {
        let default = child(item, key).and_then(|node| node.default.as_ref());
        if let Some(value) = map.get(key).or(default) {
            found.insert(key.clone(), value.to_string());
        }
    }
    if found.is_empty() && !keys.is_empty() {
        return Err(format!(
            "associative list with keys has an element that omits all key fields [{}] (and doesn't have default values for any key fields)",
            keys.join(" ")
        ));
    }
    Ok(Element::Key(found))
}

/// Everything about `value` that does not fit its type, each with its path.
pub fn check(node: &Type, value: &Value, allow_duplicates: bool) -> Vec<String> {
    let mut errors = Vec::new();
    Check { allow_duplicates }.walk(node, value, "", &mut errors);
    errors
}

struct Check {
    allow_duplicates: bool,
}

impl Check {
    fn walk(&self, node: &Type, value: &Value, path: &str, errors: &mut Vec<String>) {
        if value.is_null() {
            return;
        }
        match &node.shape {
            Shape::Any => {}
            Shape::Scalar(scalar) => {
                if let Some(error) = scalar_error(*scalar, value) {
                    errors.push(prefixed(path, &error));
                }
            }
            Shape::Object(object) => {
                let Value::Object(map) = value else {
                    errors.push(prefixed(
                        path,
                        &format!("expected map, got &{{{}}}", go_value(value)),
                    ));
                    return;
                };
                for (key, item) in map {
                    let below = format!("{path}.{key}");
                    match object.child(key) {
                        Some(child) => self.walk(child, item, &below, errors),
                        None => {
                            errors.push(prefixed(&below, "field not declared in schema"));
                            break;
                        }
                    }
                }
            }
            Shape::List { item, kind } => self.list(item, kind, value, path, errors),
        }
    }

    fn list(
        &self,
        item: &Type,
        kind: &ListKind,
        value: &Value,
        path: &str,
        errors: &mut Vec<String>,
    ) {
        let Value::Array(values) = value else {
            errors.push(prefixed(
                path,
                &format!("expected list, got &{{{}}}", go_value(value)),
            ));
            return;
        };
        let mut seen = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let step = match kind {
                ListKind::Atomic => Element::Index(index),
                _ => match element(item, kind, value) {
                    Ok(step) => step,
                    Err(error) => {
                        errors.push(prefixed(path, &format!("element {index}: {error}")));
                        return;
                    }
                },
            };
            if seen.contains(&step) && !self.allow_duplicates {
                errors.push(prefixed(path, &format!("duplicate entries for key {step}")));
            }
            let below = format!("{path}{step}");
            seen.push(step);
            self.walk(item, value, &below, errors);
        }
    }
}

fn prefixed(path: &str, message: &str) -> String {
    match path {
        "" => message.to_owned(),
        _ => format!("{path}: {message}"),
    }
}

fn scalar_error(scalar: Scalar, value: &Value) -> Option<String> {
    let fits = match scalar {
        Scalar::Integer | Scalar::Number => value.is_number(),
        Scalar::String | Scalar::Bytes | Scalar::Time => value.is_string(),
        Scalar::Boolean => value.is_boolean(),
        Scalar::Untyped => !value.is_object() && !value.is_array(),
    };
    if fits {
        return None;
    }
    Some(match scalar {
        Scalar::Integer | Scalar::Number => {
            format!("expected numeric (int or float), got {}", go_type(value))
        }
        Scalar::String | Scalar::Bytes | Scalar::Time => format!(
            "expected string, got &value.valueUnstructured{{Value:{}}}",
            go_value(value)
        ),
        Scalar::Boolean => format!("expected boolean, got &{{{}}}", go_value(value)),
        Scalar::Untyped => format!("expected any scalar, got &{{{}}}", go_value(value)),
    })
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::Null => "<nil>",
    }
}

fn go_value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        _ => value.to_string(),
    }
}

/// The paths that a configuration speaks about.
pub fn field_set(node: &Type, value: &Value) -> Set {
    let mut set = Set::default();
    match form(node, Some(value)) {
        Form::Leaf => set.member = true,
        Form::Map(node) => {
            for (key, item) in value.as_object().into_iter().flatten() {
                let unknown = Type::any();
                let below = child(node, key).unwrap_or(&unknown);
                let mut inner = field_set(below, item);
                let empty =
                    item.is_null() || item.as_object().is_some_and(serde_json::Map::is_empty);
                inner.member |= empty || !is_declared(node, key);
                if !inner.is_empty() {
                    set.children.insert(Element::field(key), inner);
                }
            }
        }
        Form::List(item, kind) => {
            for value in value.as_array().into_iter().flatten() {
                if let Ok(step) = element(item, kind, value) {
                    let mut inner = field_set(item, value);
                    inner.member = true;
                    set.children.insert(step, inner);
                }
            }
        }
    }
    set
}
