//! A create that does not end as it should: no state, nothing tainted, and the next apply goes on to the same world.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use sandbox::faults::{Fault, Rule};
use serde_json::Value;

use super::page::page;
use crate::support::cli::Cli;
use crate::support::outcome::Outcome;
use crate::support::sandbox::Simulation;
use crate::support::wait;
use crate::support::workspace::Workspace;

/// How many calls of a create are disturbed, spread over all of it.
const SAMPLES: u64 = 6;

fn forbidden() -> Fault {
    Fault::Status {
        status: 403,
        headers: BTreeMap::new(),
        body: None,
        text: None,
        after_effect: false,
    }
}

/// From the nth call on.
fn from(nth: u64, times: u64, fault: Fault) -> Rule {
    Rule::new("", "", fault).nth(nth).times(times)
}

fn planned(cli: &Cli) -> anyhow::Result<(Simulation, Workspace)> {
    let simulation = Simulation::start()?;
    let workspace = simulation.workspace(cli)?;
    workspace.write(&page(&simulation, &[])?)?;
    workspace.plan(&[])?.expect(2)?;
    simulation.forget_requests();
    Ok((simulation, workspace))
}

fn apply_plan(workspace: &Workspace) -> anyhow::Result<Outcome> {
    workspace.run(&["apply", "-json", "-input=false", "plan"])
}

/// The world of an undisturbed run, and how many calls that took.
fn undisturbed(cli: &Cli) -> anyhow::Result<(BTreeMap<String, Value>, u64)> {
    let (simulation, workspace) = planned(cli)?;
    apply_plan(&workspace)?.expect(0)?;
    Ok((
        comparable(&simulation),
        u64::try_from(simulation.requests().len())?,
    ))
}

/// Every sandbox has a subscription of the same id, so ids can be compared as they are.
fn comparable(simulation: &Simulation) -> BTreeMap<String, Value> {
    simulation.world()
}

fn goes_on(
    simulation: &Simulation,
    workspace: &Workspace,
    expected: &BTreeMap<String, Value>,
) -> anyhow::Result<()> {
    let state = workspace.state_list()?;
    ensure!(state.is_empty(), "a failed create left state: {state:?}");
    simulation.heal();
    // What a run leaves behind is leased to it for a while; the story does not wait that long.
    workspace.apply()?;
    workspace.settled()?;
    let world = comparable(simulation);
    for (key, value) in expected {
        ensure!(
            world.get(key) == Some(value),
            "{key} is\n{:?}\ninstead of\n{value}",
            world.get(key)
        );
    }
    let more: Vec<_> = world
        .keys()
        .filter(|key| !expected.contains_key(*key))
        .collect();
    ensure!(more.is_empty(), "made twice or left over: {more:?}");
    Ok(())
}

pub fn at_call(cli: &Cli, (): &()) -> anyhow::Result<()> {
    let (expected, calls) = undisturbed(cli)?;
    for sample in 0..SAMPLES {
        let nth = 1 + sample * calls / SAMPLES;
        for lost in [false, true] {
            let (simulation, workspace) = planned(cli)?;
            if lost {
                // The call takes effect, its answer is lost, and nothing works from then on.
                simulation.fault(from(nth, 1, Fault::ResetAfter))?;
                simulation.fault(from(nth + 1, 0, forbidden()))?;
            } else {
                simulation.fault(from(nth, 0, forbidden()))?;
            }
            let failed = apply_plan(&workspace)?;
            let told = || format!("call {nth} of {calls}, effect {lost}");
            if failed.code == Some(0) {
                // The disturbed call was one that the run could do without.
                simulation.heal();
                workspace.settled().with_context(told)?;
                continue;
            }
            failed.expect(1).with_context(told)?;
            goes_on(&simulation, &workspace, &expected).with_context(told)?;
        }
    }
    Ok(())
}

pub fn killed(cli: &Cli, (): &()) -> anyhow::Result<()> {
    let (expected, _) = undisturbed(cli)?;
    let (simulation, workspace) = planned(cli)?;
    // The sixth write is never answered, and nobody waits for it.
    let mut hang = Rule::new("PUT", "", Fault::Hang).nth(4).times(0);
    hang.path = None;
    simulation.fault(hang)?;
    let mut child = workspace.start(&["apply", "-json", "-input=false", "plan"])?;
    wait::until("the hanging call", Duration::from_secs(60), || {
        let rules = simulation.sandbox.world.faults.installed();
        Ok(rules.iter().any(|rule| rule.hit > 0).then_some(()))
    })?;
    let provider = provider_of(child.id())?;
    ensure!(
        Command::new("kill")
            .args(["-9", &provider.to_string()])
            .status()?
            .success()
    );
    ensure!(!child.wait()?.success(), "the CLI did not notice");
    goes_on(&simulation, &workspace, &expected)
}

/// The process of the provider that this CLI started.
fn provider_of(cli: u32) -> anyhow::Result<u32> {
    for entry in std::fs::read_dir("/proc")? {
        let entry = entry?;
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else {
            continue;
        };
        let status = std::fs::read_to_string(entry.path().join("status")).unwrap_or_default();
        let child = status
            .lines()
            .any(|line| line.split_whitespace().eq(["PPid:", &cli.to_string()]));
        let program = std::fs::read_link(entry.path().join("exe")).unwrap_or_default();
        if child
            && program
                .file_name()
                .is_some_and(|name| name == "terraform-provider-postgres")
        {
            return Ok(pid);
        }
    }
    anyhow::bail!("the CLI runs no provider")
}
