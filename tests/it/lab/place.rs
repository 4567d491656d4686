//! A namespace of one story, and what can be seen and done there.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lab::{Lab, StorageAccount, storage_accounts};
use serde_json::{Value, json};

use crate::support::wait;

pub const CONTAINER: &str = "stories";
pub const SECRET: &str = "backup-store";
const STORE_VERSION: &str = "2021-08-06";

/// Removes its namespace and what lies outside of it when dropped, however the story ended.
pub struct Place {
    pub lab: Lab,
    pub namespace: String,
    pub account: StorageAccount,
}

impl Place {
    /// A new namespace with access to the blob store.
    pub fn new(lab: &Lab, story: &str) -> anyhow::Result<Self> {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let account = storage_accounts()
            .into_iter()
            .next_back()
            .context("the lab has no storage account")?;
        let place = Self {
            lab: lab.clone(),
            // An archive that is not empty is refused, and the archive is named after the namespace of the run.
            namespace: format!("{story}-{:x}", seconds % 0x10_0000),
            account,
        };
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": place.namespace}});
        let secret = json!({"apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": SECRET, "namespace": place.namespace},
            "stringData": {"connection": place.account.connection_string()}});
        lab.apply(&namespace.to_string())?;
        lab.apply(&secret.to_string())?;
        place.make_container()?;
        Ok(place)
    }

    /// As an administrator would beforehand: the store is no part of Azure here.
    fn make_container(&self) -> anyhow::Result<()> {
        let account = &self.account;
        let date = jiff::Timestamp::now()
            .strftime("%a, %d %b %Y %H:%M:%S GMT")
            .to_string();
        let text = format!(
            "PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:{STORE_VERSION}\n/{0}/{0}/{CONTAINER}\nrestype:container",
            account.name
        );
        let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(&account.key)?);
        let signature = STANDARD.encode(hmac::sign(&key, text.as_bytes()));
        let code = self.lab.run(
            "curl",
            [
                "-sS",
                "-o",
                "/dev/null",
                "-w",
                "%{http_code}",
                "-X",
                "PUT",
                "-H",
                "Content-Length: 0",
                "-H",
                &format!("x-ms-date: {date}"),
                "-H",
                &format!("x-ms-version: {STORE_VERSION}"),
                "-H",
                &format!("Authorization: SharedKey {}:{signature}", account.name),
                &format!("{}/{CONTAINER}?restype=container", account.blob_endpoint()),
            ],
        )?;
        anyhow::ensure!(
            ["201", "409"].contains(&code.trim()),
            "the blob store answered {code}"
        );
        Ok(())
    }

    pub fn kubectl(&self, args: &[&str]) -> anyhow::Result<String> {
        let mut all = vec!["-n", &self.namespace];
        all.extend(args);
        self.lab.run("kubectl", all)
    }

    pub fn get(&self, args: &[&str]) -> anyhow::Result<Value> {
        let mut all = vec!["-n", &self.namespace, "get"];
        all.extend(args);
        self.lab.kubectl_json(all)
    }

    /// A change by hand, as `kubectl edit` records it.
    pub fn edit(&self, object: &str, patch: Value) -> anyhow::Result<()> {
        self.kubectl(&[
            "patch",
            object,
            "--type=merge",
            "--field-manager=kubectl-edit",
            "-p",
            &patch.to_string(),
        ])?;
        Ok(())
    }

    pub fn primary(&self) -> anyhow::Result<String> {
        let cluster = self.get(&["cluster.postgresql.cnpg.io", "pg"])?;
        let name = cluster["status"]["currentPrimary"].as_str();
        Ok(name.context("there is no primary")?.to_owned())
    }

    /// The node (1 to 3) of a pod.
    pub fn node_of(&self, pod: &str) -> anyhow::Result<u8> {
        let pod = self.get(&["pod", pod])?;
        let node = pod["spec"]["nodeName"].as_str().context("not scheduled")?;
        Ok(node.trim_start_matches("node").parse()?)
    }

    /// Waits until the operator calls the cluster healthy, with this many instances.
    pub fn healthy(&self, instances: u64) -> anyhow::Result<()> {
        let limit = Duration::from_secs(180);
        wait::until("a healthy cluster", limit, || {
            let cluster = self.get(&["cluster.postgresql.cnpg.io", "pg"])?;
            let status = &cluster["status"];
            let well = status["phase"] == "Cluster in healthy state"
                && status["readyInstances"].as_u64() == Some(instances)
                && status["currentPrimary"] == status["targetPrimary"];
            anyhow::ensure!(
                well,
                "{}: {} of {instances} ready",
                status["phase"],
                status["readyInstances"]
            );
            Ok(Some(()))
        })
    }

    /// One value out of the application's database, asked on the primary.
    pub fn sql(&self, query: &str) -> anyhow::Result<String> {
        let primary = self.primary()?;
        let answer = self.kubectl(&[
            "exec",
            &primary,
            "-c",
            "postgres",
            "--",
            "psql",
            "-qtAX",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            "appdb",
            "-c",
            query,
        ])?;
        Ok(answer.trim().to_owned())
    }

    /// Names of the objects of ours and of the operator that are left.
    pub fn remains(&self) -> anyhow::Result<Vec<String>> {
        let mut left = Vec::new();
        let kinds = "clusters.postgresql.cnpg.io,poolers.postgresql.cnpg.io,scheduledbackups.postgresql.cnpg.io,\
                     backups.postgresql.cnpg.io,objectstores.barmancloud.cnpg.io,pods,persistentvolumeclaims,services";
        for list in [
            self.kubectl(&["get", kinds, "-o", "name"])?,
            self.lab
                .run("kubectl", ["get", "storageclasses", "-o", "name"])?,
            self.volumes()?.join("\n"),
        ] {
            left.extend(list.lines().map(str::to_owned));
        }
        left.retain(|name| !name.starts_with("storageclass") || name.contains(&self.namespace));
        Ok(left)
    }

    /// Volumes that were claimed from here.
    pub fn volumes(&self) -> anyhow::Result<Vec<String>> {
        let all = self.lab.kubectl_json(["get", "persistentvolumes"])?;
        Ok(all["items"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|volume| volume["spec"]["claimRef"]["namespace"] == self.namespace.as_str())
            .filter_map(|volume| volume["metadata"]["name"].as_str())
            .map(|name| format!("persistentvolume/{name}"))
            .collect())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let class = format!("storageclass/{}-pg", self.namespace);
        let namespace = format!("namespace/{}", self.namespace);
        let quietly = |args: &[&str]| drop(self.kubectl(args));
        // PostgreSQL that cannot archive ends slowly; nobody needs its data.
        quietly(&[
            "delete",
            "clusters.postgresql.cnpg.io",
            "--all",
            "--wait=false",
        ]);
        quietly(&["delete", &namespace, "--wait=false"]);
        quietly(&["delete", "pods", "--all", "--force", "--grace-period=0"]);
        for object in self.volumes().unwrap_or_default().iter().chain([&class]) {
            quietly(&["delete", object, "--ignore-not-found", "--wait=false"]);
        }
    }
}
