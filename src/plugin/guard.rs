//! Runs handlers so that nothing cuts them short: each in a task of its own, and a panic becomes a diagnostic.

use std::any::Any;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, Span};

use super::schemas::Found;
use crate::schema::diagnostic::{Diagnostics, Path};
use crate::schema::resource::{Call, Provider};

/// The provider as handlers share it.
pub type Shared = Arc<dyn Provider>;

/// What every call shares.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    stop: Arc<Mutex<CancellationToken>>,
    outlives_stop: bool,
    tasks: TaskTracker,
}

impl Runs {
    /// For a process that serves one run of a core after the other: a stop is about the calls of its time only.
    pub fn of_many_cores() -> Self {
        Runs {
            outlives_stop: true,
            ..Runs::default()
        }
    }

    /// Asks running work to end soon. The server goes on answering.
    pub fn stop(&self) {
        let mut stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        stop.cancel();
        if self.outlives_stop {
            *stop = CancellationToken::new();
        }
    }

    pub fn call(&self) -> Call {
        let stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        Call {
            cancel: stop.child_token(),
            write_only_attributes_allowed: true,
        }
    }

    /// Runs `work` to its end even when the connection is lost. A panic becomes a diagnostic.
    pub async fn run<T: Send + 'static>(
        &self,
        span: Span,
        work: impl Future<Output = Found<T>> + Send + 'static,
    ) -> Found<T> {
        tokio::spawn(self.tasks.track_future(work.instrument(span)))
            .await
            .unwrap_or_else(|error| Err(panicked(error)))
    }

    /// Waits for what runs, also for work whose connection is lost: nobody else does.
    pub async fn ended(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

fn panicked(error: tokio::task::JoinError) -> Diagnostics {
    let message = match error.try_into_panic() {
        Ok(payload) => text(payload.as_ref()),
        Err(error) => error.to_string(),
    };
    let mut diagnostics = Diagnostics::new();
    diagnostics.error(
        Path::root(),
        "The provider has a bug",
        format!(
            "A handler panicked: {message}. The state is kept as it was; what was done remotely is found again by the next run. Please \
             report this together with the log (`TF_LOG_PROVIDER=DEBUG`)."
        ),
    );
    diagnostics
}

/// What a panic says.
pub fn text(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_is_for_good_under_a_core_and_for_its_run_under_a_debugger() {
        let (core, debugger) = (Runs::default(), Runs::of_many_cores());
        for runs in [&core, &debugger] {
            let before = runs.call();
            runs.stop();
            assert!(before.cancel.is_cancelled());
        }
        assert!(core.call().cancel.is_cancelled());
        assert!(!debugger.call().cancel.is_cancelled());
    }
}
