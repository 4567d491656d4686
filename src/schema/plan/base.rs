//! The plan before derivation.

use crate::schema::field::{Attribute, Field, FieldKind, NestedBlock, Source};
use crate::schema::plan::correlate::correlate;
use crate::schema::value::Value;

/// What a remote value that was null becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remote {
    /// Stays null, as long as the plan changes nothing.
    Keep,
    /// Becomes unknown: a change elsewhere may give it a value.
    Refill,
}

/// `hint` is an earlier plan of the same configuration, for keys that the configuration leaves out.
pub(super) fn base(
    fields: &[Field],
    prior: &Value,
    config: &Value,
    hint: &Value,
    remote: Remote,
) -> Value {
    if config.as_map().is_none() {
        return config.clone();
    }
    let members = fields.iter().map(|field| {
        let name = field.name;
        let config = config.member(name);
        let value = match &field.kind {
            FieldKind::Attribute { attribute, .. } => {
                let prior = prior.as_map().and_then(|members| members.get(name));
                base_attribute(attribute, prior, config, remote)
            }
            FieldKind::Block { block, fields, .. } => base_block(
                (block, fields),
                prior.member(name),
                config,
                hint.member(name),
                remote,
            ),
        };
        (name.to_owned(), value)
    });
    Value::Map(members.collect())
}

fn base_attribute(
    attribute: &Attribute,
    prior: Option<&Value>,
    config: &Value,
    remote: Remote,
) -> Value {
    if attribute.write_only {
        return Value::Null;
    }
    if !config.is_null() {
        return config.clone();
    }
    if !attribute.is_computed() {
        return Value::Null;
    }
    match (&attribute.default, attribute.source, prior) {
        (Some(default), _, _) => default.clone(),
        (None, Source::Remote, Some(prior)) if remote == Remote::Keep || !prior.is_null() => {
            prior.clone()
        }
        _ => Value::Unknown,
    }
}

fn base_block(
    (block, fields): (&NestedBlock, &[Field]),
    prior: &Value,
    config: &Value,
    hint: &Value,
    remote: Remote,
) -> Value {
    let elements = match config {
        Value::List(elements) => elements,
        Value::Null => return Value::List(Vec::new()),
        other => return other.clone(),
    };
    let prior = prior.as_list().unwrap_or_default();
    let hints = hint.as_list().unwrap_or_default();
    let pairs = correlate(block, fields, prior, elements, hints);
    let planned = elements.iter().zip(pairs).enumerate();
    let planned = planned.map(|(index, (element, pair))| {
        let prior = pair.and_then(|at| prior.get(at)).unwrap_or(&Value::Null);
        let hint = hints.get(index).unwrap_or(&Value::Null);
        base(fields, prior, element, hint, remote)
    });
    Value::List(planned.collect())
}
