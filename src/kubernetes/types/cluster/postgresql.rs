//! PostgreSQL's own configuration, synchronous replication and replication slots.

use serde_json::Value;

use crate::kubernetes::types::common::Strings;
use crate::kubernetes::types::object::object;

object! {
    PostgresConfiguration {
        parameters: Strings,
        synchronous: Option<Synchronous>,
        #[serde(rename = "pg_hba")]
        pg_hba: Vec<String>,
        #[serde(rename = "pg_ident")]
        pg_ident: Vec<String>,
        #[serde(rename = "shared_preload_libraries")]
        shared_preload_libraries: Vec<String>,
        enable_alter_system: Option<bool>,
        promotion_timeout: Option<i64>,
        extensions: Vec<ExtensionImage>,
        sync_replica_election_constraint: Option<SyncReplicaElectionConstraint>,
        /// Passed on as it is.
        ldap: Value,
    }

    Synchronous {
        method: String,
        number: i64,
        max_standby_names_from_cluster: Option<i64>,
        standby_names_pre: Vec<String>,
        standby_names_post: Vec<String>,
        data_durability: Option<String>,
        failover_quorum: Option<bool>,
    }

    ExtensionImage {
        name: String,
        image: Option<ImageVolume>,
    }

    ImageVolume {
        reference: Option<String>,
        pull_policy: Option<String>,
    }

    SyncReplicaElectionConstraint {
        enabled: bool,
        node_labels_anti_affinity: Vec<String>,
    }

    ReplicationSlots {
        high_availability: Option<HighAvailabilitySlots>,
        synchronize_replicas: Option<SynchronizeReplicas>,
        update_interval: Option<i64>,
    }

    HighAvailabilitySlots {
        enabled: Option<bool>,
        slot_prefix: Option<String>,
        synchronize_logical_decoding: Option<bool>,
    }

    SynchronizeReplicas {
        enabled: bool,
        exclude_patterns: Vec<String>,
    }
}
