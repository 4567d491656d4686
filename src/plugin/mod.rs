//! The plugin protocol: the only module that knows tonic and prost.
//!
//! `serve` is the life of the process; `handshake`, `tls` and `listen` bring a connection about; `server` has one short method for each
//! rpc, which decodes ([`convert`]), runs the handler so that nothing cuts it short ([`guard`]) and encodes the answer.

mod by_hand;
mod convert;
mod go_plugin;
mod guard;
mod handshake;
mod listen;
mod log;
mod managed;
mod others;
pub mod proto;
mod schemas;
mod serve;
mod server;
mod tls;

pub use guard::Runs;
pub use handshake::Listener;
pub use serve::{main, services};
