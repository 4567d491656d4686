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
    } else {
        causes.extend(builtin::check(kind, object));
    }
    refuse(kind, object, causes)
}

/// Checks a changed object before it is stored.
pub fn validate_update(kind: &Kind, old: &Value, new: &Value) -> Answer<()> {
    let mut causes = names::check_labels(new);
    if kind.custom {
        causes.extend(validate::check(&kind.schema, new, Some(old)));
    } else {
        causes.extend(immutable::check(kind, old, new));
        causes.extend(builtin::check(kind, new));
    }
    refuse(kind, new, causes)
}

fn refuse(kind: &Kind, object: &Value, causes: Vec<Cause>) -> Answer<()> {
    if causes.is_empty() {
        return Ok(());
    }
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    Err(Failure::invalid(kind, name, causes))
}
