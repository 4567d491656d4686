//! Polling addresses of long-running operations.

use super::{Found, Lookup};
use crate::arm::errors::ArmError;
use crate::arm::kind::{Answer, Style};
use crate::arm::operation::{Operation, Progress, Verb};
use crate::arm::{reads, types};

const STATUS: [&str; 2] = ["operations", "asyncoperations"];
const RESULTS: [&str; 1] = ["operationresults"];

pub(super) fn find(lookup: &mut Lookup<'_>) -> Found {
    lookup.in_subscription()?;
    let [.., word, id] = lookup.segments.as_slice() else {
        return None;
    };
    if !STATUS.contains(&word.as_str()) && !RESULTS.contains(&word.as_str()) {
        return None;
    }
    let Some(operation) = lookup.state.operations.get(id).cloned() else {
        return Some(Err(ArmError::new(
            404,
            "NotFound",
            format!("The entity was not found: operation '{id}'."),
        )));
    };
    if operation.is_running() {
        lookup.world.clock.polled();
    }
    let by_status = STATUS.contains(&word.as_str()) && operation.style != Style::Location;
    Some(match by_status {
        true => Ok(status(lookup, &operation)),
        false => result(lookup, &operation),
    })
}

fn retry(lookup: &Lookup<'_>) -> (&'static str, String) {
    let seconds = lookup.world.clock.retry_after(10);
    ("retry-after", seconds.to_string())
}

fn status(lookup: &Lookup<'_>, operation: &Operation) -> Answer {
    let clock = &lookup.world.clock;
    let stamps = (clock.stamp(operation.started), clock.stamp(operation.ends));
    let mut answer = Answer::ok(operation.status_body(&lookup.call.path, stamps));
    if operation.is_running() {
        answer.headers.push(retry(lookup));
    }
    answer
}

fn result(lookup: &Lookup<'_>, operation: &Operation) -> Result<Answer, ArmError> {
    match &operation.progress {
        Progress::Running => {
            let mut answer = Answer::with(202, None);
            answer.headers.push(retry(lookup));
            let base = lookup
                .world
                .endpoints
                .resource_manager_endpoint
                .trim_end_matches('/');
            let version = lookup.call.version().cloned().unwrap_or_default();
            let location = format!("{base}{}?api-version={version}", lookup.call.path);
            answer.headers.push(("location", location));
            Ok(answer)
        }
        Progress::Failed(error) => Err(error.clone()),
        Progress::Succeeded => Ok(finished(lookup, operation)),
    }
}

fn finished(lookup: &Lookup<'_>, operation: &Operation) -> Answer {
    let resource = lookup.state.resources.get(&operation.target);
    match (operation.verb, resource) {
        (Verb::Put, Some(resource)) => {
            let kind = types::find(resource.kind);
            Answer::with(
                200,
                kind.map(|kind| reads::render(lookup.state, kind, resource)),
            )
        }
        (Verb::Put, None) => Answer::with(204, None),
        (Verb::Delete, _) => {
            let group = !operation.target.contains("/providers/");
            Answer::with(if group { 200 } else { 204 }, None)
        }
    }
}
