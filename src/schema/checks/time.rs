//! Rules for times, durations and schedules.

use croner::parser::{CronParser, Seconds, Year};

use super::{each_text, text_is};
use crate::schema::value::Value;

/// How long backups are kept.
pub fn retention(value: &Value) -> Result<(), String> {
    let expected = "it must be a whole number above zero and `d` (days), `w` (weeks) or `m` (months), such as `30d`";
    text_is(value, expected, |text| {
        text.strip_suffix(['d', 'w', 'm']).is_some_and(|number| {
            !number.starts_with('0')
                && !number.is_empty()
                && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    })
}

pub fn rfc3339(value: &Value) -> Result<(), String> {
    let expected = "it must be a time in RFC 3339 form such as `2026-01-31T13:45:00Z`";
    text_is(value, expected, is_rfc3339)
}

/// The parser of dates accepts more forms than RFC 3339 has, so the form is checked first.
fn is_rfc3339(text: &str) -> bool {
    let matches = |text: &str, form: &str| {
        text.len() == form.len()
            && text
                .bytes()
                .zip(form.bytes())
                .all(|(byte, form)| match form {
                    b'0' => byte.is_ascii_digit(),
                    fixed => byte == fixed,
                })
    };
    let Some((seconds, rest)) = text.split_at_checked(19) else {
        return false;
    };
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|digit: char| digit.is_ascii_digit());
            if zone.len() == fraction.len() {
                return false;
            }
            zone
        }
        None => rest,
    };
    matches(seconds, "0000-00-00T00:00:00")
        && (zone == "Z" || matches(zone, "+00:00") || matches(zone, "-00:00"))
        && text.parse::<jiff::Timestamp>().is_ok()
}

/// A schedule of six fields, seconds first, or a descriptor.
pub fn cron(value: &Value) -> Result<(), String> {
    each_text(value, &|text| {
        schedule(text).map_err(|reason| {
            format!(
                "`{text}` is not allowed: {reason}. It must have six fields (seconds, minutes, hours, day of month, month, day of week) \
                 such as `0 0 2 * * *`, or be `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly` or `@every <duration>`."
            )
        })
    })
}

fn schedule(text: &str) -> Result<(), String> {
    if let Some(descriptor) = text.strip_prefix('@') {
        return described(descriptor);
    }
    let fields: Vec<_> = text.split_whitespace().collect();
    match fields.as_slice() {
        [_, _, _, _, _, weekday] => {
            standard_only(&fields, weekday)?;
            let parser = CronParser::builder()
                .seconds(Seconds::Required)
                .year(Year::Disallowed)
                .build();
            match parser.parse(text) {
                Ok(_) => Ok(()),
                Err(error) => Err(error.to_string().trim_end_matches('.').to_owned()),
            }
        }
        [_, _, _, _, _] => Err(
            "it has five fields, and the operator's first field is seconds: five fields would run at other times than meant, or not at all"
                .to_owned(),
        ),
        other => Err(format!("it has {} fields", other.len())),
    }
}

fn described(descriptor: &str) -> Result<(), String> {
    let known = [
        "yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly",
    ];
    if known.contains(&descriptor) {
        return Ok(());
    }
    match descriptor.strip_prefix("every ") {
        Some(duration) if is_duration(duration) => Ok(()),
        Some(_) => Err("the duration must be such as `1h30m`".to_owned()),
        None => Err("there is no such descriptor".to_owned()),
    }
}

/// Hours, minutes and seconds in this form are understood by every system that reads the schedule.
fn is_duration(text: &str) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let unit = rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
        if unit.len() == rest.len() {
            return false;
        }
        match unit.strip_prefix(['h', 'm', 's']) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    !text.is_empty() && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte))
}

/// Refuses the extensions (`L`, `W`, `#`, weekday 7) that the parser here knows and the operator does not.
fn standard_only(fields: &[&str], weekday: &str) -> Result<(), String> {
    let months = [
        "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ];
    let days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
    for (position, field) in fields.iter().enumerate() {
        let names: &[&str] = match position {
            4 => &months,
            5 => &days,
            _ => &[],
        };
        for word in field.split(|byte: char| !byte.is_ascii_alphabetic()) {
            if !word.is_empty() && !names.contains(&word.to_ascii_uppercase().as_str()) {
                return Err(format!("`{word}` is not known in `{field}`"));
            }
        }
        if field.contains(|byte: char| !byte.is_ascii_alphanumeric() && !"*/,-?".contains(byte)) {
            return Err(format!("`{field}` has a character that is not allowed"));
        }
    }
    let is_seven = |part: &str| {
        let range = part.split('/').next().unwrap_or_default();
        range.split('-').any(|number| number == "7")
    };
    if weekday.split(',').any(is_seven) {
        return Err("day of week is 0 (Sunday) to 6".to_owned());
    }
    Ok(())
}
