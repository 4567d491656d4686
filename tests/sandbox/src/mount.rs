//! Puts the Kubernetes API server into the sandbox: its clock, who may enter,
//! and the routes beside it.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};

use crate::clock::{self, Mode};
use crate::kubernetes::{self, Kubernetes};
use crate::options::Options;
use crate::service_accounts;
use crate::world::World;

/// How many moments one step may play, so that it ends in any case.
const MOMENTS: usize = 10_000;

/// The way from the server to the world that judges its callers, which is
/// made after it. Closed until then.
#[derive(Clone, Default)]
pub struct Gate(Arc<OnceLock<Weak<World>>>);

impl Gate {
    pub fn open(&self, world: &Arc<World>) {
        self.0.get_or_init(|| Arc::downgrade(world));
    }

    fn admits(&self, token: &str) -> bool {
        let world = self.0.get().and_then(Weak::upgrade);
        world.is_some_and(|world| world.accepts_kubernetes_token(token))
    }
}

pub fn server(
    options: &Options,
    clock: Arc<clock::Clock>,
    gate: Gate,
) -> anyhow::Result<Arc<Kubernetes>> {
    let speed = match options.clock {
        Mode::Automatic { .. } => options.operator_speed,
        Mode::Stepped { .. } => 1.0,
    };
    Kubernetes::new(kubernetes::Options {
        authenticate: Arc::new(move |token| gate.admits(token)),
        clock: adapt(clock),
        crds: options.crds.clone(),
        speed,
        ..kubernetes::Options::default()
    })
}

/// On an automatic clock the server shows real time, so that schedules and
/// ages stay plausible to clients, and only its operators hurry. Steps move
/// both kinds of clock.
fn adapt(clock: Arc<clock::Clock>) -> kubernetes::Clock {
    let now = {
        let clock = clock.clone();
        move || moment(&clock)
    };
    let sleep = move |span: Duration| -> futures::future::BoxFuture<'static, ()> {
        let clock = clock.clone();
        Box::pin(async move { wait(&clock, span).await })
    };
    kubernetes::Clock::new(Arc::new(now), Arc::new(sleep))
}

fn moment(clock: &clock::Clock) -> Timestamp {
    let base = match clock.is_stepped() {
        true => clock.begin(),
        false => Timestamp::now(),
    };
    let stepped = SignedDuration::try_from(clock.stepped_by()).unwrap_or_default();
    base.checked_add(stepped).unwrap_or(base)
}

async fn wait(clock: &clock::Clock, span: Duration) {
    let span = SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX);
    let end = moment(clock).checked_add(span).unwrap_or(Timestamp::MAX);
    let mut steps = clock.steps();
    loop {
        steps.mark_unchanged();
        let Some(left) = ahead(clock, end) else {
            return;
        };
        if clock.is_stepped() {
            drop(steps.changed().await);
        } else {
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                _ = steps.changed() => {}
            }
        }
    }
}

/// The time left until a moment, if there is any.
fn ahead(clock: &clock::Clock, end: Timestamp) -> Option<Duration> {
    let left = Duration::try_from(end.duration_since(moment(clock))).ok()?;
    (!left.is_zero()).then_some(left)
}

/// Moves the clock from one moment at which an operator acts to the next, so
/// that one long step leads to the same as many short ones.
pub fn play(server: &Kubernetes, clock: &clock::Clock, by: Duration) {
    let end = clock.stepped_by() + by;
    for _ in 0..MOMENTS {
        let left = end.saturating_sub(clock.stepped_by());
        let next = server.act().and_then(|due| ahead(clock, due));
        match next {
            Some(next) if next <= left => clock.advance(next),
            _ => break,
        }
    }
    clock.advance(end.saturating_sub(clock.stepped_by()));
    server.act();
}

/// The API server with the issuer's documents beside it.
pub fn router(world: &Arc<World>) -> Router {
    let server = world.kubernetes.clone().router();
    let router = service_accounts::router(world.clone()).merge(server);
    router.layer(from_fn_with_state(world.clone(), polled))
}

/// On a stepped clock reading is polling, which is what makes time go by.
async fn polled(State(world): State<Arc<World>>, request: Request, next: Next) -> Response {
    if let Mode::Stepped { poll_step_seconds } = world.options.clock
        && poll_step_seconds > 0
        && request.method() == Method::GET
    {
        world.step(Duration::from_secs(poll_step_seconds)).await;
    }
    next.run(request).await
}
