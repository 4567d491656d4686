//! Archives, backups, poolers, databases, and noise.

use super::world::*;
use serde_json::{Value, json};

#[tokio::test]
async fn a_cluster_waits_for_its_object_store() {
    let world = world().await;
    world.apply_cluster(archiver()).await;
    let path = format!("{CNPG}/clusters/c");
    let found = world
        .until(&path, |cluster| cluster["status"]["phase"].is_string())
        .await;
    assert_eq!(
        found["status"]["phaseReason"],
        "ObjectStore \"store\" not found"
    );
    assert!(found["status"]["currentPrimary"].is_null());
    object_store(&world).await;
    world.healthy("c").await;
}

#[tokio::test]
async fn backups_by_schedule_and_one_that_fails() {
    let world = world().await;
    object_store(&world).await;
    world.apply_cluster(archiver()).await;
    let plugin = json!({"name": "barman-cloud.cloudnative-pg.io"});
    let scheduled = json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "ScheduledBackup", "metadata": {"name": "nightly"},
        "spec": {"schedule": "0 0 2 * * *", "immediate": true, "backupOwnerReference": "self", "cluster": {"name": "c"}, "method": "plugin", "pluginConfiguration": plugin}});
    world
        .ok("POST", &format!("{CNPG}/scheduledbackups"), scheduled)
        .await;
    let list = world
        .until(&format!("{CNPG}/backups"), |list| {
            list["items"][0]["status"]["phase"] == "completed"
        })
        .await;
    assert!(names(&list)[0].starts_with("nightly-"));
    let found = world.get(&format!("{CNPG}/scheduledbackups/nightly")).await;
    assert!(
        found["status"]["nextScheduleTime"]
            .as_str()
            .unwrap()
            .ends_with("T02:00:00Z")
    );
    let store = "/apis/barmancloud.cnpg.io/v1/namespaces/db/objectstores/store";
    world
        .until(store, |store| {
            store["status"]["serverRecoveryWindow"]["c"]["firstRecoverabilityPoint"].is_string()
        })
        .await;
    world.server.fail_backup("bad", "exit status 4");
    let backup = json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Backup", "metadata": {"name": "bad"},
        "spec": {"cluster": {"name": "c"}, "method": "plugin", "pluginConfiguration": plugin}});
    world.ok("POST", &format!("{CNPG}/backups"), backup).await;
    let found = world
        .until(&format!("{CNPG}/backups/bad"), |backup| {
            backup["status"]["phase"] == "failed"
        })
        .await;
    assert_eq!(found["status"]["error"], "exit status 4");
}

#[tokio::test]
async fn a_pooler_gets_a_deployment_and_a_database_is_applied() {
    let world = world().await;
    world.apply_cluster(json!({"instances": 1})).await;
    let pooler = json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Pooler", "metadata": {"name": "c-pooler"},
        "spec": {"cluster": {"name": "c"}, "instances": 2, "type": "rw", "pgbouncer": {"poolMode": "transaction"}}});
    world.ok("POST", &format!("{CNPG}/poolers"), pooler).await;
    world
        .until(
            "/apis/apps/v1/namespaces/db/deployments/c-pooler",
            |found| found["status"]["readyReplicas"] == 2,
        )
        .await;
    world
        .until(&format!("{CNPG}/poolers/c-pooler"), |found| {
            found["status"]["phase"] == "active"
        })
        .await;
    let database = json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Database", "metadata": {"name": "d"},
        "spec": {"cluster": {"name": "c"}, "name": "d", "owner": "app"}});
    world
        .ok("POST", &format!("{CNPG}/databases"), database)
        .await;
    world
        .until(&format!("{CNPG}/databases/d"), |found| {
            found["status"]["applied"] == true
        })
        .await;
    world
        .ok("DELETE", &format!("{CNPG}/databases/d"), Value::Null)
        .await;
    world
        .until(&format!("{CNPG}/databases/d"), |found| found["code"] == 404)
        .await;
}

#[tokio::test]
async fn noise_leaves_what_was_applied_alone() {
    let world = world().await;
    object_store(&world).await;
    world.apply_cluster(archiver()).await;
    let before = world.healthy("c").await;
    for round in 0..12 {
        world.server.noise("db", "c", round).unwrap();
    }
    let after = world.get(&format!("{CNPG}/clusters/c")).await;
    assert_eq!(before["spec"], after["spec"]);
    let events = world
        .get("/api/v1/namespaces/db/events?fieldSelector=involvedObject.name%3Dc")
        .await;
    assert_eq!(events["items"].as_array().unwrap().len(), 2);
}
