//! Parameters that CloudNativePG keeps for itself: its webhook refuses them.

/// Why a parameter cannot be set on a cluster, and what to use for the same purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixed {
    pub reason: &'static str,
    pub instead: Option<&'static str>,
}

struct Group {
    names: &'static [&'static str],
    fixed: Fixed,
}

/// The refusal for `name`, in any spelling of its case; `None` when the user may set it.
pub fn fixed(name: &str) -> Option<Fixed> {
    let name = name.to_ascii_lowercase();
    GROUPS
        .iter()
        .find(|group| group.names.contains(&name.as_str()))
        .map(|group| group.fixed)
}

macro_rules! groups {
    ($($reason:literal, $instead:expr => $($name:literal)*;)*) => {
        &[$(Group { names: &[$($name),*], fixed: Fixed { reason: $reason, instead: $instead } }),*]
    };
}

static GROUPS: &[Group] = groups! {
    "the operator computes the list of synchronous standbys", Some("the `high_availability` block")
        => "synchronous_standby_names" "synchronized_standby_slots"
           "pg_failover_slots.standby_slot_names" "pg_failover_slots.primary_dsn";
    "the operator archives the WAL", Some("the `backup` block")
        => "archive_mode" "archive_command" "archive_cleanup_command" "restore_command";
    "the operator configures recovery", Some("the `recovery` block")
        => "recovery_target" "recovery_target_action" "recovery_target_inclusive" "recovery_target_lsn"
           "recovery_target_name" "recovery_target_time" "recovery_target_timeline" "recovery_target_xid"
           "recovery_end_command";
    "the operator configures replication", Some("the `high_availability` and `replica_of` blocks")
        => "hot_standby" "primary_conninfo" "primary_slot_name" "recovery_min_apply_delay" "promote_trigger_file";
    "the operator owns certificates and keys", Some("the `tls` block")
        => "ssl" "ssl_ca_file" "ssl_cert_file" "ssl_crl_file" "ssl_dh_params_file" "ssl_ecdh_curve"
           "ssl_key_file" "ssl_passphrase_command" "ssl_passphrase_command_supports_reload"
           "ssl_prefer_server_ciphers";
    "the operator assembles the libraries and adds those whose parameters are set",
        Some("a parameter of the library, such as `pg_stat_statements.max`, or the `audit` block")
        => "shared_preload_libraries";
    "the operator collects the log as JSON from the container", None
        => "logging_collector" "log_destination" "log_directory" "log_file_mode" "log_filename" "log_rotation_age"
           "log_rotation_size" "log_truncate_on_rotation" "syslog_facility" "syslog_ident" "syslog_sequence_numbers"
           "syslog_split_messages" "event_source";
    "clients reach the server through the Services that the operator makes", None
        => "listen_addresses" "port" "unix_socket_directories" "unix_socket_group" "unix_socket_permissions"
           "bonjour" "bonjour_name";
    "the operator writes this file", Some("`pg_hba` in the `tls` block")
        => "hba_file" "ident_file";
    "the operator lays out the files of an instance", None
        => "config_file" "data_directory" "external_pid_file" "stats_temp_directory";
    "the operator names the cluster", None => "cluster_name";
    "the operator, not the postmaster, restarts a crashed instance, so that failover can begin", None
        => "restart_after_crash";
    "temporary tablespaces are declared with their storage", Some("a `tablespace` of the `storage` block")
        => "temp_tablespaces";
    "it risks the data for nothing", None => "allow_system_table_mods" "data_sync_retry";
    "only the provider that is in the image works", None => "jit_provider";
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_why_and_what_to_use() {
        let refusal = fixed("synchronous_standby_names").unwrap();
        assert_eq!(refusal.instead, Some("the `high_availability` block"));
        assert!(refusal.reason.contains("operator"));
        assert_eq!(
            fixed("ARCHIVE_MODE").unwrap().instead,
            Some("the `backup` block")
        );
    }

    #[test]
    fn what_the_webhook_allows_is_allowed() {
        for name in [
            "ssl_min_protocol_version",
            "ssl_max_protocol_version",
            "ssl_ciphers",
            "wal_level",
            "work_mem",
        ] {
            assert_eq!(fixed(name), None, "{name}");
        }
    }

    #[test]
    fn no_parameter_is_listed_twice() {
        let mut names: Vec<_> = GROUPS.iter().flat_map(|group| group.names).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
