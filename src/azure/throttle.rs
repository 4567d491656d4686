//! The rate governor: keeps this process within ARM's limits per subscription and kind of
//! operation, and learns from what ARM answers.

use super::ids;
use super::request::{Method, Request, Response};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A refusal may come from one service only, so it holds back others no longer than this; the
/// refused request itself waits as long as it was told.
const LONGEST: Duration = Duration::from_secs(60);

/// The kinds of operations that ARM counts apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Class {
    Read,
    Write,
    Delete,
}

/// What is known of ARM's token bucket for a class.
struct Limits {
    header: &'static str,
    /// Below this remainder requests are spaced at the bucket's refill rate.
    low: u32,
    refill: Duration,
    concurrency: usize,
}

impl Class {
    fn of(method: Method) -> Self {
        match method {
            Method::Get => Self::Read,
            Method::Put | Method::Patch | Method::Post => Self::Write,
            Method::Delete => Self::Delete,
        }
    }

    fn limits(self) -> Limits {
        let limits = |header, low, refill, concurrency| Limits {
            header,
            low,
            refill: Duration::from_millis(refill),
            concurrency,
        };
        match self {
            Self::Read => limits("x-ms-ratelimit-remaining-subscription-reads", 50, 40, 24),
            Self::Write => limits("x-ms-ratelimit-remaining-subscription-writes", 40, 100, 16),
            Self::Delete => limits("x-ms-ratelimit-remaining-subscription-deletes", 40, 100, 16),
        }
    }
}

/// One bucket: when the next request may go, and how many are on their way.
struct Bucket {
    not_before: Instant,
    scarce: bool,
    permits: Arc<Semaphore>,
}

type Key = (String, Class);

/// The governor of a client.
#[derive(Default)]
pub(super) struct Governor {
    buckets: Mutex<HashMap<Key, Bucket>>,
}

impl Governor {
    /// Waits for a place among the requests on their way, then for the time to send.
    pub(super) async fn admit(&self, request: &Request) -> Option<OwnedSemaphorePermit> {
        let key = key(request);
        let permits = self.with(&key, |bucket| bucket.permits.clone());
        let permit = permits.acquire_owned().await.ok();
        loop {
            let wait = self.with(&key, |bucket| bucket.reserve(Instant::now(), key.1));
            if wait.is_zero() {
                return permit;
            }
            if wait >= Duration::from_secs(5) {
                tracing::info!(
                    subscription = key.0,
                    class = ?key.1,
                    seconds = wait.as_secs(),
                    "waiting for Azure's rate limit"
                );
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Takes in what an answer says about the limits.
    pub(super) fn learn(&self, request: &Request, response: &Response) {
        let key = key(request);
        let remaining = response
            .header(key.1.limits().header)
            .and_then(|value| value.trim().parse::<u32>().ok());
        let refused = response.status == 429;
        let wait = response.retry_after().filter(|_| refused);
        self.with(&key, |bucket| {
            if let Some(remaining) = remaining {
                bucket.scarce = remaining < key.1.limits().low;
            }
            if refused {
                bucket.scarce = true;
            }
            if let Some(wait) = wait {
                bucket.not_before = bucket.not_before.max(Instant::now() + wait.min(LONGEST));
            }
        });
    }

    fn with<T>(&self, key: &Key, act: impl FnOnce(&mut Bucket) -> T) -> T {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(key.clone()).or_insert_with(|| Bucket {
            not_before: Instant::now(),
            scarce: false,
            permits: Arc::new(Semaphore::new(key.1.limits().concurrency)),
        });
        act(bucket)
    }
}

impl Bucket {
    /// How long to wait; zero takes the turn.
    fn reserve(&mut self, now: Instant, class: Class) -> Duration {
        let wait = self.not_before.saturating_duration_since(now);
        if wait.is_zero() && self.scarce {
            self.not_before = now + class.limits().refill;
        }
        wait
    }
}

fn key(request: &Request) -> Key {
    let path = ids::canonical(request.resource());
    let mut segments = path.split('/').skip(1);
    let subscription = match (segments.next(), segments.next()) {
        (Some("subscriptions"), Some(subscription)) => subscription.to_owned(),
        _ => "tenant".to_owned(),
    };
    (subscription, Class::of(request.method))
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_core::http::headers::Headers;
    use bytes::Bytes;

    fn response(status: u16, header: &'static str, value: &'static str) -> Response {
        let mut headers = Headers::new();
        headers.insert(header, value);
        Response {
            status,
            headers,
            body: Bytes::new(),
        }
    }

    fn wait(governor: &Governor, request: &Request) -> Duration {
        governor.with(&key(request), |bucket| {
            bucket.reserve(Instant::now(), Class::Read)
        })
    }

    fn read(subscription: &str) -> Request {
        Request::get(format!("/Subscriptions/{subscription}/x?api-version=v"))
    }

    #[test]
    fn requests_are_counted_per_subscription_and_class() {
        let delete = Request::new(Method::Delete, "/subscriptions/S1/x".into(), None);
        assert_eq!(key(&read("S1")), ("s1".to_owned(), Class::Read));
        assert_eq!(key(&delete), ("s1".to_owned(), Class::Delete));
        let tenant = Request::get("/providers/Microsoft.Management/x".into());
        assert_eq!(key(&tenant).0, "tenant");
    }

    #[test]
    fn a_refusal_holds_back_its_own_bucket_only() {
        let governor = Governor::default();
        governor.learn(&read("a"), &response(429, "retry-after", "600"));
        let held = wait(&governor, &read("a"));
        assert!(
            held > Duration::from_secs(50) && held <= LONGEST,
            "{held:?}"
        );
        assert_eq!(wait(&governor, &read("b")), Duration::ZERO);
    }

    #[test]
    fn those_who_waited_for_a_refusal_to_pass_do_not_come_all_at_once() {
        let governor = Governor::default();
        governor.learn(&read("a"), &response(429, "retry-after", "1"));
        let later = Instant::now() + Duration::from_secs(5);
        let turn = || {
            governor.with(&key(&read("a")), |bucket| {
                bucket.reserve(later, Class::Read)
            })
        };
        assert_eq!(turn(), Duration::ZERO);
        assert_eq!(turn(), Class::Read.limits().refill);
    }

    #[test]
    fn a_wait_named_by_a_success_holds_nothing_back() {
        let governor = Governor::default();
        governor.learn(&read("a"), &response(202, "retry-after", "600"));
        assert_eq!(wait(&governor, &read("a")), Duration::ZERO);
    }

    #[test]
    fn scarce_requests_are_spaced_until_there_are_plenty() {
        let governor = Governor::default();
        let header = Class::Read.limits().header;
        let now = Instant::now();
        let turn = |after| {
            governor.with(&key(&read("a")), |bucket| {
                bucket.not_before = bucket.not_before.max(now);
                bucket.reserve(now + after, Class::Read)
            })
        };
        governor.learn(&read("a"), &response(200, header, "12"));
        assert_eq!(turn(Duration::from_secs(1)), Duration::ZERO);
        assert_eq!(turn(Duration::from_secs(1)), Class::Read.limits().refill);
        governor.learn(&read("a"), &response(200, header, "200"));
        assert_eq!(turn(Duration::from_secs(2)), Duration::ZERO);
        assert_eq!(turn(Duration::from_secs(2)), Duration::ZERO);
    }
}
