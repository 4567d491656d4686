//! What tests order to happen to clusters: failovers, lost pods, failing backups, noise.

use super::super::Kubernetes;
use super::super::api::{Reply, Target};
use super::super::status::{Answer, Failure};
use super::cluster::instances;
use super::{BARMAN, CNPG, lock, name};
use serde_json::{Value, json};

/// Faults ordered and not yet served.
#[derive(Debug, Default)]
pub struct Orders {
    /// Names of backups (or `""` for the next one) that are to fail, and with which error.
    failing_backups: Vec<(String, String)>,
}

impl Orders {
    fn take(&mut self, backup: &str) -> Option<String> {
        let at = self
            .failing_backups
            .iter()
            .position(|(found, _)| found.is_empty() || found == backup)?;
        Some(self.failing_backups.remove(at).1)
    }
}

impl Kubernetes {
    /// Loses the primary's pod: the operator fails over to a standby and brings the instance back as one.
    pub fn fail_over(&self, namespace: &str, cluster: &str) -> Answer<()> {
        let found = self.cluster(namespace, cluster)?;
        let primary = found["status"]["currentPrimary"].clone();
        let pods = instances(self, &found);
        let pod = pods.iter().find(|pod| pod["metadata"]["name"] == primary);
        let pod = pod.ok_or_else(|| Failure::bad_request("the cluster has no primary yet"))?;
        self.delete_pod(namespace, name(pod))
    }

    /// Deletes a pod at once, as `kubectl delete pod --force` does.
    pub fn delete_pod(&self, namespace: &str, pod: &str) -> Answer<()> {
        let target = self.target("", "Pod", namespace, pod)?;
        self.delete_now(&target).map(drop)
    }

    /// Makes the backup of this name (or, for `""`, the next one to start) fail.
    pub fn fail_backup(&self, backup: &str, error: &str) {
        let order = (backup.to_owned(), error.to_owned());
        lock(&self.stage().orders).failing_backups.push(order);
    }

    pub(super) fn ordered_to_fail(&self, backup: &str) -> Option<String> {
        lock(&self.stage().orders).take(backup)
    }

    /// Breaks WAL archiving, or repairs it.
    pub fn set_archiving(
        &self,
        namespace: &str,
        cluster: &str,
        works: bool,
        message: &str,
    ) -> Answer<Reply> {
        let target = self.target(CNPG, "Cluster", namespace, cluster)?;
        match works {
            true => self.set_condition(
                &target,
                "ContinuousArchiving",
                "True",
                "ContinuousArchivingSuccess",
                message,
            ),
            false => self.set_condition(
                &target,
                "ContinuousArchiving",
                "False",
                "ContinuousArchivingFailing",
                message,
            ),
        }
    }

    fn cluster(&self, namespace: &str, cluster: &str) -> Answer<Value> {
        let target = self.target(CNPG, "Cluster", namespace, cluster)?;
        self.read(&target)
            .ok_or_else(|| Failure::not_found(&target.kind, cluster))
    }

    /// Legal changes by operators and the platform that nobody may take for drift; `round` varies them.
    pub fn noise(&self, namespace: &str, cluster: &str, round: u64) -> Answer<()> {
        let target = self.target(CNPG, "Cluster", namespace, cluster)?;
        let stamp = self.clock().stamp();
        let touch =
            |target: &Target, patch: Value| self.patch_as("platform", target, &patch).map(drop);
        match round % 6 {
            0 => touch(&target, json!({"metadata": {"annotations": {"cnpg.io/reloadedAt": stamp}}})),
            1 => self.emit_event(&target, "Normal", "CreatingInstance", "Noise of round").map(drop),
            2 => self.patch_status("manager", &target, &json!({"secretsResourceVersion": {"applicationSecretVersion": round.to_string()}})).map(drop),
            3 => {
                for claim in self.read_all("", "PersistentVolumeClaim", namespace) {
                    let target = self.target("", "PersistentVolumeClaim", namespace, name(&claim))?;
                    touch(&target, json!({"metadata": {"annotations": {"volume.kubernetes.io/selected-node": format!("node-{round}")}}}))?;
                }
                Ok(())
            }
            4 => {
                for service in self.read_all("", "Service", namespace) {
                    let target = self.target("", "Service", namespace, name(&service))?;
                    touch(&target, json!({"metadata": {"annotations": {"platform.example/seen": stamp}}}))?;
                }
                Ok(())
            }
            _ => {
                for store in self.read_all(BARMAN, "ObjectStore", namespace) {
                    let target = self.target(BARMAN, "ObjectStore", namespace, name(&store))?;
                    self.patch_status("barman", &target, &json!({"serverRecoveryWindow": {"noise": {"lastFailedBackupTime": stamp}}}))?;
                }
                Ok(())
            }
        }
    }
}
