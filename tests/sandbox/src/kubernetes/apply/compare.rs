//! What changed between two objects, as three sets of paths.

use super::path::Element;
use super::set::Set;
use super::typed::{self, Form};
use crate::kubernetes::schema::{ListKind, Type};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub struct Comparison {
    pub added: Set,
    pub modified: Set,
    pub removed: Set,
}

impl Comparison {
    /// Without the fields that the endpoint resets anyway.
    pub fn without(self, reset: &[&[&str]]) -> Self {
        Self {
            added: self.added.without(reset),
            modified: self.modified.without(reset),
            removed: self.removed.without(reset),
        }
    }
}

pub fn compare(node: &Type, before: &Value, after: &Value) -> Comparison {
    let mut result = Comparison::default();
    walk(
        node,
        Some(before),
        Some(after),
        &mut Vec::new(),
        &mut result,
    );
    result
}

fn walk(
    node: &Type,
    before: Option<&Value>,
    after: Option<&Value>,
    path: &mut Vec<Element>,
    result: &mut Comparison,
) {
    // A side that is absent takes the form of the other one.
    let mut leaf = visit(
        typed::form(node, after.or(before)),
        before,
        after,
        path,
        result,
    );
    if let (Some(left), Some(right)) = (before, after)
        && left.is_object() != right.is_object()
        && matches!(typed::form(node, Some(left)), Form::Map(_))
    {
        leaf |= visit(typed::form(node, Some(left)), before, after, path, result);
    }
    if !leaf {
        match (before, after) {
            (None, Some(_)) => result.added.insert(path),
            (Some(_), None) => result.removed.insert(path),
            _ => {}
        }
    }
}

/// Returns whether this was a leaf.
fn visit(
    form: Form<'_>,
    before: Option<&Value>,
    after: Option<&Value>,
    path: &mut Vec<Element>,
    result: &mut Comparison,
) -> bool {
    match form {
        Form::Map(node) if !(no_entries(before) && no_entries(after)) => {
            let keys = keys(before).chain(keys(after)).collect::<BTreeSet<_>>();
            for key in keys {
                let unknown = Type::any();
                let below = typed::child(node, key).unwrap_or(&unknown);
                let side = |value: Option<&'_ Value>| value.and_then(|v| v.get(key)).cloned();
                path.push(Element::field(key));
                walk(
                    below,
                    side(before).as_ref(),
                    side(after).as_ref(),
                    path,
                    result,
                );
                path.pop();
            }
            false
        }
        Form::List(item, kind) if !(no_entries(before) && no_entries(after)) => {
            let left = index(item, kind, before);
            let right = index(item, kind, after);
            let steps: BTreeSet<&Element> = left.keys().chain(right.keys()).collect();
            for step in steps {
                path.push(step.clone());
                walk(
                    item,
                    left.get(step).copied(),
                    right.get(step).copied(),
                    path,
                    result,
                );
                path.pop();
            }
            false
        }
        _ => {
            match (before, after) {
                (None, _) => result.added.insert(path),
                (_, None) => result.removed.insert(path),
                (left, right) if left != right => result.modified.insert(path),
                _ => {}
            }
            true
        }
    }
}

fn keys(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|map| map.keys().map(String::as_str))
}

fn no_entries(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Object(map)) => map.is_empty(),
        Some(Value::Array(list)) => list.is_empty(),
        _ => true,
    }
}

fn index<'a>(
    item: &Type,
    kind: &ListKind,
    list: Option<&'a Value>,
) -> BTreeMap<Element, &'a Value> {
    let values = list.and_then(Value::as_array).into_iter().flatten();
    values
        .filter_map(|value| Some((typed::element(item, kind, value).ok()?, value)))
        .collect()
}
