//! Values of parameters: read as the server reads them, so that two spellings can be compared.

use super::data::{Kind, Parameter};
use super::number::{Family, NotANumber, Unit, parse_integer, parse_real};

/// What a spelling means. Numbers are in the parameter's unit.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Bool(bool),
    Integer(i64),
    Real(f64),
    Enum(&'static str),
    Text(String),
}

/// Reads `text` for the parameter; the error says what is expected.
pub(super) fn read(parameter: &Parameter, text: &str) -> Result<Value, String> {
    match &parameter.kind {
        Kind::Bool => parse_bool(text)
            .map(Value::Bool)
            .ok_or_else(|| "`on` or `off` is expected".to_owned()),
        Kind::Integer { unit, min, max } => {
            let unit = unit.as_ref();
            let range = || integer_range(*min, *max, unit);
            let number = parse_integer(text, unit)
                .map_err(|problem| explain(problem, "a whole number", unit, &range()))?;
            let fits = (*min..=*max).contains(&number);
            fits.then_some(Value::Integer(number)).ok_or_else(range)
        }
        Kind::Real { unit, min, max } => {
            let unit = unit.as_ref();
            let suffix = unit.map_or("", |unit| unit.text);
            let range = || format!("the allowed range is {min}{suffix} to {max}{suffix}");
            let number = parse_real(text, unit)
                .map_err(|problem| explain(problem, "a number", unit, &range()))?;
            (number >= *min && number <= *max)
                .then_some(Value::Real(number))
                .ok_or_else(range)
        }
        Kind::String => Ok(Value::Text(text.to_owned())),
        Kind::Enum { values, aliases } => parse_enum(text, values, aliases).map(Value::Enum),
    }
}

/// The spellings of a truth value: `on`, `off`, `1`, `0` and every unique beginning of the words.
fn parse_bool(text: &str) -> Option<bool> {
    let text = text.to_ascii_lowercase();
    let begins = |word: &str, least: usize| text.len() >= least && word.starts_with(&text);
    if begins("true", 1) || begins("yes", 1) || begins("on", 2) || text == "1" {
        return Some(true);
    }
    (begins("false", 1) || begins("no", 1) || begins("off", 2) || text == "0").then_some(false)
}

fn parse_enum(
    text: &str,
    values: &[&'static str],
    aliases: &[(&'static str, &'static str)],
) -> Result<&'static str, String> {
    let alias = aliases
        .iter()
        .find(|(spelling, _)| spelling.eq_ignore_ascii_case(text))
        .map(|(_, value)| *value);
    let listed = || {
        values
            .iter()
            .find(|value| value.eq_ignore_ascii_case(text))
            .copied()
    };
    alias.or_else(listed).ok_or_else(|| {
        let names: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
        format!("one of {} is expected", names.join(", "))
    })
}

fn integer_range(min: i64, max: i64, unit: Option<&Unit>) -> String {
    let show = |number: i64| unit.map_or_else(|| number.to_string(), |unit| unit.show(number));
    let plain = unit
        .map(|unit| format!(" ({min} .. {max} in units of {})", unit.text))
        .unwrap_or_default();
    format!("the allowed range is {} to {}{plain}", show(min), show(max))
}

fn explain(problem: NotANumber, wanted: &str, unit: Option<&Unit>, range: &str) -> String {
    let example = |unit: &Unit| match unit.family {
        Family::Memory => "`64MB`",
        Family::Time => "`5min`",
    };
    match (problem, unit) {
        (NotANumber::Overflow, _) => range.to_owned(),
        (NotANumber::NoUnit, _) | (NotANumber::UnknownUnit, None) => {
            format!("{wanted} without a unit is expected, {range}")
        }
        (NotANumber::UnknownUnit, Some(unit)) => {
            format!(
                "the valid units are {} (upper and lower case count), for example {}",
                unit.accepted(),
                example(unit)
            )
        }
        (NotANumber::Syntax, Some(unit)) => {
            format!(
                "{wanted} with or without a unit is expected, for example {}; {range}",
                example(unit)
            )
        }
        (NotANumber::Syntax, None) => format!("{wanted} is expected, {range}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgresql::catalogue::parameters;

    fn value(name: &str, text: &str) -> Result<Value, String> {
        read(&parameters(17)[name], text)
    }

    #[test]
    fn truth_values_may_be_shortened_while_unique() {
        for text in ["on", "ON", "t", "tru", "true", "y", "yes", "1"] {
            assert_eq!(parse_bool(text), Some(true), "{text}");
        }
        for text in ["of", "off", "f", "false", "n", "no", "0"] {
            assert_eq!(parse_bool(text), Some(false), "{text}");
        }
        for text in ["", "o", "2", "true ", "enabled", "01"] {
            assert_eq!(parse_bool(text), None, "{text:?}");
        }
    }

    #[test]
    fn enums_ignore_case_and_know_hidden_spellings() {
        assert_eq!(value("wal_level", "LOGICAL"), Ok(Value::Enum("logical")));
        assert_eq!(
            value("wal_level", "hot_standby"),
            Ok(Value::Enum("replica"))
        );
        assert_eq!(value("synchronous_commit", "yes"), Ok(Value::Enum("on")));
        assert_eq!(value("wal_compression", "on"), Ok(Value::Enum("pglz")));
        let error = value("wal_compression", "gzip").unwrap_err();
        assert_eq!(
            error,
            "one of `pglz`, `lz4`, `zstd`, `on`, `off` is expected"
        );
    }

    #[test]
    fn errors_name_the_range_and_the_units() {
        assert_eq!(
            value("shared_buffers", "1kB").unwrap_err(),
            "the allowed range is 128kB to 8589934584kB (16 .. 1073741823 in units of 8kB)"
        );
        assert!(
            value("work_mem", "64M")
                .unwrap_err()
                .contains("`B`, `kB`, `MB`, `GB`, `TB`")
        );
        assert!(
            value("max_connections", "many")
                .unwrap_err()
                .contains("1 to 262143")
        );
        assert!(
            value("max_connections", "10kB")
                .unwrap_err()
                .contains("without a unit")
        );
        assert!(
            value("random_page_cost", "-1")
                .unwrap_err()
                .contains("range is 0 to")
        );
        assert_eq!(value("random_page_cost", "1.1"), Ok(Value::Real(1.1)));
    }
}
