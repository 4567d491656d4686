//! Validation of custom resources against their OpenAPI schema and its rules.

use super::{Expression, Object, Rules, Scalar, Shape, Type, cel};
use crate::kubernetes::status::Cause;
use regex::Regex;
use serde_json::Value;

/// Everything wrong with `new`; rules that compare with the old object see `old`.
pub fn check(node: &Type, new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = Vec::new();
    structure(node, new, "", &mut causes);
    finish(node, new, old, &mut causes);
    causes
}

/// The same for a write of the status, whose structure alone is checked.
pub fn check_status(node: &Type, new: &Value, old: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    if let (Some(status), Some(value)) = (node.at(&["status"]), new.get("status")) {
        structure(status, value, "", &mut causes);
    }
    for cause in &mut causes {
        cause.field = join("status", &cause.field);
    }
    finish(node, new, Some(old), &mut causes);
    causes
}

/// Rules are evaluated unless something is wrong that would make them fail.
fn finish(node: &Type, new: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let blocking = [
        "FieldValueNotSupported",
        "FieldValueRequired",
        "FieldValueTooLong",
        "FieldValueTooMany",
        "FieldValueTypeInvalid",
    ];
    if !causes.iter().any(|cause| blocking.contains(&cause.reason)) {
        expressions(node, new, old, "", causes);
    } else if has_expressions(node) {
        causes.push(Cause::invalid(
            "<nil>",
            "null",
            "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
        ));
    }
}

fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        _ => format!("{path}.{name}"),
    }
}

/// A map entry's path: declared fields by dot, keys of free maps by dot as well.
fn structure(node: &Type, value: &Value, path: &str, causes: &mut Vec<Cause>) {
    if value.is_null() && node.nullable {
        return;
    }
    if let Some(cause) = wrong_type(node, value, path) {
        causes.push(cause);
        return;
    }
    limits(&node.rules, value, path, causes);
    match (&node.shape, value) {
        (Shape::Object(object), Value::Object(_)) => fields(object, value, path, causes),
        (Shape::List { item, .. }, Value::Array(values)) => {
            for (index, value) in values.iter().enumerate() {
                structure(item, value, &format!("{path}[{index}]"), causes);
            }
        }
        _ => {}
    }
}

fn fields(object: &Object, value: &Value, path: &str, causes: &mut Vec<Cause>) {
    for name in &object.required {
        if value.get(name).is_none() {
            causes.push(Cause::required(&join(path, name), ""));
        }
    }
    for (name, item) in value.as_object().into_iter().flatten() {
        if path.is_empty() && ["apiVersion", "kind", "metadata"].contains(&name.as_str()) {
            continue;
        }
        if let Some(child) = object.child(name) {
            structure(child, item, &join(path, name), causes);
        }
    }
}

fn wrong_type(node: &Type, value: &Value, path: &str) -> Option<Cause> {
    let (expected, fits) = match &node.shape {
        Shape::Any => return None,
        Shape::Object(_) => ("object", value.is_object()),
        Shape::List { .. } => ("array", value.is_array()),
        Shape::Scalar(Scalar::Integer) => ("integer", value.is_i64() || value.is_u64()),
        Shape::Scalar(Scalar::Number) => ("number", value.is_number()),
        Shape::Scalar(Scalar::Boolean) => ("boolean", value.is_boolean()),
        Shape::Scalar(Scalar::Untyped) => ("integer,string", value.is_i64() || value.is_string()),
        Shape::Scalar(_) => ("string", value.is_string()),
    };
    if fits {
        return None;
    }
    let actual = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let detail = format!("{path} in body must be of type {expected}: \"{actual}\"");
    let message = format!("Invalid value: \"{actual}\": {detail}");
    Some(Cause::new("FieldValueTypeInvalid", path, message))
}

fn limits(rules: &Rules, value: &Value, path: &str, causes: &mut Vec<Cause>) {
    let shown = value.to_string();
    let mut bad = |detail: String| {
        causes.push(Cause::invalid(
            path,
            &shown,
            &format!("{path} in body {detail}"),
        ))
    };
    if let Some(number) = value.as_f64() {
        if rules.minimum.is_some_and(|limit| number < limit) {
            bad(format!(
                "should be greater than or equal to {}",
                rules.minimum.unwrap_or_default()
            ));
        }
        if rules.maximum.is_some_and(|limit| number > limit) {
            bad(format!(
                "should be less than or equal to {}",
                rules.maximum.unwrap_or_default()
            ));
        }
    }
    if let Some(text) = value.as_str() {
        let length = text.chars().count();
        if let Some(limit) = rules.min_length.filter(|limit| length < *limit) {
            bad(format!("should be at least {limit} chars long"));
        }
        let unmatched =
            |pattern: &&String| Regex::new(pattern).is_ok_and(|regex| !regex.is_match(text));
        if let Some(pattern) = rules.pattern.as_ref().filter(unmatched) {
            bad(format!("should match '{pattern}'"));
        }
        if rules.format.as_deref() == Some("date-time") && text.parse::<jiff::Timestamp>().is_err()
        {
            let detail = format!("{path} in body must be of type date-time: {shown}");
            let message = format!("Invalid value: {shown}: {detail}");
            causes.push(Cause::new("FieldValueTypeInvalid", path, message));
        }
        if let Some(limit) = rules.max_length.filter(|limit| length > *limit) {
            causes.push(Cause::new(
                "FieldValueTooLong",
                path,
                format!("Too long: may not be more than {limit} bytes"),
            ));
        }
    }
    if let Some(list) = value.as_array() {
        list_limits(rules, list.len(), path, causes);
    }
    if !rules.one_of.is_empty() && !rules.one_of.contains(value) {
        let known: Vec<String> = rules.one_of.iter().map(Value::to_string).collect();
        let message = format!(
            "Unsupported value: {shown}: supported values: {}",
            known.join(", ")
        );
        causes.push(Cause::new("FieldValueNotSupported", path, message));
    }
}

fn list_limits(rules: &Rules, count: usize, path: &str, causes: &mut Vec<Cause>) {
    if let Some(limit) = rules.min_items.filter(|limit| count < *limit) {
        let detail = format!("{path} in body should have at least {limit} items");
        causes.push(Cause::invalid(path, &count.to_string(), &detail));
    }
    if let Some(limit) = rules.max_items.filter(|limit| count > *limit) {
        let message = format!("Too many: {count}: must have at most {limit} items");
        causes.push(Cause::new("FieldValueTooMany", path, message));
    }
}

fn expressions(node: &Type, new: &Value, old: Option<&Value>, path: &str, causes: &mut Vec<Cause>) {
    for rule in &node.rules.expressions {
        causes.extend(violation(rule, new, old, path));
    }
    match (&node.shape, new) {
        (Shape::Object(object), Value::Object(map)) => {
            for (name, item) in map {
                if let Some(child) = object.child(name) {
                    let before = old.and_then(|old| old.get(name));
                    expressions(child, item, before, &join(path, name), causes);
                }
            }
        }
        (Shape::List { item, .. }, Value::Array(values)) => {
            // Items of lists have no old value unless they can be told apart.
            for (index, value) in values.iter().enumerate() {
                expressions(item, value, None, &format!("{path}[{index}]"), causes);
            }
        }
        _ => {}
    }
}

fn violation(rule: &Expression, new: &Value, old: Option<&Value>, path: &str) -> Option<Cause> {
    let detail = match cel::holds(&rule.rule, new, old)? {
        Ok(true) => return None,
        Ok(false) => rule.message.clone(),
        Err(error) => format!("{error} evaluating rule: {}", rule.message),
    };
    let field = match &rule.field_path {
        Some(below) => format!("{path}{below}"),
        None => path.to_owned(),
    };
    let shown = match new {
        Value::Object(_) => "\"object\"".to_owned(),
        Value::Array(_) => "\"array\"".to_owned(),
        Value::String(_) => "\"string\"".to_owned(),
        Value::Bool(_) => "\"boolean\"".to_owned(),
        Value::Number(_) => "\"integer\"".to_owned(),
        Value::Null => "null".to_owned(),
    };
    Some(Cause::invalid(&field, &shown, &detail))
}

fn has_expressions(node: &Type) -> bool {
    let below = match &node.shape {
        Shape::Object(object) => object
            .fields
            .values()
            .chain(&object.other)
            .any(|child| has_expressions(child)),
        Shape::List { item, .. } => has_expressions(item),
        _ => false,
    };
    below || !node.rules.expressions.is_empty()
}
