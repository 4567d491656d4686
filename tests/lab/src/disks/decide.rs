//! What the driver's controller has to do, as a function of what exists.

use serde_json::{Value, json};

use super::DRIVER;
use super::quantity::{bytes, disk_size};

const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
const ZONE: &str = "topology.kubernetes.io/zone";
/// Prefix of the handles that new volumes get: ids of disks in a resource group of the lab.
const DISKS: &str = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/lab/providers/Microsoft.Compute/disks";

/// One step. Each is safe to repeat.
#[derive(Debug, PartialEq)]
pub enum Action {
    Create {
        handle: String,
        volume: Value,
    },
    /// The disk grows: first the volume, then what the claim reports.
    Expand {
        volume: String,
        claim: Claim,
        size: String,
    },
    /// The disk takes the attributes of another VolumeAttributesClass.
    Modify {
        volume: String,
        claim: Claim,
        class: String,
    },
    /// The class that a claim asks for does not exist (yet).
    ModifyPending {
        claim: Claim,
        class: String,
    },
    Delete {
        volume: String,
        handle: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub namespace: String,
    pub name: String,
}

/// The steps for a list of claims, volumes, classes and nodes in any order.
pub fn decide(items: &[Value]) -> Vec<Action> {
    let world = World { items };
    let claims = world
        .all("PersistentVolumeClaim")
        .filter_map(|claim| world.for_claim(claim));
    claims
        .chain(world.all("PersistentVolume").filter_map(for_volume))
        .collect()
}

struct World<'a> {
    items: &'a [Value],
}

impl<'a> World<'a> {
    fn all(&self, kind: &'static str) -> impl Iterator<Item = &'a Value> + use<'a> {
        self.items.iter().filter(move |item| item["kind"] == kind)
    }

    fn named(&self, kind: &'static str, name: &str) -> Option<&'a Value> {
        self.all(kind).find(|item| item["metadata"]["name"] == name)
    }

    fn for_claim(&self, claim: &Value) -> Option<Action> {
        match claim["status"]["phase"].as_str()? {
            "Pending" => self.create(claim),
            "Bound" => self.expand(claim).or_else(|| self.modify(claim)),
            _ => None,
        }
    }

    fn create(&self, claim: &Value) -> Option<Action> {
        let (metadata, spec) = (&claim["metadata"], &claim["spec"]);
        let class = self.named("StorageClass", spec["storageClassName"].as_str()?)?;
        if class["provisioner"] != DRIVER
            || spec["volumeName"].is_string()
            || metadata["deletionTimestamp"].is_string()
        {
            return None;
        }
        let attributes = spec["volumeAttributesClassName"].as_str();
        if attributes.is_some_and(|name| !self.attributes_exist(name)) {
            return None;
        }
        let node = metadata["annotations"][SELECTED_NODE].as_str();
        if class["volumeBindingMode"] == "WaitForFirstConsumer" && node.is_none() {
            return None;
        }
        let name = format!("pvc-{}", metadata["uid"].as_str()?);
        let handle = format!("{DISKS}/{name}");
        if self.named("PersistentVolume", &name).is_some() {
            return None;
        }
        let mut volume = json!({
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": { "name": name, "annotations": { PROVISIONED_BY: DRIVER } },
            "spec": {
                "capacity": { "storage": disk_size(requested(claim)?)? },
                "accessModes": spec["accessModes"],
                "storageClassName": spec["storageClassName"],
                "persistentVolumeReclaimPolicy": class["reclaimPolicy"].as_str().unwrap_or("Delete"),
                "volumeMode": spec["volumeMode"].as_str().unwrap_or("Filesystem"),
                "csi": { "driver": DRIVER, "volumeHandle": handle, "fsType": "ext4", "volumeAttributes": class["parameters"] },
                "claimRef": {
                    "apiVersion": "v1",
                    "kind": "PersistentVolumeClaim",
                    "namespace": metadata["namespace"],
                    "name": metadata["name"],
                    "uid": metadata["uid"],
                },
                "nodeAffinity": self.affinity(class, node)?,
            },
        });
        if let Some(attributes) = attributes {
            volume["spec"]["volumeAttributesClassName"] = attributes.into();
        }
        Some(Action::Create { handle, volume })
    }

    /// A disk is in one zone; one with zone-redundant storage is in all.
    fn affinity(&self, class: &Value, node: Option<&str>) -> Option<Value> {
        let zone_of = |node: &Value| node["metadata"]["labels"][ZONE].as_str().map(String::from);
        let mut zones: Vec<String> = match node {
            Some(name) if !is_zone_redundant(class) => vec![zone_of(self.named("Node", name)?)?],
            _ => self.all("Node").filter_map(zone_of).collect(),
        };
        zones.sort();
        zones.dedup();
        if !is_zone_redundant(class) {
            zones.truncate(1);
        }
        let zone = json!({ "key": ZONE, "operator": "In", "values": zones });
        Some(json!({ "required": { "nodeSelectorTerms": [{ "matchExpressions": [zone] }] } }))
    }

    fn expand(&self, claim: &Value) -> Option<Action> {
        let volume = self.volume_of(claim)?;
        let size = disk_size(requested(claim)?)?;
        let wanted = bytes(&size)?;
        let smaller = |capacity: &Value| {
            capacity["storage"]
                .as_str()
                .and_then(bytes)
                .is_some_and(|bytes| bytes < wanted)
        };
        let behind = smaller(&volume["spec"]["capacity"]) || smaller(&claim["status"]["capacity"]);
        behind.then(|| Action::Expand {
            volume: name(volume),
            claim: claim_of(claim),
            size,
        })
    }

    fn modify(&self, claim: &Value) -> Option<Action> {
        let volume = self.volume_of(claim)?;
        let class = claim["spec"]["volumeAttributesClassName"].as_str()?;
        let status = &claim["status"];
        if volume["spec"]["volumeAttributesClassName"] == class
            && status["currentVolumeAttributesClassName"] == class
        {
            return None;
        }
        if self.attributes_exist(class) {
            return Some(Action::Modify {
                volume: name(volume),
                claim: claim_of(claim),
                class: class.into(),
            });
        }
        let told = status["modifyVolumeStatus"]["targetVolumeAttributesClassName"] == class;
        (!told).then(|| Action::ModifyPending {
            claim: claim_of(claim),
            class: class.into(),
        })
    }

    fn attributes_exist(&self, class: &str) -> bool {
        self.named("VolumeAttributesClass", class)
            .is_some_and(|class| class["driverName"] == DRIVER)
    }

    fn volume_of(&self, claim: &Value) -> Option<&'a Value> {
        let volume = self.named("PersistentVolume", claim["spec"]["volumeName"].as_str()?)?;
        (volume["spec"]["csi"]["driver"] == DRIVER).then_some(volume)
    }
}

fn for_volume(volume: &Value) -> Option<Action> {
    let (metadata, spec) = (&volume["metadata"], &volume["spec"]);
    let gone = volume["status"]["phase"] == "Released"
        && spec["persistentVolumeReclaimPolicy"] == "Delete"
        && metadata["annotations"][PROVISIONED_BY] == DRIVER
        && !metadata["deletionTimestamp"].is_string();
    let handle = spec["csi"]["volumeHandle"].as_str()?;
    gone.then(|| Action::Delete {
        volume: name(volume),
        handle: handle.into(),
    })
}

/// Parameter names of the driver are not sensitive to case and have aliases.
fn is_zone_redundant(class: &Value) -> bool {
    class["parameters"].as_object().is_some_and(|parameters| {
        parameters.iter().any(|(name, value)| {
            ["skuname", "storageaccounttype"].contains(&name.to_lowercase().as_str())
                && value
                    .as_str()
                    .is_some_and(|sku| sku.to_uppercase().ends_with("_ZRS"))
        })
    })
}

fn requested(claim: &Value) -> Option<&str> {
    claim["spec"]["resources"]["requests"]["storage"].as_str()
}

fn name(object: &Value) -> String {
    object["metadata"]["name"]
        .as_str()
        .unwrap_or_default()
        .into()
}

fn claim_of(claim: &Value) -> Claim {
    Claim {
        namespace: claim["metadata"]["namespace"]
            .as_str()
            .unwrap_or_default()
            .into(),
        name: name(claim),
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
