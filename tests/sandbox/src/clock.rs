//! Simulated time. Everything that takes minutes in Azure takes minutes here
//! too, on this clock: either real time multiplied by a factor, or time that
//! moves only when a test (or a poll) says so.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// Where a stepped clock begins, so that a rerun shows the same timestamps.
const STEPPED_START: i64 = 1_767_225_600;

/// How long a held request stays open in real time on a stepped clock.
const STEPPED_HOLD: Duration = Duration::from_millis(20);

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum Mode {
    /// Simulated seconds pass `speed` times as fast as real ones.
    Automatic { speed: f64 },
    /// Time stands still between steps. Each poll of a running operation is
    /// itself a step of `poll_step_seconds`, so that clients need no helper.
    Stepped { poll_step_seconds: u64 },
}

impl Default for Mode {
    fn default() -> Self {
        Self::Automatic { speed: 1000.0 }
    }
}

/// Simulated time is a duration since the start of the sandbox.
#[derive(Debug)]
pub struct Clock {
    mode: Mode,
    begin: Timestamp,
    origin: Instant,
    stepped: watch::Sender<Duration>,
    retry_after: Option<u64>,
}

impl Clock {
    /// `retry_after` overrides what clients are told in `Retry-After`.
    pub fn new(mode: Mode, retry_after: Option<u64>) -> Self {
        let begin = match mode {
            Mode::Automatic { .. } => Timestamp::now(),
            Mode::Stepped { .. } => Timestamp::from_second(STEPPED_START).unwrap_or_default(),
        };
        Self {
            mode,
            begin,
            origin: Instant::now(),
            stepped: watch::Sender::new(Duration::ZERO),
            retry_after,
        }
    }

    pub fn now(&self) -> Duration {
        let stepped = self.stepped_by();
        match self.mode {
            Mode::Automatic { speed } => self.origin.elapsed().mul_f64(speed.max(0.0)) + stepped,
            Mode::Stepped { .. } => stepped,
        }
    }

    pub fn is_stepped(&self) -> bool {
        matches!(self.mode, Mode::Stepped { .. })
    }

    /// Moves time forward; also works on an automatic clock.
    pub fn advance(&self, by: Duration) {
        self.stepped.send_modify(|stepped| *stepped += by);
    }

    /// How far time was moved by hand.
    pub fn stepped_by(&self) -> Duration {
        *self.stepped.borrow()
    }

    /// Tells when time is moved by hand.
    pub fn steps(&self) -> watch::Receiver<Duration> {
        self.stepped.subscribe()
    }

    /// When simulated time began.
    pub fn begin(&self) -> Timestamp {
        self.begin
    }

    /// A client asked whether something is finished.
    pub fn polled(&self) {
        if let Mode::Stepped { poll_step_seconds } = self.mode {
            self.advance(Duration::from_secs(poll_step_seconds));
        }
    }

    /// Keeps a request open for a stretch of simulated time.
    pub async fn hold(&self, simulated: Duration) {
        tokio::time::sleep(match self.mode {
            Mode::Automatic { speed } if speed > 0.0 => simulated.div_f64(speed),
            _ => STEPPED_HOLD,
        })
        .await;
    }

    /// What to send in `Retry-After` for a wait that Azure announces as
    /// `seconds`.
    pub fn retry_after(&self, seconds: u64) -> u64 {
        match (self.retry_after, self.mode) {
            (Some(fixed), _) => fixed,
            (None, Mode::Automatic { speed }) if speed > 0.0 => (seconds as f64 / speed) as u64,
            (None, _) => 0,
        }
    }

    /// RFC 3339 text of a simulated moment.
    pub fn stamp(&self, at: Duration) -> String {
        SignedDuration::try_from(at)
            .ok()
            .and_then(|offset| self.begin.checked_add(offset).ok())
            .unwrap_or(self.begin)
            .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stepped_clock_moves_only_by_steps_and_polls() {
        let clock = Clock::new(
            Mode::Stepped {
                poll_step_seconds: 10,
            },
            None,
        );
        assert_eq!(clock.now(), Duration::ZERO);
        assert_eq!(clock.stamp(clock.now()), "2026-01-01T00:00:00Z");
        clock.advance(Duration::from_secs(5));
        clock.polled();
        assert_eq!(clock.now(), Duration::from_secs(15));
        assert_eq!(clock.stamp(clock.now()), "2026-01-01T00:00:15Z");
    }

    #[test]
    fn retry_after_shrinks_with_speed_unless_fixed() {
        let slow = Clock::new(Mode::Automatic { speed: 2.0 }, None);
        assert_eq!(slow.retry_after(10), 5);
        let fixed = Clock::new(Mode::default(), Some(3));
        assert_eq!(fixed.retry_after(60), 3);
    }
}
