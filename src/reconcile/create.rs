//! Creation: looks before it writes, resumes what an interrupted run left, and never lets a half-made database become a tainted one.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use serde_json::Value as Json;

use super::failure::{Failure, FailureKind};
use super::graph::Graph;
use super::mark;
use super::object::Address;
use super::part::{Milestone, Part, Readiness};
use super::run::{self, Finished, decode};
use super::step::{self, Setting};
use super::systems::Systems;
use crate::schema::object::Object;
use crate::schema::value::Value;

/// How long a creating run holds the primary object without a sign of life.
const LEASE: Duration = Duration::from_secs(15);
const RENEWAL: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_secs(1);

/// Who is creating.
struct Lease {
    run: String,
}

impl Lease {
    fn new() -> Self {
        Lease {
            run: uuid::Uuid::new_v4().to_string(),
        }
    }

    fn text(&self) -> String {
        let until = jiff::Timestamp::now().as_second() + LEASE.as_secs() as i64;
        format!("creating {} until {until}", self.run)
    }

    /// Seconds that another run still holds the object.
    fn held_by_another(&self, live: &Json) -> Option<(String, i64)> {
        let state = live["metadata"]["annotations"][mark::STATE].as_str()?;
        let mut words = state.split(' ');
        let (Some("creating"), Some(run), Some("until"), Some(until)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return None;
        };
        let left = until.parse::<i64>().ok()? - jiff::Timestamp::now().as_second();
        (run != self.run && left > 0).then(|| (run.to_owned(), left))
    }
}

/// What stood before this run began.
pub struct Before {
    pub existing: Vec<String>,
}

/// Creates everything that `planned` wants, and waits until it is finished.
pub async fn create<M: Object + Send + Sync>(
    graph: &Graph<M>,
    setting: &Setting<'_>,
    primary: &str,
    planned: &Value,
) -> (Before, Finished) {
    let model: M = decode(planned);
    let lease = Lease::new();
    let before = match look(graph, setting, primary, &model, &lease).await {
        Ok(before) => before,
        Err(failure) => {
            let finished = nothing_done(planned, failure);
            return (
                Before {
                    existing: Vec::new(),
                },
                finished,
            );
        }
    };
    let address = primary_address(graph, primary, &model);
    let held = hold(setting.systems, address.as_ref(), &lease);
    let work = async {
        let mut finished = run::apply(graph, setting, planned).await;
        if finished.failure.is_none() {
            finished.failure = reach_milestones(graph, setting.systems, &decode(&finished.value))
                .await
                .err();
        }
        finished
    };
    let mut finished = tokio::select! {
        finished = work => finished,
        never = held => match never {},
    };
    if finished.failure.is_none()
        && let Some(address) = &address
    {
        finished.failure = setting.systems.stamp(address, mark::FINISHED).await.err();
    }
    (before, finished)
}

fn nothing_done(planned: &Value, failure: Failure) -> Finished {
    Finished {
        value: planned.clone(),
        record: super::record::Record::default(),
        outcome: super::outcome::Outcome::default(),
        warnings: Vec::new(),
        failure: Some(failure),
    }
}

fn primary_address<M>(graph: &Graph<M>, primary: &str, model: &M) -> Option<Address> {
    let addresses = graph.part(primary)?.addresses(model).ok()?;
    addresses.into_iter().next()
}

/// Reads every object that will be made, before anything is written, and refuses what is not ours: all of it at once.
async fn look<M: Object + Sync>(
    graph: &Graph<M>,
    setting: &Setting<'_>,
    primary: &str,
    model: &M,
    lease: &Lease,
) -> Result<Before, Failure> {
    let mut wanted: BTreeMap<String, (&dyn Part<M>, Address)> = BTreeMap::new();
    for part in graph.parts() {
        for address in part.addresses(model).unwrap_or_default() {
            wanted.insert(address.key(), (part.as_ref(), address));
        }
    }
    let read = join_all(wanted.into_iter().map(|(key, (part, address))| async move {
        let found = setting.systems.read_to_create(&address).await;
        (key, part, address, found)
    }))
    .await;
    let mut existing = Vec::new();
    let mut refused = Vec::new();
    for (key, part, address, found) in read {
        let Some(live) = found? else { continue };
        if let Some(failure) = step::foreign(setting, part.ownership(), &address, &live) {
            refused.push(failure.detail);
        } else if part.name() == primary {
            if mark::is_finished(&live) {
                refused.push(format!(
                    "The resource exists and its creation was finished (perhaps only the last answer was lost). Nothing was changed. \
                     To manage it, import it: `{}`",
                    setting.import
                ));
            } else {
                wait_for_other_run(setting.systems, &address, &live, lease).await?;
            }
        }
        existing.push(key);
    }
    if refused.is_empty() {
        return Ok(Before { existing });
    }
    Err(Failure::other(
        "An object already exists",
        refused.join("\n"),
    ))
}

/// A run that was killed leaves its lease behind: it ends by itself. A run that renews it is alive.
async fn wait_for_other_run(
    systems: &Systems,
    address: &Address,
    live: &Json,
    lease: &Lease,
) -> Result<(), Failure> {
    let Some((run, left)) = lease.held_by_another(live) else {
        return Ok(());
    };
    tracing::info!(object = %address, seconds = left, "an interrupted run still holds the object; waiting for the end of its lease");
    let end = tokio::time::Instant::now() + Duration::from_secs(left.unsigned_abs()) + LOOK;
    let before = live["metadata"]["annotations"][mark::STATE].clone();
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = systems.limits.cancel.cancelled() => {
                return Err(Failure::other("The run was interrupted", "It was told to stop.").of_kind(FailureKind::Canceled));
            }
        }
        let Some(now) = systems.read(address).await? else {
            return Ok(());
        };
        if lease.held_by_another(&now).is_none() {
            return Ok(());
        }
        if now["metadata"]["annotations"][mark::STATE] != before {
            return Err(Failure::other(
                "Another run is creating this resource",
                format!(
                    "{address} is being created by run `{run}`, which is alive. Wait for its end, then apply again."
                ),
            ));
        }
        if tokio::time::Instant::now() > end {
            return Ok(());
        }
    }
}

/// Renews the lease for as long as it is polled, as soon as the primary object exists.
async fn hold(
    systems: &Systems,
    address: Option<&Address>,
    lease: &Lease,
) -> std::convert::Infallible {
    let Some(address) = address else {
        return std::future::pending().await;
    };
    loop {
        let exists = matches!(systems.read(address).await, Ok(Some(_)));
        if exists {
            if let Err(failure) = systems.stamp(address, &lease.text()).await {
                tracing::debug!(object = %address, detail = %failure.detail, "the lease was not renewed");
            }
            tokio::time::sleep(RENEWAL).await;
        } else {
            tokio::time::sleep(LOOK).await;
        }
    }
}

async fn reach_milestones<M: Object + Sync>(
    graph: &Graph<M>,
    systems: &Systems,
    model: &M,
) -> Result<(), Failure> {
    for part in graph.parts() {
        if let Some(milestone) = part.milestone(model) {
            reach(systems, part.as_ref(), model, &milestone).await?;
        }
    }
    Ok(())
}

async fn reach<M: Sync>(
    systems: &Systems,
    part: &dyn Part<M>,
    model: &M,
    milestone: &Milestone,
) -> Result<(), Failure> {
    let check = |body: &Json| -> Readiness { (milestone.check)(body) };
    let pods = part.pods(model);
    systems
        .wait(&milestone.address, &milestone.what, pods.as_deref(), &check)
        .await
        .map(|_| ())
        .map_err(|failure| failure.while_doing(&format!("Waited in vain for {}", milestone.what)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn live(state: &str) -> Json {
        json!({"metadata": {"annotations": {mark::STATE: state}}})
    }

    #[test]
    fn a_lease_holds_against_others_until_it_ends() {
        let (ours, other) = (Lease::new(), Lease::new());
        assert!(ours.held_by_another(&live(&ours.text())).is_none());
        assert!(ours.held_by_another(&live(&other.text())).is_some());
        assert!(ours.held_by_another(&live("creating x until 12")).is_none());
        assert!(ours.held_by_another(&live(mark::FINISHED)).is_none());
        assert!(ours.held_by_another(&json!({})).is_none());
    }
}
