//! Rules for whole numbers.

use crate::schema::value::Value;

fn number_is(value: &Value, expected: &str, allowed: impl Fn(i64) -> bool) -> Result<(), String> {
    let Value::Number(number) = value else {
        return Ok(());
    };
    match number.as_i64() {
        Some(integer) if allowed(integer) => Ok(()),
        _ => Err(format!(
            "{} is not allowed; it must be a {expected}.",
            number.as_str()
        )),
    }
}

pub fn positive(value: &Value) -> Result<(), String> {
    number_is(value, "whole number above zero", |number| number > 0)
}

pub fn non_negative(value: &Value) -> Result<(), String> {
    number_is(value, "whole number, zero or above", |number| number >= 0)
}

pub fn port(value: &Value) -> Result<(), String> {
    between(value, 1, 65535)
}

/// A whole number from `low` to `high`, both included.
pub fn between(value: &Value, low: i64, high: i64) -> Result<(), String> {
    let expected = format!("whole number from {low} to {high}");
    number_is(value, &expected, |number| (low..=high).contains(&number))
}
