//! Kubernetes quantities (`500m`, `48Gi`, `1e3`): exact, compared by meaning.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// Nano-units per unit; the API server keeps nothing finer and rounds up.
const NANO: i128 = 1_000_000_000;

const BINARY: [(&str, u32); 6] = [
    ("Ki", 10),
    ("Mi", 20),
    ("Gi", 30),
    ("Ti", 40),
    ("Pi", 50),
    ("Ei", 60),
];
const DECIMAL: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];

/// Which family of suffixes the canonical form uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Binary,
    Decimal,
    Exponent,
}

/// An amount. Equal amounts are equal, however they are written.
#[derive(Clone, Copy, Debug)]
pub struct Quantity {
    nano: i128,
    format: Format,
}

/// A text that is not a quantity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a quantity such as `500m`, `2`, `16Gi` or `1e3`")]
pub struct ParseQuantityError(String);

impl Quantity {
    /// Whole units, rounded up: bytes of a size, cores of a processor amount.
    pub fn units(self) -> i128 {
        div_up(self.nano, NANO)
    }

    /// Thousandths, rounded up.
    pub fn millis(self) -> i128 {
        div_up(self.nano, NANO / 1000)
    }
}

/// Whether two texts mean the same amount; texts that are no quantities are compared as such.
pub fn same(one: &str, other: &str) -> bool {
    match (one.parse::<Quantity>(), other.parse::<Quantity>()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

impl FromStr for Quantity {
    type Err = ParseQuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| ParseQuantityError(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Quantity> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let end = unsigned
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let places = i32::try_from(fraction.len()).ok()?;
    let (nano, format) = scaled(digits, places, suffix)?;
    let nano = if negative { -nano } else { nano };
    Some(Quantity { nano, format })
}

/// `digits` with `places` decimal places, times the suffix, in nano-units rounded up.
fn scaled(digits: i128, places: i32, suffix: &str) -> Option<(i128, Format)> {
    if let Some((_, bits)) = BINARY.iter().find(|(name, _)| *name == suffix) {
        let nano = shift(digits.checked_mul(1 << bits)?, 9 - places)?;
        return Some((nano, Format::Binary));
    }
    if let Some((_, exponent)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        return Some((shift(digits, 9 - places + exponent)?, Format::Decimal));
    }
    let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    Some((
        shift(digits, exponent.checked_add(9 - places)?)?,
        Format::Exponent,
    ))
}

/// `value` times ten to the power, rounded up.
fn shift(value: i128, power: i32) -> Option<i128> {
    if value == 0 {
        return Some(0);
    }
    let ten = 10_i128.checked_pow(power.unsigned_abs());
    match (ten, power >= 0) {
        (Some(ten), true) => value.checked_mul(ten),
        (Some(ten), false) => Some(div_up(value, ten)),
        (None, true) => None,
        (None, false) => Some(1),
    }
}

/// Division that rounds away from zero.
fn div_up(value: i128, by: i128) -> i128 {
    let quotient = value / by;
    if value % by == 0 {
        quotient
    } else {
        quotient + value.signum()
    }
}

impl fmt::Display for Quantity {
    /// The canonical form: no fraction, the largest suffix that loses nothing.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nano == 0 {
            return write!(out, "0");
        }
        // Binary suffixes are kept for whole units only, from 1Ki on.
        if self.format == Format::Binary && self.nano.abs() >= 1024 * NANO && self.nano % NANO == 0
        {
            let (mut units, mut suffix) = (self.units(), "");
            for (name, _) in BINARY {
                if units % 1024 != 0 {
                    break;
                }
                units /= 1024;
                suffix = name;
            }
            return write!(out, "{units}{suffix}");
        }
        let (mut mantissa, mut exponent) = (self.nano, -9);
        while exponent < 18 && mantissa % 1000 == 0 {
            mantissa /= 1000;
            exponent += 3;
        }
        if self.format == Format::Exponent {
            return if exponent == 0 {
                write!(out, "{mantissa}")
            } else {
                write!(out, "{mantissa}e{exponent}")
            };
        }
        let suffix = DECIMAL
            .iter()
            .find(|(_, power)| *power == exponent)
            .map_or("", |(name, _)| name);
        write!(out, "{mantissa}{suffix}")
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nano == other.nano
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nano.cmp(&other.nano)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> String {
        text.parse::<Quantity>().unwrap().to_string()
    }

    #[test]
    fn equal_amounts_are_equal_however_written() {
        for (one, other) in [
            ("1", "1000m"),
            ("0.5", "500m"),
            ("1024Mi", "1Gi"),
            ("1e3", "1k"),
            ("1.5Gi", "1536Mi"),
            ("6", "6.0"),
            (".5", "500m"),
            ("5.", "5"),
            ("+2", "2"),
            ("1E", "1e18"),
            ("1G", "1000M"),
            ("-1", "-1000m"),
            ("0", "0Gi"),
        ] {
            assert!(same(one, other), "{one} {other}");
        }
        assert!(!same("1G", "1Gi") && !same("16GB", "16G") && same("x", "x"));
    }

    #[test]
    fn amounts_are_ordered() {
        let amount = |text: &str| text.parse::<Quantity>().unwrap();
        assert!(
            amount("1G") < amount("1Gi")
                && amount("999m") < amount("1")
                && amount("-1") < amount("0")
        );
        assert_eq!(amount("1Gi").units(), 1 << 30);
        assert_eq!(
            (amount("1500m").units(), amount("1500m").millis()),
            (2, 1500)
        );
    }

    #[test]
    fn the_canonical_form_is_that_of_the_api_server() {
        for (text, wanted) in [
            ("1000m", "1"),
            ("1500m", "1500m"),
            ("1024Mi", "1Gi"),
            ("1536Mi", "1536Mi"),
            ("1.5Gi", "1536Mi"),
            ("100000", "100k"),
            ("1e3", "1e3"),
            ("12e6", "12e6"),
            ("0.000000001", "1n"),
            ("0.5Gi", "512Mi"),
            ("1Ki", "1Ki"),
            ("0.5Ki", "512"),
            ("0", "0"),
            ("-1024Mi", "-1Gi"),
            ("0.1", "100m"),
            ("1.00000000001", "1000000001n"),
        ] {
            assert_eq!(canonical(text), wanted, "{text}");
        }
    }

    #[test]
    fn huge_and_tiny_amounts_are_exact_or_refused() {
        assert_eq!(canonical("10E"), "10E");
        assert_eq!(canonical("1e-40"), "1e-9");
        assert!("1e40".parse::<Quantity>().is_err());
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        for text in [
            "", "-", ".", "Gi", "1.2.3", "1gb", "1KB", "1 Gi", "--1", "1e", "1e1.5", "ten", "1e99",
            "é",
        ] {
            assert!(text.parse::<Quantity>().is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn the_canonical_form_means_the_same(text in "-?[0-9]{1,12}(\\.[0-9]{1,9})?(n|u|m|k|M|G|Ki|Mi|Gi|e3|e-3|E2)?") {
            let amount: Quantity = text.parse().unwrap();
            let canonical = amount.to_string();
            let again: Quantity = canonical.parse().unwrap();
            proptest::prop_assert_eq!(again.to_string(), canonical);
            proptest::prop_assert_eq!(again, amount);
        }

        #[test]
        fn any_text_is_a_quantity_or_an_error(text in ".{0,20}") {
            let _ = text.parse::<Quantity>();
        }
    }
}
