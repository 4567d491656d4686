//! The Kubernetes behind AKS: reached the way a client reaches it, through
//! ARM's credentials.

mod common;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{AKS, Client, cluster_body, reply};
use reqwest::Method;
use sandbox::Options;
use serde_json::{Value, json};
use std::time::Duration;

const CNPG: &str = "/apis/postgresql.cnpg.io/v1/namespaces/db";

/// A client of the Kubernetes that a kubeconfig leads to.
struct Kube<'a> {
    client: &'a Client,
    host: String,
    token: String,
}

impl<'a> Kube<'a> {
    /// Asks ARM for the cluster's credential.
    async fn login(client: &'a Client, cluster: &str) -> Self {
        let path = format!("{cluster}/listClusterUserCredential");
        let answer = client
            .call(Method::POST, &path, AKS, None)
            .await
            .expect(200);
        let text = answer.body["kubeconfigs"][0]["value"].as_str();
        let yaml = STANDARD.decode(text.expect("value")).expect("base64");
        let config: Value = serde_yaml_ng::from_slice(&yaml).expect("YAML");
        let text = |pointer: &str| {
            let value = config.pointer(pointer).and_then(Value::as_str);
            value.expect(pointer).to_owned()
        };
        let ca = STANDARD
            .decode(text("/clusters/0/cluster/certificate-authority-data"))
            .expect("base64");
        assert_eq!(String::from_utf8_lossy(&ca), client.sandbox.ca_pem);
        Self {
            client,
            host: text("/clusters/0/cluster/server"),
            token: text("/users/0/user/token"),
        }
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> common::Reply {
        let media = match method {
            Method::PATCH => "application/apply-patch+yaml",
            _ => "application/json",
        };
        let url = format!("{}{path}", self.host);
        let mut request = self.client.http.request(method, url);
        if !body.is_null() {
            request = request.header("content-type", media).body(body.to_string());
        }
        let request = request.bearer_auth(&self.token);
        reply(request.send().await.expect("answer")).await
    }

    async fn get(&self, path: &str) -> Value {
        self.send(Method::GET, path, Value::Null)
            .await
            .expect(200)
            .body
    }

    async fn make_cluster(&self) {
        let namespace = json!({"metadata": {"name": "db"}});
        self.send(Method::POST, "/api/v1/namespaces", namespace)
            .await
            .expect(201);
        let cluster = json!({
            "apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "pg"},
            "spec": {"instances": 3, "storage": {"size": "1Gi"}},
        });
        let path = format!("{CNPG}/clusters/pg?fieldManager=test");
        self.send(Method::PATCH, &path, cluster).await.expect(201);
    }

    /// Waits until an object is as wanted; the operators play on their own.
    async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..1500 {
            last = self.send(Method::GET, path, Value::Null).await.body;
            if wanted(&last) {
                return last;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{path} did not become as wanted: {last:#}");
    }
}

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
