//! What the operator reports.

use std::collections::BTreeMap;

use crate::kubernetes::types::common::{Condition, Strings};
use crate::kubernetes::types::object::object;

object! {
    ClusterStatus {
        phase: Option<String>,
        phase_reason: Option<String>,
        conditions: Vec<Condition>,
        instances: Option<i64>,
        ready_instances: Option<i64>,
        instance_names: Vec<String>,
        /// Instance names by state, for example `healthy`.
        instances_status: BTreeMap<String, Vec<String>>,
        instances_reported_state: BTreeMap<String, InstanceReportedState>,
        current_primary: Option<String>,
        current_primary_timestamp: Option<String>,
        target_primary: Option<String>,
        target_primary_timestamp: Option<String>,
        #[serde(rename = "timelineID")]
        timeline_id: Option<i64>,
        #[serde(rename = "systemID")]
        system_id: Option<String>,
        topology: Option<Topology>,
        image: Option<String>,
        #[serde(rename = "pgDataImageInfo")]
        pg_data_image_info: Option<ImageInfo>,
        #[serde(rename = "targetPgDataImageInfo")]
        target_pg_data_image_info: Option<ImageInfo>,
        write_service: Option<String>,
        read_service: Option<String>,
        certificates: Option<CertificatesStatus>,
        managed_roles_status: Option<ManagedRolesStatus>,
        tablespaces_status: Vec<TablespaceState>,
        pvc_count: Option<i64>,
        #[serde(rename = "danglingPVC")]
        dangling_pvc: Vec<String>,
        #[serde(rename = "resizingPVC")]
        resizing_pvc: Vec<String>,
        #[serde(rename = "healthyPVC")]
        healthy_pvc: Vec<String>,
        #[serde(rename = "unusablePVC")]
        unusable_pvc: Vec<String>,
        plugin_status: Vec<PluginStatus>,
        demotion_token: Option<String>,
        first_recoverability_point: Option<String>,
        last_successful_backup: Option<String>,
        last_failed_backup: Option<String>,
    }

    InstanceReportedState {
        is_primary: bool,
        #[serde(rename = "timeLineID")]
        timeline_id: Option<i64>,
        ip: Option<String>,
    }

    Topology {
        nodes_used: Option<i64>,
        successfully_extracted: Option<bool>,
        /// Node labels by instance.
        instances: BTreeMap<String, Strings>,
    }

    ImageInfo {
        image: String,
        major_version: i64,
    }

    CertificatesStatus {
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
        /// By Secret.
        expirations: Strings,
    }

    ManagedRolesStatus {
        by_status: BTreeMap<String, Vec<String>>,
        cannot_reconcile: BTreeMap<String, Vec<String>>,
    }

    TablespaceState {
        name: String,
        state: String,
        owner: Option<String>,
        error: Option<String>,
    }

    PluginStatus {
        name: String,
        version: String,
        status: Option<String>,
        capabilities: Vec<String>,
    }
}
