//! The Kubernetes behind AKS: reached the way a client reaches it, through
//! ARM's credentials.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::kube::{CNPG, Kube, control};
use common::{AKS, Client, cluster_body, pool_body};
use reqwest::Method;
use sandbox::Options;
use sandbox::clock::Mode;
use serde_json::{Value, json};

fn healthy(cluster: &Value) -> bool {
    cluster["status"]["phase"] == "Cluster in healthy state"
        && cluster["status"]["readyInstances"] == 3
}

fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().expect("items");
    items
        .iter()
        .filter_map(|item| item["metadata"]["name"].as_str())
        .collect()
}

fn options() -> Options {
    Options {
        log_file: common::log_file(),
        crds: std::env::var_os("CRDS_DIR").map(Into::into),
        ..Options::default()
    }
}

async fn aks(client: &Client) -> String {
    client.make_group().await;
    let id = client.cluster();
    client.put(&id, AKS, cluster_body()).await.expect(201);
    client.step(300).await;
    id
}

#[tokio::test]
async fn credentials_lead_to_a_cluster_that_becomes_healthy() {
    let client = Client::start(options()).await;
    let id = aks(&client).await;
    let kube = Kube::login(&client, &id).await;
    kube.make_cluster().await;
    let path = format!("{CNPG}/clusters/pg");
    let found = kube.until(&path, healthy).await;
    assert_eq!(found["status"]["currentPrimary"], "pg-1");
    let pods = kube.get("/api/v1/namespaces/db/pods").await;
    assert_eq!(names(&pods), ["pg-1", "pg-2", "pg-3"]);
}

#[tokio::test]
async fn a_foreign_token_is_refused() {
    let client = Client::start(options()).await;
    let id = aks(&client).await;
    let mut kube = Kube::login(&client, &id).await;
    kube.token = "guessed".to_owned();
    let answer = kube
        .send(Method::GET, "/api/v1/namespaces", Value::Null)
        .await
        .expect(401);
    assert_eq!(answer.body["reason"], "Unauthorized");
}

#[tokio::test]
async fn one_long_step_plays_everything_in_its_order() {
    let client = Client::start(Options {
        crds: std::env::var_os("CRDS_DIR").map(Into::into),
        ..common::stepped()
    })
    .await;
    let id = aks(&client).await;
    let kube = Kube::login(&client, &id).await;
    kube.make_cluster().await;
    client.step(600).await;
    let found = kube.get(&format!("{CNPG}/clusters/pg")).await;
    assert!(healthy(&found), "{:#}", found["status"]);
    let created = &found["metadata"]["creationTimestamp"];
    assert_eq!(created, "2026-01-01T00:05:00Z");
}

#[tokio::test]
async fn on_a_stepped_clock_reading_makes_time_go_by() {
    let client = Client::start(Options {
        clock: Mode::Stepped {
            poll_step_seconds: 5,
        },
        aks_cluster: Some("aks".into()),
        ..common::stepped()
    })
    .await;
    let id = client.sandbox.connection().aks_cluster_id.expect("id");
    let kube = Kube::login(&client, &id).await;
    kube.make_cluster().await;
    let path = format!("{CNPG}/clusters/pg");
    let mut phases = Vec::new();
    for _ in 0..60 {
        phases.push(kube.get(&path).await["status"]["phase"].clone());
    }
    assert_eq!(phases[0], "Setting up primary");
    assert_eq!(phases[59], "Cluster in healthy state");
    assert_eq!(client.sandbox.world.clock.now().as_secs(), 300);
}

#[tokio::test]
async fn a_pool_brings_nodes_and_takes_them_along() {
    let client = Client::start(common::stepped()).await;
    let id = client.make_cluster().await;
    let kube = Kube::login(&client, &id).await;
    let path = format!("{id}/agentPools/pgpool");
    let mut body = pool_body();
    body["properties"]["count"] = json!(4);
    body["properties"]["nodeLabels"] = json!({"workload": "orders"});
    body["properties"]["nodeTaints"] = json!(["dedicated=postgres:NoSchedule"]);
    client.put(&path, AKS, body.clone()).await.expect(201);
    let of_pool = "/api/v1/nodes?labelSelector=kubernetes.azure.com/agentpool%3Dpgpool";
    assert_eq!(kube.get(of_pool).await["items"], json!([]));
    client.step(120).await;
    let nodes = kube.get(of_pool).await;
    let labels = |node: &Value, key: &str| node["metadata"]["labels"][key].clone();
    let items = nodes["items"].as_array().expect("items");
    let zones: Vec<Value> = items
        .iter()
        .map(|node| labels(node, "topology.kubernetes.io/zone"))
        .collect();
    assert_eq!(
        zones,
        [
            "westeurope-1",
            "westeurope-2",
            "westeurope-3",
            "westeurope-1"
        ]
    );
    for node in items {
        assert_eq!(labels(node, "topology.kubernetes.io/region"), "westeurope");
        assert_eq!(labels(node, "agentpool"), "pgpool");
        assert_eq!(labels(node, "workload"), "orders");
        assert_eq!(
            node["spec"]["taints"],
            json!([{"key": "dedicated", "value": "postgres", "effect": "NoSchedule"}])
        );
        assert_eq!(node["status"]["conditions"][0]["type"], "Ready");
    }
    body["properties"]["count"] = json!(2);
    body["properties"]["nodeLabels"] = json!({"team": "a"});
    client.put(&path, AKS, body).await.expect(200);
    client.step(60).await;
    let nodes = kube.get(of_pool).await;
    assert_eq!(names(&nodes).len(), 2);
    assert_eq!(labels(&nodes["items"][0], "team"), "a");
    assert_eq!(labels(&nodes["items"][0], "workload"), Value::Null);
    client.delete(&path, AKS).await.expect(202);
    client.step(90).await;
    assert_eq!(kube.get(of_pool).await["items"], json!([]));
}

#[tokio::test]
async fn taints_keep_pods_away_that_do_not_tolerate_them() {
    let client = Client::start(common::stepped()).await;
    let id = client.make_cluster().await;
    let kube = Kube::login(&client, &id).await;
    let mut body = pool_body();
    body["properties"]["nodeTaints"] = json!(["dedicated=postgres:NoSchedule"]);
    let path = format!("{id}/agentPools/pgpool");
    client.put(&path, AKS, body).await.expect(201);
    client.step(120).await;
    kube.make_cluster().await;
    let path = format!("{CNPG}/clusters/pg");
    let mut spec = json!({"instances": 3, "storage": {"size": "1Gi"},
        "affinity": {"nodeSelector": {"agentpool": "pgpool"}}});
    let apply = |spec: &Value| {
        json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster",
            "metadata": {"name": "pg"}, "spec": spec})
    };
    let by = format!("{path}?fieldManager=test&force=true");
    kube.send(Method::PATCH, &by, apply(&spec))
        .await
        .expect(200);
    client.step(600).await;
    let found = kube.get(&path).await;
    assert!(!healthy(&found), "{:#}", found["status"]);
    spec["affinity"]["tolerations"] = json!([{"key": "dedicated", "operator": "Exists"}]);
    kube.send(Method::PATCH, &by, apply(&spec))
        .await
        .expect(200);
    client.step(600).await;
    let found = kube.get(&path).await;
    assert!(healthy(&found), "{:#}", found["status"]);
    let pods = kube.get("/api/v1/namespaces/db/pods").await;
    let node = pods["items"][0]["spec"]["nodeName"].as_str();
    assert!(node.expect("node").starts_with("aks-pgpool-"), "{node:?}");
}

#[tokio::test]
async fn changes_by_others_show_who_made_them() {
    let client = Client::start(options()).await;
    let id = aks(&client).await;
    let kube = Kube::login(&client, &id).await;
    kube.make_cluster().await;
    let path = format!("{CNPG}/clusters/pg");
    let order = json!({"path": path, "patch": {"spec": {"instances": 2}}});
    control(&client, Method::POST, "/kubernetes/patch", order)
        .await
        .expect(200);
    let found = kube.get(&path).await;
    assert_eq!(found["spec"]["instances"], 2);
    let managers = found["metadata"]["managedFields"].as_array();
    let editor = managers
        .into_iter()
        .flatten()
        .find(|entry| entry["manager"] == "kubectl-edit")
        .expect("an entry of kubectl-edit");
    assert_eq!(
        editor["fieldsV1"]["f:spec"]["f:instances"],
        json!({}),
        "{editor}"
    );
    let order = json!({"id": id, "patch": {"tags": {"by": "hand"}}, "by": "eve@example.org"});
    control(&client, Method::POST, "/arm/patch", order)
        .await
        .expect(204);
    let seen = client.get(&id, AKS).await.expect(200).body;
    assert_eq!(seen["tags"]["by"], "hand");
    assert_eq!(seen["systemData"]["lastModifiedBy"], "eve@example.org");
    let wrong = json!({"path": CNPG, "patch": {}});
    control(&client, Method::POST, "/kubernetes/patch", wrong)
        .await
        .expect(404);
}

#[tokio::test]
async fn failover_and_deletion_by_the_side_door() {
    let client = Client::start(options()).await;
    let id = aks(&client).await;
    let kube = Kube::login(&client, &id).await;
    kube.make_cluster().await;
    let path = format!("{CNPG}/clusters/pg");
    kube.until(&path, healthy).await;
    let order = json!({"namespace": "db", "cluster": "pg"});
    control(&client, Method::POST, "/kubernetes/failover", order)
        .await
        .expect(204);
    let moved = |found: &Value| found["status"]["currentPrimary"] == "pg-2" && healthy(found);
    kube.until(&path, moved).await;
    let order = json!({"path": path});
    control(&client, Method::POST, "/kubernetes/delete", order)
        .await
        .expect(204);
    kube.until("/api/v1/namespaces/db/pods", |pods| {
        pods["items"] == json!([])
    })
    .await;
    kube.send(Method::GET, &path, Value::Null).await.expect(404);
}

#[tokio::test]
async fn a_cluster_from_the_start_and_views_of_everything() {
    let options = Options {
        aks_cluster: Some("aks".into()),
        ..options()
    };
    let client = Client::start(options).await;
    let id = client.sandbox.connection().aks_cluster_id.expect("id");
    let seen = client.get(&id, AKS).await.expect(200).body;
    let properties = &seen["properties"];
    assert_eq!(properties["provisioningState"], "Succeeded");
    assert_eq!(
        properties["securityProfile"]["workloadIdentity"]["enabled"],
        true
    );
    let issuer = properties["oidcIssuerProfile"]["issuerURL"].as_str();
    let host = client.sandbox.connection().endpoints.kubernetes_host;
    assert_eq!(issuer, Some(format!("{host}/").as_str()));
    let kube = Kube::login(&client, &id).await;
    kube.make_cluster().await;
    let path = format!("{CNPG}/clusters/pg");
    kube.until(&path, healthy).await;

    let world = control(&client, Method::GET, "/world", Value::Null)
        .await
        .expect(200)
        .body;
    let bodies = world["arm"].as_object().expect("arm");
    assert!(bodies.contains_key(&id), "{:?}", bodies.keys());
    let kinds = &world["kubernetes"];
    assert_eq!(kinds["Cluster"]["db/pg"]["spec"]["instances"], 3);
    assert!(kinds["PersistentVolumeClaim"]["db/pg-1"].is_object());
    assert!(kinds["Namespace"]["db"].is_object());
    let secrets = kinds["Secret"].as_array().expect("secrets");
    assert!(secrets.contains(&json!("db/pg-app")), "{secrets:?}");

    let path = "/requests?service=kubernetes&last=1";
    let requests = control(&client, Method::GET, path, Value::Null)
        .await
        .expect(200)
        .body;
    assert!(requests["count"].as_u64() > Some(2), "{requests}");
    let last = &requests["last"][0];
    assert_eq!(last["path"], format!("{CNPG}/clusters/pg"));
    assert_eq!(
        (&last["method"], &last["status"]),
        (&json!("GET"), &json!(200))
    );
}

#[tokio::test]
async fn service_account_tokens_are_exchanged_by_federation() {
    let options = Options {
        aks_cluster: Some("aks".into()),
        ..common::stepped()
    };
    let client = Client::start(options).await;
    let id = client.sandbox.connection().aks_cluster_id.expect("id");
    let cluster = client.get(&id, AKS).await.expect(200).body;
    let issuer = &cluster["properties"]["oidcIssuerProfile"]["issuerURL"];
    let kube = Kube::login(&client, &id).await;
    let account = json!({"metadata": {"name": "pg"}});
    kube.send(
        Method::POST,
        "/api/v1/namespaces/default/serviceaccounts",
        account,
    )
    .await
    .expect(201);
    let path = "/api/v1/namespaces/default/serviceaccounts/pg/token";
    let request = json!({"spec": {"audiences": ["api://AzureADTokenExchange"]}});
    let granted = kube.send(Method::POST, path, request).await.expect(201);
    let assertion = granted.body["status"]["token"].as_str().expect("token");
    client.make_group().await;
    let (identity, properties) = client.make_identity().await;
    let credential = json!({"properties": {"issuer": issuer, "audiences": ["api://AzureADTokenExchange"],
        "subject": "system:serviceaccount:default:pg"}});
    let path = format!("{identity}/federatedIdentityCredentials/pg-orders");
    client
        .put(&path, common::IDENTITY, credential)
        .await
        .expect(201);
    client.step(60).await;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", properties["clientId"].as_str().expect("id")),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", assertion),
        ("scope", "https://storage.azure.com/.default"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    client.token_request(&form).await.expect(200);
}

#[tokio::test]
async fn faults_and_the_log_cover_kubernetes_too() {
    let client = Client::start(options()).await;
    let id = aks(&client).await;
    let kube = Kube::login(&client, &id).await;
    let fault = json!({"path": "/api/v1/namespaces", "fault": {"kind": "status", "status": 503}});
    control(&client, Method::POST, "/faults", fault)
        .await
        .expect(200);
    kube.send(Method::GET, "/api/v1/namespaces", Value::Null)
        .await
        .expect(503);
    kube.get("/api/v1/namespaces").await;
    let entries = client.sandbox.world.log.entries();
    let statuses: Vec<_> = entries
        .iter()
        .filter(|entry| entry.service == "kubernetes")
        .map(|entry| (entry.status, entry.injected))
        .collect();
    assert_eq!(statuses, [(Some(503), true), (Some(200), false)]);
}
