//! Looks at claims and volumes whenever one of them changes, and does what [`decide`] says.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::decide::{Action, Claim, decide};
use crate::kubectl::Kubectl;
use crate::paths::Paths;
use crate::progress::say;

/// What is looked at besides the watched kinds changes rarely.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_secs(1);
const KINDS: &str =
    "persistentvolumeclaims,persistentvolumes,storageclasses,nodes,volumeattributesclasses";

/// Works until it is killed; what fails is tried again.
pub fn run(paths: &Paths) -> Result<()> {
    let (changed, changes) = channel();
    for kind in ["persistentvolumeclaims", "persistentvolumes"] {
        let (kubectl, changed) = (Kubectl::new(paths), changed.clone());
        thread::spawn(move || watch(&kubectl, kind, &changed));
    }
    let kubectl = Kubectl::new(paths);
    loop {
        match reconcile(paths, &kubectl) {
            Ok(()) => drop(changes.recv_timeout(LOOK_AGAIN)),
            Err(error) => {
                say(format!("trying again: {error:#}"));
                thread::sleep(RETRY);
            }
        }
        while changes.try_recv().is_ok() {}
    }
}

/// Tells of every event of a kind; a watch that ends is begun anew.
fn watch(kubectl: &Kubectl, kind: &str, changed: &Sender<()>) {
    loop {
        let mut command = kubectl.command();
        command.args(["get", kind, "--all-namespaces", "--watch", "--output=name"]);
        if let Ok(mut child) = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn() {
            if let Some(events) = child.stdout.take() {
                for _ in BufReader::new(events).lines().map_while(Result::ok) {
                    if changed.send(()).is_err() {
                        return;
                    }
                }
            }
            let _ = child.wait();
        }
        thread::sleep(RETRY);
    }
}

fn reconcile(paths: &Paths, kubectl: &Kubectl) -> Result<()> {
    let world = kubectl.json(["get", KINDS, "--all-namespaces"])?;
    let items = world["items"]
        .as_array()
        .context("kubectl answered without a list")?;
    for action in decide(items) {
        perform(paths, kubectl, &action).with_context(|| format!("cannot do {action:?}"))?;
        say(describe(&action));
    }
    Ok(())
}

fn perform(paths: &Paths, kubectl: &Kubectl, action: &Action) -> Result<()> {
    match action {
        Action::Create { handle, volume } => {
            super::make(paths, handle)?;
            kubectl.create(volume)
        }
        Action::Expand {
            volume,
            claim,
            size,
        } => {
            patch_volume(
                kubectl,
                volume,
                &json!({ "spec": { "capacity": { "storage": size } } }),
            )?;
            patch_claim_status(kubectl, claim, &json!({ "capacity": { "storage": size } }))
        }
        Action::Modify {
            volume,
            claim,
            class,
        } => {
            patch_volume(
                kubectl,
                volume,
                &json!({ "spec": { "volumeAttributesClassName": class } }),
            )?;
            let status =
                json!({ "currentVolumeAttributesClassName": class, "modifyVolumeStatus": null });
            patch_claim_status(kubectl, claim, &status)
        }
        Action::ModifyPending { claim, class } => {
            let modify = json!({ "targetVolumeAttributesClassName": class, "status": "Pending" });
            patch_claim_status(kubectl, claim, &json!({ "modifyVolumeStatus": modify }))
        }
        Action::Delete { volume, handle } => {
            super::remove(paths, handle)?;
            kubectl
                .run([
                    "delete",
                    "persistentvolume",
                    volume,
                    "--wait=false",
                    "--ignore-not-found",
                ])
                .map(drop)
        }
    }
}

fn patch_volume(kubectl: &Kubectl, volume: &str, patch: &Value) -> Result<()> {
    kubectl
        .run([
            "patch",
            "persistentvolume",
            volume,
            "--type=merge",
            "--patch",
            &patch.to_string(),
        ])
        .map(drop)
}

fn patch_claim_status(kubectl: &Kubectl, claim: &Claim, status: &Value) -> Result<()> {
    let patch = json!({ "status": status }).to_string();
    kubectl
        .run([
            "--namespace",
            &claim.namespace,
            "patch",
            "persistentvolumeclaim",
            &claim.name,
            "--subresource=status",
            "--type=merge",
            "--patch",
            &patch,
        ])
        .map(drop)
}

fn describe(action: &Action) -> String {
    match action {
        Action::Create { handle, volume } => {
            format!(
                "made `{handle}` of {} for `{}`",
                volume["spec"]["capacity"]["storage"], volume["spec"]["claimRef"]["name"]
            )
        }
        Action::Expand { volume, size, .. } => format!("grew `{volume}` to {size}"),
        Action::Modify { volume, class, .. } => {
            format!("gave `{volume}` the attributes of `{class}`")
        }
        Action::ModifyPending { claim, class } => {
            format!("`{}` waits for the class `{class}`", claim.name)
        }
        Action::Delete { handle, .. } => format!("removed `{handle}`"),
    }
}
