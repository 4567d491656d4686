//! Rules of Kubernetes for names, labels and quantities.

use super::text_is;
use crate::schema::quantity::Quantity;
use crate::schema::value::Value;

fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty()
        && text.len() <= 63
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label)
}

/// A name that can also be a Service.
pub fn dns1035_label(value: &Value) -> Result<(), String> {
    let expected = "it must have 1 to 63 characters of `a-z`, `0-9` and `-`, start with a letter and end with a letter or digit";
    text_is(value, expected, |text| {
        is_label(text) && text.starts_with(|first: char| first.is_ascii_lowercase())
    })
}

/// The name of a namespace.
pub fn dns1123_label(value: &Value) -> Result<(), String> {
    let expected = "it must have 1 to 63 characters of `a-z`, `0-9` and `-`, and start and end with a letter or digit";
    text_is(value, expected, is_label)
}

/// The name of most objects.
pub fn dns1123_subdomain(value: &Value) -> Result<(), String> {
    let expected = "it must have at most 253 characters: parts of `a-z`, `0-9` and `-` joined by dots, each starting and ending with a letter or digit";
    text_is(value, expected, is_subdomain)
}

pub fn quantity(value: &Value) -> Result<(), String> {
    let expected = "it must be a Kubernetes quantity: a number and a unit, such as `500m`, `2`, `512Mi` or `64Gi`";
    text_is(value, expected, |text| Quantity::parse(text).is_some())
}

fn is_name_part(text: &str) -> bool {
    let outer = |byte: &u8| byte.is_ascii_alphanumeric();
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && bytes.first().is_some_and(outer)
        && bytes.last().is_some_and(outer)
        && text.bytes().all(inner)
}

fn is_label_key(text: &str) -> bool {
    match text.split_once('/') {
        Some((prefix, name)) => is_subdomain(prefix) && is_name_part(name),
        None => is_name_part(text),
    }
}

/// The keys of a map of labels or annotations, or a list of such keys.
pub fn label_keys(value: &Value) -> Result<(), String> {
    let expected = "a key has an optional DNS name and a `/`, then 1 to 63 letters, digits, `-`, `_` and `.`, starting and ending with a letter or digit";
    match value {
        Value::Map(members) => members
            .keys()
            .try_for_each(|key| text_is(&Value::from(key.as_str()), expected, is_label_key)),
        other => text_is(other, expected, is_label_key),
    }
}

/// A map of labels.
pub fn labels(value: &Value) -> Result<(), String> {
    label_keys(value)?;
    let expected = "a label value is empty or has up to 63 letters, digits, `-`, `_` and `.`, starting and ending with a letter or digit";
    text_is(value, expected, |text| {
        text.is_empty() || is_name_part(text)
    })
}

/// A map of annotations, which together may have 256 KiB.
pub fn annotations(value: &Value) -> Result<(), String> {
    const LIMIT: usize = 256 * 1024;
    label_keys(value)?;
    let size: usize = value.as_map().map_or(0, |members| {
        let sizes = members.iter();
        sizes
            .map(|(key, value)| key.len() + value.as_str().map_or(0, str::len))
            .sum()
    });
    if size > LIMIT {
        return Err(format!(
            "the annotations have {size} bytes together; `{LIMIT}` are allowed."
        ));
    }
    Ok(())
}
