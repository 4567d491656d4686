//! The plain life of a cluster: made, planned again, changed in place, destroyed, and nothing secret anywhere.

use anyhow::{Context, ensure};

use super::page::{ADDRESS, page};
use crate::support::cli::Cli;
use crate::support::sandbox::{CLIENT_SECRET, Simulation};
use crate::support::workspace::Workspace;

/// A cluster of the full configuration that is there and settled.
pub fn made(cli: &Cli) -> anyhow::Result<(Simulation, Workspace)> {
    let simulation = Simulation::start()?;
    let workspace = simulation.workspace(cli)?;
    workspace.write(&page(&simulation, &[])?)?;
    workspace.apply()?;
    Ok((simulation, workspace))
}

pub fn create(cli: &Cli, (): &()) -> anyhow::Result<()> {
    let (simulation, workspace) = made(cli)?;
    workspace.settled()?;
    let state = workspace.attributes(ADDRESS)?;
    ensure!(
        state["id"] == format!("{}/orders/pg", simulation.aks),
        "{}",
        state["id"]
    );
    ensure!(
        state["pooler_hosts"]["pooler-rw"] == "pg-pooler-rw.orders.svc",
        "{}",
        state["pooler_hosts"]
    );
    let owned = state["objects"].as_object().context("objects")?;
    ensure!(owned.values().all(|state| state == "in sync"), "{owned:?}");
    for kind in [
        "Cluster",
        "Pooler",
        "ScheduledBackup",
        "ObjectStore",
        "StorageClass",
    ] {
        ensure!(
            owned.keys().any(|key| key.starts_with(&format!("{kind}/"))),
            "no {kind} in {owned:?}"
        );
    }
    let azure = simulation.azure();
    for kind in [
        "agentpools/",
        "storageaccounts/",
        "/containers/",
        "userassignedidentities/",
        "federatedidentitycredentials/",
        "roleassignments/",
    ] {
        ensure!(
            azure.keys().any(|id| id.contains(kind)),
            "no {kind} in {:?}",
            azure.keys()
        );
    }
    let cluster = &simulation.objects()["Cluster/pg"];
    ensure!(
        cluster["status"]["readyInstances"] == 3,
        "{}",
        cluster["status"]
    );
    simulation.forget_requests();
    workspace.plan(&[])?.expect(0)?;
    let writes = simulation.writes();
    ensure!(writes.is_empty(), "a plan writes nothing: {writes:?}");
    Ok(())
}

pub fn update(cli: &Cli, (): &()) -> anyhow::Result<()> {
    let (simulation, workspace) = made(cli)?;
    let uid = simulation.objects()["Cluster/pg"]["metadata"]["uid"].clone();
    workspace.write(&page(
        &simulation,
        &[
            (
                "description         = \"orders of the shop\"",
                "description         = \"orders\"",
            ),
            ("team = \"shop\"", "team = \"retail\""),
            (
                "log_min_duration_statement = \"500\"",
                "log_min_duration_statement = \"750\"",
            ),
            ("max_count = 6", "max_count = 5"),
            ("size       = \"64Gi\"", "size       = \"128Gi\""),
            (
                "retention           = \"14d\"",
                "retention           = \"30d\"",
            ),
            ("\"0 30 14 * * *\"", "\"0 45 15 * * *\""),
            (
                "type      = \"rw\"\n    instances = 2",
                "type      = \"rw\"\n    instances = 3",
            ),
        ],
    )?)?;
    let plan = workspace.plan(&[])?.expect(2)?;
    plan.says(
        "warning",
        &["log_min_duration_statement", "without a restart"],
    )?;
    let planned = workspace.planned()?;
    let actions = &planned["resource_changes"][0]["change"]["actions"];
    ensure!(*actions == serde_json::json!(["update"]), "{actions}");
    workspace.apply()?;
    workspace.settled()?;
    let objects = simulation.objects();
    ensure!(
        objects["Cluster/pg"]["metadata"]["uid"] == uid,
        "the cluster was replaced"
    );
    let spec = &objects["Cluster/pg"]["spec"];
    ensure!(
        spec["postgresql"]["parameters"]["log_min_duration_statement"] == "750",
        "{spec}"
    );
    ensure!(
        spec["storage"]["pvcTemplate"]["resources"]["requests"]["storage"] == "128Gi"
            || spec["storage"]["size"] == "128Gi",
        "{}",
        spec["storage"]
    );
    ensure!(objects["Pooler/pg-pooler-rw"]["spec"]["instances"] == 3);
    ensure!(objects["ObjectStore/pg"]["spec"]["retentionPolicy"] == "30d");
    let schedules: Vec<_> = objects
        .iter()
        .filter(|(name, _)| name.starts_with("ScheduledBackup/"))
        .map(|(_, o)| &o["spec"]["schedule"])
        .collect();
    ensure!(
        schedules.len() == 2 && schedules.iter().any(|s| **s == "0 45 15 * * *"),
        "{schedules:?}"
    );
    let azure = simulation.azure();
    let (_, pool) = azure
        .iter()
        .find(|(id, _)| id.contains("agentpools/postgr"))
        .context("no pool")?;
    ensure!(pool["properties"]["maxCount"] == 5, "{pool}");
    Ok(())
}

pub fn destroy(cli: &Cli, (): &()) -> anyhow::Result<()> {
    let simulation = Simulation::start()?;
    let before = simulation.world();
    let workspace = simulation.workspace(cli)?;
    workspace.write(&page(&simulation, &[])?)?;
    workspace.apply()?;
    workspace.destroy()?;
    ensure!(workspace.state_list()?.is_empty());
    let after = simulation.world();
    let left: Vec<_> = after
        .keys()
        .filter(|key| !before.contains_key(*key))
        .collect();
    // The namespace may hold what is not ours: it stays.
    ensure!(
        left == ["Namespace/orders"],
        "left after the destroy: {left:?}"
    );
    let gone: Vec<_> = before
        .keys()
        .filter(|key| !after.contains_key(*key))
        .collect();
    ensure!(gone.is_empty(), "gone with it: {gone:?}");
    Ok(())
}

/// Everything that a run writes down, searched for everything that must not be there.
pub fn secrets(cli: &Cli, (): &()) -> anyhow::Result<()> {
    let simulation = Simulation::start()?;
    let workspace = simulation.workspace(cli)?;
    workspace.write(&page(&simulation, &[])?)?;
    let mut said = workspace.plan(&[])?.text;
    said += &workspace.run(&["show", "-json", "plan"])?.text;
    said += &workspace.apply()?.text;
    said += &workspace.run(&["show", "-json"])?.text;
    said += &workspace.run(&["show", "-json", "plan"])?.text;
    said += &workspace.destroy()?.text;
    let log = std::fs::read_to_string(workspace.log())?;
    ensure!(
        log.contains("terraform-provider-postgres") || log.contains("postgres"),
        "the provider wrote no log"
    );
    said += &log;
    for file in std::fs::read_dir(workspace.path())? {
        let file = file?.path();
        if file.is_file() {
            said += &String::from_utf8_lossy(&std::fs::read(&file)?);
        }
    }
    let kubernetes = simulation
        .sandbox
        .world
        .arm
        .surroundings
        .kubernetes_token
        .clone();
    for (what, secret) in [
        ("client secret", CLIENT_SECRET),
        ("Kubernetes token", kubernetes.as_str()),
        ("signed token", "eyJhbGciOi"),
        ("signed token", "eyJ0eXAiOi"),
    ] {
        if let Some(at) = said.find(secret) {
            let from = said[..at].rfind('\n').unwrap_or(0);
            anyhow::bail!(
                "the {what} was written: {}",
                said[from..at].chars().take(600).collect::<String>()
            );
        }
    }
    Ok(())
}
