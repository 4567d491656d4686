//! What a plan changes, leaf by leaf.

use std::collections::BTreeSet;

use crate::schema::diagnostic::Path;
use crate::schema::equal::equal;
use crate::schema::field::{Field, FieldKind, NestedBlock};
use crate::schema::plan::correlate::correlate;
use crate::schema::value::{Type, Value};

/// The changed leaves, sorted: members of maps and objects one by one, lists and sets as a whole. Elements of repeated blocks are compared by
/// key; an added one is named by its new place, for removed ones the block is named. The root alone when the resource comes or goes.
pub fn diff(fields: &[Field], prior: &Value, planned: &Value) -> Vec<Path> {
    let mut paths = BTreeSet::new();
    if prior.is_null() != planned.is_null() {
        paths.insert(Path::root());
    } else {
        diff_object(fields, prior, planned, &Path::root(), &mut paths);
    }
    paths.into_iter().collect()
}

fn diff_object(
    fields: &[Field],
    prior: &Value,
    planned: &Value,
    parent: &Path,
    paths: &mut BTreeSet<Path>,
) {
    for field in fields {
        let (prior, planned) = (prior.member(field.name), planned.member(field.name));
        let path = field.path(parent);
        match &field.kind {
            FieldKind::Attribute { ty, .. } => diff_value(ty, prior, planned, path, paths),
            FieldKind::Block { block, fields, .. } => {
                diff_block((block, fields), prior, planned, &path, paths);
            }
        }
    }
}

fn diff_value(ty: &Type, prior: &Value, planned: &Value, path: Path, paths: &mut BTreeSet<Path>) {
    if equal(ty, prior, planned) {
        return;
    }
    let (Value::Map(before), Value::Map(after)) = (prior, planned) else {
        paths.insert(path);
        return;
    };
    for name in before.keys().chain(after.keys()) {
        let (before, after) = (prior.member(name), planned.member(name));
        match ty {
            Type::Map(element) => diff_value(element, before, after, path.key(name), paths),
            Type::Object { attributes, .. } => {
                let ty = attributes.get(name).unwrap_or(&Type::Dynamic);
                diff_value(ty, before, after, path.attribute(name), paths);
            }
            _ => {
                paths.insert(path.clone());
            }
        }
    }
}

fn diff_block(
    (block, fields): (&NestedBlock, &[Field]),
    prior: &Value,
    planned: &Value,
    path: &Path,
    paths: &mut BTreeSet<Path>,
) {
    let before = prior.as_list().unwrap_or_default();
    let Some(after) = planned.as_list() else {
        if prior != planned {
            paths.insert(path.clone());
        }
        return;
    };
    let pairs = correlate(block, fields, before, after, &[]);
    if pairs.iter().flatten().count() < before.len() {
        paths.insert(path.clone());
    }
    for (index, (element, pair)) in after.iter().zip(pairs).enumerate() {
        match pair.and_then(|at| before.get(at)) {
            Some(previous) => diff_object(fields, previous, element, &path.index(index), paths),
            None => {
                paths.insert(path.index(index));
            }
        }
    }
}
