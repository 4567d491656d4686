//! A client of the sandbox that knows nothing of its inside.
#![allow(dead_code, clippy::expect_used)]

pub mod kube;

use std::time::Duration;

use reqwest::{Method, StatusCode};
use sandbox::clock::Mode;
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};

pub const RESOURCES: &str = "2024-07-01";
pub const AKS: &str = "2024-09-01";
pub const IDENTITY: &str = "2023-01-31";
pub const ROLES: &str = "2022-04-01";
pub const STORAGE: &str = "2023-05-01";

pub struct Client {
    pub sandbox: Sandbox,
    pub http: reqwest::Client,
    pub token: String,
    pub subscription: String,
}

pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |v| v.to_str().expect("ASCII header"))
    }

    /// The code of an error, wrapped or not.
    pub fn code(&self) -> &str {
        let error = self.body.get("error").unwrap_or(&self.body);
        error["code"].as_str().unwrap_or_default()
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.body);
        self
    }
}

/// Options with a clock that moves only when told.
pub fn stepped() -> Options {
    Options {
        clock: Mode::Stepped {
            poll_step_seconds: 0,
        },
        log_file: log_file(),
        ..Options::default()
    }
}

/// `SANDBOX_LOG_DIR` collects the traffic of the tests for validation.
pub fn log_file() -> Option<std::path::PathBuf> {
    let dir = std::env::var_os("SANDBOX_LOG_DIR")?;
    let name = std::thread::current()
        .name()
        .unwrap_or("log")
        .replace("::", "-");
    Some(std::path::Path::new(&dir).join(format!("{name}-{}.jsonl", std::process::id())))
}

impl Client {
    pub async fn start(options: Options) -> Self {
        let sandbox = Sandbox::start(options).await.expect("sandbox");
        let ca = reqwest::Certificate::from_pem(sandbox.ca_pem.as_bytes()).expect("CA");
        let http = reqwest::Client::builder()
            .tls_certs_only([ca])
            .timeout(Duration::from_secs(10))
            .build()
            .expect("client");
        let subscription = format!("/subscriptions/{}", sandbox.connection().subscription_id);
        let mut client = Self {
            sandbox,
            http,
            token: String::new(),
            subscription,
        };
        let granted = client
            .token_request(&client.secret_form())
            .await
            .expect(200);
        client.token = granted.body["access_token"].as_str().expect("token").into();
        client
    }

    pub fn secret_form(&self) -> Vec<(String, String)> {
        let connection = self.sandbox.connection();
        [
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", connection.client_id),
            ("client_secret", connection.client_secret),
            ("scope", format!("{}/.default", connection.audience)),
        ]
        .map(|(n, v)| (n.to_owned(), v))
        .to_vec()
    }

    pub async fn token_request(&self, form: &[(String, String)]) -> Reply {
        let connection = self.sandbox.connection();
        let url = format!(
            "{}{}/oauth2/v2.0/token",
            connection.endpoints.authority_host, connection.tenant_id
        );
        let escape = |text: &str| {
            text.bytes()
                .map(|b| format!("%{b:02X}"))
                .collect::<String>()
        };
        let body = form
            .iter()
            .map(|(n, v)| format!("{n}={}", escape(v)))
            .collect::<Vec<_>>()
            .join("&");
        let request = self
            .http
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        reply(request.send().await.expect("answer")).await
    }

    pub fn request(&self, method: Method, path: &str, version: &str) -> reqwest::RequestBuilder {
        let base = self
            .sandbox
            .connection()
            .endpoints
            .resource_manager_endpoint;
        let sign = if path.contains('?') { '&' } else { '?' };
        self.http
            .request(method, format!("{base}{path}{sign}api-version={version}"))
            .bearer_auth(&self.token)
    }

    pub async fn call(
        &self,
        method: Method,
        path: &str,
        version: &str,
        body: Option<Value>,
    ) -> Reply {
        let mut request = self.request(method, path, version);
        if let Some(body) = body {
            request = request.json(&body);
        }
        reply(request.send().await.expect("answer")).await
    }

    pub async fn get(&self, path: &str, version: &str) -> Reply {
        self.call(Method::GET, path, version, None).await
    }

    pub async fn put(&self, path: &str, version: &str, body: Value) -> Reply {
        self.call(Method::PUT, path, version, Some(body)).await
    }

    pub async fn delete(&self, path: &str, version: &str) -> Reply {
        self.call(Method::DELETE, path, version, None).await
    }

    /// Follows an address from a header.
    pub async fn poll(&self, url: &str) -> Reply {
        let request = self.http.get(url).bearer_auth(&self.token);
        reply(request.send().await.expect("answer")).await
    }

    pub async fn step(&self, seconds: u64) {
        self.sandbox.world.step(Duration::from_secs(seconds)).await;
    }

    pub fn group(&self) -> String {
        format!("{}/resourceGroups/rg-test", self.subscription)
    }

    pub async fn make_group(&self) -> String {
        let body = json!({"location": "West Europe", "tags": {"a": "b"}});
        self.put(&self.group(), RESOURCES, body).await.expect(201);
        self.group()
    }

    pub fn cluster(&self) -> String {
        let group = self.group();
        format!("{group}/providers/Microsoft.ContainerService/managedClusters/aks1")
    }

    pub async fn make_cluster(&self) -> String {
        self.make_group().await;
        self.put(&self.cluster(), AKS, cluster_body())
            .await
            .expect(201);
        self.step(300).await;
        self.cluster()
    }

    pub async fn make_identity(&self) -> (String, Value) {
        let id = format!(
            "{}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-pg",
            self.group()
        );
        let body = json!({"location": "westeurope"});
        let made = self.put(&id, IDENTITY, body).await.expect(201);
        (id, made.body["properties"].clone())
    }

    pub async fn make_account(&self) -> String {
        let id = format!(
            "{}/providers/Microsoft.Storage/storageAccounts/pgbackups",
            self.group()
        );
        self.put(&id, STORAGE, account_body()).await.expect(202);
        self.step(60).await;
        id
    }
}

pub fn account_body() -> Value {
    json!({"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_ZRS"}, "properties": {"minimumTlsVersion": "TLS1_2", "allowSharedKeyAccess": false}})
}

pub fn cluster_body() -> Value {
    json!({
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "kubernetesVersion": "1.33",
            "dnsPrefix": "aks1",
            "oidcIssuerProfile": {"enabled": true},
            "securityProfile": {"workloadIdentity": {"enabled": true}},
            "networkProfile": {"networkPlugin": "azure", "networkPluginMode": "overlay"},
            "agentPoolProfiles": [
                {"name": "system", "mode": "System", "vmSize": "Standard_D2s_v5", "count": 2}
            ]
        }
    })
}

pub fn pool_body() -> Value {
    json!({"properties": {
        "vmSize": "Standard_E8as_v6", "count": 3, "mode": "User", "osSKU": "AzureLinux",
        "availabilityZones": ["1", "2", "3"], "nodeLabels": {"workload": "postgres"}
    }})
}

pub async fn reply(response: reqwest::Response) -> Reply {
    let (status, headers): (StatusCode, _) = (response.status(), response.headers().clone());
    let text = response.text().await.expect("body");
    Reply {
        status: status.as_u16(),
        headers,
        body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
    }
}
