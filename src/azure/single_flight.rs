//! Identical reads that come together become one.

use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Work shared by everyone who asked for the same key while it ran. The work goes on as long as
/// one of them still waits.
pub(super) struct SingleFlight<T: Clone> {
    running: Mutex<HashMap<String, WeakShared<BoxFuture<'static, T>>>>,
}

impl<T: Clone> Default for SingleFlight<T> {
    fn default() -> Self {
        Self {
            running: Mutex::default(),
        }
    }
}

impl<T: Clone + Send + Sync + 'static> SingleFlight<T> {
    /// The running work for the key, or the work that `start` makes.
    pub(super) fn join(
        &self,
        key: &str,
        start: impl FnOnce() -> BoxFuture<'static, T>,
    ) -> Shared<BoxFuture<'static, T>> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let current = running.get(key).and_then(WeakShared::upgrade);
        if let Some(work) = current.filter(|work| work.peek().is_none()) {
            return work;
        }
        running.retain(|_, work| work.upgrade().is_some_and(|work| work.peek().is_none()));
        let work = start().shared();
        if let Some(weak) = work.downgrade() {
            running.insert(key.to_owned(), weak);
        }
        work
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::Notify;

    #[tokio::test]
    async fn one_run_serves_all_who_wait_and_the_next_asker_starts_anew() {
        let (flight, runs) = (SingleFlight::default(), Arc::new(AtomicUsize::new(0)));
        let go = Arc::new(Notify::new());
        let start = || {
            let (runs, go) = (runs.clone(), go.clone());
            async move {
                go.notified().await;
                runs.fetch_add(1, Ordering::SeqCst) + 1
            }
            .boxed()
        };
        let (first, second) = (flight.join("k", start), flight.join("k", start));
        go.notify_one();
        drop(first);
        assert_eq!(second.await, 1, "the work survives the one who started it");
        let third = flight.join("k", start);
        go.notify_one();
        assert_eq!(third.await, 2);
    }
}
