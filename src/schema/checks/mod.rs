//! Rules for attribute values, to be named in declarations: `required().check(checks::port)`.
//!
//! A rule for text applies to a string and to each element of a list, set or map of strings. Rules with a parameter are used through a closure:
//! `.check(|value| checks::arm_id(value, "Microsoft.Network/virtualNetworks/subnets"))`. Each error says what is allowed and what was given;
//! so no rule of this module belongs on a secret.

mod azure;
mod kubernetes;
mod network;
mod number;
mod text;
mod time;

pub use azure::arm_id;
pub use kubernetes::{
    annotations, dns1035_label, dns1123_label, dns1123_subdomain, label_keys, labels, quantity,
};
pub use network::{cidr, url};
pub use number::{between, non_negative, port, positive};
pub use text::{at_most, not_empty, uuid};
pub use time::{cron, retention, rfc3339};

use super::value::Value;

/// Applies a rule to every text in `value`.
fn each_text(value: &Value, rule: &dyn Fn(&str) -> Result<(), String>) -> Result<(), String> {
    match value {
        Value::String(text) => rule(text),
        Value::List(elements) => elements.iter().try_for_each(|e| each_text(e, rule)),
        Value::Map(members) => members.values().try_for_each(|m| each_text(m, rule)),
        _ => Ok(()),
    }
}

/// The usual rule: `expected` tells the allowed form when `allowed` says no.
fn text_is(value: &Value, expected: &str, allowed: impl Fn(&str) -> bool) -> Result<(), String> {
    each_text(value, &|text| {
        if allowed(text) {
            Ok(())
        } else {
            Err(format!("`{text}` is not allowed; {expected}."))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn table(check: fn(&Value) -> Result<(), String>, allowed: &[&str], refused: &[&str]) {
        for text in allowed {
            assert_eq!(check(&Value::from(*text)), Ok(()), "{text}");
        }
        for text in refused {
            let error = check(&Value::from(*text)).unwrap_err();
            assert!(error.contains(&format!("`{text}`")), "{text}: {error}");
            assert!(error.ends_with('.'), "{error}");
        }
    }

    #[test]
    fn names() {
        let long = "a".repeat(64);
        table(
            dns1035_label,
            &["a", "a-1"],
            &["", "1a", "A", "a-", "a.b", &long],
        );
        table(
            dns1123_label,
            &["1a", "a"],
            &["", "-a", "a_b", "a.b", &long],
        );
        table(dns1123_subdomain, &["a.b-c.1"], &["", "a..b", ".a", "A"]);
        table(not_empty, &["x"], &["", "  "]);
        table(
            uuid,
            &["6f9619ff-8b86-d011-b42d-00c04fc964ff"],
            &[
                "",
                "6f9619ff8b86d011b42d00c04fc964ff",
                "{6f9619ff-8b86-d011-b42d-00c04fc964ff}",
            ],
        );
        assert!(at_most(&"abc".into(), 2).is_err());
    }

    #[test]
    fn numbers() {
        let check = |check: fn(&Value) -> Result<(), String>, number| check(&Value::int(number));
        assert!(check(positive, 1).is_ok() && check(positive, 0).is_err());
        assert!(check(non_negative, 0).is_ok() && check(non_negative, -1).is_err());
        assert!(check(port, 65535).is_ok() && check(port, 65536).is_err());
        assert!(between(&Value::int(7), 7, 35).is_ok());
        assert_eq!(
            between(&Value::int(6), 7, 35),
            Err("6 is not allowed; it must be a whole number from 7 to 35.".to_owned())
        );
    }

    #[test]
    fn arm_ids() {
        let subnet = |value: &Value| arm_id(value, "Microsoft.Network/virtualNetworks/subnets");
        let base =
            "/subscriptions/6f9619ff-8b86-d011-b42d-00c04fc964ff/resourceGroups/rg/providers";
        table(
            subnet,
            &[
                &format!("{base}/Microsoft.Network/virtualNetworks/v/subnets/s"),
                &format!("{base}/microsoft.network/virtualnetworks/v/subnets/s"),
            ],
            &[
                "subnet",
                &format!("{base}/Microsoft.Network/virtualNetworks/v"),
                &format!("{base}/Microsoft.Network/virtualNetworks/v/subnets/"),
                &format!("{base}/Microsoft.Network/virtualNetworks/v/subnets/s/"),
                &format!("{base}/Microsoft.Compute/virtualNetworks/v/subnets/s"),
            ],
        );
        let group = |value: &Value| arm_id(value, "Microsoft.Resources/resourceGroups");
        let id = "/subscriptions/6f9619ff-8b86-d011-b42d-00c04fc964ff/resourceGroups/rg";
        table(group, &[id], &["/subscriptions/x/resourceGroups/rg", "rg"]);
    }

    #[test]
    fn times() {
        table(
            retention,
            &["7d", "12w", "1m"],
            &["0d", "7", "7D", "d", "07d"],
        );
        table(
            cron,
            &[
                "0 0 2 * * *",
                "0 */5 1-3 ? JAN-MAR MON,FRI",
                "@daily",
                "@every 1h30m",
            ],
            &[
                "0 2 * * *",
                "0 0 2 * * * *",
                "0 0 25 * * *",
                "0 0 2 L * *",
                "0 0 2 * * 7",
                "0 0 2 * * 1,3-5/2,7",
                "@sometimes",
                "@every",
                "@every x",
            ],
        );
        let five = cron(&"0 2 * * *".into()).unwrap_err();
        assert!(five.contains("five") && five.contains("seconds"), "{five}");
        table(
            rfc3339,
            &["2024-02-29T23:59:59Z", "2024-01-01T00:00:00.5+02:00"],
            &[
                "2024-01-01",
                "2023-02-29T00:00:00Z",
                "2024-01-01T00:00Z",
                "2024-01-01 00:00:00Z",
                "2024-01-01T00:00:00",
                "20240101T000000Z",
            ],
        );
    }

    #[test]
    fn networks() {
        table(
            url,
            &["https://x.example/a?b"],
            &["x.example", "ftp://x", "https://", "https://u:p@x.example"],
        );
        table(
            cidr,
            &["10.0.0.0/8", "1.2.3.4/32", "fd00::/8", "0.0.0.0/0"],
            &[
                "10.0.0.0",
                "10.0.0.0/33",
                "10.0.0.1/8",
                "10.0.0.0/+8",
                "x/8",
            ],
        );
        assert!(
            cidr(&"10.0.0.1/8".into())
                .unwrap_err()
                .contains("`10.0.0.0/8`")
        );
    }

    #[test]
    fn quantities_and_labels() {
        table(
            quantity,
            &["48Gi", "6", "0.5", "500m", "1e3", "1E", "2E5", "+1", ".5Ki"],
            &["", "Gi", "1gb", "1 Gi", "1e", "1ee3", "-", "0x1", "1.2.3"],
        );
        let map = |key: &str, value: &str| {
            Value::Map([(key.to_owned(), value.into())].into_iter().collect())
        };
        let long = "v".repeat(64);
        assert!(labels(&map("app.kubernetes.io/name", "db_1.x")).is_ok());
        assert!(labels(&map("name", "")).is_ok());
        for (key, value) in [
            ("a b", "x"),
            ("/a", "x"),
            ("A.B/a", "x"),
            ("a", "x y"),
            ("a", &long),
        ] {
            let error = labels(&map(key, value)).unwrap_err();
            assert!(error.contains('`'), "{error}");
        }
        assert!(annotations(&map("a.example/note", "any text, also long")).is_ok());
        assert!(annotations(&map("a b", "x")).is_err());
        assert!(annotations(&map("a", &"x".repeat(300_000))).is_err());
    }
}
