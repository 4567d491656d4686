//! Recorded traffic: every request with its answer, in memory and as JSON
//! lines in a file. Secrets are replaced before anything is kept.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use base64::Engine;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::faults::Injected;

const REDACTED: &str = "REDACTED";
const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// One request and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub sequence: u64,
    pub service: String,
    pub method: String,
    /// Path and query.
    pub url: String,
    pub request_headers: Map<String, Value>,
    pub request_body: Value,
    /// Absent while the request runs, and for good when it was never
    /// answered.
    pub status: Option<u16>,
    pub response_headers: Map<String, Value>,
    pub response_body: Value,
    /// The answer was made by a fault rule.
    pub injected: bool,
}

/// How much of a service's traffic is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Detail {
    Bodies,
    /// For services that stream: method, address and status only.
    Lines,
}

#[derive(Default)]
struct Book {
    next: u64,
    entries: Vec<Entry>,
    file: Option<File>,
}

#[derive(Default)]
pub struct Log {
    book: Mutex<Book>,
}

impl Log {
    pub fn to_file(path: Option<&Path>) -> anyhow::Result<Self> {
        let log = Self::default();
        if let Some(path) = path {
            log.book().file = Some(File::create(path)?);
        }
        Ok(log)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(|e| e.into_inner())
    }

    pub fn entries(&self) -> Vec<Entry> {
        self.book().entries.clone()
    }

    pub fn clear(&self) {
        self.book().entries.clear();
    }

    fn begin(&self, mut entry: Entry) -> u64 {
        let mut book = self.book();
        book.next += 1;
        entry.sequence = book.next;
        book.entries.push(entry);
        book.next
    }

    fn finish(&self, sequence: u64, fill: impl FnOnce(&mut Entry)) {
        let mut book = self.book();
        let Some(entry) = book.entries.iter_mut().find(|e| e.sequence == sequence) else {
            return;
        };
        fill(entry);
        let line = serde_json::to_string(entry).unwrap_or_default();
        if let Some(file) = &mut book.file {
            let _ = writeln!(file, "{line}");
        }
    }
}

/// Records the traffic of a router.
pub fn layer(router: Router, log: Arc<Log>, service: &'static str, detail: Detail) -> Router {
    router.layer(from_fn_with_state((log, service, detail), record))
}

/// Closes the entry even when the request is dropped without an answer.
struct Pending {
    log: Arc<Log>,
    sequence: Option<u64>,
}

impl Pending {
    fn finish(&mut self, fill: impl FnOnce(&mut Entry)) {
        if let Some(sequence) = self.sequence.take() {
            self.log.finish(sequence, fill);
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.finish(|_| {});
    }
}

async fn record(
    State((log, service, detail)): State<(Arc<Log>, &'static str, Detail)>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let (body, request_body) = keep(body, &parts.headers, detail).await;
    let mut pending = Pending {
        sequence: Some(
            log.begin(Entry {
                sequence: 0,
                service: service.to_owned(),
                method: parts.method.to_string(),
                url: parts
                    .uri
                    .path_and_query()
                    .map_or_else(String::new, ToString::to_string),
                request_headers: headers(&parts.headers),
                request_body,
                status: None,
                response_headers: Map::new(),
                response_body: Value::Null,
                injected: false,
            }),
        ),
        log,
    };
    let response = next.run(Request::from_parts(parts, body)).await;
    let (parts, body) = response.into_parts();
    let (body, response_body) = keep(body, &parts.headers, detail).await;
    pending.finish(|entry| {
        entry.status = Some(parts.status.as_u16());
        entry.response_headers = headers(&parts.headers);
        entry.response_body = response_body;
        entry.injected = parts.extensions.get::<Injected>().is_some();
    });
    Response::from_parts(parts, body)
}

async fn keep(body: Body, headers: &HeaderMap, detail: Detail) -> (Body, Value) {
    if detail == Detail::Lines {
        return (body, Value::Null);
    }
    let bytes = axum::body::to_bytes(body, BODY_LIMIT)
        .await
        .unwrap_or_default();
    let kept = readable(&bytes, headers);
    (Body::from(bytes), kept)
}

fn readable(bytes: &Bytes, headers: &HeaderMap) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    let form = headers
        .get("content-type")
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.contains("x-www-form-urlencoded"));
    if form {
        return Value::String(redact_form(&String::from_utf8_lossy(bytes)));
    }
    match serde_json::from_slice(bytes) {
        Ok(mut value) => {
            redact(&mut value);
            value
        }
        Err(_) => Value::String(String::from_utf8_lossy(bytes).into_owned()),
    }
}

fn headers(map: &HeaderMap) -> Map<String, Value> {
    map.iter()
        .map(|(name, value)| {
            let text = match name.as_str() {
                "authorization" => "Bearer REDACTED".to_owned(),
                _ => String::from_utf8_lossy(value.as_bytes()).into_owned(),
            };
            (name.as_str().to_owned(), Value::String(text))
        })
        .collect()
}

fn redact_form(form: &str) -> String {
    form.split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name @ ("client_secret" | "client_assertion"), _)) => {
                format!("{name}={REDACTED}")
            }
            _ => pair.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("&")
}

/// Replaces secret values by text of the same JSON type, so that the entry
/// still fits the service's schema.
fn redact(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match (name.as_str(), &mut *field) {
                    ("access_token" | "client_secret" | "password", Value::String(text)) => {
                        *text = REDACTED.to_owned();
                    }
                    ("administratorLoginPassword", Value::String(text)) => {
                        *text = REDACTED.to_owned();
                    }
                    ("keys" | "kubeconfigs", Value::Array(items)) => {
                        items.iter_mut().for_each(redact_value);
                    }
                    (_, other) => redact(other),
                }
            }
        }
        _ => {}
    }
}

fn redact_value(item: &mut Value) {
    if let Some(Value::String(text)) = item.get_mut("value") {
        *text = base64::engine::general_purpose::STANDARD.encode(REDACTED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_replaced_and_the_rest_stays() {
        let mut value = json!({"keys": [{"keyName": "key1", "value": "hunter2"}], "access_token": "t", "name": "n"});
        redact(&mut value);
        let text = value.to_string();
        assert!(!text.contains("hunter2") && text.contains("key1"));
        assert_eq!(value["access_token"], "REDACTED");
        assert_eq!(value["name"], "n");
        assert_eq!(
            redact_form("grant_type=client_credentials&client_secret=x&scope=y"),
            "grant_type=client_credentials&client_secret=REDACTED&scope=y"
        );
    }
}
