//! Waiting and deletion against the API server that `KUBERNETES_TEST_KUBECONFIG` names.

use std::time::Duration;

use serde_json::{Value, json};

use super::real::{World, call};
use crate::kubernetes::{Call, ErrorKind, Propagation, Readiness, Reference, Wait};

fn filled(object: &Value) -> Readiness {
    match object["data"]["key"].as_str() {
        Some("ready") => Readiness::Ready,
        Some("broken") => Readiness::Failed("it says broken".into()),
        other => Readiness::Waiting(format!("key is {other:?}")),
    }
}

async fn patch_after(world: &World, reference: &Reference, value: &str) {
    tokio::time::sleep(Duration::from_millis(500)).await;
    let patch = json!({"data": {"key": value}});
    world
        .client
        .merge_patch(&call(), reference, None, patch, "kubectl-edit")
        .await
        .unwrap();
}

#[tokio::test]
async fn a_wait_sees_the_object_change() {
    let Some(world) = World::new("a_wait_sees_the_object_change").await else {
        return;
    };
    world.apply(&world.config_map("a", "1")).await.unwrap();
    let (reference, call) = (world.reference("a"), call());
    let wait = world.client.wait(&call, &reference, "the key", &filled);
    let (object, ()) = tokio::join!(wait, patch_after(&world, &reference, "ready"));
    assert_eq!(object.unwrap()["data"]["key"], "ready");
}

#[tokio::test]
async fn a_wait_sees_the_object_appear() {
    let Some(world) = World::new("a_wait_sees_the_object_appear").await else {
        return;
    };
    let (reference, call, object) = (world.reference("a"), call(), world.config_map("a", "ready"));
    let appear = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        world.apply(&object).await.unwrap();
    };
    let (found, ()) = tokio::join!(
        world.client.wait(&call, &reference, "the key", &filled),
        appear
    );
    assert_eq!(found.unwrap()["data"]["key"], "ready");
}

#[tokio::test]
async fn a_failed_verdict_ends_the_wait() {
    let Some(world) = World::new("a_failed_verdict_ends_the_wait").await else {
        return;
    };
    world.apply(&world.config_map("a", "broken")).await.unwrap();
    let error = world
        .client
        .wait(&call(), &world.reference("a"), "the key", &filled)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Terminal);
    assert!(
        error
            .to_string()
            .contains("the key cannot be reached: it says broken"),
        "{error}"
    );
}

#[tokio::test]
async fn the_end_of_the_time_and_a_cancellation_tell_the_last_state() {
    let Some(world) =
        World::new("the_end_of_the_time_and_a_cancellation_tell_the_last_state").await
    else {
        return;
    };
    world.apply(&world.config_map("a", "1")).await.unwrap();
    let event = json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": world.namespace},
        "involvedObject": {"kind": "ConfigMap", "name": "a", "namespace": world.namespace}, "type": "Warning",
        "reason": "Odd", "message": "something odd", "lastTimestamp": "2026-01-01T00:00:00Z", "count": 2});
    world.client.create(&call(), &event, "test").await.unwrap();
    let short = Call::within(Duration::from_secs(1));
    let error = world
        .client
        .wait(&short, &world.reference("a"), "the key", &filled)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::DeadlineExceeded);
    let text = error.to_string();
    assert!(
        text.contains("waited for the key; last: key is Some(\"1\")"),
        "{text}"
    );
    assert!(
        text.contains("Odd of ConfigMap/a: something odd (2 times)"),
        "{text}"
    );
    let canceled = call();
    canceled.cancel.cancel();
    let error = world
        .client
        .wait(&canceled, &world.reference("a"), "the key", &filled)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Canceled);
}

#[tokio::test]
async fn a_pod_that_cannot_start_ends_the_wait_early() {
    let Some(world) = World::new("a_pod_that_cannot_start_ends_the_wait_early").await else {
        return;
    };
    world.apply(&world.config_map("a", "1")).await.unwrap();
    let metadata = |name: &str| json!({"name": name, "namespace": world.namespace, "labels": {"cnpg.io/cluster": "a"}});
    let account =
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata("default")});
    world.apply(&account).await.unwrap();
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata("a-1"),
        "spec": {"automountServiceAccountToken": false, "containers": [{"name": "postgres", "image": "x"}]}});
    world.apply(&pod).await.unwrap();
    let status = json!({"status": {"containerStatuses": [{"name": "postgres", "image": "x", "imageID": "",
        "ready": false, "restartCount": 0, "state": {"waiting": {"reason": "InvalidImageName", "message": "bad"}}}]}});
    let pod = Reference::namespaced("v1", "Pod", &world.namespace, "a-1");
    world
        .client
        .merge_patch(&call(), &pod, Some("status"), status, "kubelet")
        .await
        .unwrap();
    let reference = world.reference("a");
    let wait = Wait {
        reference: &reference,
        what: "the key",
        pods: Some("cnpg.io/cluster=a"),
    };
    let error = world
        .client
        .wait_for(&Call::within(Duration::from_secs(120)), &wait, &filled)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Terminal);
    assert!(
        error
            .to_string()
            .contains("a-1, container postgres: InvalidImageName: bad"),
        "{error}"
    );
}

#[tokio::test]
async fn a_deletion_that_is_held_says_by_what() {
    let Some(world) = World::new("a_deletion_that_is_held_says_by_what").await else {
        return;
    };
    let mut object = world.config_map("a", "1");
    object["metadata"]["finalizers"] = json!(["example.org/hold"]);
    world.apply(&object).await.unwrap();
    let reference = world.reference("a");
    world
        .client
        .delete(&call(), &reference, Propagation::Background, None)
        .await
        .unwrap();
    let short = Call::within(Duration::from_secs(1));
    let error = world
        .client
        .wait_gone(&short, &reference)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::DeadlineExceeded);
    let text = error.to_string();
    assert!(
        text.contains("held by the finalizers `example.org/hold`"),
        "{text}"
    );
    let call = call();
    let release = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let patch = json!({"metadata": {"finalizers": null}});
        world
            .client
            .merge_patch(&call, &reference, None, patch, "kubectl-edit")
            .await
            .unwrap();
    };
    let (gone, ()) = tokio::join!(world.client.wait_gone(&call, &reference), release);
    gone.unwrap();
}

#[tokio::test]
async fn another_object_of_the_same_name_is_left_alone() {
    let Some(world) = World::new("another_object_of_the_same_name_is_left_alone").await else {
        return;
    };
    world.apply(&world.config_map("a", "1")).await.unwrap();
    let reference = world.reference("a");
    world
        .client
        .delete(
            &call(),
            &reference,
            Propagation::Foreground,
            Some("another-uid"),
        )
        .await
        .unwrap();
    let live = world
        .client
        .get(&call(), &reference)
        .await
        .unwrap()
        .unwrap();
    let uid = live["metadata"]["uid"].as_str().unwrap();
    world
        .client
        .delete(&call(), &reference, Propagation::Background, Some(uid))
        .await
        .unwrap();
    world.client.wait_gone(&call(), &reference).await.unwrap();
    assert_eq!(world.client.get(&call(), &reference).await.unwrap(), None);
}
