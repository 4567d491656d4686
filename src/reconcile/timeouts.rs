//! The `timeouts` block that every resource may have.

use std::time::Duration;

use crate::schema::value::Value;

/// What is being done, with its time when nothing is configured.
#[derive(Clone, Copy, Debug)]
pub enum Operation {
    Create,
    Read,
    Update,
    Delete,
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Operation::Create => "create",
            Operation::Read => "read",
            Operation::Update => "update",
            Operation::Delete => "delete",
        }
    }

    fn default(self) -> Duration {
        Duration::from_secs(
            60 * match self {
                Operation::Create | Operation::Update => 60,
                Operation::Read => 5,
                Operation::Delete => 30,
            },
        )
    }
}

/// The time allowed for an operation on the resource with this value.
pub fn of(value: &Value, operation: Operation) -> Duration {
    value
        .member("timeouts")
        .as_list()
        .and_then(<[Value]>::first)
        .and_then(|block| block.member(operation.name()).as_str())
        .and_then(|text| parse(text).ok())
        .unwrap_or_else(|| operation.default())
}

/// A duration as Terraform's users write it: `90s`, `60m`, `1h30m`.
pub fn parse(text: &str) -> Result<Duration, String> {
    let invalid = || {
        format!(
            "`{text}` is not a duration: write hours, minutes and seconds, such as `90s`, `60m` or `1h30m`"
        )
    };
    let mut seconds = 0u64;
    let mut number = String::new();
    for letter in text.chars() {
        let unit = match letter {
            '0'..='9' => {
                number.push(letter);
                continue;
            }
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return Err(invalid()),
        };
        let count: u64 = number.parse().map_err(|_| invalid())?;
        seconds = count
            .checked_mul(unit)
            .and_then(|part| seconds.checked_add(part))
            .ok_or_else(invalid)?;
        number.clear();
    }
    if !number.is_empty() || seconds == 0 {
        return Err(invalid());
    }
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_terraform_writes_them() {
        assert_eq!(parse("60m"), Ok(Duration::from_secs(3600)));
        assert_eq!(parse("1h30m"), Ok(Duration::from_secs(5400)));
        for wrong in ["", "60", "m", "1d", "-5m", "0s", "99999999999999999999h"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
