//! What others change, in Kubernetes and in Azure, is seen, told and taken back.

use anyhow::{Context, ensure};
use serde_json::json;

use super::life::made;
use super::page::ADDRESS;
use crate::support::cli::Cli;
use crate::support::sandbox::Simulation;

const SOMEBODY: &str = "mallory@example.com";

/// The id in Azure of the one resource whose id holds this text and ends there with its name.
fn resource(simulation: &Simulation, part: &str) -> anyhow::Result<String> {
    simulation
        .azure()
        .into_keys()
        .find(|id| {
            id.rsplit_once(part)
                .is_some_and(|(_, name)| !name.contains('/'))
        })
        .with_context(|| format!("no `{part}` in Azure"))
}

pub fn by_hand(cli: &Cli, (): &()) -> anyhow::Result<()> {
    let (simulation, workspace) = made(cli)?;
    let objects = simulation.objects();
    let named = |kind: &str| {
        objects
            .keys()
            .find(|name| name.starts_with(kind))
            .cloned()
            .context("missing")
    };
    let edits = [
        (
            "Cluster/pg".to_owned(),
            json!({"spec": {"postgresql": {"parameters": {"work_mem": "9MB"}}}}),
            "spec.postgresql.parameters.work_mem",
        ),
        (
            "Pooler/pg-pooler-ro".to_owned(),
            json!({"spec": {"pgbouncer": {"poolMode": "session"}}}),
            "spec.pgbouncer.poolMode",
        ),
        (
            named("ScheduledBackup/")?,
            json!({"spec": {"schedule": "0 0 5 * * *"}}),
            "spec.schedule",
        ),
        (
            "ObjectStore/pg".to_owned(),
            json!({"spec": {"retentionPolicy": "9d"}}),
            "spec.retentionPolicy",
        ),
        (
            named("StorageClass/")?,
            json!({"allowVolumeExpansion": false}),
            "allowVolumeExpansion",
        ),
    ];
    for (object, patch, _) in &edits {
        simulation.edit(object, patch)?;
    }
    let azure = [
        (
            "/agentpools/postgr",
            json!({"properties": {"maxCount": 9}}),
            "maxCount",
        ),
        (
            "/storageaccounts/",
            json!({"properties": {"minimumTlsVersion": "TLS1_0"}}),
            "minimumTlsVersion",
        ),
        (
            "/federatedidentitycredentials/",
            json!({"properties": {"subject": "system:serviceaccount:other:pg"}}),
            "subject",
        ),
        (
            "/containers/",
            json!({"properties": {"publicAccess": "Blob"}}),
            "publicAccess",
        ),
    ];
    for (part, patch, _) in &azure {
        ensure!(simulation.sandbox.world.arm.change(
            &resource(&simulation, part)?,
            patch,
            SOMEBODY
        ));
    }
    let (plan, drifted) = workspace.drift(ADDRESS)?;
    for (object, _, path) in &edits {
        ensure!(
            drifted.get(object) == Some(&format!("changed: {path}")),
            "{object} {path}: {drifted:#?}"
        );
        plan.says("warning", &[object, path, "kubectl-edit", "20"])?;
    }
    for (_, _, path) in &azure {
        ensure!(
            drifted.values().any(|state| state.ends_with(path)),
            "{path}: {drifted:#?}"
        );
        plan.says("warning", &[path, SOMEBODY])?;
    }
    ensure!(drifted.len() == edits.len() + azure.len(), "{drifted:#?}");
    workspace.apply()?;
    workspace.settled()
}

pub fn disappears(cli: &Cli, (): &()) -> anyhow::Result<()> {
    let (simulation, workspace) = made(cli)?;
    let before = simulation.world();
    for object in ["Pooler/pg-pooler-r", "ObjectStore/pg"] {
        simulation.delete(object)?;
    }
    for part in ["/federatedidentitycredentials/", "/roleassignments/"] {
        ensure!(
            simulation
                .sandbox
                .world
                .arm
                .remove(&resource(&simulation, part)?)
        );
    }
    let (_, drifted) = workspace.drift(ADDRESS)?;
    ensure!(
        drifted.values().all(|state| state == "missing"),
        "{drifted:#?}"
    );
    ensure!(drifted.len() == 4, "{drifted:#?}");
    workspace.apply()?;
    workspace.settled()?;
    let after = simulation.world();
    ensure!(
        before.keys().eq(after.keys()),
        "{:?}\n{:?}",
        before.keys(),
        after.keys()
    );
    Ok(())
}

/// Nothing of it is left; the namespace was never its own.
pub fn all_gone(cli: &Cli, (): &()) -> anyhow::Result<()> {
    let (simulation, workspace) = made(cli)?;
    for name in simulation.objects().keys() {
        if !name.starts_with("Namespace/") {
            // Deleting one takes others along.
            let _ = simulation.delete(name);
        }
    }
    let keep = [
        simulation.group.to_lowercase(),
        simulation.aks.to_lowercase(),
    ];
    for id in simulation.azure().into_keys() {
        if !keep.contains(&id) && !id.ends_with("/agentpools/system") {
            simulation.sandbox.world.arm.remove(&id);
        }
    }
    workspace.plan(&[])?.expect(2)?;
    let planned = workspace.planned()?;
    let actions = &planned["resource_changes"][0]["change"]["actions"];
    ensure!(*actions == json!(["create"]), "{actions}");
    workspace.apply()?;
    workspace.settled()
}
