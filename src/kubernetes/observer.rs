//! Follows one object: by a watch, and by reading it now and then in case the watch is silent
//! or not allowed.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use http::Method;
use kube::core::WatchEvent;
use serde_json::Value;

use super::request::{Request, list_path};
use super::{Call, Client, Error, Reference, Result, connect};

/// Between two reads while a watch is open; a watch can die without a sign.
const POLL_BESIDE_WATCH: Duration = Duration::from_secs(15);
const POLL_WITHOUT_WATCH: Duration = Duration::from_secs(3);
/// The API server ends a watch after this; then the object is read and watched again.
const WATCH_SECONDS: &str = "240";

type Events = BoxStream<'static, Result<WatchEvent<Value>, kube::Error>>;

pub(super) struct Observer<'a> {
    client: &'a Client,
    reference: &'a Reference,
    events: Option<Events>,
    version: String,
}

impl<'a> Observer<'a> {
    pub fn new(client: &'a Client, reference: &'a Reference) -> Self {
        Self {
            client,
            reference,
            events: None,
            version: String::new(),
        }
    }

    /// Reads the object; a later `next` tells what changed after this.
    pub async fn current(&mut self, call: &Call) -> Result<Option<Value>> {
        let object = self.client.get(call, self.reference).await?;
        self.remember(object.as_ref());
        Ok(object)
    }

    /// The object after its next change, or as it is after a while. `None`: it does not exist.
    pub async fn next(&mut self, call: &Call) -> Result<Option<Value>> {
        if self.events.is_none() && !self.version.is_empty() {
            self.events = call.run(self.watch()).await?;
        }
        let Some(events) = &mut self.events else {
            call.run(tokio::time::sleep(POLL_WITHOUT_WATCH)).await?;
            return self.current(call).await;
        };
        let event = call
            .run(tokio::time::timeout(POLL_BESIDE_WATCH, events.next()))
            .await?;
        match event {
            Ok(Some(Ok(WatchEvent::Added(object) | WatchEvent::Modified(object)))) => {
                self.remember(Some(&object));
                Ok(Some(object))
            }
            Ok(Some(Ok(WatchEvent::Deleted(_)))) => {
                self.remember(None);
                Ok(None)
            }
            Ok(Some(Ok(WatchEvent::Bookmark(_)))) => self.current(call).await,
            Err(_silent) => {
                let before = self.version.clone();
                let object = self.current(call).await?;
                // The watch missed a change: it is dead.
                if self.version != before {
                    self.events = None;
                }
                Ok(object)
            }
            Ok(Some(Ok(WatchEvent::Error(_)) | Err(_)) | None) => {
                self.events = None;
                call.run(tokio::time::sleep(Duration::from_secs(1))).await?;
                self.current(call).await
            }
        }
    }

    fn remember(&mut self, object: Option<&Value>) {
        let version = object
            .and_then(|object| object.pointer("/metadata/resourceVersion"))
            .and_then(Value::as_str);
        self.version = version.unwrap_or_default().to_owned();
        if object.is_none() {
            self.events = None;
        }
    }

    /// Opens a watch from the version last seen, or says `None` when it cannot be had.
    async fn watch(&mut self) -> Option<Events> {
        match self.open().await {
            Ok(events) => Some(events),
            Err(error) => {
                tracing::debug!(object = %self.reference, %error, "cannot watch, will poll");
                None
            }
        }
    }

    async fn open(&mut self) -> Result<Events> {
        let Reference {
            api_version,
            kind,
            namespace,
            name,
        } = self.reference;
        let request = Request::new(
            "watch",
            Method::GET,
            list_path(api_version, kind, namespace.as_deref())?,
        )
        .query("watch", "true")
        .query("fieldSelector", format!("metadata.name={name}"))
        .query("resourceVersion", &self.version)
        .query("timeoutSeconds", WATCH_SECONDS);
        let http = request.to_http(self.client.authorization().await?, |body| body.to_vec())?;
        tracing::debug!(method = "GET", path = request.path, "watching");
        let events = self.client.kube().request_events::<Value>(http).await;
        Ok(events.map_err(watch_error)?.boxed())
    }
}

fn watch_error(error: kube::Error) -> Error {
    match error {
        kube::Error::Api(status) => Error::new(super::ErrorKind::Transient, status.message.clone()),
        other => connect::transport_error(other),
    }
}
