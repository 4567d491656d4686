//! Where instances may run.

use crate::kubernetes::types::common::{NodeAffinity, PodAffinity, Strings, Toleration};
use crate::kubernetes::types::object::object;

object! {
    AffinityConfiguration {
        enable_pod_anti_affinity: Option<bool>,
        topology_key: Option<String>,
        pod_anti_affinity_type: Option<String>,
        node_selector: Strings,
        node_affinity: Option<NodeAffinity>,
        tolerations: Vec<Toleration>,
        additional_pod_affinity: Option<PodAffinity>,
        additional_pod_anti_affinity: Option<PodAffinity>,
    }
}
