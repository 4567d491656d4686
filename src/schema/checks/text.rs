//! Rules for any text.

use super::{each_text, text_is};
use crate::schema::value::Value;

pub fn not_empty(value: &Value) -> Result<(), String> {
    text_is(value, "it must not be empty", |text| {
        !text.trim().is_empty()
    })
}

/// At most `limit` characters.
pub fn at_most(value: &Value, limit: usize) -> Result<(), String> {
    each_text(value, &|text| match text.chars().count() {
        count if count > limit => Err(format!(
            "`{text}` has {count} characters; it may have {limit} at most."
        )),
        _ => Ok(()),
    })
}

pub fn uuid(value: &Value) -> Result<(), String> {
    let expected = "it must be a UUID such as `00000000-0000-0000-0000-000000000000`";
    text_is(value, expected, is_uuid)
}

pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}
