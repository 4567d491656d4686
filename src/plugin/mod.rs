//! The plugin protocol: the only module that knows tonic and prost.
//!
//! `serve` is the life of the process; `handshake`, `tls` and `listen` bring a connection about; `server` has one short method for each
//! rpc, which runs a handler (`offered`, `managed`, `stored`, `others`) so that nothing cuts it short (`guard`). Handlers decode and encode with
//! `schemas` and `convert`.

mod by_hand;
mod convert;
mod go_plugin;
mod guard;
mod handshake;
mod listen;
mod log;
mod managed;
mod offered;
mod others;
pub mod proto;
mod rpc;
mod schemas;
mod serve;
mod server;
mod stored;
mod tls;

pub use guard::Runs;
pub use handshake::Listener;
pub use serve::{main, services};
