//! What the server does to objects of a kind on their way in: decoding, defaults, preparation, validation.

pub mod builtin;
pub mod decode;
pub mod immutable;
pub mod names;
pub mod tidy;

use super::kinds::Kind;
use super::schema::{fill, validate};
use super::status::{Answer, Cause, Failure};
use serde_json::Value;

/// Fields that a main-resource write cannot own or change, and those of a status write.
pub fn reset_fields(kind: &Kind, subresource: &str) -> &'static [&'static [&'static str]] {
    match (kind.status, subresource) {
        (true, "") => &[&["status"]],
        (true, "status") => &[&["spec"]],
        _ => &[],
    }
}

/// Defaults of the kind: structural ones of a schema, hand-written ones of built-in kinds.
pub fn defaults(kind: &Kind, object: &mut Value) {
    fill::defaults(&kind.schema, object);
    if !kind.custom {
        builtin::defaults(kind, object);
        tidy::tidy(kind, object);
    }
}

/// Checks a new object before it is stored.
pub fn validate_create(kind: &Kind, object: &Value) -> Answer<()> {
    let mut causes = names::check(kind, object);
    if kind.custom {
        causes.extend(validate::check(&kind.schema, object, None));
        causes.extend(scale_paths(kind, object));
    } else {
        causes.extend(builtin::check(kind, object));
    }
    refuse(kind, object, causes)
}

/// Checks a changed object before it is stored.
pub fn validate_update(kind: &Kind, subresource: &str, old: &Value, new: &Value) -> Answer<()> {
    let mut causes = names::check_labels(new);
    if kind.custom {
        causes.extend(match subresource {
            "status" => validate::check_status(&kind.schema, new, old),
            _ => validate::check(&kind.schema, new, Some(old)),
        });
        causes.extend(scale_paths(kind, new));
    } else {
        causes.extend(immutable::check(kind, old, new));
        causes.extend(builtin::check(kind, new));
    }
    refuse(kind, new, causes)
}

/// The fields that the scale subresource reads must be numbers.
fn scale_paths(kind: &Kind, object: &Value) -> Vec<Cause> {
    let scale = kind
        .scale
        .iter()
        .flat_map(|scale| [&scale.spec, &scale.status]);
    scale
        .filter_map(|path| {
            let value = path.iter().fold(object, |value, key| &value[key.as_str()]);
            let shown = value.as_str()?;
            let path = format!(".{}", path.join("."));
            let detail =
                format!("{path} accessor error: {shown} is of the type string, expected int64");
            Some(Cause::invalid(&path, "0", &detail))
        })
        .collect()
}

fn refuse(kind: &Kind, object: &Value, causes: Vec<Cause>) -> Answer<()> {
    if causes.is_empty() {
        return Ok(());
    }
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    Err(Failure::invalid(kind, name, causes))
}
