//! Everything Kubernetes, and nothing of Terraform.
//!
//! - [`Settings`] says where a cluster is and who we are; [`Client::new`] connects.
//! - [`Client`] works with any JSON object: `get`, `list`, `apply` (server-side), `create`,
//!   `merge_patch`, `json_patch`, `delete`, `wait`, `wait_gone`, `logs`. Every call carries a
//!   [`Call`]: until when, and who may cancel it. Retries happen inside, until that deadline.
//! - [`Client::read`] is `get` for many: reads of one kind and namespace become one list.
//! - [`Error`] holds what the API server said, classified by one table (`error_table`).
//! - [`conditions`], [`managed_fields`], [`quantity`], [`duration`] are pure.
//! - [`types`] holds the objects of CloudNativePG and its barman plugin that we own or read.
//!
//! Plural names come from an explicit table ([`kinds`]); nothing is discovered or downloaded.

mod bulk;
mod call;
mod client;
pub mod conditions;
mod connect;
mod diagnose;
pub mod duration;
mod error;
mod error_table;
mod exec;
pub mod kinds;
pub mod managed_fields;
mod observer;
mod pool;
mod proxy;
pub mod quantity;
mod reference;
mod request;
mod retry;
mod settings;
mod status;
pub mod types;
mod verbs;
mod wait;
mod warnings;

#[cfg(test)]
mod tests;

pub use call::Call;
pub use client::{Client, TokenSource};
pub use conditions::Readiness;
pub use error::{Cause, Conflict, Error, ErrorKind};
pub use pool::Pool;
pub use reference::Reference;
pub use settings::{Exec, Settings};
pub use verbs::{Applied, Apply, Propagation};
pub use wait::Wait;

/// The result of every call to the API server.
pub type Result<T, E = Error> = std::result::Result<T, E>;
