//! What the validating webhooks refuse.

use super::super::kinds::Kind;
use super::super::status::Cause;
use super::{defaults, name, text};
use serde_json::Value;
use std::collections::BTreeSet;

pub fn cluster(old: Option<&Value>, new: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    named(new, &mut causes);
    bootstrap(new, &mut causes);
    storage(old, new, &mut causes);
    parameters(new, &mut causes);
    memory(new, &mut causes);
    synchronous(new, &mut causes);
    roles(new, &mut causes);
    plugins(new, &mut causes);
    causes
}

fn shown(value: &Value) -> String {
    value.to_string()
}

fn named(new: &Value, causes: &mut Vec<Cause>) {
    let id = name(new);
    let letters = id
        .chars()
        .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
    let starts = id.starts_with(|letter: char| letter.is_ascii_lowercase());
    if !letters || !starts || id.ends_with('-') {
        causes.push(Cause::invalid(
            "metadata.name",
            &shown(&id.into()),
            "cluster name must be a valid DNS label",
        ));
    }
    if id.len() > 50 {
        causes.push(Cause::invalid(
            "metadata.name",
            &shown(&id.into()),
            "the maximum length of a cluster name is 50 characters",
        ));
    }
}

fn bootstrap(new: &Value, causes: &mut Vec<Cause>) {
    let bootstrap = &new["spec"]["bootstrap"];
    let methods = ["initdb", "recovery", "pg_basebackup"];
    let used = methods
        .into_iter()
        .filter(|method| bootstrap[*method].is_object())
        .count();
    if used > 1 {
        causes.push(Cause::invalid(
            "spec.bootstrap",
            "\"\"",
            "Only one bootstrap method can be specified at a time",
        ));
    }
    let external: Vec<&str> = list(&new["spec"]["externalClusters"])
        .iter()
        .map(|entry| text(&entry["name"]))
        .collect();
    for method in ["recovery", "pg_basebackup"] {
        let source = text(&bootstrap[method]["source"]);
        if !source.is_empty() && !external.contains(&source) {
            let field = format!("spec.bootstrap.{method}.source");
            causes.push(Cause::invalid(
                &field,
                &format!("\"{source}\""),
                &format!("External cluster {source} not found"),
            ));
        }
    }
    let distinct: BTreeSet<&&str> = external.iter().collect();
    if distinct.len() != external.len() {
        causes.push(Cause::invalid(
            "spec.externalClusters",
            "\"\"",
            "the list of external clusters contains duplicate values",
        ));
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn storage(old: Option<&Value>, new: &Value, causes: &mut Vec<Cause>) {
    for part in ["storage", "walStorage"] {
        let field = format!("spec.{part}.size");
        let storage = &new["spec"][part];
        let required = part == "storage" || storage.is_object();
        let template = &storage["pvcTemplate"]["resources"]["requests"]["storage"];
        let size = text(&storage["size"]);
        if required && size.is_empty() && template.is_null() {
            causes.push(Cause::invalid(
                &field,
                "\"\"",
                "Size not configured. Please add it, or a storage request in the pvcTemplate.",
            ));
            continue;
        }
        if !size.is_empty() && quantity(size).is_none() {
            causes.push(Cause::invalid(
                &field,
                &format!("\"{size}\""),
                "Size value isn't valid",
            ));
        }
        let Some(old) = old else {
            continue;
        };
        let before = &old["spec"][part];
        if part == "walStorage" && before.is_object() && !storage.is_object() {
            causes.push(Cause::invalid(
                "spec.walStorage",
                "null",
                "walStorage cannot be disabled once configured",
            ));
        }
        let sizes = (quantity(text(&before["size"])), quantity(size));
        if let (Some(before), Some(now)) = sizes
            && now < before
        {
            let detail = format!(
                "can't shrink existing storage from {} to {size}",
                text(&old["spec"][part]["size"])
            );
            causes.push(Cause::invalid(&field, &format!("\"{size}\""), &detail));
        }
    }
}

/// A Kubernetes quantity as a number.
pub fn quantity(text: &str) -> Option<f64> {
    let end = text
        .find(|letter: char| letter.is_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = match unit {
        "" => 1.0,
        "m" => 0.001,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        _ => return None,
    };
    number.parse::<f64>().ok().map(|number| number * factor)
}

/// PostgreSQL's own units; pages of 8 kB without one.
fn postgres_size(text: &str) -> Option<f64> {
    let end = text
        .find(|letter: char| letter.is_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = match unit.trim() {
        "" => 8192.0,
        "B" => 1.0,
        "kB" => 1024.0,
        "MB" => 1_048_576.0,
        "GB" => 1_073_741_824.0,
        "TB" => 1_099_511_627_776.0,
        _ => return None,
    };
    number
        .trim()
        .parse::<f64>()
        .ok()
        .map(|number| number * factor)
}

/// Parameters that belong to the operator; a trailing `*` stands for every ending.
const FIXED: [&str; 45] = [
    "allow_system_table_mods",
    "archive_mode",
    "archive_command",
    "archive_cleanup_command",
    "bonjour*",
    "cluster_name",
    "config_file",
    "data_directory",
    "data_sync_retry",
    "event_source",
    "external_pid_file",
    "hba_file",
    "ident_file",
    "hot_standby",
    "jit_provider",
    "listen_addresses",
    "logging_collector",
    "log_destination",
    "log_directory",
    "log_file_mode",
    "log_filename",
    "log_rotation_*",
    "log_truncate_on_rotation",
    "port",
    "primary_conninfo",
    "primary_slot_name",
    "promote_trigger_file",
    "recovery_target*",
    "recovery_end_command",
    "recovery_min_apply_delay",
    "restart_after_crash",
    "restore_command",
    "shared_preload_libraries",
    "ssl",
    "ssl_ca_file",
    "ssl_cert_file",
    "ssl_key_file",
    "stats_temp_directory",
    "synchronous_standby_names",
    "synchronized_standby_slots",
    "syslog_*",
    "temp_tablespaces",
    "unix_socket_*",
    "pg_failover_slots.primary_dsn",
    "pg_failover_slots.standby_slot_names",
];

fn parameters(new: &Value, causes: &mut Vec<Cause>) {
    let several = new["spec"]["instances"].as_i64().unwrap_or(1) > 1;
    for (key, value) in new["spec"]["postgresql"]["parameters"]
        .as_object()
        .into_iter()
        .flatten()
    {
        let fixed = FIXED.iter().any(|name| match name.strip_suffix('*') {
            Some(stem) => key.starts_with(stem),
            None => key == name,
        });
        let field = format!("spec.postgresql.parameters.{key}");
        let own = defaults::parameter(key) == value.as_str();
        if fixed && !own {
            causes.push(Cause::invalid(
                &field,
                &shown(value),
                "Can't set fixed configuration parameter",
            ));
        }
        if key == "wal_level" && several && !["replica", "logical"].contains(&text(value)) {
            causes.push(Cause::invalid(&field, &shown(value), "wal_level should be set to `replica` or `logical` when more than one instance is required"));
        }
        if key == "wal_log_hints" && several && text(value) != "on" {
            causes.push(Cause::invalid(
                &field,
                &shown(value),
                "`wal_log_hints` must be set to `on` when `instances` > 1",
            ));
        }
    }
}

fn memory(new: &Value, causes: &mut Vec<Cause>) {
    let spec = &new["spec"];
    let buffers = text(&spec["postgresql"]["parameters"]["shared_buffers"]);
    if buffers.is_empty() {
        return;
    }
    let Some(size) = postgres_size(buffers) else {
        let field = "spec.postgresql.parameters.shared_buffers";
        causes.push(Cause::invalid(
            field,
            &format!("\"{buffers}\""),
            "Invalid value for configuration parameter shared_buffers",
        ));
        return;
    };
    let request = &spec["resources"]["requests"]["memory"];
    let Some(memory) = quantity(text(request)) else {
        return;
    };
    if size > memory {
        let detail = "Memory request is lower than PostgreSQL `shared_buffers` value";
        causes.push(Cause::invalid(
            "spec.resources.requests.memory",
            &shown(request),
            detail,
        ));
    }
}

fn synchronous(new: &Value, causes: &mut Vec<Cause>) {
    let spec = &new["spec"];
    let synchronous = &spec["postgresql"]["synchronous"];
    if !synchronous.is_object() {
        return;
    }
    let count = |value: &Value| value.as_i64().unwrap_or_default();
    if count(&spec["minSyncReplicas"]) > 0 || count(&spec["maxSyncReplicas"]) > 0 {
        causes.push(Cause::invalid("spec.postgresql.synchronous", "\"\"", "Can't use both legacy (minSyncReplicas/maxSyncReplicas) and new (synchronous) configuration"));
    }
    let names =
        list(&synchronous["standbyNamesPre"]).len() + list(&synchronous["standbyNamesPost"]).len();
    let limit = count(&spec["instances"]) + i64::try_from(names).unwrap_or_default();
    if count(&synchronous["number"]) >= limit {
        let detail = "Invalid synchronous configuration: the number of synchronous replicas must be less than the total number of instances and the provided standby names";
        causes.push(Cause::invalid(
            "spec.postgresql.synchronous",
            &shown(&synchronous["number"]),
            detail,
        ));
    }
}

fn roles(new: &Value, causes: &mut Vec<Cause>) {
    let mut seen = BTreeSet::new();
    for (index, role) in list(&new["spec"]["managed"]["roles"]).iter().enumerate() {
        let id = text(&role["name"]);
        let field = format!("spec.managed.roles[{index}].name");
        let reserved = ["postgres", "streaming_replica"].contains(&id)
            || id.starts_with("pg_")
            || id.starts_with("cnpg_");
        if reserved {
            causes.push(Cause::invalid(
                &field,
                &shown(&role["name"]),
                "This role is reserved for operator use",
            ));
        }
        if !seen.insert(id) {
            causes.push(Cause::invalid(
                &field,
                &shown(&role["name"]),
                "Role name is duplicate of another",
            ));
        }
    }
}

fn plugins(new: &Value, causes: &mut Vec<Cause>) {
    let plugins = list(&new["spec"]["plugins"]);
    let archivers = plugins
        .iter()
        .filter(|plugin| plugin["isWALArchiver"] == true && plugin["enabled"] != false)
        .count();
    let builtin = new["spec"]["backup"]["barmanObjectStore"].is_object();
    if archivers > 1 {
        causes.push(Cause::invalid(
            "spec.plugins",
            "\"\"",
            "Cannot enable more than one WAL archiver plugin",
        ));
    }
    if archivers > 0 && builtin {
        causes.push(Cause::invalid(
            "spec.plugins",
            "\"\"",
            "Cannot enable a WAL archiver plugin when barmanObjectStore is configured",
        ));
    }
}

pub fn pooler(new: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    if text(&new["spec"]["cluster"]["name"]) == name(new) {
        causes.push(Cause::invalid(
            "metadata.name",
            &shown(&new["metadata"]["name"]),
            "the pooler resource cannot have the same name of a cluster",
        ));
    }
    for key in [
        "auth_user",
        "listen_port",
        "pool_mode",
        "listen_addr",
        "auth_type",
    ] {
        if !new["spec"]["pgbouncer"]["parameters"][key].is_null() {
            causes.push(Cause::invalid(
                "spec.pgbouncer.parameters",
                &format!("\"{key}\""),
                "Invalid or reserved parameter",
            ));
        }
    }
    causes
}

pub fn backup(new: &Value) -> Vec<Cause> {
    let plugin = new["spec"]["method"] == "plugin";
    if plugin && text(&new["spec"]["pluginConfiguration"]["name"]).is_empty() {
        let detail = "cannot be empty when the backup method is plugin";
        return vec![Cause::invalid("spec.pluginConfiguration", "null", detail)];
    }
    Vec::new()
}

pub fn schedule(new: &Value) -> Vec<Cause> {
    let schedule = text(&new["spec"]["schedule"]);
    match super::schedule::parses(schedule) {
        true => Vec::new(),
        false => vec![Cause::invalid(
            "spec.schedule",
            &format!("\"{schedule}\""),
            "invalid cron expression",
        )],
    }
}

/// What is accepted with a warning.
pub fn warnings(kind: &Kind, new: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if kind.kind == "ScheduledBackup"
        && text(&new["spec"]["schedule"]).split_whitespace().count() == 5
    {
        found.push("Schedule parameter may not have the right number of arguments (usually six arguments are needed)".to_owned());
    }
    if kind.kind == "Cluster" && new["spec"]["backup"]["barmanObjectStore"].is_object() {
        found.push("Native support for Barman Cloud backups and recovery is deprecated and will be completely removed in a future release".to_owned());
    }
    found
}
