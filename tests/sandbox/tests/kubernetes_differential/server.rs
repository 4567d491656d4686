//! The two servers, and how a story is run on one of them.

use super::Sequence;
use super::normal::normal;
use base64::Engine;
use sandbox::kubernetes::{Kubernetes, Options};
use serde_json::{Value, json};

pub struct Server {
    client: reqwest::Client,
    base: String,
}

impl Server {
    pub async fn sandbox(crds: &str) -> Self {
        let options = Options {
            crds: Some(crds.into()),
            controllers: false,
            play: false,
            ..Options::default()
        };
        let router = Kubernetes::new(options).unwrap().router();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            client: reqwest::Client::new(),
            base,
        }
    }

    pub async fn real(kubeconfig: &str, crds: &str) -> Self {
        let text = std::fs::read_to_string(kubeconfig).unwrap();
        let config: Value = serde_yaml_ng::from_str(&text).unwrap();
        let cluster = &config["clusters"][0]["cluster"];
        let user = &config["users"][0]["user"];
        let pem = |value: &Value| {
            let engine = base64::engine::general_purpose::STANDARD;
            engine.decode(value.as_str().unwrap()).unwrap()
        };
        let mut identity = pem(&user["client-key-data"]);
        identity.extend(pem(&user["client-certificate-data"]));
        let ca =
            reqwest::Certificate::from_pem(&pem(&cluster["certificate-authority-data"])).unwrap();
        let client = reqwest::Client::builder()
            .tls_certs_only([ca])
            .identity(reqwest::Identity::from_pem(&identity).unwrap())
            .build()
            .unwrap();
        let server = Self {
            client,
            base: cluster["server"].as_str().unwrap().to_owned(),
        };
        server.install(std::path::Path::new(crds)).await;
        server
    }

    async fn install(&self, directory: &std::path::Path) {
        let mut paths: Vec<_> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        paths.reverse();
        for path in paths {
            if path.is_dir() {
                Box::pin(self.install(&path)).await;
            } else if path.extension().is_some_and(|end| end == "yaml") {
                let crd: Value =
                    serde_yaml_ng::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
                let url = format!(
                    "{}/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
                    self.base
                );
                let answer = self.client.post(url).json(&crd).send().await.unwrap();
                assert!(
                    [201, 409].contains(&answer.status().as_u16()),
                    "{}",
                    path.display()
                );
            }
        }
        let ready = format!("{}/apis/barmancloud.cnpg.io/v1/objectstores", self.base);
        while !self
            .client
            .get(&ready)
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
        {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        media: &str,
        body: Option<String>,
    ) -> (u16, Vec<String>, String, String) {
        let url = format!("{}{path}", self.base);
        let method: reqwest::Method = method.parse().unwrap();
        let mut request = self
            .client
            .request(method, url)
            .header("User-Agent", "differential/1");
        if let Some(body) = body {
            request = request.header("Content-Type", media).body(body);
        }
        let answer = request.send().await.unwrap();
        let header = |name: &str| -> Vec<String> {
            let values = answer.headers().get_all(name).iter();
            values
                .map(|value| value.to_str().unwrap().to_owned())
                .collect()
        };
        let (code, warnings) = (answer.status().as_u16(), header("Warning"));
        let media = header("Content-Type").pop().unwrap_or_default();
        (code, warnings, media, answer.text().await.unwrap())
    }
}

/// Runs a story and returns its normalised answers.
pub async fn run(server: &Server, namespace: &str, sequence: &Sequence) -> Vec<Value> {
    let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
    let created = server
        .send(
            "POST",
            "/api/v1/namespaces",
            "application/json",
            Some(body.to_string()),
        )
        .await;
    assert_eq!(created.0, 201, "{}", created.3);
    let (mut uid, mut version) = (String::new(), String::new());
    let mut answers = Vec::new();
    for step in &sequence.steps {
        let fill = |text: &str| {
            text.replace("$ns", namespace)
                .replace("$uid", &uid)
                .replace("$rv", &version)
        };
        let (code, mut warnings, media, body) = server
            .send(
                step.method,
                &fill(&step.path),
                step.media,
                step.body.as_deref().map(fill),
            )
            .await;
        if let Ok(object) = serde_json::from_str::<Value>(&body) {
            if let Some(found) = object["metadata"]["uid"].as_str() {
                uid = found.to_owned();
            }
            if let Some(found) = object["metadata"]["resourceVersion"].as_str() {
                version = found.to_owned();
            }
        }
        warnings.sort();
        answers.push(normal(code, warnings, &body, &media));
    }
    answers
}
