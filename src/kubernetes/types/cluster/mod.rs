//! `Cluster` of CloudNativePG: one PostgreSQL primary and its standbys.

mod bootstrap;
mod managed;
mod placement;
mod postgresql;
mod probes;
mod recovery;
mod spec;
mod status;
mod storage;

pub use bootstrap::*;
pub use managed::*;
pub use placement::*;
pub use postgresql::*;
pub use probes::*;
pub use recovery::*;
pub use spec::*;
pub use status::*;
pub use storage::*;

use super::common::ObjectMeta;
use super::object::object;
use super::resource;

object! {
    Cluster {
        metadata: ObjectMeta,
        spec: ClusterSpec,
        status: Option<ClusterStatus>,
    }
}

resource!(Cluster, "postgresql.cnpg.io/v1");

/// The label that carries the name of the Cluster on its pods, jobs and claims. Poolers' pods
/// carry it too.
pub const CLUSTER_LABEL: &str = "cnpg.io/cluster";

/// Selects the instances of a Cluster, and not the pods of its Poolers.
pub fn instance_selector(name: &str) -> String {
    format!("{CLUSTER_LABEL}={name},cnpg.io/podRole=instance")
}
