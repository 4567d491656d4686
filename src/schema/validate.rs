//! Everything that a configuration alone can get wrong. Unknown values are valid; all errors come at once, each with its path.

use super::diagnostic::{Diagnostics, Path};
use super::equal::equal;
use super::field::{Attribute, Field, FieldKind, Mode, NestedBlock};
use super::object::Object;
use super::value::{Type, Value};

/// Checks `config` against its declaration.
pub fn validate(fields: &[Field], config: &Value) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    if config.as_map().is_some() {
        object(fields, config, &Path::root(), &mut diagnostics);
    }
    diagnostics
}

/// [`validate`], and whether the typed form can hold every value.
pub fn validate_object<M: Object>(config: &Value) -> Diagnostics {
    let mut diagnostics = validate(&M::fields(), config);
    if config.as_map().is_some() {
        let mut typed = Diagnostics::new();
        M::decode(config, &Path::root(), &mut typed);
        for diagnostic in typed {
            // A null element is already reported at its own place.
            if !diagnostics
                .iter()
                .any(|other| other.path.steps().starts_with(diagnostic.path.steps()))
            {
                diagnostics.push(diagnostic);
            }
        }
    }
    diagnostics
}

/// Errors for write-only values under a core that would store them in its state.
pub fn refuse_write_only(fields: &[Field], config: &Value) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    write_only(fields, config, &Path::root(), &mut diagnostics);
    diagnostics
}

fn write_only(fields: &[Field], config: &Value, parent: &Path, diagnostics: &mut Diagnostics) {
    for field in fields {
        let (path, value) = (field.path(parent), config.member(field.name));
        match &field.kind {
            FieldKind::Attribute { attribute, .. } => {
                if attribute.write_only && !value.is_null() {
                    let detail = format!(
                        "`{path}` is write-only: its value must not be stored, and this version of the command line would store it. \
                         Terraform and OpenTofu support write-only attributes from version 1.11 on."
                    );
                    diagnostics.error(path, "Write-only attributes are not supported", detail);
                }
            }
            FieldKind::Block { fields, .. } => {
                let elements = value.as_list().unwrap_or_default().iter().enumerate();
                for (index, element) in elements {
                    write_only(fields, element, &path.index(index), diagnostics);
                }
            }
        }
    }
}

fn object(fields: &[Field], config: &Value, parent: &Path, diagnostics: &mut Diagnostics) {
    for field in fields {
        let (path, value) = (field.path(parent), config.member(field.name));
        match &field.kind {
            FieldKind::Attribute { ty, attribute, .. } => {
                attribute_value((ty, attribute), value, &path, diagnostics);
            }
            FieldKind::Block { block, fields, .. } => {
                block_value((block, fields), value, &path, diagnostics);
            }
        }
    }
}

fn attribute_value(
    (ty, attribute): (&Type, &Attribute),
    value: &Value,
    path: &Path,
    diagnostics: &mut Diagnostics,
) {
    match (value, attribute.mode) {
        (Value::Null, Mode::Required) => {
            let detail = format!("`{path}` is required.");
            return diagnostics.error(path.clone(), "Missing attribute", detail);
        }
        (Value::Null | Value::Unknown, _) => return,
        (_, Mode::Computed) => {
            let detail = format!("`{path}` is computed and cannot be set.");
            return diagnostics.error(path.clone(), "Attribute is read-only", detail);
        }
        _ => {}
    }
    let nulls = null_elements(ty, value, path, diagnostics);
    one_of(attribute.one_of, value, path, diagnostics);
    if nulls || !value.is_wholly_known() {
        return;
    }
    for check in &attribute.checks {
        if let Err(reason) = check(value) {
            let detail = format!("`{path}`: {reason}");
            diagnostics.error(path.clone(), "Invalid value", detail);
        }
    }
}

/// Reports null elements of lists, sets and maps; members of objects may be null.
fn null_elements(ty: &Type, value: &Value, path: &Path, diagnostics: &mut Diagnostics) -> bool {
    let mut element = |ty: &Type, value: &Value, path: Path| {
        if value.is_null() {
            let detail = format!("`{path}` is null. Leave the element out instead.");
            diagnostics.error(path, "Null element", detail);
            true
        } else {
            null_elements(ty, value, &path, diagnostics)
        }
    };
    let mut found = false;
    match (ty, value) {
        (Type::List(ty), Value::List(elements)) => {
            for (index, value) in elements.iter().enumerate() {
                found |= element(ty, value, path.index(index));
            }
        }
        (Type::Set(ty), Value::List(elements)) => {
            for value in elements {
                found |= element(ty, value, path.clone());
            }
        }
        (Type::Map(ty), Value::Map(members)) => {
            for (key, value) in members {
                found |= element(ty, value, path.key(key));
            }
        }
        (Type::Object { attributes, .. }, Value::Map(members)) => {
            for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
                if let Some(ty) = attributes.get(name) {
                    found |= element(ty, value, path.attribute(name));
                }
            }
        }
        _ => {}
    }
    found
}

fn one_of(allowed: &[&str], value: &Value, path: &Path, diagnostics: &mut Diagnostics) {
    if allowed.is_empty() {
        return;
    }
    match value {
        Value::String(text) if !allowed.contains(&text.as_str()) => {
            let list: Vec<_> = allowed.iter().map(|value| format!("`{value}`")).collect();
            let detail = format!("`{path}` is `{text}`; allowed: {}.", list.join(", "));
            diagnostics.error(path.clone(), "Value not allowed", detail);
        }
        Value::List(elements) => {
            for element in elements {
                one_of(allowed, element, path, diagnostics);
            }
        }
        _ => {}
    }
}

fn block_value(
    (block, fields): (&NestedBlock, &[Field]),
    value: &Value,
    path: &Path,
    diagnostics: &mut Diagnostics,
) {
    if value.is_unknown() {
        return;
    }
    let elements = value.as_list().unwrap_or_default();
    let count = i64::try_from(elements.len()).unwrap_or(i64::MAX);
    if count < block.min_items {
        let detail = format!(
            "At least {} `{path}` block is required, there are {count}.",
            block.min_items
        );
        diagnostics.error(path.clone(), "Missing block", detail);
    }
    if block.max_items > 0 && count > block.max_items {
        let detail = format!(
            "At most {} `{path}` block is allowed, there are {count}.",
            block.max_items
        );
        diagnostics.error(path.clone(), "Too many blocks", detail);
    }
    for (index, element) in elements.iter().enumerate() {
        let path = path.index(index);
        if element.is_null() {
            diagnostics.error(path, "Null element", "A block must not be null.");
        } else {
            object(fields, element, &path, diagnostics);
        }
    }
    if block.max_items != 1 && !block.key.is_empty() {
        unique_keys(block.key, fields, elements, path, diagnostics);
    }
}

fn unique_keys(
    key: &[&str],
    fields: &[Field],
    elements: &[Value],
    path: &Path,
    diagnostics: &mut Diagnostics,
) {
    let parts: Vec<_> = fields
        .iter()
        .filter(|field| key.contains(&field.name))
        .collect();
    let keys: Vec<_> = elements
        .iter()
        .map(|element| key_of(&parts, element))
        .collect();
    for (index, own) in keys.iter().enumerate() {
        let Some(own) = own else { continue };
        let first = keys[..index].iter().position(|other| {
            other.as_ref().is_some_and(|other| {
                own.iter()
                    .zip(other)
                    .all(|((ty, own), (_, other))| equal(ty, own, other))
            })
        });
        if let Some(first) = first {
            let detail = format!(
                "`{}` and `{}` have the same {}; each block needs its own.",
                path.index(first),
                path.index(index),
                key.iter()
                    .map(|name| format!("`{name}`"))
                    .collect::<Vec<_>>()
                    .join(" and "),
            );
            diagnostics.error(path.index(index), "Block defined twice", detail);
        }
    }
}

/// None while a part of the key is not known, be it unknown or computed later.
fn key_of<'v>(parts: &[&'v Field], element: &'v Value) -> Option<Vec<(&'v Type, &'v Value)>> {
    let values = parts.iter().map(|field| {
        let FieldKind::Attribute { ty, attribute, .. } = &field.kind else {
            return None;
        };
        let value = match element.member(field.name) {
            Value::Null => attribute.default.as_ref()?,
            value => value,
        };
        value.is_wholly_known().then_some((ty, value))
    });
    values.collect()
}

#[cfg(test)]
#[path = "validate_tests.rs"]
mod tests;
