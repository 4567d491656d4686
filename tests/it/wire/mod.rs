//! The plugin protocol on the wire, spoken by a client of our own: first with the program itself, then with a provider made for the test.

mod by_hand;
mod certificate;
mod debugger;
mod dial;
mod life;
mod logs;
mod process;
mod start;
mod tls;
