//! The Kubernetes half over plain HTTP on loopback, with the operators playing.

use sandbox::kubernetes::{Kubernetes, Options};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

struct World {
    server: Arc<Kubernetes>,
    client: reqwest::Client,
    base: String,
}

const CNPG: &str = "/apis/postgresql.cnpg.io/v1/namespaces/db";

async fn world() -> World {
    world_with(Options {
        speed: 100.0,
        crds: std::env::var_os("CRDS_DIR").map(Into::into),
        ..Options::default()
    })
    .await
}

async fn world_with(options: Options) -> World {
    let server = Kubernetes::new(options).unwrap();
    let router = Arc::clone(&server).router();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let world = World {
        server,
        client: reqwest::Client::new(),
        base,
    };
    world
        .ok(
            "POST",
            "/api/v1/namespaces",
            json!({"metadata": {"name": "db"}}),
        )
        .await;
    world
}

impl World {
    async fn send(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let media = match method {
            "APPLY" => "application/apply-patch+yaml",
            "PATCH" => "application/merge-patch+json",
            _ => "application/json",
        };
        let verb = if method == "APPLY" { "PATCH" } else { method };
        let mut request = self
            .client
            .request(verb.parse().unwrap(), format!("{}{path}", self.base))
            .bearer_auth("t");
        if !body.is_null() {
            request = request.header("Content-Type", media).body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let code = answer.status().as_u16();
        (code, answer.json().await.unwrap_or_default())
    }

    async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (code, answer) = self.send(method, path, body).await;
        assert!(
            (200..300).contains(&code),
            "{method} {path}: {code} {answer}"
        );
        answer
    }

    async fn get(&self, path: &str) -> Value {
        self.ok("GET", path, Value::Null).await
    }

    /// Waits until the object is as wanted; the play runs on its own.
    async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..1500 {
            let (_, object) = self.send("GET", path, Value::Null).await;
            if wanted(&object) {
                return object;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let (code, object) = self.send("GET", path, Value::Null).await;
        panic!("{path} did not become as wanted: {code} {object:#}");
    }

    async fn healthy(&self, name: &str) -> Value {
        self.until(&format!("{CNPG}/clusters/{name}"), |cluster| {
            cluster["status"]["phase"] == "Cluster in healthy state"
                && cluster["status"]["readyInstances"] == cluster["spec"]["instances"]
        })
        .await
    }

    async fn apply_cluster(&self, spec: Value) -> Value {
        self.ok(
            "APPLY",
            &format!("{CNPG}/clusters/c?fieldManager=m&force=true"),
            cluster(spec),
        )
        .await
    }
}

fn cluster(extra: Value) -> Value {
    let mut object = json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "c"},
        "spec": {"instances": 3, "storage": {"size": "1Gi"}}});
    for (key, value) in extra.as_object().unwrap() {
        object["spec"][key] = value.clone();
    }
    object
}

fn names(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["metadata"]["name"].as_str().unwrap().to_owned())
        .collect()
}

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
    assert_eq!(
        *owned,
        json!({"f:spec": {"f:instances": {}, "f:storage": {"f:size": {}}}})
    );
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

fn archiver() -> Value {
    json!({"plugins": [{"name": "barman-cloud.cloudnative-pg.io", "isWALArchiver": true, "parameters": {"barmanObjectName": "store"}}]})
}

async fn object_store(world: &World) {
    let store = json!({"apiVersion": "barmancloud.cnpg.io/v1", "kind": "ObjectStore", "metadata": {"name": "store"},
        "spec": {"configuration": {"destinationPath": "https://a.blob.core.windows.net/c", "azureCredentials": {"inheritFromAzureAD": true}}}});
    world
        .ok(
            "POST",
            "/apis/barmancloud.cnpg.io/v1/namespaces/db/objectstores",
            store,
        )
        .await;
}

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
