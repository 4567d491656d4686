//! Waits until an object is ready, says what it waits for, and gives up early when it is hopeless.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::diagnose::{self, Diagnosis, Watchdog};
use super::observer::Observer;
use super::{Call, Client, Error, ErrorKind, Readiness, Reference, Result};

/// Between two log lines when nothing changes.
const TELL: Duration = Duration::from_secs(30);
/// Between two looks at pods and events.
const LOOK: Duration = Duration::from_secs(10);
/// What the last look may cost after the time is over or the run was canceled.
const LAST_LOOK: Duration = Duration::from_secs(3);

/// What to wait for.
#[derive(Clone, Copy, Debug)]
pub struct Wait<'a> {
    pub reference: &'a Reference,
    /// The purpose in words, for logs and errors: `the cluster to become healthy`.
    pub what: &'a str,
    /// Label selector of the pods that work for the object, for example `cnpg.io/cluster=pg`.
    pub pods: Option<&'a str>,
}

impl Client {
    /// Waits until `check` says ready; see [`Client::wait_for`] when pods work for the object.
    pub async fn wait(
        &self,
        call: &Call,
        reference: &Reference,
        what: &str,
        check: &(dyn Fn(&Value) -> Readiness + Sync),
    ) -> Result<Value> {
        self.wait_for(
            call,
            &Wait {
                reference,
                what,
                pods: None,
            },
            check,
        )
        .await
    }

    /// Waits until `check` says ready and returns the object of that moment.
    ///
    /// A verdict of `Failed` ends the wait, and so does a pod that cannot come up (an image that
    /// cannot be pulled, a missing Secret, no node that fits...). The error of a wait that ended
    /// otherwise holds the last verdict, the conditions, the pods' troubles and the last events.
    pub async fn wait_for(
        &self,
        call: &Call,
        wait: &Wait<'_>,
        check: &(dyn Fn(&Value) -> Readiness + Sync),
    ) -> Result<Value> {
        let mut observer = Observer::new(self, wait.reference);
        let mut progress = Progress::new(wait);
        let mut watchdog = Watchdog::default();
        let mut object = observer
            .current(call)
            .await
            .map_err(|error| error.on("wait", wait.reference))?;
        loop {
            let waiting = match object.as_ref().map_or_else(absent, check) {
                Readiness::Ready => {
                    return object
                        .ok_or_else(|| Error::new(ErrorKind::NotFound, "it does not exist"));
                }
                Readiness::Failed(why) => {
                    let error = Error::new(
                        ErrorKind::Terminal,
                        format!("{} cannot be reached: {why}", wait.what),
                    );
                    return Err(self.explain(error, wait, object.as_ref()).await);
                }
                Readiness::Waiting(text) => text,
            };
            progress.tell(&waiting);
            if progress.time_to_look() {
                let diagnosis = call
                    .run(diagnose::collect(self, call, wait, object.as_ref()))
                    .await;
                let verdict = diagnosis.ok().and_then(|diagnosis| {
                    let reason = watchdog.judge(&diagnosis, Instant::now())?;
                    Some(hopeless(wait, &reason, &waiting, &diagnosis))
                });
                if let Some(error) = verdict {
                    return Err(error);
                }
            }
            object = match observer.next(call).await {
                Ok(next) => next,
                Err(ended) => {
                    let text = format!("waited for {}; last: {waiting}", wait.what);
                    return Err(self
                        .explain(ended.explained(&text), wait, object.as_ref())
                        .await);
                }
            };
        }
    }

    /// Adds what can be seen of the object and its pods, with a budget of its own.
    async fn explain(&self, error: Error, wait: &Wait<'_>, object: Option<&Value>) -> Error {
        let call = Call::within(LAST_LOOK);
        let diagnosis = match call.run(diagnose::collect(self, &call, wait, object)).await {
            Ok(diagnosis) => diagnosis,
            Err(_) => Diagnosis::of_object(object),
        };
        error
            .explained(&diagnosis.to_string())
            .on("wait", wait.reference)
    }
}

fn absent() -> Readiness {
    Readiness::Waiting("it does not exist yet".to_owned())
}

fn hopeless(wait: &Wait<'_>, reason: &str, waiting: &str, diagnosis: &Diagnosis) -> Error {
    Error::new(
        ErrorKind::Terminal,
        format!("{} cannot be reached: {reason}", wait.what),
    )
    .explained(&format!("last: {waiting}\n{diagnosis}"))
    .on("wait", wait.reference)
}

/// When to log and when to look.
struct Progress<'a> {
    wait: &'a Wait<'a>,
    started: Instant,
    told: Option<(Instant, String)>,
    looked: Instant,
}

impl<'a> Progress<'a> {
    fn new(wait: &'a Wait<'a>) -> Self {
        let now = Instant::now();
        Self {
            wait,
            started: now,
            told: None,
            looked: now,
        }
    }

    fn tell(&mut self, waiting: &str) {
        let silent = self
            .told
            .as_ref()
            .is_some_and(|(at, text)| text == waiting && at.elapsed() < TELL);
        if !silent {
            let seconds = self.started.elapsed().as_secs();
            tracing::info!(object = %self.wait.reference, seconds, "waiting for {}: {waiting}", self.wait.what);
            self.told = Some((Instant::now(), waiting.to_owned()));
        }
    }

    fn time_to_look(&mut self) -> bool {
        let due = self.looked.elapsed() >= LOOK;
        if due {
            self.looked = Instant::now();
        }
        due
    }
}
