//! The specification as a whole.

use serde_json::Value;

use super::{
    AffinityConfiguration, Bootstrap, ClusterBackup, ExternalCluster, ManagedConfiguration,
    PostgresConfiguration, PrimaryLease, Probes, ReplicaCluster, ReplicationSlots,
    StorageConfiguration, Tablespace,
};
use crate::kubernetes::types::common::{
    EnvVar, KeySelector, LocalObjectReference, ResourceRequirements, Strings, TemplateMeta,
    TopologySpreadConstraint,
};
use crate::kubernetes::types::object::object;

object! {
    ClusterSpec {
        description: Option<String>,
        inherited_metadata: Option<InheritedMetadata>,
        instances: i64,
        image_name: Option<String>,
        image_catalog_ref: Option<ImageCatalogRef>,
        image_pull_policy: Option<String>,
        image_pull_secrets: Vec<LocalObjectReference>,
        log_level: Option<String>,
        priority_class_name: Option<String>,
        scheduler_name: Option<String>,
        service_account_template: Option<ServiceAccountTemplate>,
        service_account_name: Option<String>,
        postgresql: Option<PostgresConfiguration>,
        replication_slots: Option<ReplicationSlots>,
        bootstrap: Option<Bootstrap>,
        external_clusters: Vec<ExternalCluster>,
        replica: Option<ReplicaCluster>,
        storage: Option<StorageConfiguration>,
        wal_storage: Option<StorageConfiguration>,
        tablespaces: Vec<Tablespace>,
        ephemeral_volumes_size_limit: Option<EphemeralVolumesSizeLimit>,
        resources: Option<ResourceRequirements>,
        affinity: Option<AffinityConfiguration>,
        topology_spread_constraints: Vec<TopologySpreadConstraint>,
        probes: Option<Probes>,
        primary_lease: Option<PrimaryLease>,
        failover_delay: Option<i64>,
        switchover_delay: Option<i64>,
        start_delay: Option<i64>,
        stop_delay: Option<i64>,
        smart_shutdown_timeout: Option<i64>,
        liveness_probe_timeout: Option<i64>,
        primary_update_strategy: Option<String>,
        primary_update_method: Option<String>,
        #[serde(rename = "enablePDB")]
        enable_pdb: Option<bool>,
        enable_superuser_access: Option<bool>,
        superuser_secret: Option<LocalObjectReference>,
        certificates: Option<Certificates>,
        plugins: Vec<Plugin>,
        backup: Option<ClusterBackup>,
        managed: Option<ManagedConfiguration>,
        monitoring: Option<Monitoring>,
        env: Vec<EnvVar>,
        /// Passed on as it is.
        pod_security_context: Value,
        /// Passed on as it is.
        security_context: Value,
        /// Passed on as it is.
        seccomp_profile: Value,
    }

    /// Given to every object that the operator makes for the cluster, pods and jobs included.
    InheritedMetadata {
        labels: Strings,
        annotations: Strings,
    }

    ImageCatalogRef {
        api_group: Option<String>,
        kind: String,
        name: String,
        major: i64,
    }

    ServiceAccountTemplate {
        metadata: TemplateMeta,
    }

    EphemeralVolumesSizeLimit {
        shm: Option<crate::kubernetes::types::IntOrString>,
        temporary_data: Option<crate::kubernetes::types::IntOrString>,
    }

    Certificates {
        #[serde(rename = "serverCASecret")]
        server_ca_secret: Option<String>,
        #[serde(rename = "serverTLSSecret")]
        server_tls_secret: Option<String>,
        #[serde(rename = "clientCASecret")]
        client_ca_secret: Option<String>,
        #[serde(rename = "replicationTLSSecret")]
        replication_tls_secret: Option<String>,
        #[serde(rename = "serverAltDNSNames")]
        server_alt_dns_names: Vec<String>,
    }

    Plugin {
        name: String,
        enabled: Option<bool>,
        #[serde(rename = "isWALArchiver")]
        is_wal_archiver: Option<bool>,
        parameters: Strings,
    }

    Monitoring {
        custom_queries_config_map: Vec<KeySelector>,
        custom_queries_secret: Vec<KeySelector>,
        disable_default_queries: Option<bool>,
        enable_pod_monitor: Option<bool>,
        #[serde(rename = "metricsQueriesTTL")]
        metrics_queries_ttl: Option<String>,
        tls: Option<MonitoringTls>,
    }

    MonitoringTls {
        enabled: Option<bool>,
    }
}
