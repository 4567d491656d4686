//! Azure Resource Manager: a client that knows ARM's habits and nothing of Terraform.
//!
//! [`Client`] reads, lists and writes resources by id. It chooses a credential ([`Settings`]),
//! keeps within ARM's rate limits, retries what may be retried, waits for long-running
//! operations and turns every failure into an [`Error`] with the service's own code.
//!
//! The modules from the outside in: `client` (the methods), `write` (locks, retries of whole
//! operations), `operation` (the poller), `bulk` (one list instead of many reads), `send` (one
//! request with its retries), `throttle` (rate limits), `credential` (tokens), `transport` (TLS).

mod backoff;
mod bulk;
mod call;
mod client;
mod cloud;
mod credential;
mod decode;
mod error;
mod error_table;
pub mod ids;
mod lock;
mod operation;
mod recent;
mod request;
mod retry;
mod secret;
mod send;
mod settings;
mod single_flight;
mod throttle;
mod transport;
mod write;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use call::Call;
pub use client::Client;
pub use error::{Detail, Error, ErrorKind, Report};
pub use secret::Secret;
pub use settings::Settings;
