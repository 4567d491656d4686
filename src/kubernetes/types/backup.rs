//! `Backup` of CloudNativePG: one base backup. Its specification cannot change.

use super::common::{
    LocalObjectReference, ObjectMeta, OnlineConfiguration, PluginConfiguration, Strings,
};
use super::object::object;
use super::resource;

object! {
    Backup {
        metadata: ObjectMeta,
        spec: BackupSpec,
        status: Option<BackupStatus>,
    }

    BackupSpec {
        cluster: LocalObjectReference,
        method: Option<String>,
        plugin_configuration: Option<PluginConfiguration>,
        target: Option<String>,
        online: Option<bool>,
        online_configuration: Option<OnlineConfiguration>,
    }

    BackupStatus {
        phase: Option<String>,
        error: Option<String>,
        backup_id: Option<String>,
        backup_name: Option<String>,
        started_at: Option<String>,
        stopped_at: Option<String>,
        method: Option<String>,
        server_name: Option<String>,
        destination_path: Option<String>,
        begin_wal: Option<String>,
        end_wal: Option<String>,
        #[serde(rename = "beginLSN")]
        begin_lsn: Option<String>,
        #[serde(rename = "endLSN")]
        end_lsn: Option<String>,
        major_version: Option<i64>,
        online: Option<bool>,
        #[serde(rename = "instanceID")]
        instance_id: Option<InstanceId>,
        snapshot_backup_status: Option<SnapshotBackupStatus>,
        plugin_metadata: Strings,
    }

    InstanceId {
        pod_name: Option<String>,
    }

    SnapshotBackupStatus {
        elements: Vec<SnapshotElement>,
    }

    SnapshotElement {
        name: String,
        r#type: String,
        tablespace_name: Option<String>,
    }
}

resource!(Backup, "postgresql.cnpg.io/v1");
