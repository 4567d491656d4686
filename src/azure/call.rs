//! The limits of one call: a deadline and a way to stop.

use super::{Error, ErrorKind};
use std::future::Future;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// After a stop, how long a write that is already on its way may still bring its answer home.
const GRACE: Duration = Duration::from_secs(3);

/// How long a call may take and who may stop it.
#[derive(Clone, Debug)]
pub struct Call {
    pub deadline: Instant,
    pub cancel: CancellationToken,
}

impl Call {
    pub fn new(deadline: Instant, cancel: CancellationToken) -> Self {
        Self { deadline, cancel }
    }

    /// A call that may take `time` from now and that nobody stops.
    pub fn within(time: Duration) -> Self {
        Self::new(Instant::now() + time, CancellationToken::new())
    }

    pub(super) fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Runs `work` until it is done, the deadline has passed or the call is stopped.
    pub(super) async fn bound<T>(
        &self,
        waiting_for: &str,
        work: impl Future<Output = T>,
    ) -> Result<T, Error> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(self.canceled(waiting_for)),
            result = work => Ok(result),
            () = tokio::time::sleep_until(self.deadline.into()) => Err(self.late(waiting_for)),
        }
    }

    /// Like [`Call::bound`], but a stop leaves the work a moment to end: the answer to a write
    /// says what now exists.
    pub(super) async fn bound_with_grace<T>(
        &self,
        waiting_for: &str,
        work: impl Future<Output = T>,
    ) -> Result<T, Error> {
        if self.cancel.is_cancelled() {
            return Err(self.canceled(waiting_for));
        }
        let stopped = async {
            self.cancel.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            biased;
            result = work => Ok(result),
            () = stopped => Err(self.canceled(waiting_for)),
            () = tokio::time::sleep_until(self.deadline.into()) => Err(self.late(waiting_for)),
        }
    }

    pub(super) async fn sleep(&self, time: Duration, waiting_for: &str) -> Result<(), Error> {
        self.bound(waiting_for, tokio::time::sleep(time)).await
    }

    fn canceled(&self, waiting_for: &str) -> Error {
        Error::new(
            ErrorKind::Canceled,
            "Canceled",
            format!("stopped while waiting for {waiting_for}"),
        )
    }

    fn late(&self, waiting_for: &str) -> Error {
        Error::new(
            ErrorKind::DeadlineExceeded,
            "DeadlineExceeded",
            format!("time was up while waiting for {waiting_for}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stop_ends_a_wait_and_says_what_was_waited_for() {
        let call = Call::within(Duration::from_secs(60));
        call.cancel.cancel();
        let error = call
            .sleep(Duration::from_secs(60), "the cluster")
            .await
            .unwrap_err();
        assert_eq!(error.kind, ErrorKind::Canceled);
        assert!(error.to_string().contains("the cluster"), "{error}");
    }

    #[tokio::test]
    async fn a_passed_deadline_ends_a_wait() {
        let call = Call::new(Instant::now(), CancellationToken::new());
        let error = call
            .sleep(Duration::from_secs(60), "the cluster")
            .await
            .unwrap_err();
        assert_eq!(error.kind, ErrorKind::DeadlineExceeded);
    }

    #[tokio::test]
    async fn a_write_on_its_way_may_bring_its_answer_after_a_stop() {
        let call = Call::within(Duration::from_secs(60));
        let cancel = call.cancel.clone();
        let work = async move {
            cancel.cancel();
            tokio::task::yield_now().await;
            "created"
        };
        assert_eq!(
            call.bound_with_grace("the answer", work).await.unwrap(),
            "created"
        );
    }
}
