//! Sizes that CloudNativePG's webhook reads too, with a parser of its own.
//!
//! The webhook compares `shared_buffers`, `min_wal_size` and `max_wal_size` with memory and volumes. It reads
//! a bare number as megabytes, wants every unit to end in `B`, and knows neither exponents nor `0x`. A value
//! is good only when PostgreSQL and the webhook read the same from it.

/// The parameters that the webhook reads.
pub const READ_BY_WEBHOOK: [&str; 3] = ["max_wal_size", "min_wal_size", "shared_buffers"];

const UNITS: [(&str, u64); 5] = [
    ("kB", 1 << 10),
    ("MB", 1 << 20),
    ("GB", 1 << 30),
    ("TB", 1 << 40),
    ("B", 1),
];

/// What the webhook makes of a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// So many bytes.
    Bytes(u64),
    /// A number without a unit, which the webhook takes for megabytes.
    BareMegabytes(u64),
}

/// Reads a size as the webhook does; the error says what is expected.
pub fn quantity(text: &str) -> Result<Quantity, String> {
    let refused = || {
        format!(
            "`{text}` is not a size that the operator reads: write for example `16GB` or `512MB`"
        )
    };
    if let Ok(number) = text.parse::<u64>() {
        let octal = text.len() > 1 && text.starts_with('0');
        let bytes = number
            .checked_mul(1 << 20)
            .filter(|_| !octal && !text.starts_with('+'));
        return bytes.map(Quantity::BareMegabytes).ok_or_else(refused);
    }
    let unit = UNITS
        .iter()
        .find_map(|(name, size)| Some((text.strip_suffix(name)?, *size)));
    let (number, size) = unit.ok_or_else(refused)?;
    let number = number.trim_matches(' ');
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    let octal = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || octal || !digits(whole) || !digits(fraction) {
        return Err(refused());
    }
    let value: f64 = number.parse().map_err(|_| refused())?;
    Ok(Quantity::Bytes((value * size as f64) as u64))
}

impl Quantity {
    pub fn bytes(self) -> u64 {
        match self {
            Self::Bytes(bytes) | Self::BareMegabytes(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_end_in_a_capital_b() {
        for (text, bytes) in [
            ("16GB", 16 << 30),
            ("512 MB", 512 << 20),
            ("1.5GB", 3 << 29),
            ("128kB", 128 << 10),
        ] {
            assert_eq!(quantity(text), Ok(Quantity::Bytes(bytes)), "{text}");
        }
        assert_eq!(quantity("80"), Ok(Quantity::BareMegabytes(80 << 20)));
        for text in [
            "", "16G", "16Gi", "16gb", "GB", "0x10MB", "010MB", "010", "1e3MB", "-1GB", "+5MB",
        ] {
            assert!(quantity(text).is_err(), "{text}");
        }
    }
}
