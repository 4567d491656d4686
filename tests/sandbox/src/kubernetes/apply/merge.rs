//! Merging a configuration into an object, and taking fields out of one.

use super::path::Element;
use super::set::Set;
use super::typed::{self, Form};
use crate::kubernetes::schema::{ListKind, Type};
use serde_json::{Map, Value};

/// `right` laid over `left`, by the merge rules of their type.
pub fn merge(node: &Type, left: Option<&Value>, right: Option<&Value>) -> Option<Value> {
    let form = typed::form(node, right.or(left));
    match form {
        Form::Map(node) if !(is_bare(left) && is_bare(right)) => merge_maps(node, left, right),
        Form::List(item, kind) if !(is_bare(left) && is_bare(right)) => {
            let empty = Vec::new();
            let items = |side: Option<&'_ Value>| side.and_then(Value::as_array).cloned();
            let left = items(left).unwrap_or_default();
            let right = items(right).unwrap_or(empty);
            let merged = merge_lists(item, kind, &left, &right);
            (!merged.is_empty()).then_some(Value::Array(merged))
        }
        _ => right.or(left).cloned(),
    }
}

fn is_bare(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Object(map)) => map.is_empty(),
        Some(Value::Array(list)) => list.is_empty(),
        _ => true,
    }
}

fn merge_maps(node: &Type, left: Option<&Value>, right: Option<&Value>) -> Option<Value> {
    let mut out = Map::new();
    let unknown = Type::any();
    for side in [left, right] {
        for (key, _) in side.and_then(Value::as_object).into_iter().flatten() {
            if out.contains_key(key) {
                continue;
            }
            let below = typed::child(node, key).unwrap_or(&unknown);
            let pick = |side: Option<&'_ Value>| side.and_then(|value| value.get(key)).cloned();
            if let Some(value) = merge(below, pick(left).as_ref(), pick(right).as_ref()) {
                out.insert(key.clone(), value);
            }
        }
    }
    (!out.is_empty()).then_some(Value::Object(out))
}

/// Items keep the order of the left side, except where the right side orders shared items anew.
fn merge_lists(item: &Type, kind: &ListKind, left: &[Value], right: &[Value]) -> Vec<Value> {
    let steps = |side: &[Value]| -> Vec<Option<Element>> {
        side.iter()
            .map(|value| typed::element(item, kind, value).ok())
            .collect()
    };
    let (left_steps, right_steps) = (steps(left), steps(right));
    let mut shared = right_steps
        .iter()
        .filter(|step| left_steps.contains(step))
        .peekable();
    let mut done: Vec<&Option<Element>> = Vec::new();
    let mut out = Vec::new();
    let (mut l, mut r) = (0, 0);
    let find = |step: &Option<Element>| {
        let at = left_steps.iter().position(|other| other == step)?;
        left.get(at)
    };
    while l < left.len() || r < right.len() {
        if l < left.len() && r < right.len() {
            if left_steps[l] == right_steps[r] {
                done.push(&left_steps[l]);
                out.extend(merge(item, left.get(l), right.get(r)));
                (l, r) = (l + 1, r + 1);
                shared.next();
                continue;
            }
            let wanted = shared.peek().is_some_and(|next| **next != left_steps[l]);
            if right_steps.contains(&left_steps[l]) && wanted {
                l += 1;
                continue;
            }
        }
        if l < left.len() {
            if !right_steps.contains(&left_steps[l]) {
                out.extend(merge(item, left.get(l), None));
                l += 1;
                continue;
            }
            if done.contains(&&left_steps[l]) {
                l += 1;
            }
        }
        if r < right.len() {
            let step = &right_steps[r];
            done.push(step);
            out.extend(merge(item, find(step), right.get(r)));
            if shared.peek().is_some_and(|next| *next == step) {
                shared.next();
            }
            r += 1;
        }
    }
    out
}

/// `value` without the members of `set`; a container that loses everything becomes null.
pub fn remove(node: &Type, value: &Value, set: &Set) -> Value {
    match typed::form(node, Some(value)) {
        Form::Leaf => value.clone(),
        Form::Map(node) => {
            let Some(map) = value.as_object().filter(|map| !map.is_empty()) else {
                return value.clone();
            };
            let mut out = Map::new();
            let unknown = Type::any();
            for (key, item) in map {
                match set.children.get(&Element::field(key)) {
                    Some(child) if child.member => {}
                    Some(child) if !child.is_empty() => {
                        let below = typed::child(node, key).unwrap_or(&unknown);
                        out.insert(key.clone(), remove(below, item, child));
                    }
                    _ => {
                        out.insert(key.clone(), item.clone());
                    }
                }
            }
            if out.is_empty() {
                Value::Null
            } else {
                Value::Object(out)
            }
        }
        Form::List(item, kind) => {
            let Some(list) = value.as_array().filter(|list| !list.is_empty()) else {
                return value.clone();
            };
            let mut out = Vec::new();
            for value in list {
                let step = typed::element(item, kind, value).ok();
                match step.and_then(|step| set.children.get(&step)) {
                    Some(child) if child.member => {}
                    Some(child) if !child.is_empty() => out.push(remove(item, value, child)),
                    _ => out.push(value.clone()),
                }
            }
            if out.is_empty() {
                Value::Null
            } else {
                Value::Array(out)
            }
        }
    }
}
