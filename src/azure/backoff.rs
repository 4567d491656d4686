//! How long to wait between tries: doubling, capped and jittered without randomness, so that a
//! run can be repeated exactly.

use std::time::Duration;
use uuid::Uuid;

/// Delays of a client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pacing {
    /// Shortest delay, even when the service asks for none.
    pub floor: Duration,
    /// First delay before a retry or a poll.
    pub base: Duration,
    /// Longest delay before a retry.
    pub retry_cap: Duration,
    /// Longest delay between polls when the service names none.
    pub poll_default: Duration,
    /// Longest delay between polls even when the service names a longer one.
    pub poll_cap: Duration,
    /// How long reads of the same collection are gathered.
    pub gather: Duration,
}

impl Default for Pacing {
    fn default() -> Self {
        Self {
            floor: Duration::from_millis(100),
            base: Duration::from_secs(1),
            retry_cap: Duration::from_secs(30),
            poll_default: Duration::from_secs(10),
            poll_cap: Duration::from_secs(60),
            gather: Duration::from_millis(15),
        }
    }
}

impl Pacing {
    /// Delay before retry number `tries` (from 1): what the service asks for, else our own.
    pub(super) fn retry(&self, tries: u32, asked: Option<Duration>, seed: Uuid) -> Duration {
        let wait = asked.unwrap_or_else(|| doubled(self.base, tries, self.retry_cap));
        jittered(wait.max(self.floor), seed)
    }

    /// Delay before poll number `polls` (from 1).
    pub(super) fn poll(&self, polls: u32, asked: Option<Duration>, seed: Uuid) -> Duration {
        let wait = asked.unwrap_or_else(|| doubled(self.base, polls, self.poll_default));
        jittered(wait.clamp(self.floor, self.poll_cap), seed)
    }
}

fn doubled(base: Duration, tries: u32, cap: Duration) -> Duration {
    base.saturating_mul(1 << tries.saturating_sub(1).min(16))
        .min(cap)
}

/// Up to a fifth longer, never shorter: what a service asks for is kept.
fn jittered(wait: Duration, seed: Uuid) -> Duration {
    let (high, _) = seed.as_u64_pair();
    let fraction = (high % 1000) as u32;
    wait + wait / 5 * fraction / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: Uuid = Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);

    #[test]
    fn retries_double_up_to_the_cap() {
        let pacing = Pacing::default();
        let seconds = |tries| pacing.retry(tries, None, Uuid::nil()).as_secs();
        assert_eq!(
            [1, 2, 3, 4, 5, 6, 60].map(seconds),
            [1, 2, 4, 8, 16, 30, 30]
        );
    }

    #[test]
    fn a_retry_waits_as_long_as_asked_but_never_not_at_all() {
        let pacing = Pacing::default();
        let asked = |seconds| pacing.retry(1, Some(Duration::from_secs(seconds)), Uuid::nil());
        assert_eq!(asked(3600), Duration::from_secs(3600));
        assert_eq!(asked(0), pacing.floor);
    }

    #[test]
    fn a_poll_waits_as_asked_within_the_cap() {
        let pacing = Pacing::default();
        let asked = |seconds| pacing.poll(1, Some(Duration::from_secs(seconds)), Uuid::nil());
        assert_eq!(asked(15), Duration::from_secs(15));
        assert_eq!(asked(600), Duration::from_secs(60));
        assert_eq!(pacing.poll(9, None, Uuid::nil()), Duration::from_secs(10));
    }

    #[test]
    fn jitter_only_ever_adds_and_is_repeatable() {
        let wait = Duration::from_secs(10);
        let jittered_once = jittered(wait, SEED);
        assert_eq!(jittered_once, jittered(wait, SEED));
        assert!(jittered_once > wait && jittered_once <= Duration::from_secs(12));
    }
}
