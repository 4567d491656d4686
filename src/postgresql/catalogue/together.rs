//! Parameters that must fit each other.

use super::check::{parameter, parse};
use super::danger::{Finding, Settings, Severity};
use super::data::Kind;
use super::value::Value;
use std::collections::BTreeMap;

/// Reads parameters with the defaults of the cluster for those that are not set.
struct Reader<'a> {
    set: BTreeMap<String, &'a str>,
    major: u32,
}

/// Everything that is wrong with the combination.
pub fn together(parameters: &BTreeMap<String, String>, settings: &Settings) -> Vec<Finding> {
    let set = parameters
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.as_str()))
        .collect();
    let reader = Reader {
        set,
        major: settings.major,
    };
    let mut findings = spelled_twice(parameters);
    findings.extend(wal_sizes(&reader));
    findings.extend(reserved_connections(&reader));
    findings.extend(statistics(&reader));
    findings.extend(workers(&reader));
    findings.extend(memory(&reader, settings));
    findings
}

impl Reader<'_> {
    fn is_set(&self, name: &str) -> bool {
        self.set.contains_key(name)
    }

    /// The number in the parameter's unit.
    fn integer(&self, name: &str) -> Option<i64> {
        let default = || match name {
            "max_parallel_workers" | "max_worker_processes" => Some("32"),
            _ => parameter(self.major, name).map(|parameter| parameter.boot_value),
        };
        match parse(
            self.major,
            name,
            self.set.get(name).copied().or_else(default)?,
        )? {
            Value::Integer(number) => Some(number),
            _ => None,
        }
    }

    fn bytes(&self, name: &str) -> Option<f64> {
        match &parameter(self.major, name)?.kind {
            Kind::Integer {
                unit: Some(unit), ..
            } => Some(self.integer(name)? as f64 * unit.size),
            _ => None,
        }
    }

    fn is_on(&self, name: &str) -> bool {
        self.set
            .get(name)
            .and_then(|value| parse(self.major, name, value))
            == Some(Value::Bool(true))
    }
}

fn finding(parameter: &str, severity: Severity, message: String) -> Finding {
    Finding {
        parameter: parameter.to_owned(),
        severity,
        message,
    }
}

fn spelled_twice(parameters: &BTreeMap<String, String>) -> Vec<Finding> {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    let mut findings = Vec::new();
    for name in parameters.keys() {
        if let Some(other) = seen.insert(name.to_ascii_lowercase(), name) {
            let message = format!("it is set twice, also as `{other}`; keep one of them.");
            findings.push(finding(name, Severity::Error, message));
        }
    }
    findings
}

fn wal_sizes(reader: &Reader<'_>) -> Option<Finding> {
    let (min, max) = (
        reader.integer("min_wal_size")?,
        reader.integer("max_wal_size")?,
    );
    let name = if reader.is_set("min_wal_size") {
        "min_wal_size"
    } else {
        "max_wal_size"
    };
    (min >= max).then(|| {
        let message =
            format!("`min_wal_size` ({min}MB) must be smaller than `max_wal_size` ({max}MB).");
        finding(name, Severity::Error, message)
    })
}

fn reserved_connections(reader: &Reader<'_>) -> Option<Finding> {
    let superuser = reader.integer("superuser_reserved_connections")?;
    let reserved = superuser + reader.integer("reserved_connections").unwrap_or(0);
    let connections = reader.integer("max_connections")?;
    (reserved >= connections).then(|| {
        let message = format!(
            "{connections} is not more than the {reserved} of `superuser_reserved_connections` and \
             `reserved_connections` together; the server does not start."
        );
        finding("max_connections", Severity::Error, message)
    })
}

fn statistics(reader: &Reader<'_>) -> Option<Finding> {
    let parts = [
        "log_executor_stats",
        "log_parser_stats",
        "log_planner_stats",
    ];
    let part = parts
        .into_iter()
        .find(|name| reader.is_on(name))
        .filter(|_| reader.is_on("log_statement_stats"))?;
    let message = format!("the server does not take it together with `{part}`.");
    Some(finding("log_statement_stats", Severity::Error, message))
}

fn workers(reader: &Reader<'_>) -> Vec<Finding> {
    let pairs = [
        ("max_parallel_workers", "max_worker_processes"),
        ("autovacuum_max_workers", "autovacuum_worker_slots"),
    ];
    let above = |(name, limit): (&str, &str)| {
        let (wanted, limited) = (reader.integer(name)?, reader.integer(limit)?);
        let asked = reader.is_set(name) || reader.is_set(limit);
        (asked && wanted > limited).then(|| {
            finding(
                name,
                Severity::Warning,
                format!("{wanted} can never run: `{limit}` allows {limited}."),
            )
        })
    };
    pairs.into_iter().filter_map(above).collect()
}

fn memory(reader: &Reader<'_>, settings: &Settings) -> Option<Finding> {
    let available = settings.memory? as f64;
    let (buffers, work) = (reader.bytes("shared_buffers")?, reader.bytes("work_mem")?);
    let connections = reader.integer("max_connections")?;
    let asked = ["shared_buffers", "work_mem", "max_connections"]
        .into_iter()
        .find(|name| reader.is_set(name))?;
    (buffers + work * connections as f64 > available).then(|| {
        let message = format!(
            "`shared_buffers` plus one `work_mem` for each of {connections} connections is more than the memory of \
             an instance; under load the kernel may kill the server."
        );
        finding(asked, Severity::Warning, message)
    })
}
