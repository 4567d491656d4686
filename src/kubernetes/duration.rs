//! Durations as Kubernetes writes them (`90s`, `1h30m0s`): exact, compared by meaning.

use std::fmt;
use std::str::FromStr;
use std::time::Duration as StdDuration;

/// Longest names first, so that `ms` is not read as minutes.
const UNITS: [(&str, u64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// A span of time that is not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(StdDuration);

/// A text that is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration such as `30s`, `5m` or `1h30m`")]
pub struct ParseDurationError(String);

impl From<StdDuration> for Duration {
    fn from(duration: StdDuration) -> Self {
        Self(duration)
    }
}

impl From<Duration> for StdDuration {
    fn from(duration: Duration) -> Self {
        duration.0
    }
}

/// Whether two texts mean the same span; texts that are no durations are compared as such.
pub fn same(one: &str, other: &str) -> bool {
    match (one.parse::<Duration>(), other.parse::<Duration>()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

impl FromStr for Duration {
    type Err = ParseDurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        nanoseconds(text)
            .map(|nanos| Self(StdDuration::from_nanos(nanos)))
            .ok_or_else(|| ParseDurationError(text.to_owned()))
    }
}

fn nanoseconds(text: &str) -> Option<u64> {
    if text == "0" {
        return Some(0);
    }
    let mut rest = text;
    let mut total: u64 = 0;
    while !rest.is_empty() || text.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(end);
        let (name, unit) = UNITS.iter().find(|(name, _)| unit_of(tail) == *name)?;
        total = total.checked_add(amount(number, *unit)?)?;
        rest = &tail[name.len()..];
    }
    Some(total)
}

fn unit_of(tail: &str) -> &str {
    let end = tail
        .find(|c: char| c.is_ascii_digit() || c == '.')
        .unwrap_or(tail.len());
    &tail[..end]
}

fn amount(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') || fraction.len() > 18 {
        return None;
    }
    let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
    let places = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    u64::try_from(digits.checked_mul(u128::from(unit))? / places).ok()
}

impl fmt::Display for Duration {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanos) = (self.0.as_secs(), self.0.subsec_nanos());
        if seconds == 0 && nanos > 0 {
            return match nanos {
                n if n % 1_000_000 == 0 => write!(out, "{}ms", n / 1_000_000),
                n if n % 1_000 == 0 => write!(out, "{}µs", n / 1_000),
                n => write!(out, "{n}ns"),
            };
        }
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        if hours > 0 {
            write!(out, "{hours}h")?;
        }
        if hours > 0 || minutes > 0 {
            write!(out, "{minutes}m")?;
        }
        write!(out, "{}", seconds % 60)?;
        if nanos > 0 {
            write!(out, ".{}", format!("{nanos:09}").trim_end_matches('0'))?;
        }
        write!(out, "s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_spans_are_equal_however_written() {
        for (one, other) in [
            ("90s", "1m30s"),
            ("1h", "60m"),
            ("1.5h", "1h30m0s"),
            ("0", "0s"),
            ("1000ms", "1s"),
        ] {
            assert!(same(one, other), "{one} {other}");
        }
        assert!(!same("1m", "1ms"));
    }

    #[test]
    fn printed_as_go_prints_them() {
        for (text, wanted) in [
            ("90s", "1m30s"),
            ("1.5h", "1h30m0s"),
            ("0", "0s"),
            ("1500ms", "1.5s"),
            ("5ms", "5ms"),
        ] {
            assert_eq!(text.parse::<Duration>().unwrap().to_string(), wanted);
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "5",
            "s",
            "1d",
            "-1s",
            "1s2",
            "1.2.3s",
            "99999999999h",
            "1 s",
        ] {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }
}
