//! Storage accounts, containers, policies.
#![allow(clippy::expect_used)]

mod common;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use common::{Client, RESOURCES, STORAGE, account_body, stepped};
use reqwest::Method;
use sandbox::hooks::{Container, Hooks, NodePool};
use serde_json::json;

#[tokio::test]
async fn accounts_are_made_slowly_and_replaced_as_a_whole() {
    let mut options = stepped();
    options
        .behaviour
        .taken_storage_accounts
        .push("taken".into());
    let client = Client::start(options).await;
    let group = client.make_group().await;
    let id = format!("{group}/providers/Microsoft.Storage/storageAccounts/pgbackups");
    let going = client.put(&id, STORAGE, account_body()).await.expect(202);
    let poll = going.header("location").to_owned();
    client.poll(&poll).await.expect(202);
    client
        .put(&id, STORAGE, account_body())
        .await
        .refused(409, "StorageAccountOperationInProgress");
    let early = format!("{id}/blobServices/default/containers/backups");
    client
        .put(&early, STORAGE, json!({}))
        .await
        .refused(409, "StorageAccountIsNotProvisioned");
    client.step(20).await;
    let done = client.poll(&poll).await.expect(200).body;
    assert_eq!(done["properties"]["allowSharedKeyAccess"], false);
    assert_eq!(done["sku"]["tier"], "Standard");

    let bare =
        json!({"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_ZRS"}});
    let reset = client.put(&id, STORAGE, bare).await.expect(200).body;
    assert!(reset["properties"].get("allowSharedKeyAccess").is_none());
    assert_eq!(reset["properties"]["minimumTlsVersion"], "TLS1_0");
    let patch = json!({"properties": {"minimumTlsVersion": "TLS1_2"}});
    let patched = client
        .call(Method::PATCH, &id, STORAGE, Some(patch))
        .await
        .expect(200)
        .body;
    assert_eq!(patched["properties"]["minimumTlsVersion"], "TLS1_2");
    let hns = json!({"properties": {"isHnsEnabled": true}});
    client
        .call(Method::PATCH, &id, STORAGE, Some(hns))
        .await
        .refused(400, "AccountPropertyCannotBeUpdated");

    let taken = id.replace("pgbackups", "taken");
    client
        .put(&taken, STORAGE, account_body())
        .await
        .refused(409, "StorageAccountAlreadyTaken");
    let wrong = id.replace("pgbackups", "pg-backups");
    client
        .put(&wrong, STORAGE, account_body())
        .await
        .refused(400, "AccountNameInvalid");
    let second = group.replace("rg-test", "rg-two");
    client
        .put(&second, RESOURCES, json!({"location": "westeurope"}))
        .await
        .expect(201);
    let moved = id.replace("rg-test", "rg-two");
    client
        .put(&moved, STORAGE, account_body())
        .await
        .refused(409, "StorageAccountInAnotherResourceGroup");

    let keys = client
        .call(Method::POST, &format!("{id}/listKeys"), STORAGE, None)
        .await
        .expect(200);
    let key = keys.body["keys"][0]["value"]
        .as_str()
        .expect("key")
        .to_owned();
    let log = serde_json::to_string(&client.sandbox.world.log.entries()).expect("log");
    assert!(
        log.contains("listKeys") && !log.contains(&key),
        "keys are not logged"
    );
    client.delete(&id, STORAGE).await.expect(200);
    client.delete(&id, STORAGE).await.expect(204);
}

#[tokio::test]
async fn names_are_checked() {
    let client = Client::start(stepped()).await;
    client.make_group().await;
    client.make_account().await;
    let path = format!(
        "{}/providers/Microsoft.Storage/checkNameAvailability",
        client.subscription
    );
    for (name, reason) in [
        ("free1", None),
        ("pgbackups", Some("AlreadyExists")),
        ("A", Some("AccountNameInvalid")),
    ] {
        let body = json!({"name": name, "type": "Microsoft.Storage/storageAccounts"});
        let seen = client
            .call(Method::POST, &path, STORAGE, Some(body))
            .await
            .expect(200)
            .body;
        assert_eq!(seen["nameAvailable"], reason.is_none());
        assert_eq!(seen["reason"].as_str(), reason);
    }
}

#[derive(Default)]
struct Recorder(Mutex<Vec<String>>);

impl Recorder {
    fn note(&self, text: String) {
        self.0.lock().expect("lock").push(text);
    }
}

#[async_trait]
impl Hooks for Recorder {
    async fn pool_ready(&self, pool: &NodePool) {
        self.note(format!("pool {} ready", pool.name));
    }
    async fn pool_removed(&self, pool: &NodePool) {
        self.note(format!("pool {} removed", pool.name));
    }
    async fn container_created(&self, container: &Container) -> anyhow::Result<()> {
        self.note(format!(
            "container {}/{} created",
            container.account, container.name
        ));
        Ok(())
    }
}

#[tokio::test]
async fn hooks_hear_of_pools_and_containers() {
    let recorder = Arc::new(Recorder::default());
    let mut options = stepped();
    options.hooks.push(recorder.clone());
    let client = Client::start(options).await;
    let cluster = client.make_cluster().await;
    let account = client.make_account().await;
    let container = format!("{account}/blobServices/default/containers/backups");
    client.put(&container, STORAGE, json!({})).await.expect(201);
    client.delete(&cluster, common::AKS).await.expect(202);
    client.step(300).await;
    let heard = recorder.0.lock().expect("lock").clone();
    assert_eq!(
        heard,
        [
            "pool system ready",
            "container pgbackups/backups created",
            "pool system removed"
        ]
    );
}

#[tokio::test]
async fn a_deleted_container_blocks_its_name_for_a_while() {
    let client = Client::start(stepped()).await;
    client.make_group().await;
    let account = client.make_account().await;
    let id = format!("{account}/blobServices/default/containers/backups");
    client
        .get(&id, STORAGE)
        .await
        .refused(404, "ContainerNotFound");
    let body = json!({"properties": {"metadata": {"postgres": "yes"}}});
    let made = client
        .put(&id, STORAGE, body.clone())
        .await
        .expect(201)
        .body;
    assert_eq!(made["properties"]["publicAccess"], "None");
    client.put(&id, STORAGE, body.clone()).await.expect(200);
    let open = json!({"properties": {"publicAccess": "Blob"}});
    client
        .put(&id, STORAGE, open)
        .await
        .refused(409, "PublicAccessNotPermitted");
    client.delete(&id, STORAGE).await.expect(200);
    client
        .put(&id, STORAGE, body.clone())
        .await
        .refused(409, "ContainerBeingDeleted");
    client.step(30).await;
    client.put(&id, STORAGE, body).await.expect(201);
    let list = format!("{account}/blobServices/default/containers");
    let listed = client.get(&list, STORAGE).await.expect(200).body;
    assert_eq!(listed["value"][0]["name"], "backups");
}

#[tokio::test]
async fn services_and_policies() {
    let client = Client::start(stepped()).await;
    client.make_group().await;
    let account = client.make_account().await;
    let service = format!("{account}/blobServices/default");
    let seen = client.get(&service, STORAGE).await.expect(200).body;
    assert_eq!(
        seen["properties"]["deleteRetentionPolicy"]["enabled"],
        false
    );
    let body = json!({"properties": {"isVersioningEnabled": true, "deleteRetentionPolicy": {"enabled": true, "days": 7}}});
    client.put(&service, STORAGE, body).await.expect(200);
    let none = client
        .put(&service, STORAGE, json!({"properties": {}}))
        .await
        .expect(200)
        .body;
    assert!(
        none["properties"].get("isVersioningEnabled").is_none(),
        "PUT replaces"
    );
    let long = json!({"properties": {"deleteRetentionPolicy": {"enabled": true, "days": 400}}});
    client.put(&service, STORAGE, long).await.expect(400);
    client
        .delete(&service, STORAGE)
        .await
        .refused(405, "MethodNotAllowed");

    let policy = format!("{account}/managementPolicies/default");
    client
        .get(&policy, STORAGE)
        .await
        .refused(404, "ManagementPolicyNotFound");
    let rule = |name: &str| {
        json!({"name": name, "type": "Lifecycle", "definition": {
            "filters": {"blobTypes": ["blockBlob"]},
            "actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 30}}}
        }})
    };
    let body = json!({"properties": {"policy": {"rules": [rule("b"), rule("a")]}}});
    let made = client.put(&policy, STORAGE, body).await.expect(200).body;
    assert_eq!(made["properties"]["policy"]["rules"][0]["name"], "a");
    assert_eq!(made["properties"]["policy"]["rules"][0]["enabled"], true);
    client
        .put(
            &policy,
            STORAGE,
            json!({"properties": {"policy": {"rules": []}}}),
        )
        .await
        .expect(400);
    client.delete(&policy, STORAGE).await.expect(200);
    client.delete(&policy, STORAGE).await.expect(204);
}
