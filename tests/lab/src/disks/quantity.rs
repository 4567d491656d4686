//! Sizes in Kubernetes' notation. Azure makes disks of whole GiB.

const GIB: u128 = 1 << 30;

/// Bytes of a quantity such as `10Gi`, `1500M`, `1e9` or `1.5Gi`; fractions of a byte are rounded up.
pub fn bytes(quantity: &str) -> Option<u128> {
    let digits = quantity
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(quantity.len());
    let (number, suffix) = quantity.split_at(digits);
    let factor = match suffix {
        "" => 1,
        "k" => 1000,
        "M" => 1000_u128.pow(2),
        "G" => 1000_u128.pow(3),
        "T" => 1000_u128.pow(4),
        "P" => 1000_u128.pow(5),
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => GIB,
        "Ti" => 1 << 40,
        "Pi" => 1 << 50,
        _ => 10_u128.checked_pow(suffix.strip_prefix(['e', 'E'])?.parse().ok()?)?,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let scale = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let scaled: u128 = format!("{whole}{fraction}").parse().ok()?;
    Some(scaled.checked_mul(factor)?.div_ceil(scale))
}

/// The size of the disk that fits a request, as the volume reports it.
pub fn disk_size(quantity: &str) -> Option<String> {
    Some(format!("{}Gi", bytes(quantity)?.div_ceil(GIB).max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_of_all_notations_are_read() {
        for (quantity, expected) in [
            ("1", 1),
            ("1Ki", 1024),
            ("2k", 2000),
            ("1.5Gi", 3 << 29),
            ("1e9", 1_000_000_000),
            ("10Gi", 10 << 30),
        ] {
            assert_eq!(bytes(quantity), Some(expected), "{quantity}");
        }
        for wrong in ["", "Gi", "1Xi", "-1Gi", "1ee3"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn disks_are_whole_gibibytes() {
        assert_eq!(disk_size("10Gi").unwrap(), "10Gi");
        assert_eq!(disk_size("1500Mi").unwrap(), "2Gi");
        assert_eq!(disk_size("1").unwrap(), "1Gi");
        assert_eq!(disk_size("1Ti").unwrap(), "1024Gi");
    }
}
