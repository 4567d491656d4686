//! Recovery from backups, other clusters, and replica clusters.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Plugin;
use crate::kubernetes::types::common::{KeySelector, LocalObjectReference, Strings};
use crate::kubernetes::types::object::object;

object! {
    Recovery {
        backup: Option<LocalObjectReference>,
        source: Option<String>,
        volume_snapshots: Option<VolumeSnapshots>,
        recovery_target: Option<RecoveryTarget>,
        database: Option<String>,
        owner: Option<String>,
        secret: Option<LocalObjectReference>,
    }

    RecoveryTarget {
        target_time: Option<String>,
        #[serde(rename = "targetLSN")]
        target_lsn: Option<String>,
        #[serde(rename = "targetXID")]
        target_xid: Option<String>,
        target_name: Option<String>,
        target_immediate: Option<bool>,
        #[serde(rename = "targetTLI")]
        target_tli: Option<String>,
        #[serde(rename = "backupID")]
        backup_id: Option<String>,
        exclusive: Option<bool>,
    }

    VolumeSnapshots {
        storage: TypedLocalObjectReference,
        wal_storage: Option<TypedLocalObjectReference>,
        tablespace_storage: BTreeMap<String, TypedLocalObjectReference>,
    }

    TypedLocalObjectReference {
        api_group: Option<String>,
        kind: String,
        name: String,
    }

    ExternalCluster {
        name: String,
        connection_parameters: Strings,
        password: Option<KeySelector>,
        ssl_cert: Option<KeySelector>,
        ssl_key: Option<KeySelector>,
        ssl_root_cert: Option<KeySelector>,
        plugin: Option<Plugin>,
        /// Deprecated by the operator; passed on as it is.
        barman_object_store: Value,
    }

    ReplicaCluster {
        source: String,
        #[serde(rename = "self")]
        self_name: Option<String>,
        primary: Option<String>,
        enabled: Option<bool>,
        promotion_token: Option<String>,
        min_apply_delay: Option<String>,
    }

    ClusterBackup {
        target: Option<String>,
        volume_snapshot: Option<VolumeSnapshotBackup>,
        /// Deprecated by the operator; passed on as it is.
        barman_object_store: Value,
        retention_policy: Option<String>,
    }

    VolumeSnapshotBackup {
        class_name: Option<String>,
        wal_class_name: Option<String>,
        labels: Strings,
        annotations: Strings,
        online: Option<bool>,
        snapshot_owner_reference: Option<String>,
    }
}
