//! The server's time: real, or whatever the caller makes it.

use futures::future::BoxFuture;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;
type Sleep = Arc<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>;

/// What time it is, and a way to be woken later.
#[derive(Clone)]
pub struct Clock {
    now: Now,
    sleep: Sleep,
}

impl Clock {
    pub fn new(now: Now, sleep: Sleep) -> Self {
        Self { now, sleep }
    }

    /// The machine's clock.
    pub fn system() -> Self {
        Self {
            now: Arc::new(Timestamp::now),
            sleep: Arc::new(|duration| Box::pin(tokio::time::sleep(duration))),
        }
    }

    pub fn now(&self) -> Timestamp {
        (self.now)()
    }

    pub async fn sleep(&self, duration: Duration) {
        (self.sleep)(duration).await;
    }

    /// Now, as object timestamps are written.
    pub fn stamp(&self) -> String {
        stamp(self.now())
    }
}

/// Seconds precision, in UTC.
pub fn stamp(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Microseconds precision, in UTC.
pub fn stamp_micro(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}
