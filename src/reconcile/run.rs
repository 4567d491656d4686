//! A run over the graph: every part as soon as its needs are met, side by side, forward only. There is no undo: what exists stays,
//! the outcome says what, and the next run goes on from there.

use std::collections::BTreeSet;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::mpsc;

use super::failure::Failure;
use super::graph::Graph;
use super::mark;
use super::object::{Desired, Outputs};
use super::outcome::{Outcome, Status};
use super::part::{Fill, Part};
use super::record::Record;
use super::step::{self, PartDone, Setting};
use crate::schema::attr::NotKnown;
use crate::schema::diagnostic::{Diagnostics, Path};
use crate::schema::object::Object;
use crate::schema::value::Value;

/// What a run left behind.
pub struct Finished {
    /// The planned value, with everything filled in that was unknown and is known now.
    pub value: Value,
    /// What is owned now.
    pub record: Record,
    pub outcome: Outcome,
    pub warnings: Vec<String>,
    pub failure: Option<Failure>,
}

struct State<M> {
    value: Value,
    model: M,
    outputs: Outputs,
    finished: Finished,
}

/// Brings the objects of every part to what `planned` wants.
pub async fn apply<M: Object + Send + Sync>(
    graph: &Graph<M>,
    setting: &Setting<'_>,
    planned: &Value,
) -> Finished {
    let mut state = State {
        value: planned.clone(),
        model: decode(planned),
        outputs: Outputs::default(),
        finished: Finished {
            value: planned.clone(),
            record: Record::default(),
            outcome: Outcome::default(),
            warnings: Vec::new(),
            failure: None,
        },
    };
    let count = graph.parts().len();
    let mut started = BTreeSet::new();
    let mut ended = BTreeSet::new();
    let mut written = BTreeSet::new();
    let (tell, mut told) = mpsc::unbounded_channel();
    let mut running = FuturesUnordered::new();
    loop {
        for position in 0..count {
            let stopped =
                state.finished.failure.is_some() || setting.systems.limits.cancel.is_cancelled();
            let early = graph.parts()[position].starts_early();
            let ready = graph
                .needs(position)
                .iter()
                .all(|need| ended.contains(need) || (early && written.contains(need)));
            if stopped || !ready || !started.insert(position) {
                continue;
            }
            let part = graph.parts()[position].as_ref();
            match prepare(part, setting, &mut state) {
                Ok((lookups, desired)) => {
                    let model = state.model.clone();
                    let tell = tell.clone();
                    running.push(async move {
                        let on_written = move || {
                            let _ = tell.send(position);
                        };
                        let done =
                            step::part(setting, part, &model, lookups, desired, on_written).await;
                        (position, done)
                    });
                }
                Err(NotKnown) => {
                    state
                        .finished
                        .failure
                        .get_or_insert_with(|| incomplete(part.name()));
                }
            }
        }
        let (position, done) = tokio::select! {
            biased;
            Some(position) = told.recv(), if !running.is_empty() => {
                written.insert(position);
                continue;
            }
            Some(ended) = running.next() => ended,
            else => break,
        };
        ended.insert(position);
        absorb(graph.parts()[position].as_ref(), done, &mut state);
    }
    for position in (0..count).filter(|position| !started.contains(position)) {
        skipped(graph.parts()[position].as_ref(), setting.owner, &mut state);
    }
    if state.finished.failure.is_none() && setting.systems.limits.cancel.is_cancelled() {
        state.finished.failure = Some(canceled());
    }
    state.finished.value = state.value;
    state.finished
}

pub fn decode<M: Object>(value: &Value) -> M {
    M::decode(value, &Path::root(), &mut Diagnostics::new())
}

fn incomplete(part: &str) -> Failure {
    Failure::other(
        "A value is missing",
        format!(
            "`{part}` needs a value that is neither configured nor known after the parts before it ran."
        ),
    )
}

fn canceled() -> Failure {
    Failure::other("The run was interrupted", "It was told to stop.")
        .of_kind(super::failure::FailureKind::Canceled)
}

/// What the part wants, marked as ours and recorded as intended even if it fails: read then shows what is left to do.
fn prepare<M: Object>(
    part: &dyn Part<M>,
    setting: &Setting<'_>,
    state: &mut State<M>,
) -> Result<(Vec<super::object::Address>, Vec<Desired>), NotKnown> {
    let lookups = part.lookups(&state.model)?;
    let mut desired = part.desired(&state.model, &state.outputs)?;
    for object in &mut desired {
        mark::mark(object, setting.owner);
        let outlives = part.outlives(&state.model);
        state.finished.record.insert(part.name(), object, outlives);
    }
    Ok((lookups, desired))
}

fn absorb<M: Object>(part: &dyn Part<M>, done: PartDone, state: &mut State<M>) {
    for live in &done.lookups {
        part.outputs(live, &mut state.outputs);
        part.observed(live, Fill::Present, &mut state.model);
    }
    for object in done.objects {
        state
            .finished
            .outcome
            .add(part.name(), object.key, object.status);
        state.finished.warnings.extend(object.warnings);
        if let Some(live) = &object.live {
            part.outputs(live, &mut state.outputs);
            part.observed(live, Fill::Present, &mut state.model);
        }
        if let Some(failure) = object.failure {
            tracing::warn!(part = part.name(), summary = %failure.summary, "a part failed");
            state.finished.failure.get_or_insert(failure);
        }
    }
    fill_unknown(&mut state.value, &state.model.encode());
    state.model = decode(&state.value);
}

/// A part that was not reached keeps its intended objects in the record as far as they are known.
fn skipped<M: Object>(part: &dyn Part<M>, owner: &str, state: &mut State<M>) {
    let desired = part
        .desired(&state.model, &state.outputs)
        .unwrap_or_default();
    for mut object in desired {
        mark::mark(&mut object, owner);
        let key = object.address.key();
        state
            .finished
            .record
            .insert(part.name(), &object, part.outlives(&state.model));
        state
            .finished
            .outcome
            .add(part.name(), key, Status::Skipped);
    }
}

/// Puts what is known now where the plan said unknown. What was planned stays as planned.
pub fn fill_unknown(planned: &mut Value, observed: &Value) {
    match (planned, observed) {
        (planned @ Value::Unknown, observed) => *planned = observed.clone(),
        (Value::Map(planned), Value::Map(observed)) => {
            for (name, value) in planned {
                fill_unknown(value, observed.get(name).unwrap_or(&Value::Null));
            }
        }
        (Value::List(planned), Value::List(observed)) => {
            for (value, observed) in planned.iter_mut().zip(observed) {
                fill_unknown(value, observed);
            }
        }
        _ => {}
    }
}

/// Deletes what is owned no longer, in the reverse order of the parts.
pub async fn remove_leftovers<M>(graph: &Graph<M>, setting: &Setting<'_>, finished: &mut Finished) {
    for part in graph.parts().iter().rev() {
        for (key, entry) in &setting.held.objects {
            if entry.part != part.name() || finished.record.objects.contains_key(key) {
                continue;
            }
            let status = if entry.outlives {
                Status::Kept
            } else {
                match setting
                    .systems
                    .delete(&entry.address, entry.lock.as_deref())
                    .await
                {
                    Ok(()) => Status::Deleted,
                    Err(failure) => {
                        finished.record.objects.insert(key.clone(), entry.clone());
                        let status = Status::Failed(failure.summary.clone());
                        finished.failure.get_or_insert(failure);
                        status
                    }
                }
            };
            finished.outcome.add(part.name(), key.clone(), status);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unknown_values_are_filled() {
        let map = |a: Value, b: Value| {
            Value::Map([("a".to_owned(), a), ("b".to_owned(), Value::List(vec![b]))].into())
        };
        let mut planned = map("planned".into(), Value::Unknown);
        fill_unknown(&mut planned, &map("observed".into(), "new".into()));
        assert_eq!(planned, map("planned".into(), "new".into()));
    }
}
