//! Whole writes: the parent's lock, the request, the operation it starts, and another go when the
//! operation itself ended because something else was at work.

use super::lock::Locks;
use super::operation;
use super::request::{Method, Request};
use super::retry::REPLICATION;
use super::send::Sender;
use super::{Call, Error, ErrorKind};
use serde_json::Value;
use std::time::Instant;
use uuid::Uuid;

pub(super) async fn run(
    sender: &Sender,
    locks: &Locks,
    call: &Call,
    request: &Request,
    lock: Option<&str>,
) -> Result<Value, Error> {
    let located = |error: Error| error.at(request.method.name(), request.resource());
    let _guard = match lock {
        Some(parent) => Some(locks.hold(call, parent).await.map_err(located)?),
        None => None,
    };
    let started = Instant::now();
    let mut tries = 0;
    loop {
        tries += 1;
        let error = match once(sender, call, request).await {
            Ok(result) => {
                note(sender, request);
                return Ok(result);
            }
            Err(error) => error,
        };
        let again = match error.kind {
            ErrorKind::Busy => true,
            ErrorKind::ReplicationLag => started.elapsed() < REPLICATION,
            _ => false,
        };
        if !again {
            return Err(error);
        }
        let wait = sender.pacing.retry(tries, None, Uuid::new_v4());
        if wait >= call.remaining() {
            return Err(error.out_of_time());
        }
        tracing::info!(
            path = request.resource(),
            "{} ended with `{}`; starting it again",
            request.method.name(),
            error.code
        );
        call.sleep(wait, &format!("another try after `{}`", error.code))
            .await
            .map_err(located)?;
    }
}

async fn once(sender: &Sender, call: &Call, request: &Request) -> Result<Value, Error> {
    let gone =
        |error: &Error| request.method == Method::Delete && error.kind == ErrorKind::NotFound;
    match sender.send(call, request).await {
        Ok(first) => operation::finish(sender, call, request, first).await,
        Err(error) if gone(&error) => Ok(Value::Null),
        Err(error) => Err(error),
    }
}

fn note(sender: &Sender, request: &Request) {
    match request.method {
        Method::Put | Method::Patch => sender.recent.wrote(request.resource()),
        Method::Delete => sender.recent.deleted(request.resource()),
        Method::Get | Method::Post => {}
    }
}
