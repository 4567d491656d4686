//! The life of a Cluster.

use super::world::*;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_cluster_becomes_healthy_with_everything_around_it() {
    let world = world().await;
    world.apply_cluster(json!({})).await;
    let found = world.healthy("c").await;
    let status = &found["status"];
    assert_eq!(status["instanceNames"], json!(["c-1", "c-2", "c-3"]));
    assert_eq!(status["currentPrimary"], "c-1");
    assert_eq!(status["timelineID"], 1);
    assert_eq!(status["topology"]["nodesUsed"], 3);
    let ready = status["conditions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["type"] == "Ready")
        .unwrap();
    assert_eq!(
        (&ready["status"], &ready["reason"]),
        (&json!("True"), &json!("ClusterIsReady"))
    );
    let services = world.get("/api/v1/namespaces/db/services").await;
    assert_eq!(names(&services), ["c-r", "c-ro", "c-rw"]);
    let secrets = world.get("/api/v1/namespaces/db/secrets").await;
    assert_eq!(
        names(&secrets),
        ["c-app", "c-ca", "c-replication", "c-server"]
    );
    let pods = world.get("/api/v1/namespaces/db/pods?labelSelector=cnpg.io/podRole%3Dinstance,cnpg.io/instanceRole%3Dprimary").await;
    assert_eq!(names(&pods), ["c-1"]);
    let claims = world
        .get("/api/v1/namespaces/db/persistentvolumeclaims")
        .await;
    assert_eq!(claims["items"][0]["status"]["phase"], "Bound");
}

#[tokio::test]
async fn what_the_webhook_fills_in_belongs_to_nobody() {
    let world = world().await;
    let found = world.apply_cluster(json!({})).await;
    assert_eq!(
        found["spec"]["postgresql"]["parameters"]["wal_level"],
        "logical"
    );
    assert_eq!(
        found["spec"]["monitoring"]["customQueriesConfigMap"][0]["name"],
        "cnpg-default-monitoring"
    );
    let entries = found["metadata"]["managedFields"].as_array().unwrap();
    assert_eq!(entries.len(), 1);
    let owned = &entries[0]["fieldsV1"];
    // Without a schema every key of a map is a member of its own.
    let expected = match std::env::var_os("CRDS_DIR") {
        Some(_) => json!({"f:spec": {"f:instances": {}, "f:storage": {"f:size": {}}}}),
        None => {
            json!({"f:spec": {".": {}, "f:instances": {}, "f:storage": {".": {}, "f:size": {}}}})
        }
    };
    assert_eq!(*owned, expected);
    let again = world.apply_cluster(json!({})).await;
    assert_eq!(again["metadata"]["generation"], 1);
}

#[tokio::test]
async fn the_webhook_refuses_with_all_causes_at_once() {
    let world = world().await;
    let bad = cluster(json!({
        "postgresql": {"parameters": {"shared_buffers": "8GB", "archive_command": "cp"}, "synchronous": {"method": "any", "number": 3}},
        "resources": {"requests": {"memory": "1Gi"}},
    }));
    let path = format!("{CNPG}/clusters/c?fieldManager=m&dryRun=All&fieldValidation=Strict");
    let (code, answer) = world.send("APPLY", &path, bad).await;
    assert_eq!((code, &answer["reason"]), (422, &json!("Invalid")));
    let fields: Vec<&str> = answer["details"]["causes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["field"].as_str().unwrap())
        .collect();
    assert_eq!(
        fields,
        [
            "spec.postgresql.parameters.archive_command",
            "spec.resources.requests.memory",
            "spec.postgresql.synchronous"
        ]
    );
    world.apply_cluster(json!({})).await;
    let (code, answer) = world
        .send(
            "APPLY",
            &path,
            cluster(json!({"storage": {"size": "500Mi"}})),
        )
        .await;
    assert_eq!(code, 422);
    assert!(
        answer["message"]
            .as_str()
            .unwrap()
            .contains("can't shrink existing storage from 1Gi to 500Mi"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_lost_primary_is_replaced() {
    let world = world().await;
    world.apply_cluster(json!({})).await;
    world.healthy("c").await;
    world.server.fail_over("db", "c").unwrap();
    let path = format!("{CNPG}/clusters/c");
    world
        .until(&path, |cluster| {
            cluster["status"]["phase"] == "Failing over"
        })
        .await;
    world
        .until(&path, |cluster| {
            cluster["status"]["currentPrimary"] == "c-2"
        })
        .await;
    let found = world.healthy("c").await;
    assert_eq!(found["status"]["timelineID"], 2);
    assert_eq!(
        found["status"]["instanceNames"],
        json!(["c-1", "c-2", "c-3"])
    );
    let primary = world
        .get("/api/v1/namespaces/db/pods?labelSelector=cnpg.io/instanceRole%3Dprimary")
        .await;
    assert_eq!(names(&primary), ["c-2"]);
}

#[tokio::test]
async fn a_switchover_by_the_status() {
    let world = world().await;
    world.apply_cluster(json!({})).await;
    world.healthy("c").await;
    let patch = json!({"status": {"targetPrimary": "c-3", "phase": "Switchover in progress", "phaseReason": "test"}});
    world
        .ok("PATCH", &format!("{CNPG}/clusters/c/status"), patch)
        .await;
    world
        .until(&format!("{CNPG}/clusters/c"), |cluster| {
            cluster["status"]["currentPrimary"] == "c-3"
        })
        .await;
    world.healthy("c").await;
}

#[tokio::test]
async fn a_restart_shows_phases_and_a_reload_shows_nothing() {
    let world = world().await;
    world.apply_cluster(json!({})).await;
    let before = world.healthy("c").await;
    world
        .apply_cluster(json!({"postgresql": {"parameters": {"work_mem": "8MB"}}}))
        .await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let after = world.get(&format!("{CNPG}/clusters/c")).await;
    assert_eq!(before["status"], after["status"]);
    world
        .apply_cluster(
            json!({"postgresql": {"parameters": {"work_mem": "8MB", "shared_buffers": "256MB"}}}),
        )
        .await;
    world
        .until(&format!("{CNPG}/clusters/c"), |cluster| {
            cluster["status"]["phase"] == "Upgrading cluster"
        })
        .await;
    world.healthy("c").await;
}

#[tokio::test]
async fn instances_come_and_go_and_disks_grow() {
    let world = world().await;
    world.apply_cluster(json!({"instances": 1})).await;
    world.healthy("c").await;
    world
        .apply_cluster(json!({"instances": 3, "storage": {"size": "2Gi"}}))
        .await;
    let found = world
        .until(&format!("{CNPG}/clusters/c"), |cluster| {
            cluster["status"]["readyInstances"] == 3
        })
        .await;
    assert_eq!(
        found["status"]["instanceNames"],
        json!(["c-1", "c-2", "c-3"])
    );
    let claim = "/api/v1/namespaces/db/persistentvolumeclaims/c-1";
    world
        .until(claim, |claim| {
            claim["status"]["capacity"]["storage"] == "2Gi"
        })
        .await;
    world
        .apply_cluster(json!({"instances": 2, "storage": {"size": "2Gi"}}))
        .await;
    let found = world
        .until(&format!("{CNPG}/clusters/c"), |cluster| {
            cluster["status"]["readyInstances"] == 2
        })
        .await;
    assert_eq!(found["status"]["instanceNames"], json!(["c-1", "c-2"]));
    world
        .until(
            "/api/v1/namespaces/db/persistentvolumeclaims/c-3",
            |answer| answer["code"] == 404,
        )
        .await;
}

#[tokio::test]
async fn disks_without_an_owner_outlive_their_cluster_and_are_taken_up_again() {
    let world = world().await;
    world.apply_cluster(json!({})).await;
    world.healthy("c").await;
    for number in 1..=3 {
        let path = format!("/api/v1/namespaces/db/persistentvolumeclaims/c-{number}");
        world
            .ok(
                "PATCH",
                &path,
                json!({"metadata": {"ownerReferences": null}}),
            )
            .await;
    }
    world
        .ok("DELETE", &format!("{CNPG}/clusters/c"), Value::Null)
        .await;
    world
        .until("/api/v1/namespaces/db/pods", |list| {
            list["items"] == json!([])
        })
        .await;
    assert_eq!(
        world.get("/api/v1/namespaces/db/services").await["items"],
        json!([])
    );
    let kept = world
        .get("/api/v1/namespaces/db/persistentvolumeclaims")
        .await;
    assert_eq!(names(&kept), ["c-1", "c-2", "c-3"]);
    let uid = kept["items"][0]["metadata"]["uid"].clone();
    world.apply_cluster(json!({})).await;
    let found = world.healthy("c").await;
    let claim = world
        .get("/api/v1/namespaces/db/persistentvolumeclaims/c-1")
        .await;
    assert_eq!(claim["metadata"]["uid"], uid);
    assert_eq!(
        claim["metadata"]["ownerReferences"][0]["uid"],
        found["metadata"]["uid"]
    );
}
