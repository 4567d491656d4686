//! ARM's token buckets: per principal and kind of request.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use super::errors::ArmError;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Reads,
    Writes,
    Deletes,
}

impl Class {
    pub fn of(method: &str) -> Self {
        match method {
            "GET" | "HEAD" => Self::Reads,
            "DELETE" => Self::Deletes,
            _ => Self::Writes,
        }
    }

    /// Size and refill per second.
    fn bucket(self) -> (f64, f64) {
        match self {
            Self::Reads => (250.0, 25.0),
            Self::Writes | Self::Deletes => (200.0, 10.0),
        }
    }

    pub fn header(self) -> &'static str {
        match self {
            Self::Reads => "x-ms-ratelimit-remaining-subscription-reads",
            Self::Writes => "x-ms-ratelimit-remaining-subscription-writes",
            Self::Deletes => "x-ms-ratelimit-remaining-subscription-deletes",
        }
    }
}

#[derive(Default)]
pub struct Throttle {
    buckets: Mutex<BTreeMap<(String, Class), (f64, Duration)>>,
}

impl Throttle {
    /// Takes one token and tells how many are left. `seconds` translates a
    /// simulated wait into what the client is told.
    pub fn take(
        &self,
        principal: &str,
        class: Class,
        now: Duration,
        enforce: bool,
        seconds: impl Fn(u64) -> u64,
    ) -> Result<u64, ArmError> {
        let (size, refill) = class.bucket();
        let mut buckets = self.buckets.lock().unwrap_or_else(|e| e.into_inner());
        let (tokens, at) = buckets
            .entry((principal.to_owned(), class))
            .or_insert((size, now));
        *tokens = (*tokens + now.saturating_sub(*at).as_secs_f64() * refill).min(size);
        *at = now;
        if *tokens >= 1.0 {
            *tokens -= 1.0;
            return Ok(*tokens as u64);
        }
        if !enforce {
            return Ok(0);
        }
        let wait = seconds(((1.0 - *tokens) / refill).ceil() as u64).max(1);
        Err(ArmError::new(
            429,
            "SubscriptionRequestsThrottled",
            format!(
                "Number of requests for subscription and principal '{principal}' exceeded. Please try again after '{wait}' seconds."
            ),
        )
        .header("retry-after", wait.to_string()))
    }

    /// Leaves `tokens` in a principal's bucket.
    pub fn drain(&self, principal: &str, class: Class, now: Duration, tokens: u64) {
        self.buckets
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .insert((principal.to_owned(), class), (tokens as f64, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_bucket_refuses_until_it_refills() {
        let throttle = Throttle::default();
        throttle.drain("p", Class::Writes, Duration::ZERO, 1);
        let take = |now| throttle.take("p", Class::Writes, now, true, |s| s);
        assert_eq!(take(Duration::ZERO), Ok(0));
        let refused = take(Duration::ZERO).expect_err("empty");
        assert_eq!(refused.code, "SubscriptionRequestsThrottled");
        assert_eq!(refused.headers, vec![("retry-after", "1".to_owned())]);
        assert_eq!(take(Duration::from_secs(1)), Ok(9));
    }
}
