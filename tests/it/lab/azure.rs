//! Everything in one page: what stands in Azure is simulated, what stands on Kubernetes is real.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Stdio};

use anyhow::{Context, ensure};
use lab::{Lab, storage_accounts};
use serde_json::Value;

use super::page::ADDRESS;
use super::place::{Place, SECRET};
use crate::support::cli::Cli;
use crate::support::workspace::Workspace;

/// Azure in front of the lab: a process of its own inside of the lab's network.
struct Front {
    process: Child,
    connection: Value,
}

impl Front {
    fn start(lab: &Lab) -> anyhow::Result<Self> {
        let provider = Path::new(env!("CARGO_BIN_EXE_terraform-provider-postgres"));
        let program = provider.with_file_name("sandbox");
        ensure!(
            program.exists(),
            "`{}` is missing: cargo build --workspace",
            program.display()
        );
        let keys: Vec<String> = storage_accounts()
            .iter()
            .map(|account| format!("{}:{}", account.name, account.key))
            .collect();
        let mut process = lab
            .command(&program)
            .args(["serve", "--aks", "--kubeconfig"])
            .arg(lab.kubeconfig())
            .args([
                "--blob-endpoint",
                lab::BLOB_ENDPOINT,
                "--blob-account-key",
                &keys.join(";"),
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut text = String::new();
        let mut lines = BufReader::new(process.stdout.take().context("no output")?);
        while !text.ends_with("}\n") {
            ensure!(
                lines.read_line(&mut text)? > 0,
                "the sandbox did not start: {text}"
            );
        }
        std::thread::spawn(move || lines.read_to_end(&mut Vec::new()));
        Ok(Front {
            process,
            connection: serde_json::from_str(&text)?,
        })
    }

    fn text(&self, name: &str) -> &str {
        self.connection[name].as_str().unwrap_or_default()
    }

    fn hcl(&self, place: &Place, size: &str, iops: u32) -> String {
        format!(
            r#"provider "postgres" {{
  azure {{
    environment               = "custom"
    resource_manager_endpoint = "{arm}"
    authority_host            = "{authority}"
    audience                  = "{audience}"
    tenant_id                 = "{tenant}"
    subscription_id           = "{subscription}"
    client_id                 = "{client}"
    client_secret             = "{secret}"
  }}
}}
resource "postgres_ha_cluster" "pg" {{
  name                = "pg"
  namespace           = "{namespace}"
  aks_cluster_id      = "{aks}"
  cpu                 = "50m"
  memory              = "400Mi"
  cpu_limit           = false
  deletion_protection = false
  on_destroy          = "delete"
  node_pool {{ vm_size = "{size}" }}
  storage {{
    size = "7Gi"
    iops = {iops}
    wal {{ size = "1Gi" }}
  }}
  pooler {{
    type      = "rw"
    instances = 1
  }}
  backup {{
    storage_account {{ name = "{account}" }}
    container           = "{namespace}"
    credential          = "connection_string"
    secret_name         = "{SECRET}"
    secret_key          = "connection"
    delete_with_cluster = true
  }}
}}
"#,
            arm = self.text("resource_manager_endpoint"),
            authority = self.text("authority_host"),
            audience = self.text("audience"),
            tenant = self.text("tenant_id"),
            subscription = self.text("subscription_id"),
            client = self.text("client_id"),
            secret = self.text("client_secret"),
            aks = self.text("aks_cluster_id"),
            namespace = place.namespace,
            account = place.account.name,
        )
    }

    /// The ids of everything in the simulated Azure.
    fn ids(&self, lab: &Lab) -> anyhow::Result<BTreeSet<String>> {
        let world = lab.run("curl", ["-sSk", &format!("{}/world", self.text("control"))])?;
        let world: Value = serde_json::from_str(&world)?;
        Ok(world["arm"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(id, _)| id.clone())
            .collect())
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn story(cli: &Cli, lab: &Lab) -> anyhow::Result<()> {
    let place = Place::new(lab, "page")?;
    let front = Front::start(lab)?;
    let before = front.ids(lab)?;
    let workspace = Workspace::new(cli)?
        .inside(lab)
        .env("SSL_CERT_FILE", front.text("ca_file"));
    workspace.write(&front.hcl(&place, "Standard_E8as_v6", 3400))?;
    workspace.apply()?;
    workspace.settled()?;
    let first = pool(&place)?;
    ensure!(
        classes(&place)? == [format!("{}-pg-3400-125", place.namespace)].into(),
        "{:?}",
        classes(&place)?
    );
    workspace.write(&front.hcl(&place, "Standard_D8s_v5", 3300))?;
    workspace.apply()?;
    workspace.settled()?;
    let second = pool(&place)?;
    ensure!(first != second, "the instances stayed on `{first}`");
    ensure!(
        classes(&place)? == [format!("{}-pg-3300-125", place.namespace)].into(),
        "{:?}",
        classes(&place)?
    );
    let ids = front.ids(lab)?;
    ensure!(
        ids.iter()
            .any(|id| id.ends_with(&format!("/agentPools/{second}"))),
        "{ids:?}"
    );
    ensure!(
        !ids.iter()
            .any(|id| id.ends_with(&format!("/agentPools/{first}"))),
        "{ids:?}"
    );
    let objects = &workspace.attributes(ADDRESS)?["objects"];
    ensure!(
        objects
            .as_object()
            .is_some_and(|objects| objects.len() == 9),
        "{objects}"
    );
    workspace.destroy()?;
    let left = place.remains()?;
    ensure!(left.is_empty(), "left after the destroy: {left:?}");
    ensure!(
        front.ids(lab)? == before,
        "left in Azure: {:?}",
        front.ids(lab)?
    );
    Ok(())
}

/// The one pool that every instance selects.
fn pool(place: &Place) -> anyhow::Result<String> {
    let pods = place.get(&["pods", "-l", "cnpg.io/podRole=instance"])?;
    let pools: BTreeSet<&str> = pods["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|pod| pod["spec"]["nodeSelector"]["kubernetes.azure.com/agentpool"].as_str())
        .collect();
    ensure!(pools.len() == 1, "the instances select {pools:?}");
    Ok(pools.into_iter().collect())
}

/// The classes of the data disks' performance.
fn classes(place: &Place) -> anyhow::Result<BTreeSet<String>> {
    let claims = place.get(&["persistentvolumeclaims", "-l", "cnpg.io/pvcRole=PG_DATA"])?;
    Ok(claims["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|claim| claim["spec"]["volumeAttributesClassName"].as_str())
        .map(str::to_owned)
        .collect())
}
