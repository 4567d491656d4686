//! Long-running operations: what ends when, and with which effect.

use std::time::Duration;

use serde_json::{Value, json};

use super::errors::ArmError;
use super::kind::Style;
use super::store::State;
use super::types;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verb {
    Put,
    Delete,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    Running,
    Succeeded,
    Failed(ArmError),
}

#[derive(Clone, Debug)]
pub struct Operation {
    pub id: String,
    /// Key of the resource it works on.
    pub target: String,
    pub verb: Verb,
    pub style: Style,
    /// The client's own path, for a final GET.
    pub started: Duration,
    pub ends: Duration,
    pub progress: Progress,
    pub doom: Option<ArmError>,
}

impl Operation {
    pub fn is_running(&self) -> bool {
        self.progress == Progress::Running
    }

    /// The body behind `Azure-AsyncOperation`.
    pub fn status_body(&self, path: &str, stamps: (String, String)) -> Value {
        let mut body = json!({"id": path, "name": self.id, "startTime": stamps.0});
        match &self.progress {
            Progress::Running => {
                body["status"] = json!("InProgress");
                body["percentComplete"] = json!(0);
            }
            Progress::Succeeded => {
                body["status"] = json!("Succeeded");
                body["endTime"] = json!(stamps.1);
                body["percentComplete"] = json!(100);
            }
            Progress::Failed(error) => {
                body["status"] = json!("Failed");
                body["endTime"] = json!(stamps.1);
                body["error"] = error.object();
            }
        }
        body
    }
}

/// Lets everything happen that is due, in the order in which it is due.
pub fn settle(state: &mut State, now: Duration) {
    loop {
        let due = state
            .operations
            .values()
            .filter(|o| o.is_running() && o.ends <= now)
            .min_by(|a, b| (a.ends, &a.id).cmp(&(b.ends, &b.id)))
            .cloned();
        let Some(mut operation) = due else { return };
        operation.progress = match operation.doom.take() {
            Some(error) => {
                if let Some(resource) = state.resources.get_mut(&operation.target) {
                    resource.set_state("Failed");
                }
                Progress::Failed(error)
            }
            None => {
                succeed(state, &operation);
                Progress::Succeeded
            }
        };
        state.operations.insert(operation.id.clone(), operation);
    }
}

fn succeed(state: &mut State, operation: &Operation) {
    match operation.verb {
        Verb::Put => {
            let Some(resource) = state.resources.get_mut(&operation.target) else {
                return;
            };
            resource.set_state("Succeeded");
            if let Some(kind) = types::find(resource.kind) {
                kind.ready(state, &operation.target);
            }
        }
        Verb::Delete => remove(state, &operation.target, operation.ends),
    }
}

/// Removes a resource and all below it, children first.
pub fn remove(state: &mut State, key: &str, now: Duration) {
    let mut keys = state.below(key);
    keys.reverse();
    keys.push(key.to_owned());
    for key in keys {
        let Some(resource) = state.resources.remove(&key) else {
            continue;
        };
        if let Some(kind) = types::find(resource.kind) {
            kind.removed(state, &resource, now);
        }
    }
}
