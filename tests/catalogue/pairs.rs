//! Spellings to try, good and bad ones, for each parameter of a catalogue.

use terraform_provider_postgres::postgresql::catalogue::{Context, Kind, Parameter};

const BOOLEANS: &[&str] = &[
    "on", "OFF", "t", "fal", "o", "of", "1", "2", "", " on", "off ", "yes", "N", "enabled",
];

const INTEGERS: &[&str] = &[
    "7",
    " 7",
    "7 ",
    "+7",
    "-7",
    "1.5",
    "2.5",
    ".5",
    "-.5",
    "0x10",
    "010",
    "08",
    "1e1",
    "1e",
    "1 0",
    "abc",
    "",
    "99999999999999999999",
    "3000000000",
    "inf",
    "1GB",
    "64MB",
    "1 MB",
    "1kB",
    "1Mb",
    "1G",
    "30.1GB",
    "1000B",
    "0.4kB",
    "5min",
    "1.5h",
    "90s",
    "1500us",
    "10 ms",
    "1d",
    "1 week",
    "32",
];

const REALS: &[&str] = &[
    "0.5", ".5", "-0.5", "1e-3", "1e400", "1e-400", "nan", "inf", "0x1p1", "0x1.8p3", "0x", "1,5",
    "abc", "", " 2 ", "1s", "500us", "1.5ms", "10kB", "100",
];

const ENUMS: &[&str] = &[
    "bogus", "on", "TRUE", "1", "no", "o", "", "debug", "info", "archive", "none",
];

/// String parameters whose values the server checks, with spellings to try.
const STRINGS: &[(&str, &[&str])] = &[
    (
        "client_encoding",
        &[
            "utf-8",
            "UTF8",
            "latin1",
            "iso-8859-15",
            "latin99",
            "",
            "win1252",
            "big5",
            "windows-1258",
        ],
    ),
    (
        "createrole_self_grant",
        &[
            "set",
            "set, inherit",
            "INHERIT",
            "admin",
            "",
            "set,,inherit",
        ],
    ),
    (
        "debug_io_direct",
        &["data", "wal, wal_init", "everything", ""],
    ),
    (
        "restrict_nonsystem_relation_kind",
        &["view", "view, foreign-table", "table", ""],
    ),
    (
        "log_connections",
        &[
            "on",
            "of",
            "receipt",
            "receipt, authentication",
            "ALL",
            "everything",
            "",
        ],
    ),
    ("default_table_access_method", &["", "heap"]),
    (
        "pgaudit.log",
        &[
            "ddl",
            "ddl, write",
            "ALL",
            "-misc",
            "all, -misc_set",
            "dml",
            "",
        ],
    ),
    (
        "pgaudit.log_level",
        &[
            "notice", "DEBUG1", "log", "warning", "debug", "error", "info", "loud", "",
        ],
    ),
];

/// The values to try for a parameter.
pub fn values(parameter: &Parameter) -> Vec<String> {
    if parameter.context == Context::Internal {
        return vec![parameter.boot_value.to_owned()];
    }
    let mut values = match &parameter.kind {
        Kind::Bool => owned(BOOLEANS),
        Kind::Integer { min, max, .. } => {
            let near =
                [*min, *max, min - 1, max + 1, (min + max) / 2].map(|number| number.to_string());
            [owned(INTEGERS), near.to_vec()].concat()
        }
        Kind::Real { min, max, .. } => [
            owned(REALS),
            vec![min.to_string(), max.to_string(), format!("{}", min - 1.0)],
        ]
        .concat(),
        Kind::Enum { values, .. } => {
            let listed = values.iter().flat_map(|value| {
                [
                    (*value).to_owned(),
                    value.to_uppercase(),
                    format!("{value} "),
                ]
            });
            listed.chain(owned(ENUMS)).collect()
        }
        Kind::String => {
            let listed = STRINGS.iter().find(|(name, _)| *name == parameter.name);
            return listed.map(|(_, values)| owned(values)).unwrap_or_default();
        }
    };
    if !parameter.boot_value.is_empty() {
        values.push(parameter.boot_value.to_owned());
    }
    values.sort();
    values.dedup();
    values
}

fn owned(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}
