//! What the logs show of a call, and what they never show.

use super::{ID, VERSION, get, put};
use crate::azure::testing::{SECRET, Server, call, failure, reply};
use serde_json::json;
use std::io::{Result, Write};
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::format::FmtSpan;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, text: &[u8]) -> Result<usize> {
        self.0.lock().unwrap().write(text)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

async fn calls() {
    let server = Server::start().await;
    let answer = reply(200, json!({"id": ID, "password": "answered-password"}));
    server.on(&put(ID), vec![failure(409, "ServerIsBusy"), answer.clone()]);
    server.on(&get(ID), vec![answer.with("x-ms-request-id", "request-7")]);
    let client = server.client();
    let body = json!({"password": "sent-password"});
    client.put(&call(), ID, VERSION, &body, None).await.unwrap();
    client.get(&call(), ID, VERSION).await.unwrap();
}

#[tokio::test]
async fn each_call_has_a_span_and_no_log_holds_tokens_or_bodies() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    calls().await;
    drop(guard);

    let text = log.text();
    let closed: Vec<&str> = text
        .lines()
        .filter(|line| {
            line.contains("arm{")
                && line.contains("terraform_provider_postgres::azure")
                && line.contains(": close")
        })
        .collect();
    assert_eq!(closed.len(), 3, "{text}");
    for (line, parts) in closed.iter().zip([
        ["PUT", "status=409"],
        ["PUT", "status=200"],
        ["GET", "request-7"],
    ]) {
        for part in parts.into_iter().chain([ID, "duration_ms="]) {
            assert!(line.contains(part), "{part} in {line}");
        }
    }
    for secret in [SECRET, "the-token", "sent-password", "answered-password"] {
        assert!(!text.contains(secret), "`{secret}` was logged");
    }
}
