//! What may become of a plan: in a later plan with more known values, and in the state after apply.

use super::Breaches;
use crate::schema::diagnostic::Path;
use crate::schema::equal::equal;
use crate::schema::field::{Field, FieldKind};
use crate::schema::types::implied_type;
use crate::schema::value::{Type, Value};

/// The rules that `actual` breaks as a later form of `planned`; none for one that core accepts.
pub fn assert_object_compatible(fields: &[Field], planned: &Value, actual: &Value) -> Vec<String> {
    let mut breaches = Breaches::default();
    if breaches.check_type(actual, &implied_type(fields)) {
        object(fields, planned, actual, &Path::root(), &mut breaches);
    }
    breaches.0
}

fn object(
    fields: &[Field],
    planned: &Value,
    actual: &Value,
    parent: &Path,
    breaches: &mut Breaches,
) {
    match (planned, actual) {
        (Value::Unknown, _) | (Value::Null, Value::Null) => return,
        (Value::Null, _) => return breaches.add(parent, "was absent and is now present"),
        (_, Value::Null) => return breaches.add(parent, "was present and is now absent"),
        (_, Value::Unknown) => return breaches.add(parent, "was known and is now unknown"),
        _ => {}
    }
    for field in fields {
        let (planned, actual) = (planned.member(field.name), actual.member(field.name));
        let path = field.path(parent);
        match &field.kind {
            FieldKind::Attribute { attribute, .. } if attribute.write_only => {
                if !actual.is_null() {
                    breaches.add(&path, "a write-only attribute must stay null");
                }
            }
            FieldKind::Attribute { ty, .. } => value(ty, planned, actual, &path, breaches),
            FieldKind::Block { fields, .. } => block(fields, planned, actual, &path, breaches),
        }
    }
}

fn block(fields: &[Field], planned: &Value, actual: &Value, path: &Path, breaches: &mut Breaches) {
    if planned.is_unknown() {
        return;
    }
    if actual.is_unknown() {
        return breaches.add(path, "was known and is now unknown");
    }
    let before = planned.as_list().unwrap_or_default();
    let after = actual.as_list().unwrap_or_default();
    if before.len() != after.len() {
        return breaches.add(path, "the number of blocks changed");
    }
    for (index, (planned, actual)) in before.iter().zip(after).enumerate() {
        object(fields, planned, actual, &path.index(index), breaches);
    }
}

fn value(ty: &Type, planned: &Value, actual: &Value, path: &Path, breaches: &mut Breaches) {
    match (ty, planned, actual) {
        (_, Value::Unknown, _) => {}
        (_, _, Value::Unknown) => breaches.add(path, "was known and is now unknown"),
        (_, Value::Null, Value::Null) => {}
        (_, Value::Null, _) => breaches.add(path, "was null and now has a value"),
        (_, _, Value::Null) => breaches.add(path, "had a value and is now null"),
        (Type::Set(element), Value::List(planned), Value::List(actual)) => {
            set(element, planned, actual, path, breaches);
        }
        (Type::Dynamic, Value::Typed(planned), Value::Typed(actual)) => {
            if planned.0 == actual.0 {
                value(&planned.0, &planned.1, &actual.1, path, breaches);
            } else {
                breaches.add(path, "changed its type");
            }
        }
        (_, Value::List(planned), Value::List(actual)) => {
            list(ty, planned, actual, path, breaches);
        }
        (_, Value::Map(before), Value::Map(after)) => {
            if before.keys().ne(after.keys()) {
                breaches.add(path, "its keys changed");
            }
            for (name, planned) in before {
                let (ty, path) = match ty {
                    Type::Map(element) => (Some(&**element), path.key(name)),
                    Type::Object { attributes, .. } => (attributes.get(name), path.attribute(name)),
                    _ => (None, path.clone()),
                };
                if let (Some(ty), Some(actual)) = (ty, after.get(name)) {
                    value(ty, planned, actual, &path, breaches);
                }
            }
        }
        (_, planned, actual) if equal(ty, planned, actual) => {}
        _ => breaches.add(path, "changed its value"),
    }
}

fn list(ty: &Type, planned: &[Value], actual: &[Value], path: &Path, breaches: &mut Breaches) {
    if planned.len() != actual.len() {
        return breaches.add(path, "its number of elements changed");
    }
    for (index, (planned, actual)) in planned.iter().zip(actual).enumerate() {
        let element = match ty {
            Type::Tuple(types) => types.get(index),
            Type::List(element) => Some(&**element),
            _ => None,
        };
        if let Some(element) = element {
            value(element, planned, actual, &path.index(index), breaches);
        }
    }
}

/// Elements have no identity, so each must match some element of the other side.
fn set(ty: &Type, planned: &[Value], actual: &[Value], path: &Path, breaches: &mut Breaches) {
    let fits = |planned: &Value, actual: &Value| {
        let mut inner = Breaches::default();
        value(ty, planned, actual, path, &mut inner);
        inner.0.is_empty()
    };
    if actual.len() > planned.len() {
        breaches.add(path, "the set grew");
    }
    if !planned.iter().all(|p| actual.iter().any(|a| fits(p, a))) {
        breaches.add(path, "a planned element of the set is gone");
    }
    if !actual.iter().all(|a| planned.iter().any(|p| fits(p, a))) {
        breaches.add(path, "the set has an element that was not planned");
    }
}
