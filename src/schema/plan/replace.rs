//! Which changes need a new resource.

use crate::schema::diagnostic::Path;
use crate::schema::equal::equal;
use crate::schema::field::{Field, FieldKind, NestedBlock};
use crate::schema::plan::correlate::correlate;
use crate::schema::value::Value;

/// The paths that demand a replacement, sorted. What was not set before (after an import) demands none; unknown counts as different.
pub fn requires_replace(fields: &[Field], prior: &Value, planned: &Value) -> Vec<Path> {
    let mut paths = Vec::new();
    if !prior.is_null() && !planned.is_null() {
        collect(fields, prior, planned, &Path::root(), &mut paths);
    }
    paths.sort();
    paths.dedup();
    paths
}

fn collect(fields: &[Field], prior: &Value, planned: &Value, parent: &Path, paths: &mut Vec<Path>) {
    for field in fields {
        let (prior, planned) = (prior.member(field.name), planned.member(field.name));
        if prior.is_null() {
            continue;
        }
        let path = field.path(parent);
        match &field.kind {
            FieldKind::Attribute { ty, attribute, .. } => {
                if attribute.replace && !equal(ty, prior, planned) {
                    paths.push(path);
                }
            }
            FieldKind::Block { block, fields, .. } => {
                collect_block((block, fields), prior, planned, path, paths);
            }
        }
    }
}

fn collect_block(
    (block, fields): (&NestedBlock, &[Field]),
    prior: &Value,
    planned: &Value,
    path: Path,
    paths: &mut Vec<Path>,
) {
    let before = prior.as_list().unwrap_or_default();
    let Some(after) = planned.as_list() else {
        if block.replace || (!before.is_empty() && any_replace(fields)) {
            paths.push(path);
        }
        return;
    };
    let pairs = correlate(block, fields, before, after, &[]);
    let kept = pairs.iter().flatten().count();
    if block.replace && (kept < before.len() || kept < after.len()) {
        paths.push(path.clone());
    }
    for (index, (element, pair)) in after.iter().zip(pairs).enumerate() {
        let Some((at, previous)) = pair.and_then(|at| before.get(at).map(|found| (at, found)))
        else {
            continue;
        };
        if at == index {
            collect(fields, previous, element, &path.index(index), paths);
        } else {
            // Core compares by index; for an element that moved only the list as a whole surely differs there.
            let mut inner = Vec::new();
            collect(fields, previous, element, &path.index(index), &mut inner);
            if !inner.is_empty() {
                paths.push(path.clone());
            }
        }
    }
}

fn any_replace(fields: &[Field]) -> bool {
    fields.iter().any(|field| match &field.kind {
        FieldKind::Attribute { attribute, .. } => attribute.replace,
        FieldKind::Block { block, fields, .. } => block.replace || any_replace(fields),
    })
}
