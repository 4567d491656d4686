//! Decides when further waiting is hopeless: a trouble of the table lasts longer than its grace.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::Diagnosis;
use super::events::Event;
use super::pods::Trouble;

/// Reasons of a container or pod that do not go away by themselves, and how long they may last:
/// a registry hiccup, a Secret that is made a moment later, an autoscaler that takes a while.
const LASTING: &[(&str, u64)] = &[
    ("ErrImageNeverPull", 0),
    ("InvalidImageName", 0),
    ("CreateContainerConfigError", 30),
    ("ErrImagePull", 60),
    ("ImagePullBackOff", 60),
];
const UNSCHEDULABLE: &str = "Unschedulable";
const SCHEDULING_GRACE: u64 = 120;
/// With one of these a node is on its way.
const SCALING_UP: [&str; 3] = ["TriggeredScaleUp", "Nominated", "NominatedPod"];

/// Events that keep coming: reason, two texts in the message, grace.
const RECURRING: &[(&str, &str, &str, u64)] = &[
    ("FailedMount", "secret \"", "not found", 60),
    ("FailedMount", "configmap \"", "not found", 60),
    ("FailedCreate", "forbidden", "", 60),
    ("ProvisioningFailed", "storageclass", "not found", 60),
    ("ProvisioningFailed", "AuthorizationFailed", "", 120),
    ("ProvisioningFailed", "QuotaExceeded", "", 120),
    ("ProvisioningFailed", "InvalidParameter", "", 120),
];

/// Remembers since when each trouble lasts. A trouble that goes away is forgotten.
#[derive(Default)]
pub(in crate::kubernetes) struct Watchdog {
    seen: HashMap<String, Seen>,
}

struct Seen {
    since: Instant,
    /// The occurrence seen first.
    mark: String,
}

struct Suspicion {
    key: String,
    /// Differs when the trouble occurred again; constant for a state.
    mark: String,
    must_recur: bool,
    grace: Duration,
    text: String,
}

impl Watchdog {
    /// Why waiting is hopeless, if it is.
    pub fn judge(&mut self, diagnosis: &Diagnosis, now: Instant) -> Option<String> {
        let suspicions = suspicions(diagnosis);
        self.seen
            .retain(|key, _| suspicions.iter().any(|suspicion| &suspicion.key == key));
        let mut verdict = None;
        for suspicion in suspicions {
            let Suspicion {
                key,
                mark,
                must_recur,
                grace,
                text,
            } = suspicion;
            let seen = self.seen.entry(key).or_insert_with(|| Seen {
                since: now,
                mark: mark.clone(),
            });
            // Events stay for an hour after their cause is gone; only new ones count.
            let lasts =
                now.duration_since(seen.since) >= grace && (!must_recur || seen.mark != mark);
            if lasts && verdict.is_none() {
                verdict = Some(text);
            }
        }
        verdict
    }
}

fn suspicions(diagnosis: &Diagnosis) -> Vec<Suspicion> {
    let states = diagnosis
        .troubles
        .iter()
        .filter_map(|trouble| state(trouble, &diagnosis.events));
    states
        .chain(diagnosis.events.iter().filter_map(recurring))
        .collect()
}

fn state(trouble: &Trouble, events: &[Event]) -> Option<Suspicion> {
    let grace = if trouble.reason == UNSCHEDULABLE {
        let scaling = |event: &Event| {
            event.name == trouble.pod && SCALING_UP.contains(&event.reason.as_str())
        };
        if events.iter().any(scaling) || !no_node_fits(&trouble.message) {
            return None;
        }
        SCHEDULING_GRACE
    } else {
        LASTING
            .iter()
            .find(|(reason, _)| *reason == trouble.reason)?
            .1
    };
    // A pull that fails shows two reasons in turn; they are one trouble.
    let class = if trouble.reason.contains("ImagePull") {
        "image"
    } else {
        &trouble.reason
    };
    Some(Suspicion {
        key: format!("{}/{}/{class}", trouble.pod, trouble.container),
        mark: String::new(),
        must_recur: false,
        grace: Duration::from_secs(grace),
        text: trouble.to_string(),
    })
}

fn recurring(event: &Event) -> Option<Suspicion> {
    let (.., grace) = RECURRING.iter().find(|(reason, first, second, _)| {
        event.reason == *reason && event.message.contains(first) && event.message.contains(second)
    })?;
    Some(Suspicion {
        key: format!(
            "{}/{}/{}/{}",
            event.kind, event.name, event.reason, event.message
        ),
        mark: event.mark(),
        must_recur: true,
        grace: Duration::from_secs(*grace),
        text: format!(
            "{} of {}/{}: {}",
            event.reason, event.kind, event.name, event.message
        ),
    })
}

/// `0/3 nodes are available: 1 node(s) had untolerated taint {a: b}, 2 node(s) didn't match Pod's
/// node affinity/selector. preemption: ...`: whether every node is excluded by what it is, not
/// by what it is busy with.
fn no_node_fits(message: &str) -> bool {
    let nodes = message.split(" preemption:").next().unwrap_or_default();
    let Some((_, reasons)) = nodes.split_once(" nodes are available: ") else {
        return false;
    };
    reasons.split(", ").all(|reason| {
        reason.contains("didn't match Pod's node affinity/selector")
            || (reason.contains("had untolerated taint")
                && !reason.contains("node.kubernetes.io/")
                && !reason.contains("cloudprovider"))
    })
}
