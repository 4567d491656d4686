//! One connection to one cluster: sends a request, retries it, decodes the answer.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use serde_json::Value;
use tokio::time::Instant;
use tracing::{Instrument, Span, debug_span, field};

use super::bulk::Bulk;
use super::error::{Error, ErrorKind};
use super::request::Request;
use super::{Call, Result, Settings, connect, retry, status};

/// An API server ends its own requests after a minute; an attempt that hangs longer is lost.
const ATTEMPT: Duration = Duration::from_secs(65);
const QUIET_ATTEMPTS: u32 = 4;
/// A single answer larger than this is not one of ours.
const LARGEST_ANSWER: usize = 256 << 20;

/// Hands out bearer tokens; it caches and renews them itself.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// A token that is valid now, or why there is none (without any secret).
    async fn token(&self) -> Result<String, String>;

    /// The API server did not accept `token`; the next one must be another if possible.
    async fn rejected(&self, token: &str);
}

/// A cluster's API. Clones share the connection, the credentials and the collected reads.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    kube: kube::Client,
    tokens: Option<Arc<dyn TokenSource>>,
    bulk: Bulk,
}

/// A successful answer.
pub(super) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            Error::new(
                ErrorKind::Transient,
                format!("the answer of the API server is not JSON ({place})"),
            )
        })
    }
}

impl Client {
    /// Connects with the credentials of `settings`; a credential plugin runs here.
    pub async fn new(settings: Settings) -> Result<Self> {
        let (kube, tokens) = connect::connect(settings).await?;
        Ok(Self::assemble(kube, tokens))
    }

    /// Connects with bearer tokens of `tokens` in place of the credentials of `settings`.
    pub async fn with_token_source(
        settings: Settings,
        tokens: Arc<dyn TokenSource>,
    ) -> Result<Self> {
        let kube = connect::connect_without_credentials(settings).await?;
        Ok(Self::assemble(kube, Some(tokens)))
    }

    pub(super) fn assemble(kube: kube::Client, tokens: Option<Arc<dyn TokenSource>>) -> Self {
        Self {
            inner: Arc::new(Inner {
                kube,
                tokens,
                bulk: Bulk::default(),
            }),
        }
    }

    pub(super) fn bulk(&self) -> &Bulk {
        &self.inner.bulk
    }

    pub(super) fn kube(&self) -> &kube::Client {
        &self.inner.kube
    }

    /// Sends `request`, and again after a passing failure, until the deadline of `call`.
    pub(super) async fn send(&self, call: &Call, request: &Request) -> Result<Answer> {
        let mut attempt = 0;
        let mut last: Option<Error> = None;
        let done = loop {
            let error = match call.run(self.attempt(request)).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => error,
                Err(ended) => break with_last(ended, last.as_ref()),
            };
            if !error.is_retryable() || !(request.idempotent || error.without_effect) {
                break error;
            }
            let pause = retry::delay(attempt, error.retry_after);
            report_retry(request, attempt, pause, &error);
            attempt += 1;
            if Instant::now() + pause >= call.deadline {
                break with_last(Error::deadline_exceeded(), Some(&error));
            }
            last = Some(error);
            if let Err(ended) = call.run(tokio::time::sleep(pause)).await {
                break with_last(ended, last.as_ref());
            }
        };
        Err(match &request.reference {
            Some(reference) => done.on(request.verb, reference),
            None => done.during(request.verb),
        })
    }

    async fn attempt(&self, request: &Request) -> Result<Answer> {
        let span = debug_span!(
            "kubernetes",
            method = %request.method,
            path = request.path,
            status = field::Empty,
            duration_ms = field::Empty,
        );
        async {
            let started = Instant::now();
            let answer = tokio::time::timeout(ATTEMPT, self.exchange(request))
                .await
                .unwrap_or_else(|_| {
                    Err(Error::new(
                        ErrorKind::Transient,
                        "the API server did not answer within 65 seconds",
                    ))
                });
            let status = match &answer {
                Ok(answer) => Some(answer.status),
                Err(error) => error.status,
            };
            Span::current().record("status", status.unwrap_or_default());
            Span::current().record(
                "duration_ms",
                u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            );
            tracing::debug!("called");
            answer
        }
        .instrument(span)
        .await
    }

    /// One request and its answer; a token that is not accepted is replaced once.
    async fn exchange(&self, request: &Request) -> Result<Answer> {
        let Some(tokens) = &self.inner.tokens else {
            return self.exchange_as(request, None).await;
        };
        let token = self.token(tokens).await?;
        match self.exchange_as(request, Some(&token)).await {
            Err(error) if error.kind == ErrorKind::Unauthorized => {
                tokens.rejected(&token).await;
                let next = self.token(tokens).await?;
                if next == token {
                    Err(error)
                } else {
                    self.exchange_as(request, Some(&next)).await
                }
            }
            answered => answered,
        }
    }

    async fn exchange_as(&self, request: &Request, token: Option<&str>) -> Result<Answer> {
        let http = request.to_http(token.map(bearer).transpose()?, kube::client::Body::from)?;
        let response = self
            .inner
            .kube
            .send(http)
            .await
            .map_err(connect::transport_error)?;
        let (parts, body) = response.into_parts();
        let body = body
            .collect_bytes()
            .await
            .map_err(connect::transport_error)?;
        if body.len() > LARGEST_ANSWER {
            return Err(Error::invalid_request(
                "the answer of the API server is too large",
            ));
        }
        let status = parts.status.as_u16();
        if parts.status.is_success() {
            return Ok(Answer {
                status,
                headers: parts.headers,
                body,
            });
        }
        Err(status::decode(
            status,
            &parts.headers,
            &body,
            request.reference.as_ref(),
        ))
    }

    async fn token(&self, tokens: &Arc<dyn TokenSource>) -> Result<String> {
        tokens
            .token()
            .await
            .map_err(|reason| Error::new(ErrorKind::Unauthorized, reason))
    }

    /// The header of a request that is sent around [`Client::send`].
    pub(super) async fn authorization(&self) -> Result<Option<HeaderValue>> {
        match &self.inner.tokens {
            Some(tokens) => bearer(&self.token(tokens).await?).map(Some),
            None => Ok(None),
        }
    }

    #[cfg(test)]
    pub(super) fn shares_connection_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

fn bearer(token: &str) -> Result<HeaderValue> {
    let mut header = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| {
        Error::new(
            ErrorKind::Unauthorized,
            "the bearer token holds characters that a header forbids",
        )
    })?;
    header.set_sensitive(true);
    Ok(header)
}

/// Passing failures are quiet at first; one that lasts is told to the user.
fn report_retry(request: &Request, attempt: u32, pause: Duration, error: &Error) {
    if attempt < QUIET_ATTEMPTS {
        tracing::debug!(verb = request.verb, path = request.path, attempt, ?pause, %error, "will try again");
    } else {
        tracing::info!(verb = request.verb, path = request.path, attempt, ?pause, %error, "still failing, will try again");
    }
}

/// A call that ran out of time says what kept it.
fn with_last(ended: Error, last: Option<&Error>) -> Error {
    match last {
        Some(last) => ended.explained(&format!("The last attempt ended with: {last}")),
        None => ended,
    }
}
