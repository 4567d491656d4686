//! A simulated Azure with an AKS cluster in it, and workspaces that reach it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use sandbox::faults::Rule;
use sandbox::log::Entry;
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::administrator::Administrator;
use super::cli::Cli;
use super::wait;
use super::workspace::Workspace;

pub const NAMESPACE: &str = "orders";
/// Known to nobody else, so that it can be looked for.
pub const CLIENT_SECRET: &str = "q7~storySecretThatMustNotBeSeen";
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
    administrator: Administrator,
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
        // What is said here is held to Microsoft's descriptions afterwards.
        options.log_file = std::env::var_os("SANDBOX_LOG_DIR").map(|directory| {
            Path::new(&directory).join(format!("story-{}.jsonl", uuid::Uuid::new_v4()))
        });
        let (sandbox, administrator) = runtime.block_on(async {
            let sandbox = Sandbox::start(options).await?;
            let administrator = Administrator::new(&sandbox).await?;
            administrator.furnish().await?;
            anyhow::Ok((sandbox, administrator))
        })?;
        sandbox.world.log.clear();
        Ok(Self {
            aks: administrator.aks.clone(),
            group: administrator.group.clone(),
            sandbox,
            runtime,
            administrator,
        })
    }

    /// A resource that somebody made in Azure.
    pub fn make_in_azure(&self, id: &str, version: &str, body: Value) -> anyhow::Result<()> {
        let put = self.administrator.put(id, version, body);
        self.runtime.block_on(put)?;
        wait::until(
            "what the administrator makes",
            std::time::Duration::from_secs(30),
            || {
                let made = self
                    .azure()
                    .into_iter()
                    .find(|(known, _)| known.eq_ignore_ascii_case(id));
                let state = made.and_then(|(_, body)| {
                    body["properties"]["provisioningState"]
                        .as_str()
                        .map(str::to_owned)
                });
                Ok((state.as_deref() != Some("Creating")).then_some(()))
            },
        )
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
