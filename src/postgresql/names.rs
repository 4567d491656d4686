//! Names of databases and roles, and quoting for SQL text.

/// PostgreSQL cuts longer names off without an error.
pub const MAX_BYTES: usize = 63;

/// Databases that every server has.
const DATABASES: [&str; 3] = ["postgres", "template0", "template1"];
/// Roles that the operator manages itself.
const ROLES: [&str; 2] = ["postgres", "streaming_replica"];
/// Words that are no role in PostgreSQL's role specifications.
const ROLE_WORDS: [&str; 6] = [
    "public",
    "none",
    "current_role",
    "current_user",
    "session_user",
    "user",
];

/// Whether a database of the user can have this name; the error says why not.
pub fn check_database(name: &str) -> Result<(), String> {
    check_identifier(name)?;
    if DATABASES.contains(&name) {
        return Err(format!(
            "`{name}` is a database that every server has; choose another name"
        ));
    }
    Ok(())
}

/// Whether a role of the user can have this name; the error says why not.
pub fn check_role(name: &str) -> Result<(), String> {
    check_identifier(name)?;
    if ROLES.contains(&name) {
        return Err(format!(
            "the role `{name}` belongs to the operator; choose another name"
        ));
    }
    if let Some(prefix) = ["pg_", "cnpg_"]
        .into_iter()
        .find(|prefix| name.starts_with(prefix))
    {
        return Err(format!(
            "`{name}` starts with `{prefix}`, which is reserved; choose another name"
        ));
    }
    if ROLE_WORDS.contains(&name) {
        return Err(format!(
            "`{name}` has a meaning of its own in place of a role; choose another name"
        ));
    }
    Ok(())
}

/// What holds for every name: not empty, no zero character, short enough not to be cut off.
pub fn check_identifier(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("the name is empty".to_owned());
    }
    if name.contains('\0') {
        return Err("the name contains a zero character".to_owned());
    }
    if name.len() > MAX_BYTES {
        return Err(format!(
            "`{name}` has {} bytes; PostgreSQL keeps {MAX_BYTES}",
            name.len()
        ));
    }
    Ok(())
}

/// The name as an SQL identifier. Always quoted, so that case and reserved words are kept.
pub fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The text as an SQL string that means the same whatever `standard_conforming_strings` says.
pub fn quote_literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if text.contains('\\') {
        return format!(" E'{}'", doubled.replace('\\', "\\\\"));
    }
    format!("'{doubled}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_that_exist_anyway_and_too_long_names_are_refused() {
        assert_eq!(check_database("appdb"), Ok(()));
        assert_eq!(check_database("My App"), Ok(()));
        assert_eq!(check_database(&"d".repeat(63)), Ok(()));
        assert!(
            check_database(&"d".repeat(64))
                .unwrap_err()
                .contains("64 bytes")
        );
        assert!(
            check_database(&"ä".repeat(32))
                .unwrap_err()
                .contains("64 bytes")
        );
        for name in ["", "a\0b", "postgres", "template0", "template1"] {
            assert!(check_database(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn roles_of_the_operator_and_of_postgresql_are_refused() {
        assert_eq!(check_role("app"), Ok(()));
        assert_eq!(check_role("pgbouncer"), Ok(()));
        for name in [
            "postgres",
            "streaming_replica",
            "pg_monitor",
            "cnpg_metrics",
            "public",
            "none",
        ] {
            assert!(check_role(name).is_err(), "{name}");
        }
    }

    #[test]
    fn quoting_leaves_no_way_out_of_the_quotes() {
        assert_eq!(quote_identifier("app"), "\"app\"");
        assert_eq!(
            quote_identifier("a\"; drop table b"),
            "\"a\"\"; drop table b\""
        );
        assert_eq!(quote_literal("it's"), "'it''s'");
        assert_eq!(quote_literal("a\\'b"), " E'a\\\\''b'");
    }
}
