//! A directory with HCL and the CLI that works in it. The CLI gets the freshly built provider through `dev_overrides`
//! (so there is nothing to `init`) and nothing of the caller's environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{File, read_to_string};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use lab::Lab;
use serde_json::Value;

use super::cli::Cli;
use super::outcome::Outcome;

const PROVIDER: &str = env!("CARGO_BIN_EXE_terraform-provider-postgres");
/// Where the provider says to come from.
pub const SOURCE: &str = "pgaks/postgres";

/// Longer than any timeout of the provider in these stories.
const LIMIT: Duration = Duration::from_secs(360);

pub struct Workspace {
    pub cli: Cli,
    directory: tempfile::TempDir,
    lab: Option<Lab>,
    environment: BTreeMap<OsString, OsString>,
}

impl Workspace {
    pub fn new(cli: &Cli) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let binaries = Path::new(PROVIDER).parent().context("no directory")?;
        let config = format!(
            "provider_installation {{\n  dev_overrides {{ \"{SOURCE}\" = \"{}\" }}\n  direct {{}}\n}}\n",
            binaries.display()
        );
        std::fs::write(directory.path().join("cli.rc"), config)?;
        Ok(Self {
            cli: cli.clone(),
            directory,
            lab: None,
            environment: BTreeMap::new(),
        })
    }

    /// Runs inside of the lab's network.
    pub fn inside(mut self, lab: &Lab) -> Self {
        self.lab = Some(lab.clone());
        self
    }

    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The log of the provider, which is written at the finest level.
    pub fn log(&self) -> PathBuf {
        self.path().join("provider.log")
    }

    pub fn write(&self, hcl: &str) -> anyhow::Result<()> {
        let head = format!(
            "terraform {{\n  required_providers {{ postgres = {{ source = \"{SOURCE}\" }} }}\n}}\n"
        );
        Ok(std::fs::write(self.path().join("main.tf"), head + hcl)?)
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = match &self.lab {
            Some(lab) => lab.command(&self.cli.program),
            None => Command::new(&self.cli.program),
        };
        command.env_clear();
        for name in ["PATH", "TMPDIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .args(args)
            .current_dir(self.path())
            .env("HOME", self.path())
            .env("TF_CLI_CONFIG_FILE", self.path().join("cli.rc"))
            .env("TF_IN_AUTOMATION", "1")
            .env("CHECKPOINT_DISABLE", "1")
            .env("TF_LOG_PROVIDER", "TRACE")
            .env("TF_LOG_PATH", self.log())
            .envs(&self.environment)
            .stdin(Stdio::null());
        command
    }

    /// Runs to the end. A run that hangs is ended, and fails with what it said.
    pub fn run(&self, args: &[&str]) -> anyhow::Result<Outcome> {
        let out = self.path().join("stdout");
        let err = self.path().join("stderr");
        let mut child = self
            .command(args)
            .stdout(File::create(&out)?)
            .stderr(File::create(&err)?)
            .spawn()
            .with_context(|| format!("starting `{}`", self.cli.program.display()))?;
        let end = Instant::now() + LIMIT;
        let status = loop {
            match child.try_wait()? {
                Some(status) => break Some(status),
                None if Instant::now() > end => break None,
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        if status.is_none() {
            child.kill()?;
            child.wait()?;
        }
        let command = format!("{} {}", self.cli.name, args.join(" "));
        let code = status.and_then(|status| status.code());
        let outcome = Outcome::new(
            command,
            code,
            &read_to_string(&out)?,
            &read_to_string(&err)?,
        );
        anyhow::ensure!(
            status.is_some(),
            "`{}` hangs:\n{}",
            outcome.command,
            outcome.readable()
        );
        Ok(outcome)
    }

    /// Starts without waiting, for runs that are disturbed.
    pub fn start(&self, args: &[&str]) -> anyhow::Result<Child> {
        Ok(self
            .command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?)
    }

    /// `plan -detailed-exitcode`: 0 nothing to do, 1 error, 2 something to do.
    pub fn plan(&self, more: &[&str]) -> anyhow::Result<Outcome> {
        let mut args = vec![
            "plan",
            "-json",
            "-input=false",
            "-detailed-exitcode",
            "-out=plan",
        ];
        args.extend(more);
        self.run(&args)
    }

    /// What the last plan holds.
    pub fn planned(&self) -> anyhow::Result<Value> {
        let shown = self.run(&["show", "-json", "plan"])?.expect(0)?;
        json(&shown)
    }

    pub fn try_apply(&self, more: &[&str]) -> anyhow::Result<Outcome> {
        let mut args = vec!["apply", "-json", "-input=false", "-auto-approve"];
        args.extend(more);
        self.run(&args)
    }

    pub fn apply(&self) -> anyhow::Result<Outcome> {
        self.try_apply(&[])?.expect(0)
    }

    pub fn try_destroy(&self) -> anyhow::Result<Outcome> {
        self.run(&["destroy", "-json", "-input=false", "-auto-approve"])
    }

    pub fn destroy(&self) -> anyhow::Result<Outcome> {
        self.try_destroy()?.expect(0)
    }

    pub fn import(&self, address: &str, id: &str) -> anyhow::Result<Outcome> {
        self.run(&["import", "-input=false", "-no-color", address, id])
    }

    /// Addresses of the resources in state.
    pub fn state_list(&self) -> anyhow::Result<Vec<String>> {
        if !self.path().join("terraform.tfstate").exists() {
            return Ok(Vec::new());
        }
        let listed = self.run(&["state", "list", "-no-color"])?;
        Ok(listed
            .text
            .lines()
            .filter(|line| line.starts_with("postgres_"))
            .map(str::to_owned)
            .collect())
    }

    /// The attributes of a resource in state.
    pub fn attributes(&self, address: &str) -> anyhow::Result<Value> {
        let shown = json(&self.run(&["show", "-json"])?.expect(0)?)?;
        shown["values"]["root_module"]["resources"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|resource| resource["address"] == address)
            .map(|resource| resource["values"].clone())
            .with_context(|| format!("`{address}` is not in state"))
    }

    /// Fails unless both plan modes have nothing to say.
    pub fn settled(&self) -> anyhow::Result<()> {
        for mode in [&[][..], &["-refresh-only"][..]] {
            let outcome = self.plan(mode)?;
            let changes = changes(&self.planned()?);
            anyhow::ensure!(
                changes.is_empty(),
                "{} should be empty: {changes}\n{}",
                outcome.command,
                outcome.readable()
            );
            if mode.is_empty() {
                outcome.expect(0)?;
            }
        }
        Ok(())
    }

    /// `plan -refresh-only`: whether a resource drifted. The exit code of this mode is of no use: OpenTofu's is never 2
    /// (opentofu/opentofu#3107), Terraform's is 2 at times without a change (hashicorp/terraform#36403).
    fn refreshes(&self, address: &str) -> anyhow::Result<bool> {
        let outcome = self.plan(&["-refresh-only"])?;
        anyhow::ensure!(outcome.errors().is_empty(), "{}", outcome.readable());
        Ok(self.planned()?["resource_drift"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|change| change["address"] == address))
    }

    /// A plan that must find drift: the entries of `objects` that are not in sync, from both modes.
    pub fn drift(&self, address: &str) -> anyhow::Result<(Outcome, BTreeMap<String, String>)> {
        anyhow::ensure!(
            self.refreshes(address)?,
            "`plan -refresh-only` shows no drift"
        );
        let outcome = self.plan(&[])?.expect(2)?;
        let plan = self.planned()?;
        let change = plan["resource_changes"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|change| change["address"] == address)
            .with_context(|| format!("`{address}` is not in the plan"))?;
        let drifted = change["change"]["before"]["objects"]
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(_, state)| *state != "in sync")
            .map(|(object, state)| {
                (
                    object.clone(),
                    state.as_str().unwrap_or_default().to_owned(),
                )
            })
            .collect();
        Ok((outcome, drifted))
    }
}

fn json(outcome: &Outcome) -> anyhow::Result<Value> {
    let line = outcome
        .text
        .lines()
        .find(|line| line.starts_with('{'))
        .with_context(|| format!("no JSON from `{}`:\n{}", outcome.command, outcome.text))?;
    Ok(serde_json::from_str(line)?)
}

/// What a plan would change or has seen changed, attribute by attribute.
fn changes(plan: &Value) -> String {
    let mut found = String::new();
    for list in ["resource_changes", "resource_drift", "output_changes"] {
        for change in plan[list].as_array().into_iter().flatten() {
            let actions = &change["change"]["actions"];
            if *actions == serde_json::json!(["no-op"]) {
                continue;
            }
            found += &format!("\n  {list} {} {actions}", change["address"]);
            let (before, after) = (&change["change"]["before"], &change["change"]["after"]);
            for (name, value) in before.as_object().into_iter().flatten() {
                if after[name] != *value {
                    found += &format!("\n    {name}: {value} -> {}", after[name]);
                }
            }
        }
    }
    found
}
