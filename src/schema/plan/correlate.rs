//! Which element of a repeated block is which between two plans.

use crate::schema::equal::equal;
use crate::schema::field::{Field, FieldKind, NestedBlock};
use crate::schema::value::Value;

/// For each of `elements` the position in `prior` of the same element. `hints` are the elements as planned before, which knows more keys.
pub(super) fn correlate(
    block: &NestedBlock,
    fields: &[Field],
    prior: &[Value],
    elements: &[Value],
    hints: &[Value],
) -> Vec<Option<usize>> {
    if block.max_items == 1 {
        return (0..elements.len())
            .map(|index| (index < prior.len()).then_some(index))
            .collect();
    }
    let mut taken = vec![false; prior.len()];
    let elements = elements.iter().enumerate().map(|(index, element)| {
        let hint = hints.get(index).unwrap_or(&Value::Null);
        let found = prior.iter().enumerate().position(|(at, candidate)| {
            !taken[at]
                && if block.key.is_empty() {
                    same_as_written(fields, element, candidate)
                } else {
                    same_key(block.key, fields, (element, hint), candidate)
                }
        });
        if let Some(at) = found {
            taken[at] = true;
        }
        found
    });
    elements.collect()
}

fn same_key(
    key: &[&str],
    fields: &[Field],
    (element, hint): (&Value, &Value),
    candidate: &Value,
) -> bool {
    fields
        .iter()
        .filter(|field| key.contains(&field.name))
        .all(|field| {
            let FieldKind::Attribute { ty, attribute, .. } = &field.kind else {
                return false;
            };
            let own = [element.member(field.name), hint.member(field.name)]
                .into_iter()
                .chain(&attribute.default)
                .find(|value| !value.is_null())
                .unwrap_or(&Value::Null);
            own.is_wholly_known() && equal(ty, own, candidate.member(field.name))
        })
}

/// Elements without a key are the same when everything that the user wrote is the same.
fn same_as_written(fields: &[Field], element: &Value, candidate: &Value) -> bool {
    fields.iter().all(|field| {
        let (own, other) = (element.member(field.name), candidate.member(field.name));
        match &field.kind {
            FieldKind::Attribute { ty, attribute, .. } => {
                attribute.write_only
                    || (own.is_null() && attribute.is_computed())
                    || (own.is_wholly_known() && equal(ty, own, other))
            }
            FieldKind::Block { fields, .. } => {
                let own = own.as_list().unwrap_or_default();
                let other = other.as_list().unwrap_or_default();
                own.len() == other.len()
                    && own
                        .iter()
                        .zip(other)
                        .all(|(own, other)| same_as_written(fields, own, other))
            }
        }
    })
}
