//! Takes derived values into a plan, and only where a derivation has a say.

use crate::schema::field::{Field, FieldKind};
use crate::schema::value::Value;

/// A plan before and after derivation, both in the form that the derivation works on.
pub(super) struct Derived {
    pub before: Value,
    pub after: Value,
}

/// Replaces the leaves of `base` that are computed, left out of the configuration and changed by the derivation. Configured values keep their
/// spelling, and values that a typed model cannot express (partly unknown collections) are not touched.
pub(super) fn merge(fields: &[Field], config: &Value, base: &Value, derived: &Derived) -> Value {
    merge_object(fields, config, base, &derived.before, &derived.after)
}

fn merge_object(
    fields: &[Field],
    config: &Value,
    base: &Value,
    before: &Value,
    after: &Value,
) -> Value {
    let Some(members) = base.as_map() else {
        return base.clone();
    };
    let mut merged = members.clone();
    for field in fields {
        let name = field.name;
        let (config, before, after) =
            (config.member(name), before.member(name), after.member(name));
        match &field.kind {
            FieldKind::Attribute { attribute, .. } => {
                let open = attribute.is_computed() && !attribute.write_only && config.is_null();
                if open && before != after {
                    merged.insert(name.to_owned(), after.clone());
                }
            }
            FieldKind::Block { fields, .. } => {
                let list = merge_block(fields, config, base.member(name), before, after);
                merged.insert(name.to_owned(), list);
            }
        }
    }
    Value::Map(merged)
}

fn merge_block(
    fields: &[Field],
    config: &Value,
    base: &Value,
    before: &Value,
    after: &Value,
) -> Value {
    let lists = (
        config.as_list(),
        base.as_list(),
        before.as_list(),
        after.as_list(),
    );
    let (Some(config), Some(elements), Some(before), Some(after)) = lists else {
        return base.clone();
    };
    let merged = elements.iter().enumerate().map(|(index, element)| {
        let parts = (config.get(index), before.get(index), after.get(index));
        match parts {
            (Some(config), Some(before), Some(after)) => {
                merge_object(fields, config, element, before, after)
            }
            _ => element.clone(),
        }
    });
    Value::List(merged.collect())
}
