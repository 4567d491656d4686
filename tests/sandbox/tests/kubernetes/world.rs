//! A server of its own per test, and a client to it.

use sandbox::kubernetes::{Kubernetes, Options};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

pub struct World {
    pub server: Arc<Kubernetes>,
    pub client: reqwest::Client,
    pub base: String,
}

pub const CNPG: &str = "/apis/postgresql.cnpg.io/v1/namespaces/db";

pub async fn world() -> World {
    world_with(Options {
        speed: 100.0,
        crds: std::env::var_os("CRDS_DIR").map(Into::into),
        ..Options::default()
    })
    .await
}

pub async fn world_with(options: Options) -> World {
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
    pub async fn send(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
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

    pub async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (code, answer) = self.send(method, path, body).await;
        assert!(
            (200..300).contains(&code),
            "{method} {path}: {code} {answer}"
        );
        answer
    }

    pub async fn get(&self, path: &str) -> Value {
        self.ok("GET", path, Value::Null).await
    }

    /// Waits until the object is as wanted; the play runs on its own.
    pub async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
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

    pub async fn healthy(&self, name: &str) -> Value {
        self.until(&format!("{CNPG}/clusters/{name}"), |cluster| {
            cluster["status"]["phase"] == "Cluster in healthy state"
                && cluster["status"]["readyInstances"] == cluster["spec"]["instances"]
        })
        .await
    }

    pub async fn apply_cluster(&self, spec: Value) -> Value {
        self.ok(
            "APPLY",
            &format!("{CNPG}/clusters/c?fieldManager=m&force=true"),
            cluster(spec),
        )
        .await
    }
}

pub fn cluster(extra: Value) -> Value {
    let mut object = json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "c"},
        "spec": {"instances": 3, "storage": {"size": "1Gi"}}});
    for (key, value) in extra.as_object().unwrap() {
        object["spec"][key] = value.clone();
    }
    object
}

pub fn names(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["metadata"]["name"].as_str().unwrap().to_owned())
        .collect()
}

pub fn archiver() -> Value {
    json!({"plugins": [{"name": "barman-cloud.cloudnative-pg.io", "isWALArchiver": true, "parameters": {"barmanObjectName": "store"}}]})
}

pub async fn object_store(world: &World) {
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
