//! The client: every way to read and write ARM resources.

use super::backoff::Pacing;
use super::bulk::{self, Collection, Gatherer, Listing};
use super::lock::Locks;
use super::request::{Method, Request, with_query};
use super::send::{Sender, relative};
use super::single_flight::SingleFlight;
use super::{Call, Error, ErrorKind, Secret, Settings, ids, write};
use futures::FutureExt;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio_util::sync::CancellationToken;

/// Most pages that a list may have; more means that the service goes round in circles.
const MOST_PAGES: usize = 10_000;

type Read = Result<Option<Value>, Error>;

/// A client of Azure Resource Manager. Clones share connections, tokens, locks and rate limits.
///
/// Ids may carry a query (`/subscriptions/../x?force=true`); the api-version is added to it.
/// Writes take the id of the parent that allows one writer at a time (AKS cluster, storage
/// account, managed identity, flexible server), or `None`.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    sender: Sender,
    locks: Locks,
    reads: SingleFlight<Read>,
    gatherer: Gatherer,
    /// Counts writes, so that a read never joins one that began before a write ended.
    writes: AtomicU64,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    /// Checks the settings. Connects to nothing.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        Self::paced(settings, Pacing::default())
    }

    pub(super) fn paced(settings: Settings, pacing: Pacing) -> Result<Self, Error> {
        let inner = Inner {
            sender: Sender::new(settings, pacing)?,
            locks: Locks::default(),
            reads: SingleFlight::default(),
            gatherer: Gatherer::default(),
            writes: AtomicU64::new(0),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The subscription of the settings.
    pub fn subscription_id(&self) -> Option<&str> {
        self.inner.sender.settings.subscription_id.as_deref()
    }

    /// Reads a resource; `None` when it, its parent or its group does not exist.
    pub async fn get(&self, call: &Call, id: &str, api_version: &str) -> Read {
        let epoch = self.inner.writes.load(Ordering::SeqCst);
        if let Some(collection) = Collection::of(id)
            && let Some(items) = self.gathered(call, &collection, api_version, epoch).await?
            && let Some(item) = items.get(&collection.item)
        {
            return Ok(Some(item.clone()));
        }
        self.single(call, id, api_version, epoch).await
    }

    /// Lists a collection, all pages.
    pub async fn list(
        &self,
        call: &Call,
        collection: &str,
        api_version: &str,
        filter: Option<&str>,
    ) -> Result<Vec<Value>, Error> {
        let listed = self.pages(
            call,
            with_query(collection, api_version, filter),
            MOST_PAGES,
        );
        listed.await?.ok_or_else(|| {
            Error::protocol(format!("the list has more than {MOST_PAGES} pages"))
                .at("GET", collection)
        })
    }

    /// Creates or replaces a resource and gives it as it is once the operation has ended.
    pub async fn put(
        &self,
        call: &Call,
        id: &str,
        api_version: &str,
        body: &Value,
        lock: Option<&str>,
    ) -> Result<Value, Error> {
        self.write(
            call,
            Method::Put,
            with_query(id, api_version, None),
            Some(body),
            lock,
        )
        .await
    }

    /// Changes a resource and gives it as it is once the operation has ended.
    pub async fn patch(
        &self,
        call: &Call,
        id: &str,
        api_version: &str,
        body: &Value,
        lock: Option<&str>,
    ) -> Result<Value, Error> {
        self.write(
            call,
            Method::Patch,
            with_query(id, api_version, None),
            Some(body),
            lock,
        )
        .await
    }

    /// Posts to a path and gives the result once the operation has ended; null when it has none.
    pub async fn post(
        &self,
        call: &Call,
        path: &str,
        api_version: &str,
        body: Option<&Value>,
        lock: Option<&str>,
    ) -> Result<Value, Error> {
        self.write(
            call,
            Method::Post,
            with_query(path, api_version, None),
            body,
            lock,
        )
        .await
    }

    /// Calls an action of a resource, like `restart` or `listClusterUserCredential`.
    pub async fn post_action(
        &self,
        call: &Call,
        id: &str,
        action: &str,
        api_version: &str,
        body: Option<&Value>,
        lock: Option<&str>,
    ) -> Result<Value, Error> {
        let path = format!("{}/{action}", id.trim_end_matches('/'));
        self.post(call, &path, api_version, body, lock).await
    }

    /// Deletes a resource and waits until it is gone. One that is not there is a success.
    pub async fn delete(
        &self,
        call: &Call,
        id: &str,
        api_version: &str,
        lock: Option<&str>,
    ) -> Result<(), Error> {
        let path = with_query(id, api_version, None);
        self.write(call, Method::Delete, path, None, lock)
            .await
            .map(drop)
    }

    /// A token of the client's identity for a scope, like `https://storage.azure.com/.default`.
    pub async fn token(&self, call: &Call, scope: &str) -> Result<Secret, Error> {
        self.inner.sender.token(call, scope).await
    }

    /// The scope of tokens that PostgreSQL servers of this cloud accept as passwords.
    pub async fn postgres_scope(&self, call: &Call) -> Result<String, Error> {
        let cloud = call
            .bound("the cloud's metadata", self.inner.sender.cloud())
            .await??;
        Ok(format!("{}/.default", cloud.postgres_audience))
    }

    async fn write(
        &self,
        call: &Call,
        method: Method,
        path: String,
        body: Option<&Value>,
        lock: Option<&str>,
    ) -> Result<Value, Error> {
        let request = Request::new(method, path, body);
        let inner = &self.inner;
        let result = write::run(&inner.sender, &inner.locks, call, &request, lock).await;
        inner.writes.fetch_add(1, Ordering::SeqCst);
        result
    }

    /// One read, shared with everyone who asks for the same thing meanwhile.
    async fn single(&self, call: &Call, id: &str, api_version: &str, epoch: u64) -> Read {
        let path = with_query(id, api_version, None);
        let start = || {
            let (client, path) = (self.clone(), path.clone());
            // Whoever started the work may stop; the others still want its result.
            let call = Call::new(call.deadline, CancellationToken::new());
            async move { client.read(&call, path).await }.boxed()
        };
        let key = format!("{epoch} {}", ids::canonical(&path));
        let shared = self.inner.reads.join(&key, start);
        let result = call
            .bound(&format!("the answer to GET `{id}`"), shared)
            .await?;
        match result {
            // Another caller's time was up, not ours.
            Err(error)
                if error.kind == ErrorKind::DeadlineExceeded && !call.remaining().is_zero() =>
            {
                self.read(call, path).await
            }
            result => result,
        }
    }

    async fn read(&self, call: &Call, path: String) -> Read {
        let request = Request::get(path);
        match self.inner.sender.send(call, &request).await {
            Ok(response) if response.status == 204 => Ok(None),
            Ok(response) => {
                let located = |error: Error| error.at("GET", request.resource());
                response.json().map(Some).map_err(located)
            }
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The list that reads of this moment share, when there are enough of them.
    async fn gathered(
        &self,
        call: &Call,
        collection: &Collection,
        api_version: &str,
        epoch: u64,
    ) -> Result<Listing, Error> {
        let path = with_query(&collection.path, api_version, None);
        let key = ids::canonical(&path);
        let group = format!("{epoch} {key}");
        let start = || {
            let (client, group, key) = (self.clone(), group.clone(), key.clone());
            let call = Call::new(call.deadline, CancellationToken::new());
            async move { client.list_for(&call, path, &group, &key).await }.boxed()
        };
        match self
            .inner
            .gatherer
            .join(&group, &key, &collection.item, start)
        {
            Some(shared) => {
                call.bound(&format!("the list `{}`", collection.path), shared)
                    .await
            }
            None => Ok(None),
        }
    }

    async fn list_for(&self, call: &Call, path: String, group: &str, key: &str) -> Listing {
        tokio::time::sleep(self.inner.sender.pacing.gather).await;
        let asked = self.inner.gatherer.close(group);
        if asked < bulk::ENOUGH {
            return None;
        }
        // Each page costs one call, so a list never costs more than the reads it stands for.
        match self.pages(call, path, asked).await {
            Ok(Some(items)) => Some(Arc::new(bulk::by_id(items))),
            Ok(None) => None,
            Err(error) => {
                tracing::debug!(%error, "list failed; reading one by one");
                if matches!(error.kind, ErrorKind::Invalid | ErrorKind::Forbidden) {
                    self.inner.gatherer.give_up(key);
                }
                None
            }
        }
    }

    /// All items of a list, or `None` when it has more than `most` pages.
    async fn pages(
        &self,
        call: &Call,
        first: String,
        most: usize,
    ) -> Result<Option<Vec<Value>>, Error> {
        let mut items = Vec::new();
        let mut next = Some(first);
        for _ in 0..most {
            let Some(path) = next.take() else {
                return Ok(Some(items));
            };
            let request = Request::get(path);
            let located = |error: Error| error.at("GET", request.resource());
            let response = self.inner.sender.send(call, &request).await?;
            let mut page = response.json().map_err(located)?;
            match page["value"].take() {
                Value::Array(values) => items.extend(values),
                Value::Null => {}
                _ => return Err(located(Error::protocol("the list has no `value` array"))),
            }
            if let Some(link) = page["nextLink"].as_str().filter(|link| !link.is_empty()) {
                let endpoint = &self.inner.sender.cloud().await?.endpoint;
                next = Some(relative(endpoint, link).map_err(located)?);
            }
        }
        Ok(next.is_none().then_some(items))
    }
}

/// Only a real "not found" proves that something is gone.
fn is_absence(error: &Error) -> bool {
    error.kind == ErrorKind::NotFound && matches!(error.status, Some(404 | 410))
}
