//! What keeps a pod from running, read from its status.

use std::fmt;

use serde_json::Value;

use crate::kubernetes::conditions;

/// One reason why a pod, or one container of it, is not up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::kubernetes) struct Trouble {
    pub pod: String,
    /// Empty when the pod as a whole is meant.
    pub container: String,
    pub reason: String,
    pub message: String,
    /// How the container ended before, if it did.
    pub exit: String,
}

/// A container that just starts is in no trouble.
const STARTING: [&str; 2] = ["ContainerCreating", "PodInitializing"];

pub(super) fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn entries<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// The pod, its controller and its claims: the objects whose events explain it.
pub(super) fn relatives(pod: &Value) -> Vec<(String, String)> {
    let mut relatives = vec![("Pod".to_owned(), name(pod).to_owned())];
    for owner in entries(pod, "/metadata/ownerReferences") {
        relatives.push((
            text(owner, "/kind").to_owned(),
            text(owner, "/name").to_owned(),
        ));
    }
    for volume in entries(pod, "/spec/volumes") {
        if let Some(claim) = volume
            .pointer("/persistentVolumeClaim/claimName")
            .and_then(Value::as_str)
        {
            relatives.push(("PersistentVolumeClaim".to_owned(), claim.to_owned()));
        }
    }
    relatives
}

/// Everything that keeps this pod from running.
pub(super) fn troubles(pod: &Value) -> Vec<Trouble> {
    let of_pod = |reason: &str, message: &str| Trouble {
        pod: name(pod).to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
        ..Trouble::default()
    };
    let mut found = Vec::new();
    if let Some(scheduled) = conditions::find(pod, "PodScheduled")
        && scheduled.status == "False"
    {
        found.push(of_pod(&scheduled.reason, &scheduled.message));
    }
    if text(pod, "/status/phase") == "Failed" && !text(pod, "/status/reason").is_empty() {
        found.push(of_pod(
            text(pod, "/status/reason"),
            text(pod, "/status/message"),
        ));
    }
    let init = entries(pod, "/status/initContainerStatuses");
    for container in init.chain(entries(pod, "/status/containerStatuses")) {
        found.extend(container_trouble(pod, container));
    }
    found
}

fn container_trouble(pod: &Value, container: &Value) -> Option<Trouble> {
    let exit = container
        .pointer("/state/terminated")
        .or_else(|| container.pointer("/lastState/terminated"))
        .filter(|ended| ended.get("exitCode").and_then(Value::as_i64) != Some(0));
    let (reason, message) = match container.pointer("/state/waiting") {
        Some(waiting) => (text(waiting, "/reason"), text(waiting, "/message")),
        None => (text(exit?, "/reason"), ""),
    };
    if STARTING.contains(&reason) {
        return None;
    }
    Some(Trouble {
        pod: name(pod).to_owned(),
        container: text(container, "/name").to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
        exit: exit.map(ended).unwrap_or_default(),
    })
}

fn ended(terminated: &Value) -> String {
    let code = terminated
        .get("exitCode")
        .and_then(Value::as_i64)
        .unwrap_or_default();
    let mut words = format!("ended with exit code {code}");
    for part in [
        text(terminated, "/reason"),
        text(terminated, "/message").trim(),
    ] {
        if !part.is_empty() && part != "Error" {
            words = format!("{words}, {part}");
        }
    }
    words
}

impl fmt::Display for Trouble {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.pod)?;
        if !self.container.is_empty() {
            write!(out, ", container {}", self.container)?;
        }
        write!(out, ": {}", self.reason)?;
        for part in [&self.message, &self.exit] {
            if !part.is_empty() {
                write!(out, ": {part}")?;
            }
        }
        Ok(())
    }
}
