//! Progress lines on stderr, with the time since the command began.

use std::sync::LazyLock;
use std::time::Instant;

static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Starts the clock that the lines show.
pub fn begin() {
    LazyLock::force(&BEGAN);
}

/// Tells what has just been done or is about to take a while.
pub fn say(message: impl AsRef<str>) {
    eprintln!(
        "[{:>6.1}s] {}",
        BEGAN.elapsed().as_secs_f64(),
        message.as_ref()
    );
}
