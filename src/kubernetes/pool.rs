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
