//! One page of HCL, one apply; then the primary dies three ways while an application writes.

use std::collections::BTreeSet;

use anyhow::ensure;
use lab::Lab;

use super::page::{ADDRESS, Page};
use super::place::Place;
use super::writer::Writer;
use crate::support::cli::Cli;
use crate::support::workspace::Workspace;

/// Takes a primary away: the place, its pod.
type Way = fn(&Place, &str) -> anyhow::Result<()>;

pub fn story(cli: &Cli, lab: &Lab) -> anyhow::Result<()> {
    let place = Place::new(lab, "kills")?;
    let workspace = Workspace::new(cli)?.inside(lab);
    workspace.write(&Page::full().hcl(&place))?;
    workspace.apply()?;
    as_promised(&place, &workspace)?;
    workspace.settled()?;
    place
        .sql("set role app; create table written (phase text, n bigint, primary key (phase, n))")?;
    let ways: [(&str, Way); 3] = [
        ("pod", delete_pod),
        ("postmaster", |place, pod| {
            place.lab.kill_postmaster(&place.namespace, pod)
        }),
        ("pod-again", delete_pod),
    ];
    for (way, kill) in ways {
        survives(&place, &workspace, way, kill)?;
    }
    workspace.destroy()?;
    let left = place.remains()?;
    ensure!(left.is_empty(), "left after the destroy: {left:?}");
    Ok(())
}

fn delete_pod(place: &Place, pod: &str) -> anyhow::Result<()> {
    let gone = place.kubectl(&["delete", "pod", pod, "--force", "--grace-period=0"]);
    gone.map(drop)
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

fn survives(place: &Place, workspace: &Workspace, way: &str, kill: Way) -> anyhow::Result<()> {
    let primary = place.primary()?;
    let node = place.node_of(&primary)?;
    let writer = Writer::start(place, way, node)?;
    writer.writes(10)?;
    kill(place, &primary)?;
    writer.writes(20)?;
    place.healthy(3)?;
    let rows = writer.nothing_lost()?;
    eprintln!(
        "{way} of {primary} killed: {rows} acknowledged rows, none lost; primary is {}",
        place.primary()?
    );
    workspace.settled()
}
