//! What an administrator made in Azure beforehand: a resource group and an AKS cluster. Shared with the quickstart.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use sandbox::Sandbox;
use serde_json::{Value, json};

const GROUP_API: &str = "2024-07-01";
const AKS_API: &str = "2024-09-01";

/// Signed in at a sandbox.
pub struct Administrator {
    http: reqwest::Client,
    endpoint: String,
    token: String,
    /// Id of the resource group.
    pub group: String,
    /// Id of the AKS cluster.
    pub aks: String,
}

impl Administrator {
    pub async fn new(sandbox: &Sandbox) -> anyhow::Result<Self> {
        let connection = sandbox.connection();
        let ca = reqwest::Certificate::from_pem(sandbox.ca_pem.as_bytes())?;
        let http = reqwest::Client::builder().tls_certs_only([ca]).build()?;
        let group = format!(
            "/subscriptions/{}/resourceGroups/rg-orders",
            connection.subscription_id
        );
        let url = format!(
            "{}{}/oauth2/v2.0/token",
            connection.endpoints.authority_host, connection.tenant_id
        );
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &connection.client_id),
            ("client_secret", &connection.client_secret),
            ("scope", &format!("{}/.default", connection.audience)),
        ]
        .map(|(name, value)| format!("{name}={}", escape(value)))
        .join("&");
        let request = http
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let answer = send(request).await?;
        Ok(Self {
            token: answer["access_token"]
                .as_str()
                .context("no token")?
                .to_owned(),
            endpoint: connection.endpoints.resource_manager_endpoint,
            aks: format!("{group}/providers/Microsoft.ContainerService/managedClusters/aks-orders"),
            group,
            http,
        })
    }

    /// Makes the group and the cluster and waits for them.
    pub async fn furnish(&self) -> anyhow::Result<()> {
        self.put(&self.group, GROUP_API, json!({"location": "westeurope"}))
            .await?;
        self.put(&self.aks, AKS_API, aks_cluster()).await?;
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let request = self
                .http
                .get(self.url(&self.aks, AKS_API))
                .bearer_auth(&self.token);
            let state = send(request).await?["properties"]["provisioningState"].clone();
            if state == "Succeeded" {
                return Ok(());
            }
            ensure!(Instant::now() < end, "the AKS cluster is {state}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn put(&self, id: &str, version: &str, body: Value) -> anyhow::Result<Value> {
        let request = self
            .http
            .put(self.url(id, version))
            .bearer_auth(&self.token)
            .header("content-type", "application/json")
            .body(body.to_string());
        send(request).await
    }

    fn url(&self, id: &str, version: &str) -> String {
        format!("{}{id}?api-version={version}", self.endpoint)
    }
}

async fn send(request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
    let answer = request.send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    ensure!(status.is_success(), "{status}: {text}");
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

fn escape(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn aks_cluster() -> Value {
    json!({
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "kubernetesVersion": "1.33", "dnsPrefix": "orders",
            "oidcIssuerProfile": {"enabled": true},
            "securityProfile": {"workloadIdentity": {"enabled": true}},
            "networkProfile": {"networkPlugin": "azure", "networkPluginMode": "overlay"},
            "agentPoolProfiles": [{"name": "system", "mode": "System", "vmSize": "Standard_D2s_v5", "count": 2}],
        },
    })
}
