//! Ownership marks: whose an object is, and whether its creation is finished.

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::object::{Desired, Ownership, merge};
use super::paths;

/// The field manager of everything that is applied, and the value of the `managed-by` label.
pub const MANAGER: &str = "terraform-provider-postgres";
/// The field manager of [`STATE`], apart from [`MANAGER`] so that an apply does not give it up.
pub const STATE_MANAGER: &str = "terraform-provider-postgres-state";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// Annotation or tag: the hash of the identity of the owning resource.
pub const OWNER: &str = "postgres-owner";
/// Annotation of the primary object: `finished`, or the lease of a run that is still creating.
pub const STATE: &str = "postgres-state";
pub const FINISHED: &str = "finished";

/// The owner mark of a resource: a hash of its type and id.
pub fn owner(type_name: &str, id: &str) -> String {
    let hash = Sha256::digest(format!("{type_name}\n{}", id.to_lowercase()).as_bytes());
    hash.iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Adds our mark to an object that is about to be written.
pub fn mark(desired: &mut Desired, owner: &str) {
    match desired.ownership {
        Ownership::Labels => merge(
            &mut desired.body,
            json!({"metadata": {"labels": {MANAGED_BY: MANAGER}, "annotations": {OWNER: owner}}}),
        ),
        Ownership::Tags(place) => {
            let mut tags = paths::at(&desired.body, place).unwrap_or_else(|| json!({}));
            merge(&mut tags, json!({OWNER: owner}));
            paths::set(&mut desired.body, place, tags);
        }
        Ownership::Name | Ownership::Shared => {}
    }
}

/// Whose a live object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    Ours,
    /// Another resource of this provider.
    Other,
    Nobody,
}

pub fn owner_of(ownership: Ownership, live: &Json, owner: &str) -> Owner {
    let found = match ownership {
        Ownership::Labels => live["metadata"]["annotations"][OWNER]
            .as_str()
            .map(str::to_owned),
        Ownership::Tags(place) => {
            paths::at(live, place).and_then(|tags| tags[OWNER].as_str().map(str::to_owned))
        }
        Ownership::Name | Ownership::Shared => return Owner::Ours,
    };
    match found {
        Some(found) if found == owner => Owner::Ours,
        Some(_) => Owner::Other,
        None => Owner::Nobody,
    }
}

/// True when the creation of this primary object was finished.
pub fn is_finished(live: &Json) -> bool {
    live["metadata"]["annotations"][STATE] == FINISHED
}

/// True for paths that say whose an object is, whatever its kind.
pub fn is_mark(path: &str) -> bool {
    path.contains(OWNER) || path.contains(MANAGED_BY)
}

/// The text of an import command for a resource of this type.
pub fn import_command(type_name: &str, id: &str) -> String {
    format!("tofu import {type_name}.NAME '{id}'")
}

/// A short hash for names that must differ when `content` does: lower-case letters and digits, starting with a letter.
pub fn short_hash(content: &str, length: usize) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let hash = Sha256::digest(content.as_bytes());
    hash.iter()
        .take(length)
        .map(|byte| char::from(ALPHABET[usize::from(byte & 31)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::object::{Address, Write};
    use super::*;

    #[test]
    fn an_object_is_known_again_by_its_mark() {
        let us = owner("postgres_ha_cluster", "ns/pg");
        let mut desired = Desired::kubernetes(
            Address::kubernetes("v1", "ConfigMap", Some("ns"), "a"),
            json!({"team": "x"}),
            json!({}),
        );
        mark(&mut desired, &us);
        assert_eq!(owner_of(Ownership::Labels, &desired.body, &us), Owner::Ours);
        assert_eq!(
            owner_of(Ownership::Labels, &desired.body, "else"),
            Owner::Other
        );
        assert_eq!(owner_of(Ownership::Labels, &json!({}), &us), Owner::Nobody);
        assert_eq!(desired.body["metadata"]["labels"]["team"], "x");
    }

    #[test]
    fn tags_lie_where_the_type_has_them() {
        let place = Ownership::Tags("properties.tags");
        let mut desired = Desired::arm(
            Address::arm("/a/b", "1"),
            Write::Put,
            place,
            json!({"properties": {"count": 1}}),
        );
        mark(&mut desired, "us");
        assert_eq!(
            desired.body,
            json!({"properties": {"count": 1, "tags": {OWNER: "us"}}})
        );
        assert_eq!(owner_of(place, &desired.body, "us"), Owner::Ours);
    }

    #[test]
    fn the_owner_does_not_depend_on_the_case_of_an_azure_id() {
        assert_eq!(
            owner("t", "/subscriptions/A"),
            owner("t", "/Subscriptions/a")
        );
        assert_ne!(owner("t", "a"), owner("u", "a"));
    }
}
