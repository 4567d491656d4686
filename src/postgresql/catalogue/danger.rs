//! Values that PostgreSQL takes and that lose data, stop the cluster or mean something else than intended.

use super::check::parse;
use super::quantity::{Quantity, READ_BY_WEBHOOK, quantity};
use super::value::Value;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
}

/// Something to say about one parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub parameter: String,
    pub severity: Severity,
    pub message: String,
}

/// The cluster that the parameters are for. `None` stands for what is not known yet.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub major: u32,
    pub instances: u32,
    pub synchronous_replicas: u32,
    /// Bytes that an instance may use.
    pub memory: Option<u64>,
    /// Bytes of the volume of the WAL, when it has one of its own.
    pub wal_volume: Option<u64>,
    /// Bytes of a WAL segment.
    pub wal_segment: u64,
}

impl Default for Settings {
    fn default() -> Self {
        let newest = super::MAJORS[super::MAJORS.len() - 1];
        Self {
            major: newest,
            instances: 1,
            synchronous_replicas: 0,
            memory: None,
            wal_volume: None,
            wal_segment: 16 << 20,
        }
    }
}

/// What is dangerous about `name = value` on this cluster; `None` also when the value is no legal one.
pub fn dangerous(name: &str, value: &str, settings: &Settings) -> Option<Finding> {
    let name = name.to_ascii_lowercase();
    let meaning = parse(settings.major, &name, value)?;
    let verdict = match &meaning {
        Value::Bool(on) => switch(&name, *on, settings),
        Value::Enum(word) => choice(&name, word, settings),
        Value::Integer(number) => {
            number_rule(&name, *number, settings).or_else(|| size(&name, value, settings))
        }
        Value::Real(_) | Value::Text(_) => None,
    };
    let (severity, message) = verdict?;
    Some(Finding {
        parameter: name,
        severity,
        message,
    })
}

type Verdict = Option<(Severity, String)>;

fn refuse(message: impl Into<String>) -> Verdict {
    Some((Severity::Error, message.into()))
}

fn warn(message: impl Into<String>) -> Verdict {
    Some((Severity::Warning, message.into()))
}

fn switch(name: &str, on: bool, settings: &Settings) -> Verdict {
    match (name, on) {
        ("fsync", false) => refuse(
            "a crash of the node can destroy the database beyond repair, on the primary and on the standbys. Leave it on.",
        ),
        ("full_page_writes", false) => refuse(
            "a crash in the middle of a page write corrupts the database, and base backups become unusable. Leave it on.",
        ),
        ("zero_damaged_pages", true) => refuse(
            "damaged pages are silently replaced by empty ones. Restore a backup; set it in one session if a last rescue is needed.",
        ),
        ("ignore_checksum_failure" | "ignore_invalid_pages", true) => refuse(
            "the server goes on with corrupt data and spreads it. Restore a backup or promote a standby.",
        ),
        ("wal_log_hints", false) if settings.instances > 1 => refuse(
            "the operator rewinds a former primary with it and refuses a cluster of several instances without.",
        ),
        ("ignore_system_indexes", true) => {
            warn("every catalogue lookup reads whole tables; meant for repair only.")
        }
        ("autovacuum", false) => warn(
            "tables and indexes grow without bound, statistics age, and in the end the server forces vacuums against transaction id wraparound.",
        ),
        ("track_counts", false) => warn("autovacuum does nothing without these statistics."),
        ("default_transaction_read_only", true) => {
            warn("every session of the primary starts read-only.")
        }
        _ => None,
    }
}

fn choice(name: &str, word: &str, settings: &Settings) -> Verdict {
    let replicas = settings.synchronous_replicas;
    match (name, word) {
        ("synchronous_commit", "off" | "local") if replicas > 0 => refuse(format!(
            "a failover loses transactions that were reported as committed, although `synchronous_replicas` is {replicas}. \
             Keep `on`, and set `{word}` for the sessions or roles that can afford the loss; \
             or set `synchronous_replicas = 0`."
        )),
        ("synchronous_commit", "off") => warn(
            "a crash loses the transactions of the last moments (up to three times `wal_writer_delay`) although they were reported as committed.",
        ),
        ("synchronous_commit", "remote_write") if replicas > 0 => warn(
            "a commit waits until a standby has the WAL in memory; if the primary and the node of that standby are lost at once, so is the commit.",
        ),
        ("wal_level", "minimal") => {
            refuse("neither standbys nor backups work without `replica` or `logical`.")
        }
        ("session_replication_role", "replica") => refuse(
            "foreign keys and triggers are switched off for every session. Set it in the session that needs it.",
        ),
        ("password_encryption", "md5") => {
            warn("MD5 password hashes are deprecated and weak; keep `scram-sha-256`.")
        }
        ("huge_pages", "on") => {
            warn("the server does not start unless the pod has huge pages among its resources.")
        }
        ("io_method", "io_uring") => warn(
            "container runtimes usually forbid io_uring; the server does not start where they do. `worker` always works.",
        ),
        _ => None,
    }
}

/// Counts and durations.
fn number_rule(name: &str, number: i64, settings: &Settings) -> Verdict {
    let instances = i64::from(settings.instances);
    match name {
        // Cloning an instance takes two connections beside those of the standbys.
        "max_wal_senders" if number < instances + 1 => refuse(format!(
            "{} standbys and the cloning of one more need at least {}.",
            instances - 1,
            instances + 1
        )),
        "max_replication_slots" if number < instances - 1 => refuse(format!(
            "each of the {} standbys needs a slot.",
            instances - 1
        )),
        "max_connections" => connections(number, settings.memory),
        "wal_sender_timeout" | "wal_receiver_timeout" if number == 0 => warn(
            "a connection that died silently is never noticed, so that failover and synchronous commit may hang.",
        ),
        "archive_timeout" if number == 0 => warn(
            "a quiet server archives nothing until 16 MB of WAL are full; a restore may miss hours.",
        ),
        "max_stack_depth" if number > 7680 => warn(
            "the server does not start when the stack limit of the container is the usual 8 MB.",
        ),
        _ => None,
    }
}

/// A backend takes several megabytes even when it does little.
fn connections(number: i64, memory: Option<u64>) -> Verdict {
    const BACKEND: u64 = 5 << 20;
    let needed = u64::try_from(number).ok()?.saturating_mul(BACKEND);
    if memory.is_some_and(|memory| needed > memory / 2) {
        return warn(format!(
            "{number} connections alone may take half of the memory. Use fewer, behind a pooler."
        ));
    }
    (number > 1000).then(|| {
        (
            Severity::Warning,
            format!("{number} connections slow every snapshot down. Use fewer, behind a pooler."),
        )
    })
}

/// Sizes: first those that the webhook reads as well, then volumes and memory.
fn size(name: &str, value: &str, settings: &Settings) -> Verdict {
    if READ_BY_WEBHOOK.contains(&name) {
        match quantity(value) {
            Err(message) => return refuse(format!("{message}.")),
            Ok(Quantity::BareMegabytes(_)) if name == "shared_buffers" => {
                return refuse(
                    "PostgreSQL counts a bare number in pages of 8 kB, the operator in megabytes. Write a unit, for example `4GB`.",
                );
            }
            Ok(size) => return watched(name, size.bytes(), settings),
        }
    }
    let volume = settings.wal_volume?;
    let bytes = u64::try_from(megabytes(name, value, settings.major)?).ok()? << 20;
    (matches!(name, "wal_keep_size" | "max_slot_wal_keep_size") && bytes >= volume).then(|| {
        (
            Severity::Warning,
            "the WAL that it keeps can fill the WAL volume, and the primary stops.".to_owned(),
        )
    })
}

fn watched(name: &str, bytes: u64, settings: &Settings) -> Verdict {
    match (name, settings.memory, settings.wal_volume) {
        ("shared_buffers", Some(memory), _) if bytes > memory => {
            refuse("it is larger than the memory of an instance.")
        }
        ("shared_buffers", Some(memory), _) if bytes > memory / 2 => {
            warn("it takes more than half of the memory of an instance; a quarter is usual.")
        }
        ("min_wal_size" | "max_wal_size", _, Some(volume)) if bytes >= volume => {
            refuse("it must be smaller than the WAL volume.")
        }
        ("min_wal_size" | "max_wal_size", ..) if bytes < 2 * settings.wal_segment => {
            refuse(format!(
                "the server wants at least two WAL segments ({}MB).",
                (2 * settings.wal_segment) >> 20
            ))
        }
        _ => None,
    }
}

fn megabytes(name: &str, value: &str, major: u32) -> Option<i64> {
    match parse(major, name, value)? {
        Value::Integer(number) => Some(number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLUSTER: Settings = Settings {
        major: 17,
        instances: 3,
        synchronous_replicas: 1,
        memory: Some(8 << 30),
        wal_volume: Some(16 << 30),
        wal_segment: 16 << 20,
    };

    fn severity(name: &str, value: &str, settings: &Settings) -> Option<Severity> {
        dangerous(name, value, settings).map(|finding| finding.severity)
    }

    #[test]
    fn what_loses_data_or_stops_the_cluster_is_refused() {
        for (name, value) in [
            ("fsync", "off"),
            ("fsync", "f"),
            ("FULL_PAGE_WRITES", "no"),
            ("zero_damaged_pages", "on"),
            ("ignore_checksum_failure", "on"),
            ("wal_log_hints", "off"),
            ("synchronous_commit", "off"),
            ("synchronous_commit", "local"),
            ("wal_level", "minimal"),
            ("session_replication_role", "replica"),
            ("max_wal_senders", "3"),
            ("max_replication_slots", "1"),
            ("shared_buffers", "9GB"),
            ("shared_buffers", "131072"),
            ("max_wal_size", "16GB"),
            ("min_wal_size", "16MB"),
            ("max_wal_size", "0x400MB"),
        ] {
            assert_eq!(
                severity(name, value, &CLUSTER),
                Some(Severity::Error),
                "{name} = {value}"
            );
        }
    }

    #[test]
    fn what_is_only_risky_is_a_warning() {
        for (name, value) in [
            ("autovacuum", "off"),
            ("synchronous_commit", "remote_write"),
            ("max_connections", "5000"),
            ("max_connections", "900"),
            ("shared_buffers", "5GB"),
            ("wal_keep_size", "20GB"),
            ("wal_sender_timeout", "0"),
            ("password_encryption", "md5"),
        ] {
            assert_eq!(
                severity(name, value, &CLUSTER),
                Some(Severity::Warning),
                "{name} = {value}"
            );
        }
    }

    #[test]
    fn ordinary_values_pass() {
        for (name, value) in [
            ("fsync", "on"),
            ("synchronous_commit", "remote_apply"),
            ("max_wal_senders", "10"),
            ("max_connections", "500"),
            ("shared_buffers", "2GB"),
            ("max_wal_size", "6GB"),
            ("min_wal_size", "80"),
            ("wal_level", "logical"),
            ("work_mem", "64MB"),
        ] {
            assert_eq!(dangerous(name, value, &CLUSTER), None, "{name} = {value}");
        }
    }

    #[test]
    fn without_synchronous_replicas_asynchronous_commit_is_a_choice() {
        let single = Settings {
            instances: 1,
            synchronous_replicas: 0,
            ..CLUSTER
        };
        assert_eq!(
            severity("synchronous_commit", "off", &single),
            Some(Severity::Warning)
        );
        assert_eq!(severity("synchronous_commit", "local", &single), None);
        assert_eq!(severity("wal_log_hints", "off", &single), None);
    }
}
