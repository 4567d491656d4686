//! Strategic merge patch: lists of built-in kinds merge by their key.

use super::super::schema::{ListKind, Shape, Type};
use serde_json::Value;

pub fn merge(node: &Type, value: &mut Value, patch: &Value) {
    match (&node.shape, patch) {
        (
            Shape::List {
                item,
                kind: ListKind::Map(keys),
            },
            Value::Array(changes),
        ) if value.is_array() => {
            let key = keys.first().map_or("name", String::as_str);
            merge_items(item, key, value, changes);
        }
        (
            Shape::List {
                kind: ListKind::Set,
                ..
            },
            Value::Array(changes),
        ) if value.is_array() => {
            if let Some(list) = value.as_array_mut() {
                for change in changes {
                    if !list.contains(change) {
                        list.push(change.clone());
                    }
                }
            }
        }
        (_, Value::Object(changes)) => {
            if changes
                .get("$patch")
                .is_some_and(|directive| directive == "replace")
                || !value.is_object()
            {
                *value = serde_json::json!({});
            }
            let unknown = Type::any();
            for (name, change) in changes {
                if let Some(field) = name.strip_prefix("$deleteFromPrimitiveList/") {
                    delete_primitives(&mut value[field], change);
                } else if name.starts_with('$') {
                    continue;
                } else if change.is_null() {
                    if let Some(map) = value.as_object_mut() {
                        map.remove(name);
                    }
                } else {
                    let child = match &node.shape {
                        Shape::Object(object) => object.child(name).map(AsRef::as_ref),
                        _ => None,
                    };
                    merge(child.unwrap_or(&unknown), &mut value[name], change);
                }
            }
        }
        _ => *value = patch.clone(),
    }
}

fn delete_primitives(list: &mut Value, gone: &Value) {
    let gone = gone.as_array().cloned().unwrap_or_default();
    if let Some(list) = list.as_array_mut() {
        list.retain(|item| !gone.contains(item));
    }
}

fn merge_items(item: &Type, key: &str, value: &mut Value, changes: &[Value]) {
    let Some(list) = value.as_array_mut() else {
        return;
    };
    let before: Vec<Value> = list.iter().map(|item| item[key].clone()).collect();
    for change in changes {
        let found = list.iter().position(|other| other[key] == change[key]);
        match (found, change["$patch"].as_str()) {
            (Some(at), Some("delete")) => drop(list.remove(at)),
            (None, Some("delete")) => {}
            (Some(at), _) => {
                if let Some(slot) = list.get_mut(at) {
                    merge(item, slot, change);
                }
            }
            (None, _) => list.push(change.clone()),
        }
    }
    let wanted: Vec<&Value> = changes.iter().map(|change| &change[key]).collect();
    order(list, key, &before, &wanted);
}

/// Patched items come in the order of the patch, the others between them where they were; new items lead.
fn order(list: &mut Vec<Value>, key: &str, before: &[Value], wanted: &[&Value]) {
    let place = |item: &Value| before.iter().position(|found| *found == item[key]);
    let (mut patched, mut kept): (Vec<Value>, Vec<Value>) = list
        .drain(..)
        .partition(|item| wanted.contains(&&item[key]));
    patched.sort_by_key(|item| wanted.iter().position(|found| **found == item[key]));
    kept.sort_by_key(&place);
    let mut kept = kept.into_iter().peekable();
    for item in patched {
        while kept.peek().is_some_and(|other| place(other) < place(&item)) {
            list.extend(kept.next());
        }
        list.push(item);
    }
    list.extend(kept);
}
