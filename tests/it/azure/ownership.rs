//! Whose an object is: foreign ones are not touched, imported ones become ours.

use anyhow::ensure;
use serde_json::json;

use super::life::made;
use super::page::{ADDRESS, page};
use crate::support::cli::Cli;
use crate::support::sandbox::{NAMESPACE, Simulation};
use crate::support::workspace::Workspace;

pub fn foreign(cli: &Cli, (): &()) -> anyhow::Result<()> {
    let simulation = Simulation::start()?;
    let workspace = simulation.workspace(cli)?;
    let cluster = json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster",
        "metadata": {"name": "pg", "namespace": NAMESPACE},
        "spec": {"instances": 1, "storage": {"size": "1Gi"}}});
    let namespace =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
    simulation.make(&format!("Namespace/{NAMESPACE}"), &namespace)?;
    simulation.make("Cluster/pg", &cluster)?;
    let account = format!(
        "{}/providers/Microsoft.Storage/storageAccounts/ordersbackups",
        simulation.group
    );
    let body =
        json!({"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}});
    simulation.make_in_azure(&account, "2023-05-01", body)?;
    let before = simulation.world();
    workspace.write(&page(&simulation, &[])?)?;
    let refused = workspace.try_apply(&[])?.expect(1)?;
    let id = format!("{}/{NAMESPACE}/pg", simulation.aks);
    refused.says("error", &["import postgres_ha_cluster", &id])?;
    ensure!(workspace.state_list()?.is_empty());
    refused.says(
        "error",
        &["Cluster `orders/pg`", "storageAccounts/ordersbackups"],
    )?;
    same(&before, &simulation)
}

/// A second workspace that knows nothing of what the first made.
fn stranger(cli: &Cli, simulation: &Simulation) -> anyhow::Result<Workspace> {
    let other = simulation.workspace(cli)?;
    other.write(&page(simulation, &[])?)?;
    Ok(other)
}

/// What the plan after an import may show: nothing but marks.
fn only_marks(workspace: &Workspace) -> anyhow::Result<()> {
    let plan = workspace.plan(&[])?;
    if plan.code == Some(0) {
        return workspace.settled();
    }
    plan.expect(2)?;
    let planned = workspace.planned()?;
    let change = &planned["resource_changes"][0]["change"];
    ensure!(
        change["actions"] == json!(["update"]),
        "{}",
        change["actions"]
    );
    for (object, state) in change["before"]["objects"]
        .as_object()
        .into_iter()
        .flatten()
    {
        let text = state.as_str().unwrap_or_default();
        ensure!(
            text == "in sync" || text == "changed: ownership",
            "{object}: {text}"
        );
    }
    workspace.apply()?;
    workspace.settled()
}

pub fn by_id(cli: &Cli, (): &()) -> anyhow::Result<()> {
    let (simulation, _first) = made(cli)?;
    let world = simulation.world();
    let other = stranger(cli, &simulation)?;
    other
        .import(ADDRESS, &format!("{}/{NAMESPACE}/pg", simulation.aks))?
        .expect(0)?;
    only_marks(&other)?;
    same(&world, &simulation)
}

pub fn by_identity(cli: &Cli, (): &()) -> anyhow::Result<()> {
    let (simulation, _first) = made(cli)?;
    let world = simulation.world();
    let other = stranger(cli, &simulation)?;
    let import = format!(
        "import {{\n  to = {ADDRESS}\n  identity = {{\n    aks_cluster_id = \"{}\"\n    namespace = \"{NAMESPACE}\"\n    name = \"pg\"\n  }}\n}}\n",
        simulation.aks
    );
    other.write(&(page(&simulation, &[])? + &import))?;
    other.apply()?;
    other.settled()?;
    same(&world, &simulation)
}

fn same(
    before: &std::collections::BTreeMap<String, serde_json::Value>,
    simulation: &Simulation,
) -> anyhow::Result<()> {
    let after = simulation.world();
    for (key, value) in before {
        ensure!(
            after.get(key) == Some(value),
            "{key} changed: {value} {:?}",
            after.get(key)
        );
    }
    ensure!(after.len() == before.len());
    Ok(())
}
