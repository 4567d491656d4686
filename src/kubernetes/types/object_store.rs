//! `ObjectStore` of the barman plugin: where base backups and WAL go.

use std::collections::BTreeMap;

use super::common::{EnvVar, KeySelector, ObjectMeta, ResourceRequirements, Strings};
use super::object::object;
use super::resource;

object! {
    ObjectStore {
        metadata: ObjectMeta,
        spec: ObjectStoreSpec,
        status: Option<ObjectStoreStatus>,
    }

    ObjectStoreSpec {
        configuration: ObjectStoreConfiguration,
        retention_policy: Option<String>,
        instance_sidecar_configuration: Option<InstanceSidecarConfiguration>,
    }

    ObjectStoreConfiguration {
        destination_path: String,
        #[serde(rename = "endpointURL")]
        endpoint_url: Option<String>,
        #[serde(rename = "endpointCA")]
        endpoint_ca: Option<KeySelector>,
        azure_credentials: Option<AzureCredentials>,
        wal: Option<WalConfiguration>,
        data: Option<DataConfiguration>,
        tags: Strings,
        history_tags: Strings,
    }

    /// Exactly one way to authenticate.
    AzureCredentials {
        #[serde(rename = "inheritFromAzureAD")]
        inherit_from_azure_ad: Option<bool>,
        use_default_azure_credentials: Option<bool>,
        connection_string: Option<KeySelector>,
        storage_account: Option<KeySelector>,
        storage_key: Option<KeySelector>,
        storage_sas_token: Option<KeySelector>,
    }

    WalConfiguration {
        compression: Option<String>,
        encryption: Option<String>,
        max_parallel: Option<i64>,
        archive_additional_command_args: Vec<String>,
        restore_additional_command_args: Vec<String>,
    }

    DataConfiguration {
        compression: Option<String>,
        encryption: Option<String>,
        jobs: Option<i64>,
        immediate_checkpoint: Option<bool>,
        additional_command_args: Vec<String>,
        restore_additional_command_args: Vec<String>,
    }

    InstanceSidecarConfiguration {
        env: Vec<EnvVar>,
        resources: Option<ResourceRequirements>,
        retention_policy_interval_seconds: Option<i64>,
        log_level: Option<String>,
        additional_container_args: Vec<String>,
    }

    ObjectStoreStatus {
        server_recovery_window: BTreeMap<String, RecoveryWindow>,
    }

    /// What can be restored of one server.
    RecoveryWindow {
        first_recoverability_point: Option<String>,
        last_successful_backup_time: Option<String>,
        last_failed_backup_time: Option<String>,
    }
}

resource!(ObjectStore, "barmancloud.cnpg.io/v1");
