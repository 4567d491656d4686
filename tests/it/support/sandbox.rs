//! A simulated Azure with an AKS cluster in it, and workspaces that reach it.

use std::collections::BTreeMap;

use anyhow::Context;
use sandbox::faults::Rule;
use sandbox::log::Entry;
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::cli::Cli;
use super::wait;
use super::workspace::Workspace;

pub const NAMESPACE: &str = "orders";
/// Known to nobody else, so that it can be looked for.
pub const CLIENT_SECRET: &str = "q7~storySecretThatMustNotBeSeen";
const GROUP_API: &str = "2024-07-01";
const AKS_API: &str = "2024-09-01";
/// Kinds that the resource makes or leads to.
const KINDS: [(&str, &str); 8] = [
    ("", "Namespace"),
    ("postgresql.cnpg.io", "Cluster"),
    ("postgresql.cnpg.io", "Pooler"),
    ("postgresql.cnpg.io", "ScheduledBackup"),
    ("postgresql.cnpg.io", "Backup"),
    ("barmancloud.cnpg.io", "ObjectStore"),
    ("storage.k8s.io", "StorageClass"),
    ("storage.k8s.io", "VolumeAttributesClass"),
];

pub struct Simulation {
    pub sandbox: Sandbox,
    runtime: Runtime,
    http: reqwest::Client,
    pub aks: String,
    pub group: String,
}

impl Simulation {
    /// Starts the sandbox and makes what an administrator made beforehand.
    pub fn start() -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let mut options = Options::default();
        options.application.secret = CLIENT_SECRET.to_owned();
        let sandbox = runtime.block_on(Sandbox::start(options))?;
        let ca = reqwest::Certificate::from_pem(sandbox.ca_pem.as_bytes())?;
        let http = reqwest::Client::builder().tls_certs_only([ca]).build()?;
        let group = format!(
            "/subscriptions/{}/resourceGroups/rg-orders",
            sandbox.connection().subscription_id
        );
        let simulation = Self {
            aks: format!("{group}/providers/Microsoft.ContainerService/managedClusters/aks-orders"),
            sandbox,
            runtime,
            http,
            group,
        };
        simulation.furnish()?;
        Ok(simulation)
    }

    /// A resource that somebody made in Azure.
    pub fn make_in_azure(&self, id: &str, version: &str, body: Value) -> anyhow::Result<()> {
        let answered = self.put(&self.token()?, id, version, body);
        answered.map(drop)
    }

    fn furnish(&self) -> anyhow::Result<()> {
        let token = self.token()?;
        self.put(
            &token,
            &self.group,
            GROUP_API,
            json!({"location": "westeurope"}),
        )?;
        self.put(&token, &self.aks, AKS_API, aks_cluster())?;
        wait::until(
            "the AKS cluster",
            std::time::Duration::from_secs(30),
            || {
                let resources = self.azure();
                let state = resources
                    .get(&self.aks.to_lowercase())
                    .map(|body| &body["properties"]["provisioningState"]);
                Ok((state == Some(&json!("Succeeded"))).then_some(()))
            },
        )?;
        self.sandbox.world.log.clear();
        Ok(())
    }

    fn token(&self) -> anyhow::Result<String> {
        let connection = self.sandbox.connection();
        let url = format!(
            "{}{}/oauth2/v2.0/token",
            connection.endpoints.authority_host, connection.tenant_id
        );
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope={}",
            connection.client_id,
            connection.client_secret.replace('~', "%7E"),
            format!("{}/.default", connection.audience)
                .replace(':', "%3A")
                .replace('/', "%2F"),
        );
        let request = self
            .http
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let answer = self.send(request)?;
        Ok(answer["access_token"]
            .as_str()
            .context("no token")?
            .to_owned())
    }

    fn put(&self, token: &str, id: &str, version: &str, body: Value) -> anyhow::Result<Value> {
        let base = &self.sandbox.world.endpoints.resource_manager_endpoint;
        let request = self
            .http
            .put(format!("{base}{id}?api-version={version}"))
            .bearer_auth(token)
            .header("content-type", "application/json")
            .body(body.to_string());
        self.send(request)
    }

    fn send(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
        self.runtime.block_on(async {
            let answer = request.send().await?;
            let status = answer.status();
            let text = answer.text().await?;
            anyhow::ensure!(status.is_success(), "{status}: {text}");
            Ok(serde_json::from_str(&text).unwrap_or_default())
        })
    }

    pub fn workspace(&self, cli: &Cli) -> anyhow::Result<Workspace> {
        Ok(Workspace::new(cli)?
            .env("ARM_CLIENT_SECRET", CLIENT_SECRET)
            .env("SSL_CERT_FILE", self.sandbox.ca_file()))
    }

    /// The provider's block that leads here. The secret comes from the environment.
    pub fn provider(&self) -> String {
        let connection = self.sandbox.connection();
        format!(
            r#"provider "postgres" {{
  azure {{
    environment               = "custom"
    resource_manager_endpoint = "{}"
    authority_host            = "{}"
    audience                  = "{}"
    tenant_id                 = "{}"
    subscription_id           = "{}"
    client_id                 = "{}"
  }}
}}
"#,
            connection.endpoints.resource_manager_endpoint,
            connection.endpoints.authority_host,
            connection.audience,
            connection.tenant_id,
            connection.subscription_id,
            connection.client_id,
        )
    }

    pub fn fault(&self, rule: Rule) -> anyhow::Result<()> {
        self.sandbox.world.faults.add(rule)?;
        Ok(())
    }

    pub fn heal(&self) {
        self.sandbox.world.faults.clear();
    }

    pub fn requests(&self) -> Vec<Entry> {
        self.sandbox.world.log.entries()
    }

    pub fn forget_requests(&self) {
        self.sandbox.world.log.clear();
    }

    /// Requests that change something, dry runs and questions left out.
    pub fn writes(&self) -> Vec<String> {
        self.requests()
            .iter()
            .filter(|entry| {
                entry.service != "entra" && entry.method != "GET" && entry.method != "HEAD"
            })
            .filter(|entry| !entry.url.contains("dryRun=All"))
            .filter(|entry| entry.method != "POST" || entry.service == "kubernetes")
            .filter(|entry| !entry.url.contains("authorization.k8s.io"))
            .map(|entry| format!("{} {}", entry.method, entry.url))
            .collect()
    }

    /// The resources in Azure by lower-case id.
    pub fn azure(&self) -> BTreeMap<String, Value> {
        self.sandbox
            .world
            .arm
            .snapshot()
            .into_iter()
            .map(|(id, body)| (id.to_lowercase(), body))
            .collect()
    }

    /// The objects in Kubernetes by `Kind/name`.
    pub fn objects(&self) -> BTreeMap<String, Value> {
        KINDS
            .iter()
            .flat_map(|(group, kind)| {
                self.sandbox
                    .kubernetes()
                    .read_all(group, kind, "")
                    .into_iter()
                    .map(move |object| {
                        let name = object["metadata"]["name"].as_str().unwrap_or_default();
                        (format!("{kind}/{name}"), (*object).clone())
                    })
            })
            .collect()
    }

    fn target(&self, object: &str) -> anyhow::Result<sandbox::kubernetes::api::Target> {
        let (kind, name) = object.split_once('/').context("Kind/name")?;
        let (group, _) = KINDS
            .iter()
            .find(|(_, known)| *known == kind)
            .context("an unknown kind")?;
        let namespace = match kind {
            "Namespace" | "StorageClass" | "VolumeAttributesClass" => "",
            _ => NAMESPACE,
        };
        self.sandbox
            .kubernetes()
            .target(group, kind, namespace, name)
            .map_err(|failure| anyhow::anyhow!("{object}: {failure:?}"))
    }

    /// A change by hand of a Kubernetes object.
    pub fn edit(&self, object: &str, patch: &Value) -> anyhow::Result<()> {
        let _inside = self.runtime.enter();
        let target = self.target(object)?;
        let done = self
            .sandbox
            .kubernetes()
            .patch_as("kubectl-edit", &target, patch);
        done.map(drop)
            .map_err(|failure| anyhow::anyhow!("{object}: {failure:?}"))
    }

    pub fn make(&self, object: &str, body: &Value) -> anyhow::Result<()> {
        let _inside = self.runtime.enter();
        let target = self.target(object)?;
        let done = self
            .sandbox
            .kubernetes()
            .create_as("kubectl-create", &target, body);
        done.map(drop)
            .map_err(|failure| anyhow::anyhow!("{object}: {failure:?}"))
    }

    pub fn delete(&self, object: &str) -> anyhow::Result<()> {
        let _inside = self.runtime.enter();
        let target = self.target(object)?;
        let done = self.sandbox.kubernetes().delete_now(&target);
        done.map(drop)
            .map_err(|failure| anyhow::anyhow!("{object}: {failure:?}"))
    }

    /// What counts of both halves: ids and settings, without what differs from run to run.
    pub fn world(&self) -> BTreeMap<String, Value> {
        let azure = self.azure().into_iter().map(|(id, body)| {
            let kept = json!({"tags": body["tags"], "sku": body["sku"], "properties": settings(&body["properties"])});
            (id, kept)
        });
        let objects = self.objects().into_iter().filter(|(name, _)| !name.starts_with("Backup/")).map(|(name, body)| {
            let metadata = &body["metadata"];
            let kept = json!({"labels": metadata["labels"], "annotations": metadata["annotations"], "spec": body["spec"],
                "configuration": body["configuration"], "parameters": body["parameters"]});
            (name, kept)
        });
        azure.chain(objects).collect()
    }
}

/// Settings of an Azure resource that follow from requests alone; ids of principals and addresses of servers do not.
fn settings(properties: &Value) -> Value {
    const GENERATED: [&str; 9] = [
        "principalId",
        "clientId",
        "tenantId",
        "creationTime",
        "createdOn",
        "updatedOn",
        "createdBy",
        "updatedBy",
        "issuer",
    ];
    match properties {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| !GENERATED.contains(&name.as_str()))
            .filter(|(name, _)| {
                !name.to_lowercase().ends_with("time") && !name.to_lowercase().contains("etag")
            })
            .map(|(name, value)| (name.clone(), settings(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::String(text) if text.contains("localhost:") => json!("an address"),
        other => other.clone(),
    }
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
