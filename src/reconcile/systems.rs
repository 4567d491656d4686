//! The remote systems that one run works on, behind one set of verbs. The only part of the engine that does IO.

use serde_json::Value as Json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::failure::{Failure, FailureKind};
use super::mark;
use super::object::{Address, Desired, Ownership, Write, merge};
use super::part::Readiness;
use super::paths;
use crate::azure;
use crate::kubernetes;

/// Members of an ARM answer that no request may send back.
const READ_ONLY: [&str; 6] = ["id", "name", "type", "systemData", "etag", "eTag"];
const READ_ONLY_PROPERTIES: [&str; 13] = [
    "accountMigrationInProgress",
    "primaryLocation",
    "privateEndpointConnections",
    "secondaryEndpoints",
    "secondaryLocation",
    "provisioningState",
    "currentOrchestratorVersion",
    "nodeImageVersion",
    "eTag",
    "creationTime",
    "primaryEndpoints",
    "statusOfPrimary",
    "keyCreationTime",
];

/// The end of a run: when its time is over, and when it is told to stop.
#[derive(Clone, Debug)]
pub struct Limits {
    pub deadline: Instant,
    pub cancel: CancellationToken,
}

impl Limits {
    pub fn kubernetes(&self) -> kubernetes::Call {
        kubernetes::Call::new(self.deadline, self.cancel.clone())
    }

    pub fn azure(&self) -> azure::Call {
        azure::Call::new(self.deadline.into_std(), self.cancel.clone())
    }
}

/// Which fields of others may be taken over.
#[derive(Clone, Debug, Default)]
pub struct Takeover {
    /// Everything: `force_conflicts`.
    pub all: bool,
    /// Per object key the paths that the plan showed as changed.
    pub drifted: std::collections::BTreeMap<String, Vec<String>>,
}

/// What a write left behind.
#[derive(Clone, Debug)]
pub struct Applied {
    pub body: Json,
    pub warnings: Vec<String>,
}

/// The clients of one run. Absent ones were not needed or could not be made, with the reason.
#[derive(Clone)]
pub struct Systems {
    pub azure: Result<azure::Client, Failure>,
    pub kubernetes: Result<kubernetes::Client, Failure>,
    pub limits: Limits,
}

pub fn reference(address: &Address) -> Option<kubernetes::Reference> {
    match address {
        Address::Kubernetes {
            api_version,
            kind,
            namespace,
            name,
        } => Some(match namespace {
            Some(namespace) => {
                kubernetes::Reference::namespaced(api_version, kind, namespace, name)
            }
            None => kubernetes::Reference::cluster_scoped(api_version, kind, name),
        }),
        Address::Arm { .. } => None,
    }
}

impl Systems {
    fn arm(&self) -> Result<&azure::Client, Failure> {
        self.azure.as_ref().map_err(Clone::clone)
    }

    pub fn cluster(&self) -> Result<&kubernetes::Client, Failure> {
        self.kubernetes.as_ref().map_err(Clone::clone)
    }

    /// True when the cluster is known to be gone, with everything on it.
    pub fn cluster_is_gone(&self) -> bool {
        matches!(&self.kubernetes, Err(failure) if failure.kind == FailureKind::ClusterGone)
    }

    pub fn kubernetes_call(&self) -> kubernetes::Call {
        self.limits.kubernetes()
    }

    /// The object, or `None` when it does not exist. A kind that the cluster does not know has no objects.
    pub async fn read(&self, address: &Address) -> Result<Option<Json>, Failure> {
        match address {
            Address::Arm { id, api_version } => Ok(self
                .arm()?
                .get(&self.limits.azure(), id, api_version)
                .await?),
            Address::Kubernetes { .. } if self.cluster_is_gone() => Ok(None),
            Address::Kubernetes { .. } => {
                let Some(reference) = reference(address) else {
                    return Ok(None);
                };
                match self
                    .cluster()?
                    .read(&self.limits.kubernetes(), &reference)
                    .await
                {
                    Ok(found) => Ok(found),
                    Err(error) if error.kind == kubernetes::ErrorKind::KindMissing => Ok(None),
                    Err(error) => Err(error.into()),
                }
            }
        }
    }

    /// Like [`Systems::read`], but a kind that the cluster does not know is an error: an object of it could not be made.
    pub async fn read_to_create(&self, address: &Address) -> Result<Option<Json>, Failure> {
        match reference(address) {
            None => self.read(address).await,
            Some(reference) => {
                let found = self
                    .cluster()?
                    .read(&self.limits.kubernetes(), &reference)
                    .await;
                found.map_err(|error| {
                    Failure::from(error).while_doing("The cluster cannot take the objects")
                })
            }
        }
    }

    pub async fn list(
        &self,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
    ) -> Result<Vec<Json>, Failure> {
        let call = self.limits.kubernetes();
        match self
            .cluster()?
            .list(&call, api_version, kind, namespace, None)
            .await
        {
            Ok(found) => Ok(found),
            Err(error) if error.kind == kubernetes::ErrorKind::KindMissing => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the object what it should be. `live` is what is there now.
    pub async fn apply(
        &self,
        desired: &Desired,
        live: Option<&Json>,
        takeover: &Takeover,
    ) -> Result<Applied, Failure> {
        if desired.write == Write::Recreate && live.is_some() {
            self.delete(&desired.address, desired.lock.as_deref())
                .await?;
        }
        match &desired.address {
            Address::Arm { id, api_version } => {
                let body = match (desired.write, live) {
                    (Write::ReadModifyPut, Some(live)) => {
                        let mut body = writable(live);
                        merge(&mut body, desired.body.clone());
                        body
                    }
                    _ => desired.body.clone(),
                };
                let call = self.limits.azure();
                let body = self
                    .arm()?
                    .put(&call, id, api_version, &body, desired.lock.as_deref())
                    .await?;
                Ok(Applied {
                    body,
                    warnings: Vec::new(),
                })
            }
            Address::Kubernetes { .. } => self.server_side_apply(desired, live, takeover).await,
        }
    }

    async fn server_side_apply(
        &self,
        desired: &Desired,
        live: Option<&Json>,
        takeover: &Takeover,
    ) -> Result<Applied, Failure> {
        let body = keep_once(desired, live);
        let client = self.cluster()?;
        let call = self.limits.kubernetes();
        let mut how = kubernetes::Apply {
            manager: mark::MANAGER.to_owned(),
            force: takeover.all,
            dry_run: false,
        };
        let mut answer = client.apply(&call, &body, &how).await;
        if let Err(error) = &answer
            && !error.conflicts.is_empty()
        {
            let shown = takeover.drifted.get(&desired.address.key());
            let unexpected: Vec<_> = error
                .conflicts
                .iter()
                .filter(|conflict| !shown.is_some_and(|shown| covers(shown, &conflict.path)))
                .collect();
            if !unexpected.is_empty() {
                return Err(conflict(&desired.address, &unexpected));
            }
            how.force = true;
            answer = client.apply(&call, &body, &how).await;
        }
        let applied = answer?;
        Ok(Applied {
            body: applied.object,
            warnings: applied.warnings,
        })
    }

    /// What the API server and its webhooks would answer to an apply. Nothing is written.
    pub async fn dry_run(
        &self,
        desired: &Desired,
        live: Option<&Json>,
    ) -> Result<(), kubernetes::Error> {
        let Ok(client) = self.cluster() else {
            return Ok(());
        };
        let how = kubernetes::Apply {
            manager: mark::MANAGER.to_owned(),
            force: true,
            dry_run: true,
        };
        client
            .apply(&self.limits.kubernetes(), &keep_once(desired, live), &how)
            .await
            .map(|_| ())
    }

    /// Waits until `check` is satisfied; `diagnose` selects the pods that explain a wait that fails.
    pub async fn wait(
        &self,
        address: &Address,
        what: &str,
        diagnose: Option<&str>,
        check: &(dyn Fn(&Json) -> Readiness + Send + Sync),
    ) -> Result<Json, Failure> {
        let Some(reference) = reference(address) else {
            return self.read(address).await?.ok_or_else(|| {
                Failure::other("An object vanished", format!("{address} was not found."))
            });
        };
        let wait = kubernetes::Wait {
            reference: &reference,
            what,
            pods: diagnose,
        };
        let client = self.cluster()?;
        Ok(client
            .wait_for(&self.limits.kubernetes(), &wait, check)
            .await?)
    }

    /// Deletes the object and waits until it is gone. Gone already is success.
    pub async fn delete(&self, address: &Address, lock: Option<&str>) -> Result<(), Failure> {
        match address {
            Address::Arm { id, api_version } => {
                let call = self.limits.azure();
                Ok(self.arm()?.delete(&call, id, api_version, lock).await?)
            }
            Address::Kubernetes { .. } if self.cluster_is_gone() => Ok(()),
            Address::Kubernetes { .. } => {
                let Some(reference) = reference(address) else {
                    return Ok(());
                };
                let client = self.cluster()?;
                let call = self.limits.kubernetes();
                client
                    .delete(&call, &reference, kubernetes::Propagation::Background, None)
                    .await?;
                Ok(client.wait_gone(&call, &reference).await?)
            }
        }
    }

    /// Writes the state of a creation onto the primary object.
    pub async fn stamp(&self, address: &Address, state: &str) -> Result<Json, Failure> {
        let Some(reference) = reference(address) else {
            return Err(Failure::other(
                "An object cannot be marked",
                format!("{address} takes no annotation."),
            ));
        };
        let patch = serde_json::json!({"metadata": {"annotations": {mark::STATE: state}}});
        let client = self.cluster()?;
        let call = self.limits.kubernetes();
        Ok(client
            .merge_patch(&call, &reference, None, patch, mark::STATE_MANAGER)
            .await?)
    }

    /// Makes a namespace or the like when it is missing. It is nobody's own.
    pub async fn ensure(&self, desired: &Desired) -> Result<(), Failure> {
        debug_assert_eq!(desired.ownership, Ownership::Shared);
        let client = self.cluster()?;
        match client
            .create(&self.limits.kubernetes(), &desired.body, mark::MANAGER)
            .await
        {
            Ok(_) => Ok(()),
            Err(error) if error.kind == kubernetes::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// True when every conflicting path was shown as changed. A list that is owned as a whole conflicts as a whole.
fn covers(shown: &[String], conflict: &str) -> bool {
    let plain = |path: &str| path.replace("[\"", ".").replace("\"]", "");
    let conflict = plain(conflict);
    shown.iter().any(|shown| {
        let shown = plain(shown);
        paths::is_below(&conflict, &shown) || paths::is_below(&shown, &conflict)
    })
}

fn conflict(address: &Address, conflicts: &[&kubernetes::Conflict]) -> Failure {
    let lines: Vec<String> = conflicts
        .iter()
        .map(|conflict| format!("`{}` is held by `{}`", conflict.path, conflict.manager))
        .collect();
    Failure::other(
        "Fields are held by another manager",
        format!(
            "{address} was not changed: {}. Leave the field out of the configuration, ask its manager to give it up, \
             or set `force_conflicts = true` to take it over.",
            lines.join(", ")
        ),
    )
    .of_kind(FailureKind::Conflict)
}

/// The body to send, with what counts at creation only taken from what is there.
fn keep_once(desired: &Desired, live: Option<&Json>) -> Json {
    let mut body = desired.body.clone();
    if let Some(live) = live {
        for path in desired.once {
            if let Some(value) = paths::at(live, path) {
                paths::set(&mut body, path, value);
            }
        }
    }
    body
}

/// A live ARM resource without what the service alone writes.
fn writable(live: &Json) -> Json {
    let mut body = live.clone();
    if let Some(members) = body.as_object_mut() {
        members.retain(|name, _| !READ_ONLY.contains(&name.as_str()));
        if let Some(properties) = members.get_mut("properties").and_then(Json::as_object_mut) {
            properties.retain(|name, _| !READ_ONLY_PROPERTIES.contains(&name.as_str()));
        }
        // The tier follows from the name of the SKU.
        if let Some(sku) = members.get_mut("sku").and_then(Json::as_object_mut) {
            sku.remove("tier");
        }
        if let Some(services) = body
            .pointer_mut("/properties/encryption/services")
            .and_then(Json::as_object_mut)
        {
            for service in services.values_mut().filter_map(Json::as_object_mut) {
                service.remove("lastEnabledTime");
            }
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_was_shown_as_changed_is_taken() {
        let shown = [
            "spec.instances".to_owned(),
            "metadata.labels[\"a/b\"]".to_owned(),
            "spec.plugins".to_owned(),
        ];
        assert!(covers(&shown, "spec.instances"));
        assert!(covers(&shown, "metadata.labels.a/b"));
        assert!(covers(&shown, "spec.plugins"));
        assert!(!covers(&shown, "spec.instancesMore"));
        assert!(!covers(&shown, "spec.imageName"));
    }

    #[test]
    fn what_counts_at_creation_stays_as_it_is() {
        let desired = Desired::kubernetes(
            Address::kubernetes("storage.k8s.io/v1", "StorageClass", None, "a"),
            json!({}),
            json!({"parameters": {"DiskIOPSReadWrite": "4000", "skuName": "PremiumV2_LRS"}}),
        )
        .once(&["parameters"]);
        let live = json!({"parameters": {"DiskIOPSReadWrite": "3000"}});
        assert_eq!(
            keep_once(&desired, Some(&live))["parameters"],
            json!({"DiskIOPSReadWrite": "3000"})
        );
        assert_eq!(
            keep_once(&desired, None)["parameters"]["DiskIOPSReadWrite"],
            "4000"
        );
    }

    #[test]
    fn a_put_does_not_send_back_what_the_service_writes() {
        let live = json!({"id": "/x", "systemData": {}, "properties": {"count": 3, "provisioningState": "Succeeded"}});
        assert_eq!(writable(&live), json!({"properties": {"count": 3}}));
    }
}
