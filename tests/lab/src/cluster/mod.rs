//! Kubernetes and what surrounds it, from nothing to ready and back.

pub mod config;
mod images;
mod network;
mod operator;
mod pki;
mod processes;
mod record;
pub mod storage_accounts;
mod teardown;
mod up;

pub use record::Record;
pub use teardown::{clear_node, down, tasks};
pub use up::{Options, node_processes, unhealthy, up};
