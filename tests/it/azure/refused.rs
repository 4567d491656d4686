//! What is refused before anything happens.

use anyhow::ensure;

use super::life::made;
use super::page::{ADDRESS, page};
use crate::support::cli::Cli;
use crate::support::sandbox::Simulation;

pub fn protected(cli: &Cli, (): &()) -> anyhow::Result<()> {
    let (simulation, workspace) = made(cli)?;
    let on = ("deletion_protection = false", "deletion_protection = true");
    workspace.write(&page(&simulation, &[on])?)?;
    workspace.apply()?;
    simulation.forget_requests();
    workspace
        .try_destroy()?
        .expect(1)?
        .says("error", &["deletion_protection"])?;
    let replace = format!("-replace={ADDRESS}");
    workspace
        .try_apply(&[&replace])?
        .expect(1)?
        .says("error", &["deletion_protection"])?;
    workspace.write(&page(
        &simulation,
        &[
            on,
            (
                "name                = \"pg\"",
                "name                = \"other\"",
            ),
        ],
    )?)?;
    workspace
        .plan(&[])?
        .expect(1)?
        .says("error", &["deletion_protection"])?;
    // Without the block in the configuration at all.
    workspace.write(&simulation.provider())?;
    workspace
        .try_apply(&[])?
        .expect(1)?
        .says("error", &["deletion_protection"])?;
    let writes = simulation.writes();
    ensure!(writes.is_empty(), "refused, but: {writes:?}");
    ensure!(simulation.objects().contains_key("Cluster/pg"));
    Ok(())
}

pub fn bad_input(cli: &Cli, (): &()) -> anyhow::Result<()> {
    let simulation = Simulation::start()?;
    let workspace = simulation.workspace(cli)?;
    let wrong = [
        (
            "name                = \"pg\"",
            "name                = \"Not_A_Name\"",
        ),
        ("instances           = 3", "instances           = 0"),
        (
            "cpu                 = \"2\"",
            "cpu                 = \"two\"",
        ),
        (
            "memory              = \"8Gi\"",
            "memory              = \"8 gigs\"",
        ),
        (
            "on_destroy          = \"delete\"",
            "on_destroy          = \"maybe\"",
        ),
        (
            "log_min_duration_statement = \"500\"",
            "no_such_parameter = \"500\"",
        ),
        ("type       = \"premium_v2\"", "type       = \"floppy\""),
        ("profile = \"fast\"", "profile = \"reckless\""),
        (
            "retention           = \"14d\"",
            "retention           = \"a while\"",
        ),
        ("\"0 30 14 * * *\"", "\"tomorrow\""),
    ];
    workspace.write(&page(&simulation, &wrong)?)?;
    let refused = workspace.plan(&[])?.expect(1)?;
    for (_, line) in wrong {
        let line = line.trim();
        let found = refused.errors().into_iter().any(|error| {
            error.code.contains(line)
                || (line.contains("no_such_parameter")
                    && error.detail.contains("no_such_parameter"))
        });
        ensure!(
            found,
            "no error points at `{line}`:\n{}",
            refused.readable()
        );
    }
    ensure!(
        refused.errors().len() == wrong.len(),
        "{} errors:\n{}",
        refused.errors().len(),
        refused.readable()
    );
    let sent = simulation.requests();
    ensure!(sent.is_empty(), "{} requests were sent", sent.len());
    Ok(())
}
