//! What a change of parameters costs: nothing, a reload or a restart.

use super::check::{context, parameter, same_value};
use super::data::{Context, Kind};
use std::collections::{BTreeMap, BTreeSet};

/// What the server must do before a change counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Both values mean the same.
    None,
    Reload,
    Restart,
}

/// Values that CloudNativePG's webhook fills in where the user sets none.
const OPERATOR_DEFAULTS: [(&str, &str); 14] = [
    ("archive_timeout", "5min"),
    ("dynamic_shared_memory_type", "posix"),
    ("full_page_writes", "on"),
    ("max_parallel_workers", "32"),
    ("max_replication_slots", "32"),
    ("max_worker_processes", "32"),
    ("shared_memory_type", "mmap"),
    ("ssl_max_protocol_version", "TLSv1.3"),
    ("ssl_min_protocol_version", "TLSv1.3"),
    ("wal_keep_size", "512MB"),
    ("wal_level", "logical"),
    ("wal_log_hints", "on"),
    ("wal_receiver_timeout", "5s"),
    ("wal_sender_timeout", "5s"),
];

/// Libraries that the operator preloads as soon as one of their parameters is set.
const PRELOADED: [&str; 4] = [
    "auto_explain",
    "pg_failover_slots",
    "pg_stat_statements",
    "pgaudit",
];

/// The library that the operator loads at server start because this parameter is set.
pub fn preloaded_library(name: &str) -> Option<&'static str> {
    let (prefix, _) = name.split_once('.')?;
    PRELOADED.into_iter().find(|library| *library == prefix)
}

/// What changing one parameter costs; `None` stands for a parameter that is not set.
///
/// A parameter that no catalogue knows is taken to need a restart when it belongs to a preloaded library.
pub fn effect(major: u32, name: &str, old: Option<&str>, new: Option<&str>) -> Effect {
    if old == new {
        return Effect::None;
    }
    let spelled = |value: Option<&str>| {
        value
            .map(str::to_owned)
            .or_else(|| default_value(major, name))
    };
    if let (Some(old), Some(new)) = (spelled(old), spelled(new))
        && same_value(major, name, &old, &new)
    {
        return Effect::None;
    }
    match context(major, name) {
        Some(Context::Postmaster | Context::Internal) => Effect::Restart,
        Some(_) => Effect::Reload,
        None if preloaded_library(name).is_some() => Effect::Restart,
        None => Effect::Reload,
    }
}

/// What the change from one set of parameters to another costs, by parameter; unchanged ones are left out.
///
/// The first parameter of a library that the operator preloads brings the library in, the last one takes it out:
/// both restart the server, whatever the parameter itself would cost.
pub fn effects(
    major: u32,
    old: &BTreeMap<String, String>,
    new: &BTreeMap<String, String>,
) -> BTreeMap<String, Effect> {
    let libraries = |set: &BTreeMap<String, String>| -> BTreeSet<&'static str> {
        set.keys()
            .filter_map(|name| preloaded_library(name))
            .collect()
    };
    let (before, after) = (libraries(old), libraries(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let cost = |name: &str| {
        let (left, right) = (
            old.get(name).map(String::as_str),
            new.get(name).map(String::as_str),
        );
        match preloaded_library(name) {
            Some(library) if before.contains(library) != after.contains(library) => Effect::Restart,
            _ => effect(major, name, left, right),
        }
    };
    names
        .into_iter()
        .map(|name| (name.clone(), cost(name)))
        .filter(|(_, effect)| *effect > Effect::None)
        .collect()
}

/// The value that counts when the user sets none.
fn default_value(major: u32, name: &str) -> Option<String> {
    let parameter = parameter(major, name)?;
    let operator = OPERATOR_DEFAULTS
        .iter()
        .find(|(known, _)| *known == parameter.name);
    if let Some((_, value)) = operator {
        return Some((*value).to_owned());
    }
    // An empty boot value of another type than a string means that the server computes it.
    let computed = parameter.boot_value.is_empty() && !matches!(parameter.kind, Kind::String);
    (!computed).then(|| parameter.boot_value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn equal_meanings_cost_nothing() {
        for (name, old, new) in [
            ("shared_buffers", Some("1GB"), Some("131072")),
            ("hot_standby_feedback", Some("on"), Some("TRUE")),
            ("wal_sender_timeout", None, Some("5000ms")),
            ("work_mem", Some("4MB"), None),
            ("wal_level", Some("logical"), None),
            ("no.such", Some("a"), Some("a")),
        ] {
            assert_eq!(effect(17, name, old, new), Effect::None, "{name}");
        }
    }

    #[test]
    fn the_context_decides_between_reload_and_restart() {
        assert_eq!(
            effect(17, "shared_buffers", Some("1GB"), Some("2GB")),
            Effect::Restart
        );
        assert_eq!(
            effect(17, "max_connections", None, Some("200")),
            Effect::Restart
        );
        assert_eq!(
            effect(17, "work_mem", Some("4MB"), Some("8MB")),
            Effect::Reload
        );
        assert_eq!(
            effect(17, "log_connections", None, Some("on")),
            Effect::Reload
        );
        assert_eq!(
            effect(17, "some_app.setting", None, Some("1")),
            Effect::Reload
        );
    }

    #[test]
    fn the_first_parameter_of_a_preloaded_library_restarts() {
        let (none, one) = (set(&[]), set(&[("pgaudit.log", "ddl")]));
        let both = set(&[("pgaudit.log", "ddl"), ("pgaudit.log_parameter", "on")]);
        assert_eq!(effects(17, &none, &one)["pgaudit.log"], Effect::Restart);
        assert_eq!(
            effects(17, &one, &both),
            BTreeMap::from([("pgaudit.log_parameter".to_owned(), Effect::Reload)])
        );
        assert_eq!(effects(17, &one, &none)["pgaudit.log"], Effect::Restart);
        assert!(effects(17, &both, &both).is_empty());
    }
}
