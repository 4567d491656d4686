//! Kubernetes versions that AKS offers.

use serde_json::{Value, json};

use super::{Found, Lookup};
use crate::arm::errors::ArmError;
use crate::arm::kind::Answer;
use crate::arm::types;

/// Minor versions with their patch versions, newest last.
const OFFERED: [(&str, &[&str]); 3] = [
    ("1.32", &["1.32.9", "1.32.10"]),
    ("1.33", &["1.33.5", "1.33.6"]),
    ("1.34", &["1.34.1", "1.34.2"]),
];

pub const DEFAULT: &str = "1.33";

/// The patch version that a version or its minor alias stands for.
pub fn resolve(version: &str) -> Option<&'static str> {
    OFFERED.iter().find_map(|(minor, patches)| {
        if *minor == version {
            return patches.last().copied();
        }
        patches.iter().find(|p| **p == version).copied()
    })
}

pub(super) fn find(lookup: &mut Lookup<'_>) -> Found {
    let rest = lookup.in_subscription()?;
    let [
        "providers",
        "microsoft.containerservice",
        "locations",
        _,
        "kubernetesversions",
    ] = rest.as_slice()
    else {
        return None;
    };
    if !lookup.is("GET") {
        return Some(Err(ArmError::method(&lookup.call.method)));
    }
    let versions = types::AKS_VERSIONS;
    if let Err(error) = lookup.version("Microsoft.ContainerService/locations", versions) {
        return Some(Err(error));
    }
    let values: Vec<Value> = OFFERED
        .iter()
        .map(|(minor, patches)| {
            let upgrades: Vec<&str> = OFFERED
                .iter()
                .flat_map(|(_, patches)| patches.iter().copied())
                .filter(|v| number(v) > number(patches.last().unwrap_or(minor)))
                .collect();
            let patches: serde_json::Map<String, Value> = patches
                .iter()
                .map(|p| ((*p).to_owned(), json!({"upgrades": upgrades})))
                .collect();
            json!({
                "version": minor,
                "capabilities": {"supportPlan": ["KubernetesOfficial"]},
                "isDefault": *minor == DEFAULT,
                "patchVersions": patches,
            })
        })
        .collect();
    Some(Ok(Answer::ok(json!({"values": values}))))
}

/// A version as numbers, for comparison.
pub fn number(version: &str) -> Vec<u32> {
    version.split('.').filter_map(|n| n.parse().ok()).collect()
}
