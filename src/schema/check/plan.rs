//! What a plan may say, given the configuration and the prior state.

use super::Breaches;
use crate::schema::diagnostic::Path;
use crate::schema::equal::equal;
use crate::schema::field::{Attribute, Field, FieldKind};
use crate::schema::types::implied_type;
use crate::schema::value::{Type, Value};

/// The rules that `planned` breaks; none for a plan that core accepts.
pub fn assert_plan_valid(
    fields: &[Field],
    prior: &Value,
    config: &Value,
    planned: &Value,
) -> Vec<String> {
    let mut breaches = Breaches::default();
    match (config, planned) {
        (Value::Null, Value::Null) => {}
        (Value::Null, _) => breaches.add(&Path::root(), "the plan of a destroy must be null"),
        (_, Value::Null) => {
            breaches.add(&Path::root(), "only the plan of a destroy may be null");
        }
        (_, Value::Unknown) => breaches.add(&Path::root(), "an object may not be unknown"),
        _ => {
            if breaches.check_type(planned, &implied_type(fields)) {
                object(
                    fields,
                    [prior, config, planned],
                    &Path::root(),
                    &mut breaches,
                );
            }
        }
    }
    breaches.0
}

fn object(fields: &[Field], values: [&Value; 3], parent: &Path, breaches: &mut Breaches) {
    for field in fields {
        let values = values.map(|value| value.member(field.name));
        let path = field.path(parent);
        match &field.kind {
            FieldKind::Attribute { ty, attribute, .. } => {
                if let Err(rule) = attribute_rule(ty, attribute, values) {
                    breaches.add(&path, rule);
                }
            }
            FieldKind::Block { fields, .. } => block(fields, values, &path, breaches),
        }
    }
}

fn attribute_rule(
    ty: &Type,
    attribute: &Attribute,
    [prior, config, planned]: [&Value; 3],
) -> Result<(), &'static str> {
    if attribute.write_only {
        return if planned.is_null() {
            Ok(())
        } else {
            Err("a write-only attribute must be null in the plan")
        };
    }
    if equal(ty, planned, config) {
        return Ok(());
    }
    if !prior.is_null() && !config.is_null() && equal(ty, planned, prior) {
        return Ok(());
    }
    match (attribute.is_computed(), config.is_null()) {
        (true, true) => Ok(()),
        (_, true) => Err("the plan sets an attribute that is not computed and not configured"),
        _ => Err("the plan is neither the configured nor the prior value"),
    }
}

fn block(
    fields: &[Field],
    [prior, config, planned]: [&Value; 3],
    path: &Path,
    breaches: &mut Breaches,
) {
    if config.is_unknown() || planned.is_unknown() {
        if config != planned {
            breaches.add(
                path,
                "a block is unknown in the plan exactly when it is configured so",
            );
        }
        return;
    }
    let Some(elements) = planned.as_list() else {
        return breaches.add(path, "a block that is absent must be empty, not null");
    };
    let configured = config.as_list().unwrap_or_default();
    if elements.len() != configured.len() {
        return breaches.add(
            path,
            "the plan has another number of blocks than the configuration",
        );
    }
    let prior = prior.as_list().unwrap_or_default();
    for (index, (element, config)) in elements.iter().zip(configured).enumerate() {
        let path = path.index(index);
        if element.as_map().is_none() {
            breaches.add(
                &path,
                "an element of a block must be neither null nor unknown",
            );
            continue;
        }
        let prior = prior.get(index).unwrap_or(&Value::Null);
        object(fields, [prior, config, element], &path, breaches);
    }
}
