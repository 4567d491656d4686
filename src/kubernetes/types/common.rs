//! What several kinds share: metadata, references, resources and placement of pods.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::object::{Unset, object};

/// Labels or annotations.
pub type Strings = BTreeMap<String, String>;

/// A quantity or a port name: read from a number or a text, written as a text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct IntOrString(pub String);

impl From<&str> for IntOrString {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl<'de> Deserialize<'de> for IntOrString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self(text)),
            Value::Number(number) => Ok(Self(number.to_string())),
            other => Err(serde::de::Error::custom(format!(
                "expected a number or a text, found {other}"
            ))),
        }
    }
}

impl Unset for IntOrString {}

object! {
    ObjectMeta {
        name: String,
        namespace: Option<String>,
        labels: Strings,
        annotations: Strings,
        finalizers: Vec<String>,
        uid: Option<String>,
        resource_version: Option<String>,
        generation: Option<i64>,
        creation_timestamp: Option<String>,
        deletion_timestamp: Option<String>,
    }

    /// Labels and annotations that a template hands on.
    TemplateMeta {
        name: Option<String>,
        labels: Strings,
        annotations: Strings,
    }

    LocalObjectReference {
        name: String,
    }

    /// One key of a Secret or ConfigMap.
    KeySelector {
        name: String,
        key: String,
    }

    ResourceRequirements {
        requests: BTreeMap<String, IntOrString>,
        limits: BTreeMap<String, IntOrString>,
    }

    EnvVar {
        name: String,
        value: Option<String>,
        value_from: Value,
    }

    Toleration {
        key: Option<String>,
        operator: Option<String>,
        value: Option<String>,
        effect: Option<String>,
        toleration_seconds: Option<i64>,
    }

    LabelSelectorRequirement {
        key: String,
        operator: String,
        values: Vec<String>,
    }

    LabelSelector {
        match_labels: Strings,
        match_expressions: Vec<LabelSelectorRequirement>,
    }

    TopologySpreadConstraint {
        max_skew: i64,
        topology_key: String,
        when_unsatisfiable: String,
        label_selector: Option<LabelSelector>,
        match_label_keys: Vec<String>,
        min_domains: Option<i64>,
        node_affinity_policy: Option<String>,
        node_taints_policy: Option<String>,
    }

    NodeSelectorTerm {
        match_expressions: Vec<LabelSelectorRequirement>,
        match_fields: Vec<LabelSelectorRequirement>,
    }

    NodeSelector {
        node_selector_terms: Vec<NodeSelectorTerm>,
    }

    PreferredSchedulingTerm {
        weight: i64,
        preference: NodeSelectorTerm,
    }

    NodeAffinity {
        required_during_scheduling_ignored_during_execution: Option<NodeSelector>,
        preferred_during_scheduling_ignored_during_execution: Vec<PreferredSchedulingTerm>,
    }

    PodAffinityTerm {
        label_selector: Option<LabelSelector>,
        topology_key: String,
        namespaces: Vec<String>,
    }

    WeightedPodAffinityTerm {
        weight: i64,
        pod_affinity_term: PodAffinityTerm,
    }

    /// Affinity to, or anti-affinity against, other pods.
    PodAffinity {
        required_during_scheduling_ignored_during_execution: Vec<PodAffinityTerm>,
        preferred_during_scheduling_ignored_during_execution: Vec<WeightedPodAffinityTerm>,
    }

    /// One condition of a status.
    Condition {
        r#type: String,
        status: String,
        reason: String,
        message: String,
        last_transition_time: String,
        observed_generation: Option<i64>,
    }

    /// How a Backup is taken by a plugin.
    PluginConfiguration {
        name: String,
        parameters: Strings,
    }

    /// How a volume snapshot is taken from a running instance.
    OnlineConfiguration {
        immediate_checkpoint: Option<bool>,
        wait_for_archive: Option<bool>,
    }
}
