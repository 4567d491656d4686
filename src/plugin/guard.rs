//! Runs handlers so that nothing cuts them short: each in a task of its own, and a panic becomes a diagnostic.

use std::any::Any;
use std::future::Future;

use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};

use crate::schema::diagnostic::{Diagnostics, Path};
use crate::schema::resource::Call;

/// What every call shares: told to stop once, for good.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    stop: CancellationToken,
}

impl Runs {
    /// Asks running work to end soon. The server goes on answering.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    pub fn call(&self, write_only_attributes_allowed: bool) -> Call {
        Call {
            cancel: self.stop.child_token(),
            write_only_attributes_allowed,
        }
    }
}

/// Runs `work` to its end even when the connection is lost. `Err` holds the diagnostic of a panic.
pub async fn run<T: Send + 'static>(
    span: Span,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Diagnostics> {
    match tokio::spawn(work.instrument(span)).await {
        Ok(answer) => Ok(answer),
        Err(error) => Err(panicked(error)),
    }
}

fn panicked(error: tokio::task::JoinError) -> Diagnostics {
    let message = match error.try_into_panic() {
        Ok(payload) => text(payload.as_ref()),
        Err(error) => error.to_string(),
    };
    tracing::error!(message, "a handler panicked");
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

fn text(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}
