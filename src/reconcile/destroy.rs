//! Destruction: everything that can refuse is asked first; then the graph runs backwards and waits until each object is gone.

use std::collections::BTreeMap;

use futures::future::join_all;

use super::failure::Failure;
use super::graph::Graph;
use super::outcome::{Outcome, Status};
use super::record::Entry;
use super::systems::Systems;

/// Deletes the objects of every part, those that need others first. Goes on with what does not depend on a failure.
pub async fn destroy<M>(
    graph: &Graph<M>,
    systems: &Systems,
    objects: &BTreeMap<String, Entry>,
    keep: &(dyn Fn(&str, &Entry) -> bool + Sync),
) -> (Outcome, Option<Failure>) {
    let mut outcome = Outcome::default();
    let mut failure: Option<Failure> = None;
    let mut failed: Vec<usize> = Vec::new();
    for (position, part) in graph.parts().iter().enumerate().rev() {
        let of_part: Vec<_> = objects
            .iter()
            .filter(|(_, entry)| entry.part == part.name())
            .collect();
        let blocked = graph
            .needed_by(position)
            .iter()
            .any(|other| failed.contains(other));
        let ends = join_all(of_part.into_iter().map(|(key, entry)| async move {
            let status = if blocked {
                Ok(Status::Skipped)
            } else if entry.outlives || keep(key, entry) {
                Ok(Status::Kept)
            } else {
                tracing::info!(object = %entry.address, "deleting");
                systems
                    .delete(&entry.address, entry.lock.as_deref())
                    .await
                    .map(|()| Status::Deleted)
            };
            (key, status)
        }))
        .await;
        if blocked {
            failed.push(position);
        }
        for (key, status) in ends {
            let status = status.unwrap_or_else(|error| {
                failed.push(position);
                let status = Status::Failed(error.summary.clone());
                failure.get_or_insert(error.while_doing(&format!("{key} was not deleted")));
                status
            });
            outcome.add(part.name(), key.clone(), status);
        }
    }
    (outcome, failure)
}
