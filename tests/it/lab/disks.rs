//! A destroy that keeps the disks, and a new cluster of the same name that takes them up again.

use anyhow::ensure;
use lab::Lab;

use super::page::Page;
use super::place::Place;
use crate::support::cli::Cli;
use crate::support::workspace::Workspace;

pub fn story(cli: &Cli, lab: &Lab) -> anyhow::Result<()> {
    let place = Place::new(lab, "disks")?;
    let workspace = Workspace::new(cli)?.inside(lab);
    let mut page = Page {
        instances: 2,
        poolers: &[],
        backup: false,
        on_destroy: "retain_disks",
        ..Page::full()
    };
    workspace.write(&page.hcl(&place))?;
    workspace.apply()?;
    workspace.settled()?;
    place.sql("set role app; create table kept as select n from generate_series(1, 1000) n")?;
    let system = place.sql("select system_identifier from pg_control_system()")?;
    workspace.destroy()?.says("warning", &["pg-1"])?;
    let claims = place.kubectl(&["get", "persistentvolumeclaims", "-o", "name"])?;
    ensure!(
        claims.lines().count() == 4,
        "two instances have two disks each: {claims}"
    );
    ensure!(
        place
            .kubectl(&["get", "pods,clusters.postgresql.cnpg.io", "-o", "name"])?
            .is_empty()
    );

    workspace.apply()?;
    workspace.settled()?;
    let again = place.sql("select system_identifier from pg_control_system()")?;
    ensure!(
        again == system,
        "another database: {again} instead of {system}"
    );
    let rows = place.sql("select count(*), sum(n) from kept")?;
    ensure!(rows == "1000|500500", "rows: {rows}");

    page.on_destroy = "delete";
    workspace.write(&page.hcl(&place))?;
    workspace.apply()?;
    workspace.destroy()?;
    let left = place.remains()?;
    ensure!(left.is_empty(), "left after the destroy: {left:?}");
    Ok(())
}
