//! One writer at a time per parent resource, within this process.

use super::{Call, Error, ids};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::OwnedMutexGuard;

type Gate = tokio::sync::Mutex<()>;

/// The locks of a client, by canonical id.
#[derive(Default)]
pub(super) struct Locks {
    gates: Mutex<HashMap<String, Weak<Gate>>>,
}

impl Locks {
    /// Waits until no other write holds the parent; dropping the guard lets the next one in.
    pub(super) async fn hold(
        &self,
        call: &Call,
        parent: &str,
    ) -> Result<OwnedMutexGuard<()>, Error> {
        let gate = self.gate(&ids::canonical(parent));
        if let Ok(guard) = gate.clone().try_lock_owned() {
            return Ok(guard);
        }
        tracing::info!(
            parent,
            "waiting for another write of this run to the same parent"
        );
        call.bound(&format!("another write to `{parent}`"), gate.lock_owned())
            .await
    }

    fn gate(&self, key: &str) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(key).and_then(Weak::upgrade) {
            return gate;
        }
        gates.retain(|_, gate| gate.strong_count() > 0);
        let gate = Arc::new(Gate::default());
        gates.insert(key.to_owned(), Arc::downgrade(&gate));
        gate
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure::ErrorKind;
    use futures::FutureExt;
    use std::time::Duration;

    #[tokio::test]
    async fn a_second_writer_waits_whatever_the_case_of_the_id() {
        let (locks, call) = (Locks::default(), Call::within(Duration::from_secs(60)));
        let first = locks.hold(&call, "/Subscriptions/S/aks").await.unwrap();
        let mut second = Box::pin(locks.hold(&call, "/subscriptions/s/AKS/"));
        assert!(second.as_mut().now_or_never().is_none(), "it must wait");
        let other = locks.hold(&call, "/subscriptions/s/other").await;
        assert!(other.is_ok(), "another parent is free");
        drop(first);
        assert!(second.await.is_ok());
    }

    #[tokio::test]
    async fn a_stopped_writer_stops_waiting() {
        let (locks, call) = (Locks::default(), Call::within(Duration::from_secs(60)));
        let _first = locks.hold(&call, "/a").await.unwrap();
        call.cancel.cancel();
        let error = locks.hold(&call, "/a").await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Canceled);
    }
}
