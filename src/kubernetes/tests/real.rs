//! Reads and writes against the API server that `KUBERNETES_TEST_KUBECONFIG` names.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::kubernetes::types::{Cluster, Resource, cluster::*, common::*};
use crate::kubernetes::{
    Applied, Apply, Call, Client, Conflict, ErrorKind, Reference, Result, Settings, managed_fields,
    quantity,
};

pub(super) const US: &str = "terraform-provider-postgres";

pub(super) struct World {
    pub client: Client,
    pub namespace: String,
}

pub(super) fn call() -> Call {
    Call::within(Duration::from_secs(30))
}

pub(super) fn settings(test: &str) -> Option<Settings> {
    if let Ok(path) = std::env::var("KUBERNETES_TEST_KUBECONFIG") {
        return Some(Settings {
            config_path: Some(path),
            ..Settings::default()
        });
    }
    assert_ne!(
        std::env::var("LAB").as_deref(),
        Ok("required"),
        "KUBERNETES_TEST_KUBECONFIG must name a kubeconfig"
    );
    println!("NOT RUN: {test} (KUBERNETES_TEST_KUBECONFIG names no kubeconfig)");
    None
}

impl World {
    /// A namespace of its own on the real API server, or `None` when there is none.
    pub async fn new(test: &str) -> Option<Self> {
        let client = Client::new(settings(test)?).await.unwrap();
        let namespace = format!("test-{}", Uuid::new_v4());
        let object =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        client.create(&call(), &object, US).await.unwrap();
        Some(Self { client, namespace })
    }

    pub fn reference(&self, name: &str) -> Reference {
        Reference::namespaced("v1", "ConfigMap", &self.namespace, name)
    }

    pub fn config_map(&self, name: &str, value: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": self.namespace},
            "data": {"key": value}})
    }

    pub async fn apply(&self, object: &Value) -> Result<Applied> {
        self.apply_as(object, US, false).await
    }

    async fn apply_as(&self, object: &Value, manager: &str, force: bool) -> Result<Applied> {
        let how = Apply {
            manager: manager.into(),
            force,
            dry_run: false,
        };
        self.client.apply(&call(), object, &how).await
    }
}

#[tokio::test]
async fn apply_creates_then_changes_nothing_then_updates() {
    let Some(world) = World::new("apply_creates_then_changes_nothing_then_updates").await else {
        return;
    };
    let first = world.apply(&world.config_map("a", "1")).await.unwrap();
    assert!(first.created && first.warnings.is_empty());
    let again = world.apply(&world.config_map("a", "1")).await.unwrap();
    assert!(!again.created);
    assert_eq!(
        again.object["metadata"]["resourceVersion"],
        first.object["metadata"]["resourceVersion"]
    );
    let changed = world.apply(&world.config_map("a", "2")).await.unwrap();
    assert_eq!(changed.object["data"]["key"], "2");
    assert_eq!(
        managed_fields::owned_paths(&changed.object, US),
        ["data.key"]
    );
}

#[tokio::test]
async fn a_dry_run_leaves_nothing() {
    let Some(world) = World::new("a_dry_run_leaves_nothing").await else {
        return;
    };
    let how = Apply {
        manager: US.into(),
        force: false,
        dry_run: true,
    };
    world
        .client
        .apply(&call(), &world.config_map("a", "1"), &how)
        .await
        .unwrap();
    assert_eq!(
        world
            .client
            .get(&call(), &world.reference("a"))
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn a_change_by_hand_is_a_conflict_until_forced() {
    let Some(world) = World::new("a_change_by_hand_is_a_conflict_until_forced").await else {
        return;
    };
    world.apply(&world.config_map("a", "1")).await.unwrap();
    let reference = world.reference("a");
    let by_hand = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a",
        "namespace": world.namespace}, "data": {"key": "hand"}});
    world.apply_as(&by_hand, "someone", true).await.unwrap();
    let error = world.apply(&world.config_map("a", "1")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert_eq!(
        error.conflicts,
        [Conflict {
            manager: "someone".into(),
            path: "data.key".into()
        }]
    );
    assert!(
        error.to_string().contains("apply of `ConfigMap/"),
        "{error}"
    );
    let live = world
        .client
        .get(&call(), &reference)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        managed_fields::last_writer(&live, &error.conflicts[0].path)
            .unwrap()
            .manager,
        "someone"
    );
    let forced = world
        .apply_as(&world.config_map("a", "1"), US, true)
        .await
        .unwrap();
    assert_eq!(
        managed_fields::last_writer(&forced.object, "data.key")
            .unwrap()
            .manager,
        US
    );
}

#[tokio::test]
async fn patches_carry_the_name_of_a_field_manager() {
    let Some(world) = World::new("patches_carry_the_name_of_a_field_manager").await else {
        return;
    };
    world
        .client
        .create(&call(), &world.config_map("a", "1"), "other")
        .await
        .unwrap();
    let reference = world.reference("a");
    let patched = world
        .client
        .merge_patch(
            &call(),
            &reference,
            None,
            json!({"data": {"key": "2"}}),
            "ours-too",
        )
        .await
        .unwrap();
    let writer = managed_fields::last_writer(&patched, "data.key").unwrap();
    assert_eq!(
        (writer.manager.as_str(), writer.operation.as_str()),
        ("ours-too", "Update")
    );
    let operations = json!([{"op": "test", "path": "/data/key", "value": "2"},
        {"op": "replace", "path": "/data/key", "value": "3"}]);
    let patched = world
        .client
        .json_patch(&call(), &reference, None, operations.clone())
        .await
        .unwrap();
    assert_eq!(patched["data"]["key"], "3");
    let error = world
        .client
        .json_patch(&call(), &reference, None, operations)
        .await
        .unwrap_err();
    assert_eq!(
        error.kind,
        ErrorKind::Invalid,
        "the test operation fails: {error}"
    );
}

#[tokio::test]
async fn lists_select_by_label_and_reads_are_collected() {
    let Some(world) = World::new("lists_select_by_label_and_reads_are_collected").await else {
        return;
    };
    for name in ["a", "b", "c"] {
        let mut object = world.config_map(name, "1");
        object["metadata"]["labels"] = json!({"odd": if name == "b" { "no" } else { "yes" }});
        world.apply(&object).await.unwrap();
    }
    let namespace = Some(world.namespace.as_str());
    let odd = world
        .client
        .list(&call(), "v1", "ConfigMap", namespace, Some("odd=yes"))
        .await
        .unwrap();
    let names: Vec<&str> = odd
        .iter()
        .map(|object| object["metadata"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["a", "c"]);
    let (call, references) = (
        call(),
        ["a", "b", "c", "d"].map(|name| world.reference(name)),
    );
    let reads = references
        .iter()
        .map(|reference| world.client.read(&call, reference));
    let found = futures::future::try_join_all(reads).await.unwrap();
    assert_eq!(found.iter().flatten().count(), 3);
    assert_eq!(
        found[0],
        world.client.get(&call, &references[0]).await.unwrap(),
        "an item of a list is whole"
    );
}

#[tokio::test]
async fn a_cluster_owns_exactly_what_was_applied() {
    let Some(world) = World::new("a_cluster_owns_exactly_what_was_applied").await else {
        return;
    };
    let cluster = Cluster {
        metadata: ObjectMeta {
            name: "pg".into(),
            namespace: Some(world.namespace.clone()),
            ..ObjectMeta::default()
        },
        spec: ClusterSpec {
            instances: 3,
            storage: Some(StorageConfiguration {
                size: Some("1Gi".into()),
                ..StorageConfiguration::default()
            }),
            postgresql: Some(PostgresConfiguration {
                parameters: [("work_mem".to_owned(), "16MB".to_owned())].into(),
                ..PostgresConfiguration::default()
            }),
            ..ClusterSpec::default()
        },
        status: None,
    };
    let applied = match world.apply(&cluster.to_value()).await {
        Err(error) if error.kind == ErrorKind::KindMissing => {
            assert!(
                error.to_string().contains("CloudNativePG is not installed"),
                "{error}"
            );
            println!(
                "NOT RUN: a_cluster_owns_exactly_what_was_applied (the CRDs are not installed)"
            );
            return;
        }
        applied => applied.unwrap(),
    };
    let owned = managed_fields::owned_paths(&applied.object, US);
    assert_eq!(
        owned,
        [
            "spec.instances",
            "spec.postgresql.parameters.work_mem",
            "spec.storage.size"
        ]
    );
    assert_eq!(
        Cluster::from_value(&applied.object)
            .unwrap()
            .spec
            .stop_delay,
        Some(1800),
        "defaulted by the CRD"
    );
}

#[tokio::test]
async fn quantities_have_the_form_that_the_server_gives_them() {
    let Some(world) = World::new("quantities_have_the_form_that_the_server_gives_them").await
    else {
        return;
    };
    // Nothing finer than a thousandth: a quota rounds its amounts to that.
    let texts = [
        "1000m",
        "1500m",
        "1024Mi",
        "1536Mi",
        "1.5Gi",
        "100000",
        "1e3",
        "12e6",
        "0.5Gi",
        "0.5Ki",
        "1Ki",
        "0",
        "0.1",
        "2.5",
        "1100Ki",
        "1.3Ki",
        "123456789",
        "1e5",
        "1k",
        "1000k",
        "3E",
        "10E",
        "0.3Gi",
    ];
    for text in texts {
        let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q",
            "namespace": world.namespace}, "spec": {"hard": {"limits.cpu": text}}});
        let how = Apply {
            manager: US.into(),
            force: false,
            dry_run: true,
        };
        let stored = world
            .client
            .apply(&call(), &quota, &how)
            .await
            .unwrap()
            .object;
        let ours = text.parse::<quantity::Quantity>().unwrap().to_string();
        assert_eq!(stored["spec"]["hard"]["limits.cpu"], json!(ours), "{text}");
    }
}
