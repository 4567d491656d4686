//! `ScheduledBackup` of CloudNativePG: makes Backups by a cron expression of six fields.

use super::common::{LocalObjectReference, ObjectMeta, OnlineConfiguration, PluginConfiguration};
use super::object::object;
use super::resource;

object! {
    ScheduledBackup {
        metadata: ObjectMeta,
        spec: ScheduledBackupSpec,
        status: Option<ScheduledBackupStatus>,
    }

    ScheduledBackupSpec {
        cluster: LocalObjectReference,
        /// Seconds come first.
        schedule: String,
        immediate: Option<bool>,
        suspend: Option<bool>,
        backup_owner_reference: Option<String>,
        target: Option<String>,
        method: Option<String>,
        plugin_configuration: Option<PluginConfiguration>,
        online: Option<bool>,
        online_configuration: Option<OnlineConfiguration>,
    }

    ScheduledBackupStatus {
        last_check_time: Option<String>,
        last_schedule_time: Option<String>,
        next_schedule_time: Option<String>,
        error: Option<String>,
    }
}

resource!(ScheduledBackup, "postgresql.cnpg.io/v1");
