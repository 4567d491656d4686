//! One client per set of settings, connected once.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{Mutex, OnceCell};

use super::{Client, Result, Settings};

/// Hands out clients. A connection that could not be made is tried again by the next call.
#[derive(Default)]
pub struct Pool {
    clients: Mutex<HashMap<Settings, Arc<OnceCell<Client>>>>,
}

impl Pool {
    pub async fn client(&self, settings: Settings) -> Result<Client> {
        let cell = Arc::clone(
            self.clients
                .lock()
                .await
                .entry(settings.clone())
                .or_default(),
        );
        cell.get_or_try_init(|| Client::new(settings))
            .await
            .cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(host: &str) -> Settings {
        Settings {
            host: Some(host.to_owned()),
            ..Settings::default()
        }
    }

    #[tokio::test]
    async fn equal_settings_share_a_connection() {
        let pool = Pool::default();
        let (one, again, other) = tokio::join!(
            pool.client(settings("http://127.0.0.1:1")),
            pool.client(settings("http://127.0.0.1:1")),
            pool.client(settings("http://127.0.0.1:2")),
        );
        let (one, again, other) = (one.unwrap(), again.unwrap(), other.unwrap());
        assert!(one.shares_connection_with(&again) && !one.shares_connection_with(&other));
        assert!(
            pool.client(Settings::default()).await.is_err(),
            "a failure is not kept"
        );
    }
}
