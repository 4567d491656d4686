//! What a destroy does with the data: a last backup, disks that stay, or nothing left.

use serde_json::{Value as Json, json};

use super::PostgresHaCluster;
use super::names::{CLUSTER_API, PLUGIN};
use crate::kubernetes::{ErrorKind, Readiness, Reference};
use crate::reconcile::failure::Failure;
use crate::reconcile::mark;
use crate::reconcile::object::Address;
use crate::reconcile::systems::Systems;
use crate::schema::attr::NotKnown;

/// Runs before anything is deleted. Says what will stay.
pub async fn before(systems: &Systems, model: &PostgresHaCluster) -> Result<Vec<String>, Failure> {
    let (Ok(namespace), Ok(name)) = (model.namespace_name(), model.cluster_name()) else {
        return Ok(Vec::new());
    };
    let cluster = Address::kubernetes(CLUSTER_API, "Cluster", Some(namespace), name);
    let Some(live) = systems.read(&cluster).await? else {
        return Ok(Vec::new());
    };
    match choice(model) {
        Ok("final_backup") => {
            let backup = final_backup(systems, namespace, name, &live).await?;
            reclaim(systems, namespace, name).await?;
            Ok(vec![format!("The last backup `{backup}` is complete.")])
        }
        Ok("retain_disks") => release_disks(systems, namespace, name).await,
        _ => {
            reclaim(systems, namespace, name).await?;
            Ok(Vec::new())
        }
    }
}

/// Runs when the objects are deleted: waits until what the operator made of them is gone too.
pub async fn after(systems: &Systems, model: &PostgresHaCluster) -> Result<Vec<String>, Failure> {
    let (Ok(namespace), Ok(name)) = (model.namespace_name(), model.cluster_name()) else {
        return Ok(Vec::new());
    };
    if systems.cluster_is_gone() {
        return Ok(vec![
            "The AKS cluster is gone; disks outside of it may remain in its node resource group."
                .to_owned(),
        ]);
    }
    let selector = format!("cnpg.io/cluster={name}");
    for pod in list(systems, "Pod", Some(namespace), Some(&selector)).await? {
        await_gone(systems, "Pod", Some(namespace), &pod).await?;
    }
    if choice(model) == Ok("retain_disks") {
        return Ok(Vec::new());
    }
    for claim in claims(systems, namespace, name).await? {
        let claim = Address::kubernetes(
            "v1",
            "PersistentVolumeClaim",
            Some(namespace),
            name_of(&claim),
        );
        systems.delete(&claim, None).await?;
    }
    for volume in list(systems, "PersistentVolume", None, None).await? {
        if made_for(&volume, namespace, name) {
            let_go(systems, name_of(&volume)).await?;
            await_gone(systems, "PersistentVolume", None, &volume).await?;
        }
    }
    Ok(Vec::new())
}

fn name_of(object: &Json) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// True for a volume of one of the cluster's claims, also of an instance that was scaled away: `<cluster>-<number>`, perhaps with an ending.
fn made_for(volume: &Json, namespace: &str, name: &str) -> bool {
    let claim = &volume["spec"]["claimRef"];
    let number = claim["name"]
        .as_str()
        .and_then(|claim| claim.strip_prefix(name))
        .and_then(|rest| rest.strip_prefix('-'))
        .map(|rest| rest.split('-').next().unwrap_or_default());
    claim["namespace"].as_str() == Some(namespace)
        && number.is_some_and(|number| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        })
}

async fn list(
    systems: &Systems,
    kind: &str,
    namespace: Option<&str>,
    selector: Option<&str>,
) -> Result<Vec<Json>, Failure> {
    let call = systems.kubernetes_call();
    Ok(systems
        .cluster()?
        .list(&call, "v1", kind, namespace, selector)
        .await?)
}

async fn await_gone(
    systems: &Systems,
    kind: &str,
    namespace: Option<&str>,
    object: &Json,
) -> Result<(), Failure> {
    let reference = match namespace {
        Some(namespace) => Reference::namespaced("v1", kind, namespace, name_of(object)),
        None => Reference::cluster_scoped("v1", kind, name_of(object)),
    };
    let call = systems.kubernetes_call();
    Ok(systems.cluster()?.wait_gone(&call, &reference).await?)
}

fn choice(model: &PostgresHaCluster) -> Result<&str, NotKnown> {
    model.on_destroy.require().map(String::as_str)
}

async fn claims(systems: &Systems, namespace: &str, name: &str) -> Result<Vec<Json>, Failure> {
    let selector = format!("cnpg.io/cluster={name}");
    list(
        systems,
        "PersistentVolumeClaim",
        Some(namespace),
        Some(&selector),
    )
    .await
}

/// Takes a backup and waits until it is complete.
async fn final_backup(
    systems: &Systems,
    namespace: &str,
    name: &str,
    live: &Json,
) -> Result<String, Failure> {
    let uid = live["metadata"]["uid"].as_str().unwrap_or_default();
    let backup = format!("{name}-final-{}", mark::short_hash(uid, 6));
    let object = json!({
        "apiVersion": CLUSTER_API,
        "kind": "Backup",
        "metadata": {"name": backup, "namespace": namespace},
        "spec": {"cluster": {"name": name}, "method": "plugin", "pluginConfiguration": {"name": PLUGIN}},
    });
    let address = Address::kubernetes(CLUSTER_API, "Backup", Some(namespace), backup.as_str());
    let failed = systems
        .read(&address)
        .await?
        .is_some_and(|old| backup_state(&old) != Readiness::Ready && is_over(&old));
    if failed {
        systems.delete(&address, None).await?;
    }
    match systems
        .cluster()?
        .create(&systems.kubernetes_call(), &object, mark::MANAGER)
        .await
    {
        Ok(_) => {}
        Err(error) if error.kind == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error.into()),
    }
    systems
        .wait(&address, "the last backup to complete", None, &backup_state)
        .await
        .map_err(|failure| failure.while_doing("The last backup failed, so nothing was deleted"))?;
    Ok(backup)
}

fn is_over(backup: &Json) -> bool {
    matches!(
        backup["status"]["phase"].as_str(),
        Some("failed" | "invalid backup definition")
    )
}

fn backup_state(backup: &Json) -> Readiness {
    let status = &backup["status"];
    match status["phase"].as_str() {
        Some("completed") => Readiness::Ready,
        Some(phase) if is_over(backup) => Readiness::Failed(format!(
            "backup {phase}: {}",
            status["error"].as_str().unwrap_or("no reason given")
        )),
        phase => Readiness::Waiting(format!("phase `{}`", phase.unwrap_or("not reported yet"))),
    }
}

/// Takes the claims away from the Cluster, so that they stay when it goes.
async fn release_disks(
    systems: &Systems,
    namespace: &str,
    name: &str,
) -> Result<Vec<String>, Failure> {
    let mut stay = Vec::new();
    for claim in claims(systems, namespace, name).await? {
        let Some(claim) = claim["metadata"]["name"].as_str() else {
            continue;
        };
        let reference = Reference::namespaced("v1", "PersistentVolumeClaim", namespace, claim);
        let patch = json!({"metadata": {"ownerReferences": null}});
        systems
            .cluster()?
            .merge_patch(
                &systems.kubernetes_call(),
                &reference,
                None,
                patch,
                mark::STATE_MANAGER,
            )
            .await?;
        stay.push(claim.to_owned());
    }
    if stay.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![format!(
        "The disks stay and cost money: claims {} in namespace `{namespace}`. A cluster named `{name}` in this namespace takes them up again.",
        stay.join(", ")
    )])
}

/// Lets the disks go together with their claims, whatever the reclaim policy was.
async fn reclaim(systems: &Systems, namespace: &str, name: &str) -> Result<(), Failure> {
    for claim in claims(systems, namespace, name).await? {
        if let Some(volume) = claim["spec"]["volumeName"].as_str() {
            let_go(systems, volume).await?;
        }
    }
    Ok(())
}

/// Has the disk of a volume deleted as soon as no claim holds it.
async fn let_go(systems: &Systems, volume: &str) -> Result<(), Failure> {
    let reference = Reference::cluster_scoped("v1", "PersistentVolume", volume);
    let patch = json!({"spec": {"persistentVolumeReclaimPolicy": "Delete"}});
    let call = systems.kubernetes_call();
    match systems
        .cluster()?
        .merge_patch(&call, &reference, None, patch, mark::STATE_MANAGER)
        .await
    {
        Err(error) if !error.is_not_found() => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_volumes_of_this_cluster_are_let_go() {
        let volume = |namespace: &str, claim: &str| json!({"spec": {"claimRef": {"namespace": namespace, "name": claim}}});
        for claim in ["pg-1", "pg-12-wal", "pg-3-tbs-fast"] {
            assert!(made_for(&volume("ns", claim), "ns", "pg"), "{claim}");
        }
        for (namespace, claim) in [
            ("ns", "pg-backup"),
            ("ns", "pg-two-1"),
            ("ns", "other-1"),
            ("else", "pg-1"),
            ("ns", "pg-"),
        ] {
            assert!(!made_for(&volume(namespace, claim), "ns", "pg"), "{claim}");
        }
    }
}
