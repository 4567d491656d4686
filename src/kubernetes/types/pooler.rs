//! `Pooler` of CloudNativePG: PgBouncer in front of a Cluster.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::cluster::MonitoringTls;
use super::common::{
    EnvVar, LocalObjectReference, NodeAffinity, ObjectMeta, PodAffinity, ResourceRequirements,
    Strings, TemplateMeta, Toleration, TopologySpreadConstraint,
};
use super::object::{Unset, object};
use super::resource;

object! {
    Pooler {
        metadata: ObjectMeta,
        spec: PoolerSpec,
        status: Option<PoolerStatus>,
    }

    PoolerSpec {
        cluster: LocalObjectReference,
        r#type: Option<String>,
        instances: Option<i64>,
        pgbouncer: PgBouncer,
        template: Option<PodTemplate>,
        /// Metadata and specification of the Service; passed on as it is.
        service_template: Value,
        /// Passed on as it is.
        deployment_strategy: Value,
        service_account_name: Option<String>,
        monitoring: Option<PoolerMonitoring>,
    }

    PgBouncer {
        pool_mode: Option<String>,
        parameters: Strings,
        #[serde(rename = "pg_hba")]
        pg_hba: Vec<String>,
        paused: Option<bool>,
        image: Option<String>,
        auth_query: Option<String>,
        auth_query_secret: Option<LocalObjectReference>,
        #[serde(rename = "serverTLSSecret")]
        server_tls_secret: Option<LocalObjectReference>,
        #[serde(rename = "serverCASecret")]
        server_ca_secret: Option<LocalObjectReference>,
        #[serde(rename = "clientTLSSecret")]
        client_tls_secret: Option<LocalObjectReference>,
        #[serde(rename = "clientCASecret")]
        client_ca_secret: Option<LocalObjectReference>,
    }

    PodTemplate {
        metadata: Option<TemplateMeta>,
        spec: Option<PodSpec>,
    }

    PodSpec {
        containers: Containers,
        image_pull_secrets: Vec<LocalObjectReference>,
        affinity: Option<Affinity>,
        node_selector: Strings,
        tolerations: Vec<Toleration>,
        topology_spread_constraints: Vec<TopologySpreadConstraint>,
        priority_class_name: Option<String>,
        termination_grace_period_seconds: Option<i64>,
    }

    Container {
        name: String,
        image: Option<String>,
        resources: Option<ResourceRequirements>,
        env: Vec<EnvVar>,
    }

    Affinity {
        node_affinity: Option<NodeAffinity>,
        pod_affinity: Option<PodAffinity>,
        pod_anti_affinity: Option<PodAffinity>,
    }

    PoolerMonitoring {
        enable_pod_monitor: Option<bool>,
        tls: Option<MonitoringTls>,
    }

    PoolerStatus {
        instances: Option<i64>,
        phase: Option<String>,
        phase_reason: Option<String>,
        image: Option<String>,
        error: Option<String>,
    }
}

resource!(Pooler, "postgresql.cnpg.io/v1");

/// The containers of a template. The list must be there, also when it is empty; one that changes
/// PgBouncer's own container is called `pgbouncer`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Containers(pub Vec<Container>);

impl Unset for Containers {}

/// Selects the pods of a Pooler.
pub fn pod_selector(name: &str) -> String {
    format!("cnpg.io/poolerName={name}")
}
