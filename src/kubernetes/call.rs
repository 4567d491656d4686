//! Until when a call may go on, and who may cancel it.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Error;

/// The budget of one call; retries and waits inside the call share it.
#[derive(Clone, Debug)]
pub struct Call {
    pub deadline: Instant,
    pub cancel: CancellationToken,
}

impl Call {
    pub fn new(deadline: Instant, cancel: CancellationToken) -> Self {
        Self { deadline, cancel }
    }

    /// A call that nobody cancels and that ends after `budget`.
    pub fn within(budget: Duration) -> Self {
        Self::new(Instant::now() + budget, CancellationToken::new())
    }

    /// Runs `work` unless the deadline passes or the call is canceled first.
    pub(super) async fn run<T>(&self, work: impl Future<Output = T>) -> Result<T, Error> {
        if Instant::now() >= self.deadline && !self.cancel.is_cancelled() {
            return Err(Error::deadline_exceeded());
        }
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Error::canceled()),
            done = work => Ok(done),
            () = tokio::time::sleep_until(self.deadline) => Err(Error::deadline_exceeded()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::ErrorKind;

    #[tokio::test]
    async fn nothing_starts_after_the_deadline_or_a_cancellation() {
        let mut started = false;
        let over = Call::within(Duration::ZERO);
        let error = over.run(async { started = true }).await.unwrap_err();
        assert_eq!((error.kind, started), (ErrorKind::DeadlineExceeded, false));
        over.cancel.cancel();
        let error = over.run(async { started = true }).await.unwrap_err();
        assert_eq!((error.kind, started), (ErrorKind::Canceled, false));
    }
}
