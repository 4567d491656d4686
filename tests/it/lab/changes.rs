//! Changes by hand are seen, told and taken back; changes of the configuration reach PostgreSQL.

use std::time::Duration;

use anyhow::ensure;
use lab::Lab;
use serde_json::json;

use super::page::{ADDRESS, Page};
use super::place::Place;
use crate::support::cli::Cli;
use crate::support::wait;
use crate::support::workspace::Workspace;

pub fn story(cli: &Cli, lab: &Lab) -> anyhow::Result<()> {
    let place = Place::new(lab, "changes")?;
    let workspace = Workspace::new(cli)?.inside(lab);
    let mut page = Page {
        poolers: &["rw"],
        ..Page::full()
    };
    workspace.write(&page.hcl(&place))?;
    workspace.apply()?;
    workspace.settled()?;
    drift(&place, &workspace)?;
    reload(&place, &workspace, &mut page)?;
    scale(&place, &workspace, &mut page, 2)?;
    restart(&place, &workspace, &mut page)?;
    grow(&place, &workspace, &mut page)?;
    scale(&place, &workspace, &mut page, 3)?;
    workspace.destroy()?;
    let left = place.remains()?;
    ensure!(left.is_empty(), "left after the destroy: {left:?}");
    Ok(())
}

fn drift(place: &Place, workspace: &Workspace) -> anyhow::Result<()> {
    let scheduled = place.kubectl(&["get", "scheduledbackups.postgresql.cnpg.io", "-o", "name"])?;
    let class = format!("{}-pg", place.namespace);
    let edits = [
        (
            "cluster.postgresql.cnpg.io/pg",
            json!({"spec": {"postgresql": {"parameters": {"work_mem": "9MB"}}}}),
        ),
        (
            "pooler.postgresql.cnpg.io/pg-pooler-rw",
            json!({"spec": {"pgbouncer": {"parameters": {"default_pool_size": "7"}}}}),
        ),
        (
            scheduled.trim(),
            json!({"spec": {"schedule": "0 0 5 * * *"}}),
        ),
        (
            "objectstore.barmancloud.cnpg.io/pg",
            json!({"spec": {"retentionPolicy": "9d"}}),
        ),
        (
            &format!("storageclass.storage.k8s.io/{class}"),
            json!({"allowVolumeExpansion": false}),
        ),
    ];
    for (object, patch) in edits {
        place.edit(object, patch)?;
    }
    let (plan, drifted) = workspace.drift(ADDRESS)?;
    let expected = [
        ("Cluster/pg", "spec.postgresql.parameters.work_mem"),
        (
            "Pooler/pg-pooler-rw",
            "spec.pgbouncer.parameters.default_pool_size",
        ),
        ("ScheduledBackup/", "spec.schedule"),
        ("ObjectStore/pg", "spec.retentionPolicy"),
        ("StorageClass/", "allowVolumeExpansion"),
    ];
    for (object, path) in expected {
        ensure!(
            drifted
                .iter()
                .any(|(name, state)| name.starts_with(object)
                    && *state == format!("changed: {path}")),
            "{object} should have changed in {path}: {drifted:?}"
        );
        plan.says("warning", &[object, path, "kubectl-edit"])?;
    }
    ensure!(drifted.len() == expected.len(), "{drifted:?}");
    workspace.apply()?;
    workspace.settled()?;
    let repaired = place.get(&["objectstore.barmancloud.cnpg.io", "pg"])?;
    ensure!(
        repaired["spec"]["retentionPolicy"] == "7d",
        "{}",
        repaired["spec"]
    );
    Ok(())
}

fn started(place: &Place) -> anyhow::Result<String> {
    place.sql("select pg_postmaster_start_time()")
}

fn reload(place: &Place, workspace: &Workspace, page: &mut Page) -> anyhow::Result<()> {
    let before = started(place)?;
    page.parameters = &[("log_min_duration_statement", "1234")];
    workspace.write(&page.hcl(place))?;
    workspace.plan(&[])?.expect(2)?.says(
        "warning",
        &["log_min_duration_statement", "without a restart"],
    )?;
    workspace.apply()?;
    let value =
        place.sql("select setting from pg_settings where name = 'log_min_duration_statement'")?;
    ensure!(value == "1234", "log_min_duration_statement is {value}");
    ensure!(started(place)? == before, "a reload is no restart");
    workspace.settled()
}

fn restart(place: &Place, workspace: &Workspace, page: &mut Page) -> anyhow::Result<()> {
    page.parameters = &[
        ("log_min_duration_statement", "1234"),
        ("max_connections", "123"),
    ];
    workspace.write(&page.hcl(place))?;
    workspace
        .plan(&[])?
        .expect(2)?
        .says("warning", &["max_connections", "restart"])?;
    workspace.apply()?;
    let value = place.sql("show max_connections")?;
    ensure!(value == "123", "max_connections is {value} after the apply");
    workspace.settled()
}

fn scale(
    place: &Place,
    workspace: &Workspace,
    page: &mut Page,
    instances: u8,
) -> anyhow::Result<()> {
    page.instances = instances;
    workspace.write(&page.hcl(place))?;
    workspace.apply()?;
    // The pod that goes may still be ending.
    wait::until("the number of pods", Duration::from_secs(60), || {
        let pods = place.kubectl(&[
            "get",
            "pods",
            "-l",
            "cnpg.io/podRole=instance",
            "-o",
            "name",
        ])?;
        ensure!(
            pods.lines().count() == usize::from(instances),
            "{instances} wanted: {pods}"
        );
        Ok(Some(()))
    })?;
    place.healthy(instances.into())?;
    workspace.settled()
}

fn grow(place: &Place, workspace: &Workspace, page: &mut Page) -> anyhow::Result<()> {
    page.size = "3Gi";
    workspace.write(&page.hcl(place))?;
    workspace.apply()?;
    // The apply asks for the space; the driver gives it in its own time.
    wait::until("larger disks", Duration::from_secs(60), || {
        let claims = place.get(&["persistentvolumeclaims", "-l", "cnpg.io/pvcRole=PG_DATA"])?;
        let grown = claims["items"]
            .as_array()
            .into_iter()
            .flatten()
            .all(|claim| claim["status"]["capacity"]["storage"] == "3Gi");
        Ok(grown.then_some(()))
    })?;
    workspace.settled()
}
