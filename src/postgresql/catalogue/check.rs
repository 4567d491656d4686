//! Questions about one parameter of one major.

use super::data::{Context, Found, MAJORS, Parameter, catalogue, find, nearest};
use super::error::{ParameterError, Warning};
use super::value::{Value, read};
use super::{rules, suggest};

/// Extensions that are released apart from PostgreSQL, so that their parameters do not follow its major.
const RELEASED_APART: [&str; 4] = ["hnsw", "ivfflat", "pg_failover_slots", "pgaudit"];

/// Whether PostgreSQL `major` would take `value` for the parameter `name`.
///
/// A major without a catalogue of its own is judged by the nearest one, and unknown names are a warning.
/// Parameters of extensions that no catalogue knows are taken as they are.
pub fn check(major: u32, name: &str, value: &str) -> Result<Option<Warning>, ParameterError> {
    if !is_name(name) {
        return Err(ParameterError::Name {
            name: name.to_owned(),
        });
    }
    match find(major, name) {
        Found::Certain(parameter) => {
            meaning(major, parameter, name, value)?;
            Ok(spelling(parameter, name))
        }
        Found::Likely(parameter, other) => {
            let warning = foreign(major, parameter, name, other)?;
            meaning(major, parameter, name, value)?;
            Ok(warning)
        }
        Found::Unknown => unknown(major, name),
    }
}

/// When a change of the parameter counts; `None` when no catalogue knows it.
pub fn context(major: u32, name: &str) -> Option<Context> {
    parameter(major, name).map(|parameter| parameter.context)
}

/// Whether two spellings mean the same to PostgreSQL: `1GB`, `1024MB` and `131072` pages of 8 kB do.
pub fn same_value(major: u32, name: &str, left: &str, right: &str) -> bool {
    let value = |text: &str| {
        let parameter = parameter(major, name)?;
        understand(major, parameter, text).ok()
    };
    left == right
        || matches!((value(left), value(right)), (Some(left), Some(right)) if left == right)
}

/// The value as PostgreSQL `major` understands it; `None` when name or value are not known.
pub fn parse(major: u32, name: &str, value: &str) -> Option<Value> {
    understand(major, parameter(major, name)?, value).ok()
}

pub(super) fn parameter(major: u32, name: &str) -> Option<&'static Parameter> {
    match find(major, name) {
        Found::Certain(parameter) | Found::Likely(parameter, _) => Some(parameter),
        Found::Unknown => None,
    }
}

fn understand(major: u32, parameter: &Parameter, value: &str) -> Result<Value, String> {
    rules::apply(major, parameter, read(parameter, value)?)
}

fn meaning(
    major: u32,
    parameter: &Parameter,
    name: &str,
    value: &str,
) -> Result<Value, ParameterError> {
    if let Some(reason) = read_only(parameter) {
        return Err(ParameterError::ReadOnly {
            name: name.to_owned(),
            reason,
        });
    }
    understand(major, parameter, value).map_err(|expected| ParameterError::Value {
        name: name.to_owned(),
        value: value.to_owned(),
        expected,
    })
}

/// Why nobody can set the parameter for a whole server.
fn read_only(parameter: &Parameter) -> Option<&'static str> {
    match parameter.name {
        "transaction_deferrable" | "transaction_isolation" | "transaction_read_only" => Some(
            "belongs to one transaction, its default is the parameter with `default_` before the name",
        ),
        _ => (parameter.context == Context::Internal)
            .then_some("only shows how the server was built or initialised"),
    }
}

/// The form of names that CloudNativePG admits.
fn is_name(name: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$')
    };
    match name.split_once('.') {
        Some((prefix, rest)) => part(prefix) && part(rest),
        None => part(name),
    }
}

fn spelling(parameter: &Parameter, name: &str) -> Option<Warning> {
    let current = parameter.name;
    (name != current).then(|| {
        Warning(format!("`{name}` is another spelling of `{current}`; with both of them set, either may win. Write `{current}`."))
    })
}

/// A parameter that another major's catalogue has.
fn foreign(
    major: u32,
    parameter: &Parameter,
    name: &str,
    other: u32,
) -> Result<Option<Warning>, ParameterError> {
    let exact = MAJORS.contains(&major);
    match name.split_once('.') {
        Some((prefix, _)) if RELEASED_APART.contains(&prefix) || !exact => Ok(None),
        Some(_) => Ok(Some(Warning(format!(
            "`{name}` is known in PostgreSQL {other} but not in {major}, where it may have no effect."
        )))),
        None if exact => Err(ParameterError::Unknown {
            name: name.to_owned(),
            major,
            hint: Some(history(parameter.name, major, other)),
        }),
        None => Ok(Some(Warning(format!(
            "`{name}` is known in PostgreSQL {other}; PostgreSQL {major} does not start if it lacks the parameter."
        )))),
    }
}

fn history(name: &str, major: u32, other: u32) -> String {
    if other > major {
        return format!("It exists in PostgreSQL {other}.");
    }
    let instead = replacement(name)
        .map(|text| format!(" {text}"))
        .unwrap_or_default();
    format!("It was removed after PostgreSQL {other}.{instead}")
}

fn unknown(major: u32, name: &str) -> Result<Option<Warning>, ParameterError> {
    let names = || {
        catalogue(nearest(major))
            .values()
            .map(|parameter| parameter.name)
    };
    let similar = suggest::nearest(name, names()).map(|near| format!("Did you mean `{near}`?"));
    let hint = replacement(name).map(str::to_owned).or(similar);
    let exact = MAJORS.contains(&major);
    let Some((prefix, _)) = name.split_once('.') else {
        return if exact {
            Err(ParameterError::Unknown {
                name: name.to_owned(),
                major,
                hint,
            })
        } else {
            Ok(Some(doubt(
                format!("`{name}` is not known; PostgreSQL {major} does not start if it lacks it."),
                hint,
            )))
        };
    };
    let ours = names().any(|known| {
        known
            .split_once('.')
            .is_some_and(|(known, _)| known == prefix)
    });
    match (ours, exact && !RELEASED_APART.contains(&prefix)) {
        (false, _) => Ok(None),
        (true, true) => Err(ParameterError::Unknown {
            name: name.to_owned(),
            major,
            hint,
        }),
        (true, false) => Ok(Some(doubt(
            format!("`{prefix}` is not known to have a parameter `{name}`."),
            hint,
        ))),
    }
}

fn doubt(text: String, hint: Option<String>) -> Warning {
    Warning(hint.map_or_else(|| text.clone(), |hint| format!("{text} {hint}")))
}

/// What took the place of parameters that are gone.
fn replacement(name: &str) -> Option<&'static str> {
    Some(match name {
        "checkpoint_segments" => "Use `max_wal_size`.",
        "wal_keep_segments" => "Use `wal_keep_size`.",
        "min_parallel_relation_size" => "Use `min_parallel_table_scan_size`.",
        "force_parallel_mode" => "Use `debug_parallel_query`.",
        "promote_trigger_file" | "trigger_file" => "Use a switchover.",
        "vacuum_defer_cleanup_age" => "Use `hot_standby_feedback` or replication slots.",
        "standby_mode" => "A standby is made by a signal file, which the operator writes.",
        "max_fsm_pages" | "max_fsm_relations" => "The free space map needs no limit any more.",
        "default_with_oids" | "ssl_renegotiation_limit" => "It has no effect any more: remove it.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(major: u32, name: &str, value: &str) -> String {
        check(major, name, value).unwrap_err().to_string()
    }

    fn warning(major: u32, name: &str) -> String {
        check(major, name, "1")
            .unwrap()
            .map(|warning| warning.0)
            .unwrap_or_default()
    }

    #[test]
    fn good_values_pass_without_a_word() {
        for (name, value) in [
            ("work_mem", "64MB"),
            ("DateStyle", "ISO, DMY"),
            ("log_min_duration_statement", "250ms"),
            ("random_page_cost", "1.1"),
            ("pgaudit.log", "ddl"),
            ("some_app.user_id", "anything"),
            ("hnsw.ef_search", "100"),
        ] {
            assert_eq!(check(17, name, value), Ok(None), "{name}");
        }
    }

    #[test]
    fn unknown_names_of_a_known_major_are_errors_with_a_hint() {
        assert_eq!(
            error(17, "shared_bufers", "1"),
            "PostgreSQL 17 has no parameter `shared_bufers`. Did you mean `shared_buffers`?"
        );
        assert!(error(17, "checkpoint_segments", "1").ends_with("Use `max_wal_size`."));
        assert!(
            error(17, "vacuum_defer_cleanup_age", "1")
                .contains("removed after PostgreSQL 15. Use `hot_standby_feedback`")
        );
        assert!(error(17, "io_method", "worker").ends_with("It exists in PostgreSQL 18."));
        assert!(
            error(17, "auto_explain.log_min_durations", "1")
                .contains("`auto_explain.log_min_duration`")
        );
        assert!(error(17, "work-mem", "1").contains("is not a parameter name"));
        assert!(error(17, "a.b.c", "1").contains("is not a parameter name"));
        assert!(error(17, "server_version", "17").contains("only shows"));
        assert!(error(17, "transaction_isolation", "serializable").contains("`default_`"));
    }

    #[test]
    fn unknown_names_of_another_major_are_warnings() {
        assert!(warning(16, "wrok_mem").contains("Did you mean `work_mem`?"));
        assert!(warning(19, "no_such_parameter").contains("PostgreSQL 19 does not start"));
        assert!(warning(16, "vacuum_defer_cleanup_age").contains("known in PostgreSQL 15"));
        assert_eq!(warning(16, "max_connections"), "");
        assert!(check(16, "max_connections", "0").is_err());
    }

    #[test]
    fn parameters_of_extensions_follow_their_own_releases() {
        assert!(warning(17, "pgaudit.log_everything").contains("not known"));
        assert_eq!(warning(15, "hnsw.ef_search"), "");
        assert!(warning(17, "passwordcheck.min_password_length").contains("no effect"));
        assert!(check(15, "hnsw.ef_search", "0").is_err());
    }

    #[test]
    fn another_spelling_of_a_name_is_pointed_out() {
        assert!(
            check(17, "Work_Mem", "4MB")
                .unwrap()
                .unwrap()
                .0
                .contains("Write `work_mem`")
        );
        assert!(
            check(17, "sort_mem", "4MB")
                .unwrap()
                .unwrap()
                .0
                .contains("Write `work_mem`")
        );
    }

    #[test]
    fn values_are_compared_by_meaning() {
        for (name, left, right) in [
            ("shared_buffers", "1GB", "1024MB"),
            ("shared_buffers", "1GB", "131072"),
            ("autovacuum", "on", "true"),
            ("checkpoint_timeout", "5min", "300"),
            ("wal_level", "REPLICA", "archive"),
            ("random_page_cost", "1.10", "1.1"),
        ] {
            assert!(same_value(17, name, left, right), "{name}: {left} {right}");
        }
        assert!(!same_value(17, "work_mem", "4MB", "4"));
        assert!(!same_value(17, "search_path", "a", "A"));
        assert!(!same_value(17, "work_mem", "x", "y"));
        assert!(same_value(17, "no.such", "x", "x"));
    }
}
