//! The plugin protocol on the wire, spoken by a client of our own: first with the program itself, then with a provider made for the test.

// Helpers of tests may fail as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod by_hand;
mod certificate;
mod debugger;
mod dial;
mod fake;
mod life;
mod logs;
mod managed;
mod others;
mod panics;
mod process;
mod rpcs;
mod served;
mod start;
mod stored;
mod tls;
mod writes;
