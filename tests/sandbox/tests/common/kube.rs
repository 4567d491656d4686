//! Clients of the sandbox's Kubernetes and of its control endpoint.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};

use super::{AKS, Client, Reply, reply};

pub const CNPG: &str = "/apis/postgresql.cnpg.io/v1/namespaces/db";

/// A client of the Kubernetes that a kubeconfig leads to.
pub struct Kube<'a> {
    pub client: &'a Client,
    pub host: String,
    pub token: String,
}

impl<'a> Kube<'a> {
    /// Asks ARM for the cluster's credential.
    pub async fn login(client: &'a Client, cluster: &str) -> Self {
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

    pub async fn send(&self, method: Method, path: &str, body: Value) -> Reply {
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

    pub async fn get(&self, path: &str) -> Value {
        self.send(Method::GET, path, Value::Null)
            .await
            .expect(200)
            .body
    }

    pub async fn make_cluster(&self) {
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
    pub async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
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

/// Calls the control endpoint.
pub async fn control(client: &Client, method: Method, path: &str, body: Value) -> Reply {
    let url = format!("{}{path}", client.sandbox.connection().endpoints.control);
    let mut request = client.http.request(method, url);
    if !body.is_null() {
        request = request.json(&body);
    }
    reply(request.send().await.expect("answer")).await
}
