//! How long to wait before the next attempt.

use std::time::Duration;

use uuid::Uuid;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(15);
/// A hint of the server above this is not followed to the letter.
const LONGEST_HINT: Duration = Duration::from_secs(60);

/// Exponential back-off with full jitter above one half; the server's hint is a floor.
pub(super) fn delay(attempt: u32, retry_after: Option<Duration>) -> Duration {
    let ceiling = FIRST.saturating_mul(1 << attempt.min(10)).min(LONGEST);
    let jittered = ceiling.mul_f64(0.5 + fraction() / 2.0);
    match retry_after {
        Some(hint) => hint.min(LONGEST_HINT) + jittered.min(Duration::from_secs(1)),
        None => jittered,
    }
}

/// A random number in 0..1, from the random bits of a UUID.
fn fraction() -> f64 {
    let [first, second, ..] = *Uuid::new_v4().as_bytes();
    f64::from(u16::from_be_bytes([first, second])) / 65536.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_a_ceiling_and_are_never_zero() {
        for attempt in 0..40 {
            let delay = delay(attempt, None);
            assert!(
                delay >= FIRST / 2 && delay <= LONGEST,
                "{delay:?} at attempt {attempt}"
            );
        }
        assert!(delay(9, None) > delay(0, None));
    }

    #[test]
    fn the_hint_of_the_server_is_a_floor_with_a_limit() {
        assert!(delay(0, Some(Duration::from_secs(5))) >= Duration::from_secs(5));
        assert!(
            delay(0, Some(Duration::from_secs(86_400))) <= LONGEST_HINT + Duration::from_secs(1)
        );
    }
}
