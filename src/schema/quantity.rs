//! Kubernetes quantities by exact value: `1Gi` is `1024Mi`, `0.5` is `500m`.

use std::cmp::Ordering;

/// A quantity as a whole number of billionths, which is the finest that Kubernetes keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Quantity {
    nano: i128,
}

impl Quantity {
    /// `None` when `text` is no quantity, or beyond what one can hold. Parts below a billionth are rounded up, as Kubernetes does.
    pub fn parse(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let end = unsigned
            .find(|char: char| !char.is_ascii_digit() && char != '.')
            .unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return None;
        }
        let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
        let (factor, exponent) = unit(suffix)?;
        let power = exponent - i32::try_from(fraction.len()).ok()? + 9;
        let nano = scale(digits.checked_mul(factor)?, power)?;
        let nano = if text.starts_with('-') { -nano } else { nano };
        Some(Quantity { nano })
    }

    /// The value in units of one, rounded up: bytes, cores.
    pub fn ceil(self) -> i128 {
        let (whole, rest) = (
            self.nano.div_euclid(1_000_000_000),
            self.nano.rem_euclid(1_000_000_000),
        );
        whole + i128::from(rest > 0)
    }

    /// The value in thousandths, rounded up.
    pub fn milli(self) -> i128 {
        let (whole, rest) = (
            self.nano.div_euclid(1_000_000),
            self.nano.rem_euclid(1_000_000),
        );
        whole + i128::from(rest > 0)
    }

    /// Compares two texts by value; `None` unless both are quantities.
    pub fn compare(left: &str, right: &str) -> Option<Ordering> {
        Some(Quantity::parse(left)?.cmp(&Quantity::parse(right)?))
    }
}

/// The factor and the power of ten of a unit.
fn unit(suffix: &str) -> Option<(i128, i32)> {
    let unit = match suffix {
        "" => (1, 0),
        "n" => (1, -9),
        "u" => (1, -6),
        "m" => (1, -3),
        "k" => (1, 3),
        "M" => (1, 6),
        "G" => (1, 9),
        "T" => (1, 12),
        "P" => (1, 15),
        "E" => (1, 18),
        "Ki" => (1 << 10, 0),
        "Mi" => (1 << 20, 0),
        "Gi" => (1 << 30, 0),
        "Ti" => (1 << 40, 0),
        "Pi" => (1 << 50, 0),
        "Ei" => (1 << 60, 0),
        other => {
            let exponent = other.strip_prefix(['e', 'E'])?;
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            (
                1,
                exponent
                    .parse()
                    .ok()
                    .filter(|e: &i32| is_number && e.abs() < 1000)?,
            )
        }
    };
    Some(unit)
}

fn scale(number: i128, power: i32) -> Option<i128> {
    let factor = 10_i128.checked_pow(power.unsigned_abs());
    match (power >= 0, factor) {
        (true, Some(factor)) => number.checked_mul(factor),
        (true, None) => (number == 0).then_some(0),
        (false, Some(factor)) => Some(number / factor + i128::from(number % factor > 0)),
        (false, None) => Some(i128::from(number > 0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_compare_by_value() {
        let equal = |left, right| Quantity::compare(left, right) == Some(Ordering::Equal);
        assert!(equal("1Gi", "1024Mi"));
        assert!(equal("0.5", "500m"));
        assert!(equal("1e3", "1k"));
        assert!(equal("1E", "1000P"));
        assert!(equal("0.1", "100m"));
        assert_eq!(Quantity::compare("1G", "1Gi"), Some(Ordering::Less));
        assert_eq!(Quantity::compare("-1", "0"), Some(Ordering::Less));
        assert_eq!(Quantity::compare("1", "x"), None);
    }

    #[test]
    fn quantities_are_read_in_units() {
        assert_eq!(Quantity::parse("1.5Gi").unwrap().ceil(), 1_610_612_736);
        assert_eq!(Quantity::parse("1500m").unwrap().ceil(), 2);
        assert_eq!(Quantity::parse("1.5").unwrap().milli(), 1500);
        assert_eq!(Quantity::parse("0.0000000001").unwrap().nano, 1);
        assert_eq!(Quantity::parse(&"9".repeat(60)), None);
        assert_eq!(Quantity::parse("1e999"), None);
    }
}
