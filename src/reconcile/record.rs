//! What was last applied: per owned object a digest of each path, kept in private state. Apply writes it, read echoes it.
//!
//! Read has no configuration, and state may hold drifted values after a refresh; this record is what drift is measured against.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::compare;
use super::object::{Address, Desired, Ownership};
use super::paths;

/// One owned object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub part: String,
    pub address: Address,
    /// The parent whose writes must not overlap (ARM).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<String>,
    /// Digest by path. Empty for an object that was imported and not applied since.
    pub digests: BTreeMap<String, String>,
    /// Stays after a destroy.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outlives: bool,
}

/// Every owned object, by its key in `objects`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    #[serde(default)]
    pub objects: BTreeMap<String, Entry>,
    /// Set by an import until the first apply, which marks the objects.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub imported: bool,
    /// What the last plan said of deletion: travels to the plan and the apply of a replacement, whose halves see nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_protection: Option<bool>,
}

impl Record {
    /// An unreadable record counts as empty: read then treats the resource as imported.
    pub fn from_private(private: &[u8]) -> Self {
        serde_json::from_slice(private).unwrap_or_default()
    }

    pub fn to_private(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub fn insert(&mut self, part: &str, desired: &Desired, outlives: bool) {
        if desired.ownership == Ownership::Shared {
            return;
        }
        let digests = compare::leaves(&desired.address, &desired.body, desired.once)
            .into_iter()
            .map(|(path, value)| (path, digest(&value)))
            .collect();
        self.objects.insert(
            desired.address.key(),
            Entry {
                part: part.to_owned(),
                address: desired.address.clone(),
                lock: desired.lock.clone(),
                digests,
                outlives,
            },
        );
    }
}

impl Entry {
    /// The paths at which the live object is not what was last applied, as they are shown.
    pub fn changed(&self, live: &Json) -> Vec<String> {
        let prepared = compare::prepare(&self.address, live);
        let mut changed: Vec<String> = self
            .digests
            .iter()
            .filter(|(path, recorded)| {
                digest(&compare::live_leaf(&self.address, &prepared, path)) != **recorded
            })
            .map(|(path, _)| paths::shown(path).to_owned())
            .collect();
        changed.dedup();
        let lists: Vec<String> = self
            .digests
            .keys()
            .filter(|path| path.ends_with("[]"))
            .map(|path| paths::shown(path).to_owned())
            .filter(|list| changed.contains(list))
            .collect();
        changed.retain(|path| {
            !lists
                .iter()
                .any(|list| path != list && paths::is_below(path, list))
        });
        changed
    }
}

/// A short digest; everything that is empty has the same one.
pub fn digest(value: &Json) -> String {
    if compare::same(value, &Json::Null) {
        return String::new();
    }
    let hash = Sha256::digest(value.to_string().as_bytes());
    hash.iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(body: Json) -> Entry {
        let address = Address::kubernetes("v1", "ConfigMap", Some("ns"), "a");
        let desired = Desired::kubernetes(address.clone(), json!({}), body);
        let mut record = Record::default();
        record.insert("part", &desired, false);
        record.objects.remove("ConfigMap/a").unwrap()
    }

    #[test]
    fn only_paths_that_were_applied_count() {
        let entry = record(json!({"spec": {"instances": 3}}));
        let live = json!({"spec": {"instances": 3, "imageName": "filled in by a webhook"}});
        assert_eq!(entry.changed(&live), Vec::<String>::new());
        assert_eq!(
            entry.changed(&json!({"spec": {"instances": 2}})),
            ["spec.instances"]
        );
        assert_eq!(entry.changed(&json!({"spec": {}})), ["spec.instances"]);
    }

    #[test]
    fn quantities_are_compared_by_meaning() {
        let entry = record(json!({"spec": {"storage": {"size": "1Gi"}}}));
        assert!(
            entry
                .changed(&json!({"spec": {"storage": {"size": "1024Mi"}}}))
                .is_empty()
        );
        assert_eq!(
            entry.changed(&json!({"spec": {"storage": {"size": "2Gi"}}})),
            ["spec.storage.size"]
        );
    }

    #[test]
    fn an_element_that_was_added_to_a_list_is_seen() {
        let entry = record(json!({"spec": {"hba": ["a", "b"]}}));
        assert_eq!(
            entry.changed(&json!({"spec": {"hba": ["a", "b", "c"]}})),
            ["spec.hba"]
        );
        assert_eq!(
            entry.changed(&json!({"spec": {"hba": ["b"]}})),
            ["spec.hba"]
        );
        assert_eq!(
            entry.changed(&json!({"spec": {"hba": ["a", "x"]}})),
            ["spec.hba[1]"]
        );
    }

    #[test]
    fn the_record_survives_private_state() {
        let mut record = Record::default();
        let address = Address::arm("/subscriptions/s/resourceGroups/g", "2024-07-01");
        let desired = Desired::arm(
            address,
            super::super::object::Write::Put,
            Ownership::Tags("tags"),
            json!({"location": "West Europe"}),
        );
        record.insert("part", &desired, true);
        let back = Record::from_private(&record.to_private());
        assert_eq!(back, record);
        assert!(
            back.objects["resourceGroups/g"]
                .changed(&json!({"location": "westeurope"}))
                .is_empty()
        );
    }
}
