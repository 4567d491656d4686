//! A play of the CloudNativePG operator, its barman plugin, and the parts of the platform they stand on.

pub mod admission;
mod backup;
mod checks;
mod children;
mod cluster;
mod control;
mod database;
mod defaults;
mod nodes;
mod plan;
mod pooler;
mod schedule;
mod secrets;
mod world;

use super::Kubernetes;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

pub(crate) const CNPG: &str = "postgresql.cnpg.io";
pub(crate) const BARMAN: &str = "barmancloud.cnpg.io";
/// The operator's field manager.
pub(crate) const MANAGER: &str = "manager";
pub(crate) const PLUGIN: &str = "barman-cloud.cloudnative-pg.io";

/// What the players remember between two looks at the world.
#[derive(Debug, Default)]
pub struct Stage {
    clusters: Mutex<HashMap<String, plan::Mind>>,
    /// When something that a player began will be over, by uid and what it is.
    timers: Mutex<HashMap<String, Timestamp>>,
    /// Faults that tests have ordered.
    orders: Mutex<control::Orders>,
    /// Held by whoever lets the players act: they act once at a time.
    turn: Mutex<()>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the players; they stop when the server is dropped.
pub fn start(server: &Arc<Kubernetes>) {
    nodes::add_defaults(server);
    let weak = Arc::downgrade(server);
    let signal = server.changes();
    let clock = server.clock().clone();
    tokio::spawn(perform(weak, signal, clock));
}

async fn perform(
    server: Weak<Kubernetes>,
    mut signal: tokio::sync::watch::Receiver<u64>,
    clock: super::Clock,
) {
    loop {
        signal.mark_unchanged();
        let Some(due) = server.upgrade().map(|server| server.act()) else {
            return;
        };
        let now = clock.now();
        let pause = due.map_or(Duration::from_secs(3600), |due| {
            Duration::try_from(due.duration_since(now)).unwrap_or_default()
        });
        tokio::select! {
            changed = signal.changed() => if changed.is_err() { return },
            () = clock.sleep(pause.max(Duration::from_millis(1))) => {}
        }
    }
}

/// The earlier of two moments.
fn earlier(left: Option<Timestamp>, right: Option<Timestamp>) -> Option<Timestamp> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (left, right) => left.or(right),
    }
}

impl Kubernetes {
    pub(crate) fn stage(&self) -> &Stage {
        &self.stage
    }

    /// Lets every player look at the world once; returns when one of them wants to look again.
    pub(crate) fn act(&self) -> Option<Timestamp> {
        let _turn = lock(&self.stage().turn);
        let now = self.clock().now();
        let mut due = nodes::act(self, now);
        for cluster in self.read_all(CNPG, "Cluster", "") {
            due = earlier(due, cluster::act(self, &cluster, now));
        }
        for pooler in self.read_all(CNPG, "Pooler", "") {
            due = earlier(due, pooler::act(self, &pooler, now));
        }
        for scheduled in self.read_all(CNPG, "ScheduledBackup", "") {
            due = earlier(due, schedule::act(self, &scheduled, now));
        }
        for backup in self.read_all(CNPG, "Backup", "") {
            due = earlier(due, backup::act(self, &backup, now));
        }
        for kind in ["Database", "DatabaseRole", "Publication", "Subscription"] {
            for object in self.read_all(CNPG, kind, "") {
                due = earlier(due, database::act(self, kind, &object, now));
            }
        }
        due
    }

    /// A time span of reality, at this server's speed.
    pub(crate) fn takes(&self, seconds: f64) -> SignedDuration {
        SignedDuration::try_from_secs_f64(seconds / self.options().speed.max(0.001))
            .unwrap_or_default()
    }

    /// Whether the span that began when this was first asked is over; `Err` says when it will be.
    pub(crate) fn over(
        &self,
        object: &Value,
        what: &str,
        seconds: f64,
        now: Timestamp,
    ) -> Result<(), Timestamp> {
        let key = format!("{}/{what}", text(&object["metadata"]["uid"]));
        let mut timers = lock(&self.stage().timers);
        let end = *timers
            .entry(key.clone())
            .or_insert(now + self.takes(seconds));
        if now < end {
            return Err(end);
        }
        timers.remove(&key);
        Ok(())
    }
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(crate) fn name(object: &Value) -> &str {
    text(&object["metadata"]["name"])
}

pub(crate) fn namespace(object: &Value) -> &str {
    text(&object["metadata"]["namespace"])
}
