//! Many reads of one kind and namespace at the same time become one list.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Call, Client, Error, ErrorKind, Reference, Result};

/// How long the first read of a group waits for others.
const WINDOW: Duration = Duration::from_millis(15);
/// From this many reads on a list is cheaper.
const WORTH_A_LIST: usize = 3;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Group {
    api_version: String,
    kind: String,
    namespace: Option<String>,
}

struct Read {
    reference: Reference,
    deadline: Instant,
    answer: oneshot::Sender<Result<Option<Value>>>,
}

#[derive(Default)]
pub(super) struct Bulk {
    waiting: Arc<Mutex<HashMap<Group, Vec<Read>>>>,
}

impl Client {
    /// [`Client::get`] for callers that read many objects at a time: reads of the same kind and
    /// namespace that come within a short window share one list.
    pub async fn read(&self, call: &Call, reference: &Reference) -> Result<Option<Value>> {
        let (answer, received) = oneshot::channel();
        let read = Read {
            reference: reference.clone(),
            deadline: call.deadline,
            answer,
        };
        if let Some(group) = self.bulk().join(read) {
            // The group lives on when the caller that opened it gives up.
            tokio::spawn(flush(self.clone(), group));
        }
        match call.run(received).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => {
                Err(Error::new(ErrorKind::Transient, "the shared read was lost")
                    .on("get", reference))
            }
            Err(ended) => Err(ended.on("get", reference)),
        }
    }
}

impl Bulk {
    /// Adds a read; returns its group when it opened it.
    fn join(&self, read: Read) -> Option<Group> {
        let group = Group {
            api_version: read.reference.api_version.clone(),
            kind: read.reference.kind.clone(),
            namespace: read.reference.namespace.clone(),
        };
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let reads = waiting.entry(group.clone()).or_default();
        reads.push(read);
        (reads.len() == 1).then_some(group)
    }

    fn take(&self, group: &Group) -> Vec<Read> {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(group)
            .unwrap_or_default()
    }
}

async fn flush(client: Client, group: Group) {
    tokio::time::sleep(WINDOW).await;
    let mut reads = client.bulk().take(&group);
    reads.retain(|read| !read.answer.is_closed());
    let Some(deadline) = reads.iter().map(|read| read.deadline).max() else {
        return;
    };
    if reads.len() >= WORTH_A_LIST {
        let call = Call::new(deadline, CancellationToken::new());
        let namespace = group.namespace.as_deref();
        match client
            .list(&call, &group.api_version, &group.kind, namespace, None)
            .await
        {
            Ok(objects) => return distribute(objects, reads),
            // Who may not list may still get.
            Err(error) if error.kind == ErrorKind::Forbidden => {
                tracing::debug!(%error, "cannot list, reading one by one");
            }
            Err(error) => return fail(&error, reads),
        }
    }
    let client = &client;
    let gets = reads.into_iter().map(|read| async move {
        let call = Call::new(read.deadline, CancellationToken::new());
        // Nobody listens any more when the reader gave up.
        let _ = read.answer.send(client.get(&call, &read.reference).await);
    });
    futures::future::join_all(gets).await;
}

fn distribute(objects: Vec<Value>, reads: Vec<Read>) {
    let by_name: HashMap<&str, &Value> = objects
        .iter()
        .filter_map(|object| Some((object.pointer("/metadata/name")?.as_str()?, object)))
        .collect();
    for read in reads {
        let found = by_name
            .get(read.reference.name.as_str())
            .map(|object| (*object).clone());
        let _ = read.answer.send(Ok(found));
    }
}

fn fail(error: &Error, reads: Vec<Read>) {
    for read in reads {
        let _ = read
            .answer
            .send(Err(error.clone().about("get", &read.reference)));
    }
}
