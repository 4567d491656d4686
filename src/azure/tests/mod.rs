//! The client against a scripted server: what goes over the wire, and what a caller gets.

mod bulk;
mod operation;
mod retry;
mod token;
mod trace;

/// A resource to play with.
const ID: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.X/things/a";
const VERSION: &str = "2025-01-01";

fn get(id: &str) -> String {
    format!("GET {id}")
}

fn put(id: &str) -> String {
    format!("PUT {id}")
}
