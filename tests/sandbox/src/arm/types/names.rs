//! Rules for names.

use crate::arm::errors::ArmError;

/// A name of these many characters, of which all fit.
fn rule(
    name: &str,
    length: std::ops::RangeInclusive<usize>,
    fits: impl Fn(char) -> bool,
    code: &str,
    text: &str,
) -> Result<(), ArmError> {
    match length.contains(&name.chars().count()) && name.chars().all(fits) {
        true => Ok(()),
        false => Err(ArmError::bad_request(
            code,
            format!("The name '{name}' is invalid. {text}"),
        )),
    }
}

fn word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

fn invalid(name: &str, code: &str, text: &str) -> ArmError {
    ArmError::bad_request(code, format!("The name '{name}' is invalid. {text}"))
}

pub fn resource_group(name: &str) -> Result<(), ArmError> {
    let text = "It may hold letters, digits, '_', '-', '.', '(' and ')', at most 90 of them, and must not end with a period.";
    rule(
        name,
        1..=90,
        |c| c.is_alphanumeric() || "_-.()".contains(c),
        "InvalidResourceGroup",
        text,
    )?;
    match name.ends_with('.') {
        true => Err(invalid(name, "InvalidResourceGroup", text)),
        false => Ok(()),
    }
}

pub fn cluster(name: &str) -> Result<(), ArmError> {
    let text = "It must have 1 to 63 letters, digits, '-' or '_', and begin and end with a letter or digit.";
    rule(name, 1..=63, word, "InvalidParameter", text)?;
    let edges = name.chars().next().into_iter().chain(name.chars().last());
    match edges.into_iter().all(|c| c.is_ascii_alphanumeric()) {
        true => Ok(()),
        false => Err(invalid(name, "InvalidParameter", text)),
    }
}

pub fn pool(name: &str) -> Result<(), ArmError> {
    let text =
        "It must begin with a lower-case letter and have 1 to 12 lower-case letters or digits.";
    rule(
        name,
        1..=12,
        |c| c.is_ascii_lowercase() || c.is_ascii_digit(),
        "InvalidParameter",
        text,
    )?;
    match name.starts_with(|c: char| c.is_ascii_lowercase()) {
        true => Ok(()),
        false => Err(invalid(name, "InvalidParameter", text)),
    }
}

pub fn identity(name: &str) -> Result<(), ArmError> {
    let text = "It must have 3 to 128 letters, digits, '-' or '_'.";
    rule(name, 3..=128, word, "InvalidResourceName", text)
}

pub fn federated_credential(name: &str) -> Result<(), ArmError> {
    let text =
        "It must have 3 to 120 letters, digits, '-' or '_', and begin with a letter or digit.";
    rule(name, 3..=120, word, "InvalidResourceName", text)?;
    match name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        true => Ok(()),
        false => Err(invalid(name, "InvalidResourceName", text)),
    }
}

pub fn storage_account(name: &str) -> Result<(), ArmError> {
    rule(
        name,
        3..=24,
        |c| c.is_ascii_lowercase() || c.is_ascii_digit(),
        "AccountNameInvalid",
        "Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only.",
    )
}

pub fn container(name: &str) -> Result<(), ArmError> {
    let text = "It must have 3 to 63 lower-case letters, digits or single '-', and begin and end with a letter or digit.";
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    rule(name, 3..=63, fits, "ContainerNameInvalid", text)?;
    match name.starts_with('-') || name.ends_with('-') || name.contains("--") {
        true => Err(invalid(name, "ContainerNameInvalid", text)),
        false => Ok(()),
    }
}

/// The only child of its kind.
pub fn default_only(name: &str) -> Result<(), ArmError> {
    match name == "default" {
        true => Ok(()),
        false => Err(invalid(
            name,
            "InvalidResourceName",
            "It must be 'default'.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Rule = fn(&str) -> Result<(), ArmError>;

    #[test]
    fn names_follow_the_rules_of_their_type() {
        let cases: [(Rule, &str, bool); 14] = [
            (resource_group, "rg-(1).x", true),
            (resource_group, "rg.", false),
            (cluster, "a", true),
            (cluster, "a-", false),
            (pool, "postgres1", true),
            (pool, "1postgres", false),
            (pool, "averylongname", false),
            (identity, "id", false),
            (federated_credential, "-abc", false),
            (storage_account, "pgbackups1", true),
            (storage_account, "pg-backups", false),
            (container, "a--b", false),
            (container, "backups", true),
            (default_only, "other", false),
        ];
        for (rule, name, good) in cases {
            assert_eq!(rule(name).is_ok(), good, "{name}");
        }
    }
}
