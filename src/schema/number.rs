//! Decimal numbers as text in one canonical form, so that equal numbers are equal text and nothing is rounded.

use super::value::Number;

/// Integers and fractions up to this many digits are written out, longer ones with an exponent.
const PLAIN_DIGITS: i64 = 40;
/// Far beyond what any number in a configuration needs; keeps arithmetic on exponents inside `i64`.
const MAX_EXPONENT: i64 = 1_000_000;

/// Digits without leading and trailing zeros, times ten to the power of `exponent`. Zero has no digits.
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Number {
    /// The canonical form of decimal text such as `-1.50e3`; `None` when `text` is no decimal number.
    pub fn parse(text: &str) -> Option<Self> {
        parse_decimal(text).map(|decimal| Number::from_text(canonical(&decimal)))
    }

    /// Every finite float is an exact decimal fraction; that fraction, not the shortest text that rounds to the same float.
    pub fn from_f64(float: f64) -> Option<Self> {
        if !float.is_finite() {
            return None;
        }
        Number::parse(&format!("{float:.1074}"))
    }

    /// Not an integer.
    pub fn is_fraction(&self) -> bool {
        parse_decimal(self.as_str()).is_some_and(|decimal| decimal.exponent < 0)
    }

    /// The float that is exactly this number, if there is one.
    pub fn as_exact_f64(&self) -> Option<f64> {
        let float = self.as_f64().filter(|float| float.is_finite())?;
        let exact = Number::from_f64(float)?;
        (Number::parse(self.as_str())? == exact).then_some(float)
    }
}

fn parse_decimal(text: &str) -> Option<Decimal> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], parse_exponent(&unsigned[at + 1..])?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0');
    let digits = significant.trim_end_matches('0');
    let dropped = i64::try_from(significant.len() - digits.len()).ok()?;
    let exponent = exponent - i64::try_from(fraction.len()).ok()? + dropped;
    (exponent.abs() <= MAX_EXPONENT || digits.is_empty()).then(|| Decimal {
        negative: negative && !digits.is_empty(),
        digits: digits.to_owned(),
        exponent: if digits.is_empty() { 0 } else { exponent },
    })
}

fn parse_exponent(text: &str) -> Option<i64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let exponent: i64 = text.parse().ok()?;
    (exponent.abs() <= 2 * MAX_EXPONENT).then_some(exponent)
}

fn canonical(decimal: &Decimal) -> String {
    let Decimal {
        negative,
        digits,
        exponent,
    } = decimal;
    let sign = if *negative { "-" } else { "" };
    let count = digits.len() as i64;
    if digits.is_empty() {
        return "0".to_owned();
    }
    if *exponent >= 0 && count + exponent <= PLAIN_DIGITS {
        return format!("{sign}{digits}{}", "0".repeat(*exponent as usize));
    }
    if *exponent < 0 && -exponent <= PLAIN_DIGITS {
        let padded = format!("{digits:0>width$}", width = (-exponent + 1) as usize);
        let point = padded.len() - (-exponent) as usize;
        return format!("{sign}{}.{}", &padded[..point], &padded[point..]);
    }
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    format!("{sign}{first}{point}{rest}e{}", exponent + count - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(input: &str) -> Option<String> {
        Number::parse(input).map(|number| number.as_str().to_owned())
    }

    #[test]
    fn equal_numbers_have_equal_text() {
        for (input, expected) in [
            ("0", "0"),
            ("-0.00", "0"),
            ("007", "7"),
            ("3.0", "3"),
            ("1.50", "1.5"),
            ("+15e-1", "1.5"),
            ("1e3", "1000"),
            ("0.00012", "0.00012"),
            ("-12.5E+2", "-1250"),
            ("9223372036854775808", "9223372036854775808"),
            ("1e400", "1e400"),
            ("12e-400", "1.2e-399"),
            (".5", "0.5"),
            ("5.", "5"),
        ] {
            assert_eq!(text(input).as_deref(), Some(expected), "{input}");
        }
    }

    #[test]
    fn text_that_is_no_number_is_refused() {
        for input in [
            "",
            "-",
            ".",
            "e5",
            "1e",
            "1e+",
            "0x10",
            "1_000",
            "inf",
            "NaN",
            "1.2.3",
            " 1",
            "--1",
            "1e99999999999",
        ] {
            assert_eq!(text(input), None, "{input}");
        }
    }

    #[test]
    fn floats_are_taken_exactly() {
        assert_eq!(Number::from_f64(0.5).unwrap().as_str(), "0.5");
        assert_eq!(Number::from_f64(3.0).unwrap().as_str(), "3");
        assert_eq!(
            Number::from_f64(0.1).unwrap().as_str(),
            "1.000000000000000055511151231257827021181583404541015625e-1"
        );
        assert!(Number::from_f64(f64::INFINITY).is_none());
        assert_eq!(Number::from_text("0.1").as_exact_f64(), None);
        assert_eq!(Number::from_text("0.25").as_exact_f64(), Some(0.25));
        assert_eq!(Number::from_f64(0.1).unwrap().as_exact_f64(), Some(0.1));
    }
}
