//! Waiting for what comes when it comes.

use std::time::{Duration, Instant};

/// Asks until there is an answer; what was missing last is told when the time is over.
pub fn until<T>(
    what: &str,
    limit: Duration,
    mut ask: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let end = Instant::now() + limit;
    loop {
        let last = match ask() {
            Ok(Some(answer)) => return Ok(answer),
            Ok(None) => "not yet".to_owned(),
            Err(error) => format!("{error:#}"),
        };
        anyhow::ensure!(
            Instant::now() < end,
            "{what}: waited {limit:?}; last: {last}"
        );
        std::thread::sleep(Duration::from_millis(500));
    }
}
