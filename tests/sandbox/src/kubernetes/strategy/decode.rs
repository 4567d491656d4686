//! From a request body to an object of the kind.

use super::super::kinds::Kind;
use super::super::schema::{Scalar, Shape, Type, fill, strict};
use super::super::status::{Answer, Cause, Failure};
use super::tidy;
use base64::Engine;
use serde_json::Value;

/// How unknown fields are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validation {
    Strict,
    Warn,
    Ignore,
}

/// Parses a body as JSON or YAML.
pub fn parse(body: &[u8], kind: &Kind) -> Answer<Value> {
    let parsed: Result<Value, String> = match serde_json::from_slice(body) {
        Ok(value) => Ok(value),
        Err(json) => serde_yaml_ng::from_slice(body)
            .ok()
            .filter(Value::is_object)
            .ok_or_else(|| json.to_string()),
    };
    parsed.map_err(|error| {
        let text = String::from_utf8_lossy(body);
        Failure::bad_request(format!(
            "the object provided is unrecognized (must be of type {}): couldn't get version/kind; json parse error: {error} ({text})",
            kind.kind
        ))
    })
}

/// Checks that the body is an object of this kind, types and prunes it; returns warnings.
pub fn decode(kind: &Kind, object: &mut Value, validation: Validation) -> Answer<Vec<String>> {
    let found = (object["apiVersion"].as_str(), object["kind"].as_str());
    if let (Some(version), Some(name)) = found {
        if version != kind.api_version() || name != kind.kind {
            return Err(wrong_kind(kind, object, version, name));
        }
    } else if kind.custom {
        return Err(Failure::bad_request(
            "Object 'Kind' is missing in the request body",
        ));
    }
    object["apiVersion"] = kind.api_version().into();
    object["kind"] = kind.kind.clone().into();
    let mut unknown = strict::prune(&kind.schema, object);
    unknown.sort();
    if !unknown.is_empty() && validation == Validation::Strict {
        let list: Vec<String> = unknown
            .iter()
            .map(|path| format!("unknown field \"{path}\""))
            .collect();
        return Err(cannot_handle(
            kind,
            &format!("strict decoding error: {}", list.join(", ")),
        ));
    }
    if kind.custom {
        fill::drop_nulls(&kind.schema, object);
        tidy::metadata(kind, object);
    } else if let Some(error) = type_error(&kind.schema, object, &kind.kind) {
        return Err(cannot_handle(kind, &error));
    }
    if validation == Validation::Ignore {
        return Ok(Vec::new());
    }
    Ok(unknown
        .iter()
        .map(|path| format!("unknown field \"{path}\""))
        .collect())
}

pub fn cannot_handle(kind: &Kind, why: &str) -> Failure {
    Failure::bad_request(format!(
        "{0} in version \"{1}\" cannot be handled as a {0}: {why}",
        kind.kind, kind.version
    ))
}

fn wrong_kind(kind: &Kind, object: &Value, version: &str, name: &str) -> Failure {
    if kind.custom && version == kind.api_version() {
        let shown = Value::from(name).to_string();
        let cause = Cause::invalid("kind", &shown, &format!("must be {}", kind.kind));
        let id = object["metadata"]["name"].as_str().unwrap_or_default();
        return Failure::invalid_named(&kind.group, name, id, vec![cause]);
    }
    if kind.custom {
        return Failure::bad_request(format!(
            "the API version in the data ({version}) does not match the expected API version ({})",
            kind.api_version()
        ));
    }
    let short = version.rsplit('/').next().unwrap_or(version);
    Failure::bad_request(format!(
        "{name} in version \"{short}\" cannot be handled as a {0}: converting ({short}.{name}) to (core.{0}): unknown conversion",
        kind.kind
    ))
}

/// The first value that does not fit the type of its field.
fn type_error(node: &Type, value: &Value, path: &str) -> Option<String> {
    if value.is_null() {
        return None;
    }
    match (&node.shape, value) {
        (Shape::Object(object), Value::Object(map)) => map.iter().find_map(|(name, item)| {
            let child = object.child(name)?;
            let below = match object.fields.contains_key(name) {
                true => format!("{path}.{name}"),
                false => path.to_owned(),
            };
            type_error(child, item, &below)
        }),
        (Shape::List { item, .. }, Value::Array(values)) => values
            .iter()
            .find_map(|value| type_error(item, value, path)),
        (Shape::Scalar(Scalar::Bytes), Value::String(text)) => base64_error(text),
        (Shape::Scalar(scalar), value) => {
            let (go, fits) = match scalar {
                Scalar::Integer => ("int32", value.is_i64()),
                Scalar::Boolean => ("bool", value.is_boolean()),
                Scalar::Number => ("float64", value.is_number()),
                Scalar::Untyped => return None,
                _ => ("string", value.is_string()),
            };
            (!fits).then(|| unmarshal_error(value, path, go))
        }
        (Shape::Object(_), value) => Some(unmarshal_error(value, path, "map[string]string")),
        (Shape::List { .. }, value) => Some(unmarshal_error(value, path, "[]string")),
        _ => None,
    }
}

fn unmarshal_error(value: &Value, path: &str, go: &str) -> String {
    let found = match value {
        Value::String(_) => "string",
        Value::Number(_) => "number",
        Value::Bool(_) => "bool",
        Value::Array(_) => "array",
        _ => "object",
    };
    format!("json: cannot unmarshal {found} into Go struct field {path} of type {go}")
}

fn base64_error(text: &str) -> Option<String> {
    let engine = base64::engine::general_purpose::STANDARD;
    match engine.decode(text) {
        Ok(_) => None,
        Err(
            base64::DecodeError::InvalidByte(at, _) | base64::DecodeError::InvalidLastSymbol(at, _),
        ) => Some(format!("illegal base64 data at input byte {at}")),
        Err(_) => Some(format!(
            "illegal base64 data at input byte {}",
            text.len() / 4 * 4
        )),
    }
}
