//! The words of a failed run: what was tried, what exists now, what to do next.

use super::create::Before;
use super::failure::{Failure, FailureKind};
use super::mark;
use super::outcome::Status;
use super::run::Finished;

/// After a create that did not finish. There is no state: the next apply goes on.
pub fn create_failed(
    failure: &Failure,
    before: &Before,
    finished: &Finished,
    type_name: &str,
    id: &str,
) -> (String, String) {
    let exists: Vec<String> = finished
        .outcome
        .lines()
        .iter()
        .filter(|line| !matches!(line.status, Status::Skipped | Status::Failed(_)))
        .map(|line| line.object.clone())
        .chain(before.existing.iter().cloned())
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect();
    let mut detail = failure.detail.clone();
    if !finished.outcome.lines().is_empty() {
        detail.push_str(&format!("\n\nThe run:\n{}", finished.outcome));
    }
    if exists.is_empty() {
        detail.push_str("\n\nNothing was created.");
    } else {
        detail.push_str(&format!(
            "\n\nThese objects exist and may cost money: {}. Nothing is in state and nothing is tainted: run `apply` again to go on \
             from here. To give up instead, run `{}` with `deletion_protection = false`, and then `tofu destroy`.",
            exists.join(", "),
            mark::import_command(type_name, id)
        ));
    }
    (summary("Creating", type_name, id, failure), detail)
}

pub fn update_failed(
    failure: &Failure,
    finished: &Finished,
    type_name: &str,
    id: &str,
) -> (String, String) {
    let detail = format!(
        "{}\n\nThe run:\n{}\nThe state shows what is really there; run `apply` again to go on from here.",
        failure.detail, finished.outcome
    );
    (summary("Updating", type_name, id, failure), detail)
}

pub fn destroy_failed(
    failure: &Failure,
    outcome: &super::outcome::Outcome,
    type_name: &str,
    id: &str,
) -> (String, String) {
    let detail = format!(
        "{}\n\nThe run:\n{outcome}\nThe resource stays in state; run the destroy again to go on from here.",
        failure.detail
    );
    (summary("Deleting", type_name, id, failure), detail)
}

fn summary(doing: &str, type_name: &str, id: &str, failure: &Failure) -> String {
    match failure.kind {
        FailureKind::Canceled => format!("{doing} {type_name} `{id}` was interrupted"),
        FailureKind::DeadlineExceeded => {
            format!("{doing} {type_name} `{id}` took longer than its timeout")
        }
        _ => format!("{doing} {type_name} `{id}` failed: {}", failure.summary),
    }
}
