//! Numbers and units as PostgreSQL reads them in its configuration.
//!
//! PostgreSQL uses C's `strtol` with base 0 (so `0x` and a leading `0` count), falls back to `strtod`
//! for fractions and exponents, and rounds a fraction of a unit to the next smaller unit.

/// What a unit measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Memory,
    Time,
}

/// The unit in which a parameter is stored, for example blocks of 8 kB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    pub text: &'static str,
    pub family: Family,
    /// Size in bytes or microseconds.
    pub size: f64,
}

/// Units that a value may carry, largest first.
const MEMORY: [(&str, f64); 5] = [
    ("TB", 1_099_511_627_776.0),
    ("GB", 1_073_741_824.0),
    ("MB", 1_048_576.0),
    ("kB", 1024.0),
    ("B", 1.0),
];
const TIME: [(&str, f64); 6] = [
    ("d", 86_400_000_000.0),
    ("h", 3_600_000_000.0),
    ("min", 60_000_000.0),
    ("s", 1_000_000.0),
    ("ms", 1000.0),
    ("us", 1.0),
];

impl Unit {
    /// The unit as `pg_settings` writes it.
    pub fn parse(text: &'static str) -> Option<Self> {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (count, name) = text.split_at(digits);
        let count = if count.is_empty() {
            1.0
        } else {
            count.parse().ok()?
        };
        let find = |table: &[(&str, f64)]| {
            table
                .iter()
                .find(|(unit, _)| *unit == name)
                .map(|(_, size)| *size)
        };
        let (family, size) = match find(&MEMORY) {
            Some(size) => (Family::Memory, size),
            None => (Family::Time, find(&TIME)?),
        };
        Some(Self {
            text,
            family,
            size: count * size,
        })
    }

    fn table(&self) -> &'static [(&'static str, f64)] {
        match self.family {
            Family::Memory => &MEMORY,
            Family::Time => &TIME,
        }
    }

    /// The spellings that a value may use, for messages.
    pub fn accepted(&self) -> String {
        let names: Vec<String> = self
            .table()
            .iter()
            .rev()
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        names.join(", ")
    }

    /// `number` of the unit `name`, in this unit.
    fn convert(&self, number: f64, name: &str) -> Option<f64> {
        let table = self.table();
        let index = table.iter().position(|(unit, _)| *unit == name)?;
        let value = number * (table[index].1 / self.size);
        Some(match table.get(index + 1) {
            Some((_, smaller)) => {
                let step = smaller / self.size;
                (value / step).round_ties_even() * step
            }
            None => value,
        })
    }

    /// `number` of this unit in the largest unit that divides it, as `SHOW` prints it.
    pub fn show(&self, number: i64) -> String {
        if number <= 0 {
            return format!("{number}");
        }
        let total = number as f64 * self.size;
        let fits = |(_, size): &&(&str, f64)| total >= *size && total % size == 0.0;
        match self.table().iter().find(fits) {
            Some((name, size)) => format!("{}{name}", total / size),
            None => format!("{number}{}", self.text),
        }
    }
}

/// Why a text is no number for a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotANumber {
    Syntax,
    /// The parameter has no unit, the text has one.
    NoUnit,
    UnknownUnit,
    /// Beyond 32 bits.
    Overflow,
}

/// An integer in the parameter's unit.
pub fn parse_integer(text: &str, unit: Option<&Unit>) -> Result<i64, NotANumber> {
    let digits = text.trim_start_matches(is_space);
    let (number, rest) = match integer_prefix(digits) {
        Some((number, rest)) if !rest.starts_with(['.', 'e', 'E']) => (number, rest),
        Some(_) => float_prefix(digits).ok_or(NotANumber::Syntax)?,
        // Only a text that begins with the point itself is read as a fraction.
        None if text.starts_with('.') => float_prefix(text).ok_or(NotANumber::Syntax)?,
        None => return Err(NotANumber::Syntax),
    };
    let value = with_unit(number, rest, unit)?.round_ties_even();
    if value > f64::from(i32::MAX) || value < f64::from(i32::MIN) {
        return Err(NotANumber::Overflow);
    }
    Ok(value as i64)
}

/// A real number in the parameter's unit.
pub fn parse_real(text: &str, unit: Option<&Unit>) -> Result<f64, NotANumber> {
    let (number, rest) =
        float_prefix(text.trim_start_matches(is_space)).ok_or(NotANumber::Syntax)?;
    with_unit(number, rest, unit)
}

fn with_unit(number: f64, rest: &str, unit: Option<&Unit>) -> Result<f64, NotANumber> {
    let name = rest.trim_matches(is_space);
    match unit {
        _ if name.is_empty() => Ok(number),
        None => Err(NotANumber::NoUnit),
        Some(unit) => unit.convert(number, name).ok_or(NotANumber::UnknownUnit),
    }
}

/// C's `isspace` in the C locale.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// `strtol` with base 0. Values beyond 64 bits become a float, as PostgreSQL reads them again.
fn integer_prefix(text: &str) -> Option<(f64, &str)> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    let hex = unsigned
        .strip_prefix("0x")
        .or_else(|| unsigned.strip_prefix("0X"));
    let (digits, radix) = match hex {
        Some(digits) if digits.starts_with(|c: char| c.is_ascii_hexdigit()) => (digits, 16),
        _ if unsigned.starts_with('0') => (unsigned, 8),
        _ => (unsigned, 10),
    };
    let end = digits
        .find(|c: char| !c.is_digit(radix))
        .unwrap_or(digits.len());
    let (digits, rest) = digits.split_at(end);
    if digits.is_empty() {
        return None;
    }
    match i64::from_str_radix(digits, radix) {
        Ok(number) => Some((sign * number as f64, rest)),
        Err(_) => float_prefix(text),
    }
}

/// `strtod` without the spellings of "not a number", which PostgreSQL refuses.
fn float_prefix(text: &str) -> Option<(f64, &str)> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    let hex = unsigned
        .strip_prefix("0x")
        .or_else(|| unsigned.strip_prefix("0X"));
    let (number, rest) = match hex.and_then(|digits| scan(digits, 16)) {
        Some(found) => found,
        None => infinity(unsigned).or_else(|| scan(unsigned, 10))?,
    };
    Some((sign * number, rest))
}

fn infinity(text: &str) -> Option<(f64, &str)> {
    let word = |length: usize| text.get(..length).map(str::to_ascii_lowercase);
    if word(8).as_deref() == Some("infinity") {
        return Some((f64::INFINITY, &text[8..]));
    }
    (word(3).as_deref() == Some("inf")).then(|| (f64::INFINITY, &text[3..]))
}

/// The longest mantissa with fraction and exponent; `None` without a digit and when it is too large or too small.
fn scan(text: &str, radix: u32) -> Option<(f64, &str)> {
    let run = |from: usize| {
        text[from..]
            .find(|c: char| !c.is_digit(radix))
            .map_or(text.len(), |length| from + length)
    };
    let whole = run(0);
    let fraction = if text[whole..].starts_with('.') {
        run(whole + 1)
    } else {
        whole
    };
    let digits = fraction - usize::from(fraction > whole);
    if digits == 0 {
        return None;
    }
    let (exponent, end) = exponent(
        text,
        fraction,
        if radix == 16 { ['p', 'P'] } else { ['e', 'E'] },
    );
    let number = if radix == 10 {
        text[..end].parse::<f64>().ok()?
    } else {
        hexadecimal(
            &text[..whole],
            text.get(whole + 1..fraction).unwrap_or(""),
            exponent,
        )
    };
    let vanished = number == 0.0 && text[..fraction].contains(|c: char| c != '.' && c != '0');
    (number.is_finite() && !vanished).then(|| (number, &text[end..]))
}

/// The exponent after the mantissa that ends at `at`, and where it ends; it counts only with digits.
fn exponent(text: &str, at: usize, marks: [char; 2]) -> (i32, usize) {
    let Some(rest) = text[at..].strip_prefix(marks) else {
        return (0, at);
    };
    let unsigned = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    let length = unsigned
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(unsigned.len());
    if length == 0 {
        return (0, at);
    }
    let end = text.len() - unsigned.len() + length;
    (text[at + 1..end].parse().unwrap_or(i32::MAX), end)
}

fn hexadecimal(whole: &str, fraction: &str, exponent: i32) -> f64 {
    let digit = |c: char| f64::from(c.to_digit(16).unwrap_or(0));
    let mantissa = whole
        .chars()
        .chain(fraction.chars())
        .fold(0.0, |sum, c| sum * 16.0 + digit(c));
    mantissa * 2f64.powi(exponent.saturating_sub(4 * fraction.len() as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(text: &'static str) -> Unit {
        Unit::parse(text).unwrap()
    }

    #[test]
    fn integers_are_read_as_c_reads_them() {
        for (text, expected) in [
            ("10", Ok(10)),
            ("  -7 ", Ok(-7)),
            ("+3", Ok(3)),
            ("0x10", Ok(16)),
            ("010", Ok(8)),
            ("1.5", Ok(2)),
            ("2.5", Ok(2)),
            ("1e3", Ok(1000)),
            (".5", Ok(0)),
            ("-.5", Err(NotANumber::Syntax)),
            ("", Err(NotANumber::Syntax)),
            ("ten", Err(NotANumber::Syntax)),
            ("08", Err(NotANumber::NoUnit)),
            ("1 0", Err(NotANumber::NoUnit)),
            ("10kB", Err(NotANumber::NoUnit)),
            ("3000000000", Err(NotANumber::Overflow)),
            ("99999999999999999999", Err(NotANumber::Overflow)),
            ("inf", Err(NotANumber::Syntax)),
        ] {
            assert_eq!(parse_integer(text, None), expected, "{text:?}");
        }
    }

    #[test]
    fn memory_and_time_are_converted_to_the_unit_of_the_parameter() {
        for (text, base, expected) in [
            ("1GB", "8kB", Ok(131_072)),
            ("1024MB", "8kB", Ok(131_072)),
            ("131072", "8kB", Ok(131_072)),
            ("1.5GB", "MB", Ok(1536)),
            ("30.1GB", "kB", Ok(31_561_728)),
            ("64 MB", "kB", Ok(65_536)),
            ("1000B", "kB", Ok(1)),
            ("1kb", "kB", Err(NotANumber::UnknownUnit)),
            ("1G", "kB", Err(NotANumber::UnknownUnit)),
            ("1min", "kB", Err(NotANumber::UnknownUnit)),
            ("5min", "s", Ok(300)),
            ("1d", "min", Ok(1440)),
            ("1500us", "ms", Ok(2)),
            ("1.5h", "min", Ok(90)),
            ("1 TB", "B", Err(NotANumber::Overflow)),
        ] {
            assert_eq!(
                parse_integer(text, Some(&unit(base))),
                expected,
                "{text:?} in {base}"
            );
        }
    }

    #[test]
    fn reals_take_exponents_hexadecimal_and_units() {
        for (text, base, expected) in [
            ("0.5", None, Ok(0.5)),
            (".5", None, Ok(0.5)),
            ("1e-3", None, Ok(0.001)),
            ("0x1.8p1", None, Ok(3.0)),
            ("-Infinity", None, Ok(f64::NEG_INFINITY)),
            ("nan", None, Err(NotANumber::Syntax)),
            ("1e999", None, Err(NotANumber::Syntax)),
            ("1s", Some("ms"), Ok(1000.0)),
            ("500us", Some("ms"), Ok(0.5)),
        ] {
            assert_eq!(
                parse_real(text, base.map(unit).as_ref()),
                expected,
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_number_is_shown_in_the_largest_unit_that_divides_it() {
        assert_eq!(unit("8kB").show(131_072), "1GB");
        assert_eq!(unit("8kB").show(16), "128kB");
        assert_eq!(unit("kB").show(1_048_577), "1048577kB");
        assert_eq!(unit("s").show(90), "90s");
        assert_eq!(unit("ms").show(-1), "-1");
    }
}
