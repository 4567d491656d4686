//! The API machinery: conflicts, watches, deletion.

use super::world::*;
use sandbox::kubernetes::{Kubernetes, Options};
use serde_json::{Value, json};
use std::sync::Arc;

#[tokio::test]
async fn an_editor_is_named_in_the_conflict() {
    let world = world().await;
    world.apply_cluster(json!({})).await;
    let target = world
        .server
        .target("postgresql.cnpg.io", "Cluster", "db", "c")
        .unwrap();
    world
        .server
        .patch_as("kubectl-edit", &target, &json!({"spec": {"instances": 5}}))
        .unwrap();
    let path = format!("{CNPG}/clusters/c?fieldManager=m");
    let (code, answer) = world.send("APPLY", &path, cluster(json!({}))).await;
    assert_eq!(code, 409);
    assert_eq!(
        answer["message"],
        "Apply failed with 1 conflict: conflict with \"kubectl-edit\" using postgresql.cnpg.io/v1: .spec.instances"
    );
    assert_eq!(
        answer["details"]["causes"][0]["reason"],
        "FieldManagerConflict"
    );
    assert_eq!(answer["details"]["causes"][0]["field"], ".spec.instances");
}

#[tokio::test]
async fn a_watch_of_a_forgotten_version_is_told_so() {
    let world = world().await;
    let maps = "/api/v1/namespaces/db/configmaps";
    world
        .ok("POST", maps, json!({"metadata": {"name": "a"}}))
        .await;
    world.server.compact();
    let answer = world
        .get(&format!(
            "{maps}?watch=1&resourceVersion=1&timeoutSeconds=5"
        ))
        .await;
    assert_eq!(
        (&answer["type"], &answer["object"]["code"]),
        (&json!("ERROR"), &json!(410))
    );
    // {"rv":1}
    let page = world
        .send(
            "GET",
            &format!("{maps}?limit=1&continue=eyJydiI6MX0"),
            Value::Null,
        )
        .await;
    assert_eq!((page.0, &page.1["reason"]), (410, &json!("Expired")));
}

#[tokio::test]
async fn a_watch_follows_a_selector() {
    let world = world().await;
    let maps = "/api/v1/namespaces/db/configmaps";
    let version = world.server.version();
    world
        .ok(
            "POST",
            maps,
            json!({"metadata": {"name": "a", "labels": {"x": "1"}}}),
        )
        .await;
    world
        .ok(
            "PATCH",
            &format!("{maps}/a"),
            json!({"metadata": {"labels": {"x": "2"}}}),
        )
        .await;
    world
        .ok(
            "PATCH",
            &format!("{maps}/a"),
            json!({"metadata": {"labels": {"x": "1"}}}),
        )
        .await;
    world.ok("DELETE", &format!("{maps}/a"), Value::Null).await;
    let url = format!(
        "{}{maps}?watch=1&labelSelector=x%3D1&resourceVersion={version}&timeoutSeconds=1&allowWatchBookmarks=true",
        world.base
    );
    let text = world
        .client
        .get(url)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let kinds: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["type"].clone())
        .collect();
    assert_eq!(kinds, ["ADDED", "DELETED", "ADDED", "DELETED", "BOOKMARK"]);
}

#[tokio::test]
async fn a_namespace_takes_its_contents_along() {
    let world = world().await;
    world
        .ok(
            "POST",
            "/api/v1/namespaces/db/configmaps",
            json!({"metadata": {"name": "a"}}),
        )
        .await;
    world
        .ok(
            "POST",
            "/api/v1/namespaces/db/configmaps",
            json!({"metadata": {"name": "b", "finalizers": ["x.io/y"]}}),
        )
        .await;
    world
        .ok("DELETE", "/api/v1/namespaces/db", Value::Null)
        .await;
    let left = world.get("/api/v1/namespaces/db/configmaps").await;
    assert_eq!(names(&left), ["b"]);
    assert_eq!(
        world.get("/api/v1/namespaces/db").await["status"]["phase"],
        "Terminating"
    );
    world
        .ok(
            "PATCH",
            "/api/v1/namespaces/db/configmaps/b",
            json!({"metadata": {"finalizers": null}}),
        )
        .await;
    assert_eq!(
        world
            .send("GET", "/api/v1/namespaces/db", Value::Null)
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn owners_take_dependants_along_unless_orphaned() {
    let world = world().await;
    let maps = "/api/v1/namespaces/db/configmaps";
    for (owner, policy, left) in [
        ("a", "Background", 404),
        ("b", "Foreground", 404),
        ("c", "Orphan", 200),
    ] {
        let made = world
            .ok("POST", maps, json!({"metadata": {"name": owner}}))
            .await;
        let reference = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": owner, "uid": made["metadata"]["uid"], "blockOwnerDeletion": true}]);
        let child =
            json!({"metadata": {"name": format!("{owner}-child"), "ownerReferences": reference}});
        world.ok("POST", maps, child).await;
        world
            .ok(
                "DELETE",
                &format!("{maps}/{owner}?propagationPolicy={policy}"),
                Value::Null,
            )
            .await;
        assert_eq!(
            world
                .send("GET", &format!("{maps}/{owner}"), Value::Null)
                .await
                .0,
            404,
            "{policy}"
        );
        assert_eq!(
            world
                .send("GET", &format!("{maps}/{owner}-child"), Value::Null)
                .await
                .0,
            left,
            "{policy}"
        );
    }
}

#[tokio::test]
async fn a_bad_token_is_unauthorized() {
    let world = world().await;
    let options = Options {
        authenticate: Arc::new(|token| token == "good"),
        play: false,
        ..Options::default()
    };
    let server = Kubernetes::new(options).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "http://{}/api/v1/namespaces/default",
        listener.local_addr().unwrap()
    );
    tokio::spawn(async move { axum::serve(listener, server.router()).await });
    for (token, code) in [("bad", 401), ("good", 200)] {
        let answer = world
            .client
            .get(&url)
            .bearer_auth(token)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), code);
    }
}
