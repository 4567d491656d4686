//! A stateful simulator of everything the provider reaches over the network:
//! Entra's token endpoint, Azure Resource Manager and the Kubernetes behind
//! AKS clusters, over HTTPS on loopback with a certificate authority of its own.
//!
//! It is written from the services' published behaviour and shares no code
//! with the provider, so that a mistake in the client is not repeated here.
//!
//! | module | what it simulates |
//! |---|---|
//! | [`world`] | starts the servers and holds what they share |
//! | [`entra`] | tokens: client secret and federated assertion |
//! | [`arm`] | resources, long-running operations, throttling |
//! | [`kubernetes`] | an API server with the operators' play |
//! | [`clock`] | simulated time, automatic or stepped |
//! | [`faults`] | scripted failures for every service |
//! | [`log`] | recorded traffic |
//! | [`control`] | the HTTP side door for tests in another process |

pub mod arm;
mod blob_store;
pub mod clock;
pub mod control;
pub mod entra;
pub mod faults;
pub mod hooks;
pub mod kubernetes;
pub mod log;
mod mount;
mod node_pools;
pub mod options;
mod premade;
pub mod real_cluster;
pub mod service_accounts;
pub mod tls;
pub mod world;

pub use options::Options;
pub use world::Sandbox;
