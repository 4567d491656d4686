//! WATCH: what happened since a version, and what happens next, as a stream of JSON lines.

use super::Kubernetes;
use super::api::Target;
use super::selectors::Selector;
use super::status::Failure;
use super::store::{Change, Store};
use bytes::Bytes;
use futures::Stream;
use futures::stream;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug, Clone)]
pub struct WatchOptions {
    pub selector: Selector,
    pub version: String,
    pub bookmarks: bool,
    pub initial_events: bool,
    pub timeout: Option<Duration>,
}

struct Watch {
    server: Arc<Kubernetes>,
    target: Target,
    options: WatchOptions,
    signal: tokio::sync::watch::Receiver<u64>,
    /// Changes up to this version have been sent.
    seen: u64,
    ready: VecDeque<Value>,
    ended: bool,
    deadline: tokio::time::Instant,
}

/// Bookmarks are sent this often.
const BOOKMARK_EVERY: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(3600);

pub fn stream(
    server: Arc<Kubernetes>,
    target: Target,
    options: WatchOptions,
) -> impl Stream<Item = Result<Bytes, std::convert::Infallible>> {
    let signal = server.changes();
    let deadline = tokio::time::Instant::now() + options.timeout.unwrap_or(LONGEST);
    let mut watch = Watch {
        server,
        target,
        options,
        signal,
        seen: 0,
        ready: VecDeque::new(),
        ended: false,
        deadline,
    };
    watch.begin();
    stream::unfold(watch, |mut watch| async move {
        let event = watch.next().await?;
        let mut line = event.to_string();
        line.push('\n');
        Some((Ok(Bytes::from(line)), watch))
    })
}

impl Watch {
    fn begin(&mut self) {
        let server = Arc::clone(&self.server);
        let store = server.store();
        let wanted: u64 = self.options.version.parse().unwrap_or_default();
        if wanted == 0 || self.options.initial_events {
            for object in store.list(&self.target.kind, &self.target.namespace) {
                if self.options.selector.matches(&object) {
                    self.ready
                        .push_back(json!({"type": "ADDED", "object": *object}));
                }
            }
            self.seen = store.version;
            if self.options.initial_events {
                let mut bookmark = self.bookmark();
                bookmark["object"]["metadata"]["annotations"] =
                    json!({"k8s.io/initial-events-end": "true"});
                self.ready.push_back(bookmark);
            }
        } else if wanted < store.compacted {
            let message = format!(
                "too old resource version: {wanted} ({})",
                store.compacted + 1
            );
            self.fail(&Failure::expired(message));
        } else {
            self.seen = wanted.min(store.version);
            self.collect(&store);
        }
    }

    fn fail(&mut self, failure: &Failure) {
        self.ready
            .push_back(json!({"type": "ERROR", "object": failure.body()}));
        self.ended = true;
    }

    fn bookmark(&self) -> Value {
        let kind = &self.target.kind;
        json!({"type": "BOOKMARK", "object": {"kind": kind.kind, "apiVersion": kind.api_version(),
            "metadata": {"resourceVersion": self.seen.to_string()}}})
    }

    fn collect(&mut self, store: &Store) {
        if self.seen < store.compacted {
            let message = format!(
                "too old resource version: {} ({})",
                self.seen,
                store.compacted + 1
            );
            return self.fail(&Failure::expired(message));
        }
        for change in store.changes_after(self.seen) {
            self.ready.extend(self.event(&change));
        }
        self.seen = store.version;
    }

    /// How this watch sees a change: an object can enter and leave its selector.
    fn event(&self, change: &Change) -> Option<Value> {
        let kind = &self.target.kind;
        let elsewhere =
            !self.target.namespace.is_empty() && change.namespace != self.target.namespace;
        if change.resource != kind.resource() || elsewhere {
            return None;
        }
        let chosen = |object: &Option<Arc<Value>>| {
            object
                .as_deref()
                .is_some_and(|object| self.options.selector.matches(object))
        };
        let (kind, object) = match (chosen(&change.before), chosen(&change.after)) {
            (false, false) => return None,
            (false, true) => ("ADDED", change.last.as_ref().clone()),
            (true, true) => ("MODIFIED", change.last.as_ref().clone()),
            (true, false) => {
                let mut last = change.before.as_deref().cloned().unwrap_or_default();
                last["metadata"]["resourceVersion"] = change.version.to_string().into();
                ("DELETED", last)
            }
        };
        Some(json!({"type": kind, "object": object}))
    }

    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.ended {
                return None;
            }
            let bookmark = tokio::time::Instant::now() + BOOKMARK_EVERY;
            tokio::select! {
                changed = self.signal.changed() => {
                    changed.ok()?;
                    let server = Arc::clone(&self.server);
                    let store = server.store();
                    self.collect(&store);
                }
                () = tokio::time::sleep_until(bookmark.min(self.deadline)) => {
                    if tokio::time::Instant::now() >= self.deadline {
                        self.ended = true;
                    }
                    if self.options.bookmarks {
                        return Some(self.bookmark());
                    }
                }
            }
        }
    }
}
