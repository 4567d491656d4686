//! One page of HCL, one apply; then the primary dies three ways while an application writes.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::ensure;
use lab::Lab;

use super::page::{ADDRESS, Page};
use super::place::Place;
use super::writer::Writer;
use crate::support::cli::Cli;
use crate::support::wait;
use crate::support::workspace::Workspace;

/// Takes a primary away: the place, its pod, its node.
type Way = fn(&Place, &str, u8) -> anyhow::Result<()>;

pub fn story(cli: &Cli, lab: &Lab) -> anyhow::Result<()> {
    let place = Place::new(lab, "kills")?;
    let workspace = Workspace::new(cli)?.inside(lab);
    redundant(lab)?;
    workspace.write(&Page::full().hcl(&place))?;
    workspace.apply()?;
    as_promised(&place, &workspace)?;
    workspace.settled()?;
    place
        .sql("set role app; create table written (phase text, n bigint, primary key (phase, n))")?;
    let ways: [(&str, Way); 3] = [
        ("pod", |place, pod, _| {
            place
                .kubectl(&["delete", "pod", pod, "--force", "--grace-period=0"])
                .map(drop)
        }),
        ("postmaster", |place, pod, _| {
            place.lab.kill_postmaster(&place.namespace, pod)
        }),
        ("node", |place, _, node| place.lab.lose_node(node)),
    ];
    for (way, kill) in ways {
        survives(&place, &workspace, way, kill)?;
    }
    workspace.destroy()?;
    let left = place.remains()?;
    ensure!(left.is_empty(), "left after the destroy: {left:?}");
    Ok(())
}

/// CloudNativePG fails over only while it and the barman plugin answer: a lost node must not take the only one of them
/// along. The second replica of the plugin stands by, and is not ready, until it leads.
fn redundant(lab: &Lab) -> anyhow::Result<()> {
    for deployment in ["cnpg-controller-manager", "barman-cloud"] {
        let name = format!("deployment/{deployment}");
        lab.run(
            "kubectl",
            ["-n", "cnpg-system", "scale", &name, "--replicas=2"],
        )?;
    }
    wait::until("two of each", Duration::from_secs(90), || {
        let pods = lab.kubectl_json(["-n", "cnpg-system", "get", "pods"])?;
        let running = pods["items"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|pod| pod["status"]["phase"] == "Running")
            .count();
        Ok((running >= 4).then_some(()))
    })
}

/// Three instances in three zones, one of them synchronous, a Secret for the application, a completed backup.
fn as_promised(place: &Place, workspace: &Workspace) -> anyhow::Result<()> {
    let state = workspace.attributes(ADDRESS)?;
    ensure!(
        state["app_secret_name"] == "pg-app",
        "{}",
        state["app_secret_name"]
    );
    ensure!(
        state["pooler_hosts"]["pooler-rw"] == format!("pg-pooler-rw.{}.svc", place.namespace),
        "{}",
        state["pooler_hosts"]
    );
    let out: Vec<_> = state["objects"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, s)| *s != "in sync")
        .collect();
    ensure!(out.is_empty(), "{out:?}");
    let pods = place.get(&["pods", "-l", "cnpg.io/podRole=instance"])?;
    let nodes: BTreeSet<&str> = pods["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|pod| pod["spec"]["nodeName"].as_str())
        .collect();
    ensure!(nodes.len() == 3, "the instances run on {nodes:?}");
    let synchronous = place
        .sql("select count(*) from pg_stat_replication where sync_state in ('sync', 'quorum')")?;
    ensure!(synchronous != "0", "no standby is synchronous");
    place.get(&["secret", "pg-app"])?;
    let backups = place.get(&["backups.postgresql.cnpg.io"])?;
    let completed = backups["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|backup| backup["status"]["phase"] == "completed")
        .count();
    ensure!(completed == 1, "{completed} completed backups");
    Ok(())
}

fn survives(
    place: &Place,
    workspace: &Workspace,
    way: &str,
    kill: fn(&Place, &str, u8) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let primary = place.primary()?;
    let node = place.node_of(&primary)?;
    let writer = Writer::start(place, way, node)?;
    writer.writes(10)?;
    kill(place, &primary, node)?;
    let after = writer.writes(20);
    if way == "node" {
        place.lab.restore_node(node)?;
    }
    after?;
    place.healthy(3)?;
    let rows = writer.nothing_lost()?;
    eprintln!(
        "{way} of {primary} killed: {rows} acknowledged rows, none lost; primary is {}",
        place.primary()?
    );
    workspace.settled()
}
