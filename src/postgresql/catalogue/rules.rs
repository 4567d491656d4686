//! Rules that the server applies to a value beyond its type and range, and that `pg_settings` does not show.

use super::data::Parameter;
use super::value::Value;
use crate::postgresql::encodings;

/// Buffers of the commit log and its kin come in banks of this many pages since PostgreSQL 17.
const BANK: i64 = 16;

/// The limits of all kinds of processes must stay below 262143 together; the other kinds need a few.
const PROCESSES: i64 = 262_000;

/// The value as the server would use it; the error says what is expected.
pub(super) fn apply(major: u32, parameter: &Parameter, value: Value) -> Result<Value, String> {
    match value {
        Value::Integer(number) => integer(major, parameter.name, number).map(Value::Integer),
        Value::Text(text) => string(major, parameter.name, &text).map(|()| Value::Text(text)),
        other => Ok(other),
    }
}

fn integer(major: u32, name: &str, number: i64) -> Result<i64, String> {
    match name {
        "autovacuum_work_mem" if number >= 0 => Ok(number.max(if major >= 17 { 64 } else { 1024 })),
        "autovacuum_max_workers"
        | "max_connections"
        | "max_wal_senders"
        | "max_worker_processes"
            if number > PROCESSES =>
        {
            Err(format!(
                "the server has room for about {PROCESSES} processes of all kinds together"
            ))
        }
        "wal_buffers" if number >= 0 => Ok(number.max(4)),
        "vacuum_buffer_usage_limit" if (1..128).contains(&number) => {
            Err("0 or a size from 128kB to 16GB is expected".to_owned())
        }
        "io_max_concurrency" if number == 0 => {
            Err("-1 (chosen by the server) or at least 1 is expected".to_owned())
        }
        "commit_timestamp_buffers"
        | "multixact_member_buffers"
        | "multixact_offset_buffers"
        | "notify_buffers"
        | "serializable_buffers"
        | "subtransaction_buffers"
        | "transaction_buffers"
            if number % BANK != 0 =>
        {
            Err(format!("a multiple of {BANK} pages (128kB) is expected"))
        }
        _ => Ok(number),
    }
}

fn string(major: u32, name: &str, text: &str) -> Result<(), String> {
    match name {
        "client_encoding" if encodings::find(text).is_none() => {
            Err("the name of an encoding is expected".to_owned())
        }
        "createrole_self_grant" => each(text, &["set", "inherit"]),
        "debug_io_direct" => each(text, &["data", "wal", "wal_init"]),
        "restrict_nonsystem_relation_kind" => each(text, &["view", "foreign-table"]),
        "log_connections"
            if major >= 18 && !SWITCHES.iter().any(|word| word.eq_ignore_ascii_case(text)) =>
        {
            each(text, &CONNECTION_STAGES)
        }
        "default_table_access_method" if text.is_empty() => {
            Err("the name of a table access method is expected".to_owned())
        }
        "pgaudit.log" => each(text, &PGAUDIT_CLASSES),
        "pgaudit.log_level" if text.is_empty() || text.contains(',') => {
            Err("one level is expected".to_owned())
        }
        "pgaudit.log_level" => each(text, &PGAUDIT_LEVELS),
        _ => Ok(()),
    }
}

/// `log_connections` was a switch before PostgreSQL 18; these spellings of one are still read.
const SWITCHES: [&str; 8] = ["on", "off", "true", "false", "yes", "no", "1", "0"];
const CONNECTION_STAGES: [&str; 5] = [
    "all",
    "authentication",
    "authorization",
    "receipt",
    "setup_durations",
];
const PGAUDIT_CLASSES: [&str; 18] = [
    "all",
    "-all",
    "ddl",
    "-ddl",
    "function",
    "-function",
    "misc",
    "-misc",
    "misc_set",
    "-misc_set",
    "none",
    "-none",
    "read",
    "-read",
    "role",
    "-role",
    "write",
    "-write",
];
const PGAUDIT_LEVELS: [&str; 10] = [
    "debug1", "debug2", "debug3", "debug4", "debug5", "debug", "info", "log", "notice", "warning",
];

/// Every word of a comma-separated list must be one of `words`.
fn each(text: &str, words: &[&str]) -> Result<(), String> {
    let known = |item: &str| words.iter().any(|word| word.eq_ignore_ascii_case(item));
    if text.trim().is_empty()
        || text
            .split(',')
            .all(|item| known(item.trim().trim_matches('"')))
    {
        return Ok(());
    }
    let names: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    Err(format!(
        "a comma-separated list of {} is expected",
        names.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use crate::postgresql::catalogue::{check, same_value};

    #[test]
    fn hooks_refuse_what_the_range_allows() {
        for (major, name, good, bad) in [
            (17, "vacuum_buffer_usage_limit", "256kB", "64kB"),
            (17, "transaction_buffers", "32", "33"),
            (18, "io_max_concurrency", "-1", "0"),
            (17, "createrole_self_grant", "set, inherit", "admin"),
            (17, "client_encoding", "latin1", "latin99"),
            (17, "pgaudit.log", "ddl, write, -misc", "dml"),
            (17, "pgaudit.log_level", "notice", "loud"),
            (17, "pgaudit.log_level", "DEBUG1", ""),
            (17, "max_connections", "500", "262143"),
            (18, "log_connections", "receipt,authorization", "everything"),
        ] {
            assert!(check(major, name, good).is_ok(), "{name} = {good}");
            assert!(check(major, name, bad).is_err(), "{name} = {bad}");
        }
        assert!(check(17, "log_connections", "of").is_ok());
        assert!(check(18, "log_connections", "off").is_ok());
        assert!(check(18, "log_connections", "of").is_err());
    }

    #[test]
    fn hooks_raise_small_values() {
        assert!(same_value(15, "autovacuum_work_mem", "1kB", "1MB"));
        assert!(same_value(17, "autovacuum_work_mem", "1kB", "64kB"));
        assert!(same_value(17, "wal_buffers", "0", "32kB"));
    }
}
