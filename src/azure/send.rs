//! One request with its retries: token, rate limit, request ids, trace span.

use super::backoff::Pacing;
use super::cloud::{self, Cloud};
use super::credential::Chain;
use super::recent::Recent;
use super::request::{Method as Verb, Request, Response};
use super::retry::{self, Failed};
use super::throttle::Governor;
use super::transport::Http;
use super::{Call, Error, ErrorKind, Secret, Settings};
use azure_core::error::ErrorKind as CoreKind;
use azure_core::http::{Context, Method, PipelineSendOptions, Request as CoreRequest};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;
use tracing::Instrument;
use url::Url;
use uuid::Uuid;

/// Tries to read a cloud's description.
const DISCOVERY_TRIES: u32 = 4;

/// Waits at least this long are told to the user.
const LONG_WAIT: Duration = Duration::from_secs(5);

pub(super) struct Sender {
    pub settings: Settings,
    pub pacing: Pacing,
    pub recent: Recent,
    http: Http,
    chain: Chain,
    governor: Governor,
    cloud: OnceCell<Cloud>,
    run_id: Uuid,
    sent: Mutex<HashMap<String, u64>>,
}

impl Sender {
    pub(super) fn new(settings: Settings, pacing: Pacing) -> Result<Self, Error> {
        let cloud = match cloud::plan(&settings)? {
            cloud::Plan::Known(cloud) => OnceCell::new_with(Some(cloud)),
            cloud::Plan::Discover(_) => OnceCell::new(),
        };
        Ok(Self {
            http: Http::new(settings.certificate_authority_file.clone()),
            chain: Chain::new(),
            governor: Governor::default(),
            recent: Recent::default(),
            run_id: settings.run_id.unwrap_or_else(Uuid::new_v4),
            sent: Mutex::default(),
            cloud,
            settings,
            pacing,
        })
    }

    /// Sends until the answer is a success, or a failure that no retry can mend.
    pub(super) async fn send(&self, call: &Call, request: &Request) -> Result<Response, Error> {
        let started = Instant::now();
        let mut tries = 0;
        let mut refreshed = false;
        loop {
            tries += 1;
            let client_request_id = self.next_request_id(request);
            let generation = self.chain.generation();
            let failed = match self.once(call, request, client_request_id).await? {
                Ok(response) => return Ok(response),
                Err(failed) => self.reconsider(request, failed),
            };
            if failed.error.kind == ErrorKind::Unauthenticated && !refreshed {
                refreshed = true;
                self.chain.forget(generation).await;
                continue;
            }
            if !retry::again(request, &failed, tries, started.elapsed()) {
                return Err(failed.error);
            }
            let wait = self
                .pacing
                .retry(tries, failed.retry_after, client_request_id);
            self.pause(call, request, failed.error, wait).await?;
        }
    }

    /// A parent that this process made a moment ago is not really missing.
    fn reconsider(&self, request: &Request, mut failed: Failed) -> Failed {
        let missing = failed.error.kind == ErrorKind::NotFound;
        if missing
            && matches!(request.method, Verb::Put | Verb::Patch | Verb::Post)
            && self.recent.parent_is_young(request.resource())
        {
            failed.error.kind = ErrorKind::ReplicationLag;
        }
        failed
    }

    async fn pause(
        &self,
        call: &Call,
        request: &Request,
        error: Error,
        wait: Duration,
    ) -> Result<(), Error> {
        if wait >= call.remaining() {
            return Err(error.out_of_time());
        }
        if wait >= LONG_WAIT {
            tracing::info!(
                path = request.resource(),
                seconds = wait.as_secs(),
                "{} answered `{}`; trying again",
                request.method.name(),
                error.code
            );
        }
        call.sleep(wait, &format!("another try after `{}`", error.code))
            .await
            .map_err(|stopped| stopped.at(request.method.name(), request.resource()))
    }

    /// One try: the outer error ends the call, the inner one may be retried.
    async fn once(
        &self,
        call: &Call,
        request: &Request,
        client_request_id: Uuid,
    ) -> Result<Result<Response, Failed>, Error> {
        let (method, path) = (request.method.name(), request.resource());
        let located = |error: Error| error.at(method, path);
        let waiting = format!("the answer to {method} `{path}`");
        let admitted = call
            .bound("Azure's rate limit", self.governor.admit(request))
            .await;
        let _permit = admitted.map_err(located)?;
        let token = self.arm_token(call).await.map_err(located)?;
        let span = tracing::debug_span!(
            "arm", method, path, %client_request_id,
            status = tracing::field::Empty,
            request_id = tracing::field::Empty,
            duration_ms = tracing::field::Empty,
        );
        let started = Instant::now();
        let work = self
            .exchange(request, client_request_id, token)
            .instrument(span.clone());
        let answer = if request.method != Verb::Get {
            call.bound_with_grace(&waiting, work).await
        } else {
            call.bound(&waiting, work).await
        };
        span.record("duration_ms", started.elapsed().as_millis() as u64);
        let response = match answer.map_err(located)? {
            Ok(response) => response,
            Err(failed) => {
                return Ok(Err(Failed {
                    error: located(failed.error),
                    ..failed
                }));
            }
        };
        span.record("status", response.status);
        span.record("request_id", response.request_id());
        self.governor.learn(request, &response);
        if (200..300).contains(&response.status) {
            return Ok(Ok(response));
        }
        let retry_after = response.retry_after();
        let error = located(response.into_error());
        Ok(Err(Failed {
            error,
            retry_after,
            unsent: false,
        }))
    }

    async fn exchange(
        &self,
        request: &Request,
        client_request_id: Uuid,
        token: Secret,
    ) -> Result<Response, Failed> {
        let terminal = |error| Failed {
            error,
            retry_after: None,
            unsent: true,
        };
        let cloud = self.cloud().await.map_err(terminal)?;
        let url = absolute(&cloud.endpoint, &request.path).map_err(terminal)?;
        let mut outgoing = CoreRequest::new(url, request.method.core());
        outgoing.insert_header("authorization", format!("Bearer {}", token.expose()));
        outgoing.insert_header("accept", "application/json");
        outgoing.insert_header("x-ms-client-request-id", client_request_id.to_string());
        outgoing.insert_header("x-ms-correlation-request-id", self.run_id.to_string());
        outgoing.insert_header("x-ms-return-client-request-id", "true");
        if let Some(body) = &request.body {
            outgoing.insert_header("content-type", "application/json");
            outgoing.set_body(body.clone());
        }
        self.transmit(&mut outgoing).await
    }

    async fn transmit(&self, outgoing: &mut CoreRequest) -> Result<Response, Failed> {
        let pipeline = self.http.pipeline().await.map_err(|error| Failed {
            error,
            retry_after: None,
            unsent: true,
        })?;
        let options = PipelineSendOptions {
            skip_checks: true,
            ..PipelineSendOptions::default()
        };
        let answer = pipeline
            .send(&Context::new(), outgoing, Some(options))
            .await;
        let (status, headers, body) = answer.map_err(lost)?.deconstruct();
        Ok(Response {
            status: status.into(),
            headers,
            body: body.into(),
        })
    }

    pub(super) async fn arm_token(&self, call: &Call) -> Result<Secret, Error> {
        let cloud = call.bound("the cloud's metadata", self.cloud()).await??;
        self.token(call, &format!("{}/.default", cloud.audience))
            .await
    }

    pub(super) async fn token(&self, call: &Call, scope: &str) -> Result<Secret, Error> {
        let work = async {
            let cloud = self.cloud().await?;
            self.chain
                .token(&self.settings, cloud, &self.http, scope)
                .await
        };
        call.bound(&format!("a token for `{scope}`"), work).await?
    }

    pub(super) async fn cloud(&self) -> Result<&Cloud, Error> {
        self.cloud.get_or_try_init(|| self.discover()).await
    }

    async fn discover(&self) -> Result<Cloud, Error> {
        let url = match cloud::plan(&self.settings)? {
            cloud::Plan::Known(cloud) => return Ok(cloud),
            cloud::Plan::Discover(url) => url,
        };
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut request = CoreRequest::new(url, Method::Get);
        let located = |error: Error| error.at("GET", cloud::METADATA_PATH);
        let mut tries = 0;
        let response = loop {
            tries += 1;
            let error = match self.transmit(&mut request).await {
                Ok(response) if response.status == 200 => break response,
                Ok(response) => located(response.into_error()),
                Err(failed) => located(failed.error),
            };
            if error.kind != ErrorKind::Transient || tries == DISCOVERY_TRIES {
                return Err(error);
            }
            tokio::time::sleep(self.pacing.retry(tries, None, self.run_id)).await;
        };
        let document = response.json().map_err(located)?;
        cloud::described(&self.settings, &host, &document)
    }

    /// The same id for the same request of the same run, a new one for each repetition.
    fn next_request_id(&self, request: &Request) -> Uuid {
        let name = format!("{} {}", request.method.name(), request.path);
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let count = sent.entry(name.clone()).or_default();
        *count += 1;
        Uuid::new_v5(&self.run_id, format!("{name} {count}").as_bytes())
    }
}

/// A request without an answer.
fn lost(error: azure_core::Error) -> Failed {
    let unsent = matches!(error.kind(), CoreKind::Connection);
    let code = if unsent {
        "ConnectionFailed"
    } else {
        "ConnectionLost"
    };
    let mut cause: &dyn std::error::Error = &error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let error = Error::new(ErrorKind::Transient, code, cause.to_string());
    Failed {
        error,
        retry_after: None,
        unsent,
    }
}

/// The address of a path on the configured host, whatever the path looks like.
pub(super) fn absolute(endpoint: &Url, path: &str) -> Result<Url, Error> {
    let base = endpoint.as_str().trim_end_matches('/');
    let path = path.trim_start_matches('/');
    Url::parse(&format!("{base}/{path}"))
        .map_err(|error| Error::configuration(format!("`{path}` is not a path: {error}")))
}

/// Path and query of an address that a response names. The host is dropped: tokens go to the
/// configured host only.
pub(super) fn relative(endpoint: &Url, address: &str) -> Result<String, Error> {
    let url = endpoint.join(address).map_err(|error| {
        Error::protocol(format!(
            "the answer names `{address}`, which is no address: {error}"
        ))
    })?;
    let base = endpoint.path().trim_end_matches('/');
    let path = url
        .path()
        .strip_prefix(base)
        .filter(|rest| rest.starts_with('/'));
    let path = path.unwrap_or(url.path());
    Ok(url
        .query()
        .map_or_else(|| path.to_owned(), |query| format!("{path}?{query}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_path_cannot_lead_to_another_host() {
        let arm = endpoint("https://arm.local:8443/");
        for path in [
            "/a/b?c=d",
            "//evil.example/a",
            "https://evil.example/a",
            "@evil.example/a",
        ] {
            let url = absolute(&arm, path).unwrap();
            assert_eq!(
                (url.host_str(), url.port()),
                (Some("arm.local"), Some(8443)),
                "{path}"
            );
        }
    }

    #[test]
    fn only_path_and_query_of_a_named_address_are_kept() {
        let arm = endpoint("https://arm.local/");
        let cases = [
            ("https://evil.example/a/b?c=d", "/a/b?c=d"),
            ("/a/b", "/a/b"),
            ("https://arm.local/a", "/a"),
        ];
        for (address, path) in cases {
            assert_eq!(relative(&arm, address).unwrap(), path);
        }
        let below = endpoint("https://proxy.local/arm/");
        assert_eq!(relative(&below, "https://proxy.local/arm/a").unwrap(), "/a");
    }

    #[test]
    fn request_ids_repeat_from_run_to_run_and_differ_within_one() {
        let settings = Settings {
            run_id: Some(Uuid::from_u128(7)),
            ..Settings::default()
        };
        let sender = || Sender::new(settings.clone(), Pacing::default()).unwrap();
        let request = Request::get("/a".into());
        let (one, two) = (sender(), sender());
        let first = one.next_request_id(&request);
        assert_eq!(first, two.next_request_id(&request));
        assert_ne!(first, one.next_request_id(&request));
    }
}
