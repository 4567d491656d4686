use super::*;

fn class(name: &str, sku: &str) -> Value {
    json!({ "kind": "StorageClass", "metadata": { "name": name }, "provisioner": DRIVER, "reclaimPolicy": "Retain",
        "volumeBindingMode": "WaitForFirstConsumer", "parameters": { "skuName": sku } })
}

fn node(number: u8) -> Value {
    json!({ "kind": "Node", "metadata": { "name": format!("node{number}"), "labels": { ZONE: format!("westeurope-{number}") } } })
}

fn pending(class: &str) -> Value {
    json!({ "kind": "PersistentVolumeClaim",
        "metadata": { "namespace": "db", "name": "data-1", "uid": "u1", "annotations": { SELECTED_NODE: "node2" } },
        "spec": { "storageClassName": class, "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1500Mi" } } },
        "status": { "phase": "Pending" } })
}

/// A claim and its volume, both of 10Gi.
fn bound() -> (Value, Value) {
    let claim = json!({ "kind": "PersistentVolumeClaim", "metadata": { "namespace": "db", "name": "data-1" },
        "spec": { "volumeName": "pvc-u1", "resources": { "requests": { "storage": "10Gi" } } },
        "status": { "phase": "Bound", "capacity": { "storage": "10Gi" } } });
    let volume = json!({ "kind": "PersistentVolume",
        "metadata": { "name": "pvc-u1", "annotations": { PROVISIONED_BY: DRIVER } },
        "spec": { "capacity": { "storage": "10Gi" }, "persistentVolumeReclaimPolicy": "Delete",
            "csi": { "driver": DRIVER, "volumeHandle": "disks/pvc-u1" } },
        "status": { "phase": "Bound" } });
    (claim, volume)
}

fn attributes(name: &str) -> Value {
    json!({ "kind": "VolumeAttributesClass", "metadata": { "name": name }, "driverName": DRIVER })
}

fn data() -> Claim {
    Claim {
        namespace: "db".into(),
        name: "data-1".into(),
    }
}

fn created(items: &[Value]) -> Value {
    match decide(items).as_slice() {
        [Action::Create { volume, .. }] => volume.clone(),
        other => panic!("expected one new volume, not {other:?}"),
    }
}

#[test]
fn a_pending_claim_gets_a_disk_in_the_zone_of_its_node() {
    let volume = created(&[
        class("fast", "PremiumV2_LRS"),
        node(1),
        node(2),
        pending("fast"),
    ]);
    let spec = &volume["spec"];
    assert_eq!(spec["capacity"]["storage"], "2Gi");
    assert_eq!(spec["persistentVolumeReclaimPolicy"], "Retain");
    assert_eq!(spec["csi"]["driver"], DRIVER);
    assert!(
        spec["csi"]["volumeHandle"]
            .as_str()
            .unwrap()
            .ends_with("/Microsoft.Compute/disks/pvc-u1")
    );
    assert_eq!(spec["claimRef"]["name"], "data-1");
    let zones =
        &spec["nodeAffinity"]["required"]["nodeSelectorTerms"][0]["matchExpressions"][0]["values"];
    assert_eq!(*zones, json!(["westeurope-2"]));
    assert_eq!(spec["volumeAttributesClassName"], Value::Null);
}

#[test]
fn zone_redundant_disks_fit_every_zone() {
    let volume = created(&[
        class("zrs", "Premium_ZRS"),
        node(2),
        node(1),
        node(3),
        pending("zrs"),
    ]);
    let zones = &volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"][0]["matchExpressions"]
        [0]["values"];
    assert_eq!(
        *zones,
        json!(["westeurope-1", "westeurope-2", "westeurope-3"])
    );
}

#[test]
fn nothing_is_made_for_claims_that_wait_or_are_not_ours() {
    let mut waiting = pending("fast");
    waiting["metadata"]["annotations"] = json!({});
    let mut foreign = class("fast", "Premium_LRS");
    foreign["provisioner"] = "example.org/other".into();
    let mut existing = bound().1;
    existing["status"]["phase"] = "Available".into();
    assert_eq!(
        decide(&[class("fast", "Premium_LRS"), node(2), waiting]),
        []
    );
    assert_eq!(decide(&[foreign, node(2), pending("fast")]), []);
    assert_eq!(decide(&[node(2), pending("fast")]), []);
    assert_eq!(
        decide(&[
            class("fast", "Premium_LRS"),
            node(2),
            pending("fast"),
            existing
        ]),
        []
    );
}

#[test]
fn immediate_binding_does_not_wait_for_a_node() {
    let mut class = class("now", "Premium_LRS");
    class["volumeBindingMode"] = "Immediate".into();
    let mut claim = pending("now");
    claim["metadata"]["annotations"] = json!({});
    let volume = created(&[class, node(3), node(1), claim]);
    let zones = &volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"][0]["matchExpressions"]
        [0]["values"];
    assert_eq!(*zones, json!(["westeurope-1"]));
}

#[test]
fn a_claim_with_attributes_waits_for_their_class_and_hands_it_on() {
    let mut claim = pending("fast");
    claim["spec"]["volumeAttributesClassName"] = "iops-5000".into();
    let mut items = vec![class("fast", "PremiumV2_LRS"), node(2), claim];
    assert_eq!(decide(&items), []);
    items.push(attributes("iops-5000"));
    assert_eq!(
        created(&items)["spec"]["volumeAttributesClassName"],
        "iops-5000"
    );
}

#[test]
fn a_larger_request_grows_volume_and_claim() {
    let (mut claim, mut volume) = bound();
    assert_eq!(decide(&[claim.clone(), volume.clone()]), []);
    claim["spec"]["resources"]["requests"]["storage"] = "12Gi".into();
    let grow = [Action::Expand {
        volume: "pvc-u1".into(),
        claim: data(),
        size: "12Gi".into(),
    }];
    assert_eq!(decide(&[claim.clone(), volume.clone()]), grow);
    // Interrupted after the first half.
    volume["spec"]["capacity"]["storage"] = "12Gi".into();
    assert_eq!(decide(&[claim.clone(), volume.clone()]), grow);
    claim["status"]["capacity"]["storage"] = "12Gi".into();
    assert_eq!(decide(&[claim, volume]), []);
}

#[test]
fn changed_attributes_are_taken_over_when_their_class_exists() {
    let (mut claim, mut volume) = bound();
    claim["spec"]["volumeAttributesClassName"] = "iops-5000".into();
    let waiting = [Action::ModifyPending {
        claim: data(),
        class: "iops-5000".into(),
    }];
    assert_eq!(decide(&[claim.clone(), volume.clone()]), waiting);
    let change = [Action::Modify {
        volume: "pvc-u1".into(),
        claim: data(),
        class: "iops-5000".into(),
    }];
    assert_eq!(
        decide(&[claim.clone(), volume.clone(), attributes("iops-5000")]),
        change
    );
    claim["status"]["modifyVolumeStatus"] =
        json!({ "targetVolumeAttributesClassName": "iops-5000", "status": "Pending" });
    assert_eq!(decide(&[claim.clone(), volume.clone()]), []);
    claim["status"]["currentVolumeAttributesClassName"] = "iops-5000".into();
    volume["spec"]["volumeAttributesClassName"] = "iops-5000".into();
    assert_eq!(decide(&[claim, volume, attributes("iops-5000")]), []);
}

#[test]
fn released_volumes_are_deleted_or_retained_as_their_policy_says() {
    let (_, mut volume) = bound();
    volume["status"]["phase"] = "Released".into();
    let delete = [Action::Delete {
        volume: "pvc-u1".into(),
        handle: "disks/pvc-u1".into(),
    }];
    assert_eq!(decide(std::slice::from_ref(&volume)), delete);
    let mut retained = volume.clone();
    retained["spec"]["persistentVolumeReclaimPolicy"] = "Retain".into();
    assert_eq!(decide(&[retained]), []);
    volume["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
    assert_eq!(decide(&[volume]), []);
}
