//! Scripted failures. A rule says which calls it hits and what happens to
//! them; [`layer`] puts the rules in front of any service of the sandbox.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::tls::Connection;

/// What happens to a call that a rule hits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// Answers with a status instead of (or after) the real effect.
    Status {
        status: u16,
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// JSON body; without one an ARM error body that fits the status.
        #[serde(default)]
        body: Option<Value>,
        /// Body that is not JSON, such as a gateway's HTML page.
        #[serde(default)]
        text: Option<String>,
        #[serde(default)]
        after_effect: bool,
    },
    /// Never answers; the connection stays open.
    Hang,
    /// The connection is reset and nothing has happened.
    ResetBefore,
    /// The connection is reset after the request took effect.
    ResetAfter,
    Delay {
        milliseconds: u64,
    },
}

/// Which calls a fault hits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    #[serde(default)]
    pub method: Option<String>,
    /// Part of the path and query, ignoring case.
    #[serde(default)]
    pub path: Option<String>,
    /// Regular expression on the path and query.
    #[serde(default)]
    pub regex: Option<String>,
    /// The first matching call that is hit, counted from 1.
    #[serde(default = "one")]
    pub nth: u64,
    /// How many calls in a row are hit; 0 means all from `nth` on.
    #[serde(default = "one")]
    pub times: u64,
    pub fault: Fault,
}

fn one() -> u64 {
    1
}

impl Rule {
    /// A rule for the first call with this method whose path holds `path`.
    pub fn new(method: &str, path: &str, fault: Fault) -> Self {
        Self {
            method: (!method.is_empty()).then(|| method.to_owned()),
            path: (!path.is_empty()).then(|| path.to_owned()),
            regex: None,
            nth: 1,
            times: 1,
            fault,
        }
    }

    pub fn nth(mut self, nth: u64) -> Self {
        self.nth = nth;
        self
    }

    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }
}

/// A rule in force, with the number of calls that matched it so far.
#[derive(Clone, Debug, Serialize)]
pub struct Installed {
    pub id: u64,
    #[serde(flatten)]
    pub rule: Rule,
    pub matched: u64,
    pub hit: u64,
    #[serde(skip)]
    regex: Option<regex::Regex>,
}

#[derive(Default)]
struct Rules {
    next: u64,
    installed: Vec<Installed>,
    latency: Duration,
}

/// The set of rules of one sandbox.
#[derive(Default)]
pub struct Faults {
    rules: Mutex<Rules>,
}

/// Marks a response that a rule made, for the request log.
#[derive(Clone, Copy, Debug)]
pub struct Injected;

impl Faults {
    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Puts a rule in force and returns its number.
    pub fn add(&self, rule: Rule) -> Result<u64, regex::Error> {
        let regex = rule.regex.as_deref().map(regex::Regex::new).transpose()?;
        let mut rules = self.rules();
        rules.next += 1;
        let id = rules.next;
        rules.installed.push(Installed {
            id,
            rule,
            matched: 0,
            hit: 0,
            regex,
        });
        Ok(id)
    }

    pub fn remove(&self, id: u64) -> bool {
        let mut rules = self.rules();
        let before = rules.installed.len();
        rules.installed.retain(|r| r.id != id);
        rules.installed.len() < before
    }

    pub fn clear(&self) {
        self.rules().installed.clear();
    }

    pub fn installed(&self) -> Vec<Installed> {
        self.rules().installed.clone()
    }

    /// Adds a delay to every call of every service.
    pub fn set_latency(&self, latency: Duration) {
        self.rules().latency = latency;
    }

    /// Counts the call against every rule; the first that hits wins.
    fn decide(&self, method: &str, target: &str) -> (Duration, Option<Fault>) {
        let mut rules = self.rules();
        let latency = rules.latency;
        let mut chosen = None;
        for installed in &mut rules.installed {
            if !installed.matches(method, target) {
                continue;
            }
            installed.matched += 1;
            let (first, times) = (installed.rule.nth.max(1), installed.rule.times);
            let due = installed.matched >= first
                && (times == 0 || installed.matched < first.saturating_add(times));
            if due && chosen.is_none() {
                installed.hit += 1;
                chosen = Some(installed.rule.fault.clone());
            }
        }
        (latency, chosen)
    }
}

impl Installed {
    fn matches(&self, method: &str, target: &str) -> bool {
        let rule = &self.rule;
        rule.method
            .as_deref()
            .is_none_or(|m| m.eq_ignore_ascii_case(method))
            && rule
                .path
                .as_deref()
                .is_none_or(|p| target.to_lowercase().contains(&p.to_lowercase()))
            && self.regex.as_ref().is_none_or(|r| r.is_match(target))
    }
}

/// Puts the rules in front of a router.
pub fn layer(router: Router, faults: Arc<Faults>) -> Router {
    router.layer(from_fn_with_state(faults, strike))
}

async fn strike(State(faults): State<Arc<Faults>>, request: Request, next: Next) -> Response {
    let target = request
        .uri()
        .path_and_query()
        .map_or_else(String::new, ToString::to_string);
    let (latency, fault) = faults.decide(request.method().as_str(), &target);
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let connection = request.extensions().get::<Connection>().cloned();
    match fault {
        None => next.run(request).await,
        Some(Fault::Delay { milliseconds }) => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            next.run(request).await
        }
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::ResetBefore) => reset(connection).await,
        Some(Fault::ResetAfter) => {
            // The effect must survive the cut, so it runs on its own task.
            let _ = tokio::spawn(async move { next.run(request).await }).await;
            reset(connection).await
        }
        Some(Fault::Status {
            status,
            headers,
            body,
            text,
            after_effect,
        }) => {
            if after_effect {
                next.run(request).await;
            }
            answer(status, &headers, body, text)
        }
    }
}

async fn reset(connection: Option<Connection>) -> Response {
    match connection {
        Some(connection) => match connection.cut().await {},
        // Without a connection (an in-process call) silence is the closest.
        None => std::future::pending().await,
    }
}

fn answer(
    status: u16,
    headers: &BTreeMap<String, String>,
    body: Option<Value>,
    text: Option<String>,
) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let html = text.is_some();
    let body = match text {
        Some(text) => Body::from(text),
        None => Body::from(body.unwrap_or_else(|| default_body(status)).to_string()),
    };
    let mut response = (status, body).into_response();
    let content_type = if html {
        "text/html"
    } else {
        "application/json; charset=utf-8"
    };
    response.headers_mut().insert(
        axum::http::header::CONTENT_TYPE,
        HeaderValue::from_static(content_type),
    );
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(value),
        ) {
            response.headers_mut().insert(name, value);
        }
    }
    response.extensions_mut().insert(Injected);
    response
}

fn default_body(status: StatusCode) -> Value {
    let code = match status.as_u16() {
        401 => "AuthenticationFailed",
        403 => "AuthorizationFailed",
        404 => "ResourceNotFound",
        409 => "Conflict",
        412 => "PreconditionFailed",
        429 => "TooManyRequests",
        500 => "InternalServerError",
        503 => "ServiceUnavailable",
        504 => "GatewayTimeout",
        _ => "BadRequest",
    };
    json!({"error": {"code": code, "message": format!("Injected failure with status {}.", status.as_u16())}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_hits_the_nth_matching_call_and_then_no_more() {
        let faults = Faults::default();
        let rule = Rule::new("PUT", "/agentpools/", Fault::Hang)
            .nth(2)
            .times(2);
        faults.add(rule).expect("rule");
        let path = "/subscriptions/x/agentPools/y?api-version=z";
        let hits: Vec<bool> = ["GET", "PUT", "PUT", "PUT", "PUT"]
            .iter()
            .map(|method| faults.decide(method, path).1.is_some())
            .collect();
        assert_eq!(hits, [false, false, true, true, false]);
        assert_eq!(faults.installed()[0].matched, 4);
        assert_eq!(faults.installed()[0].hit, 2);
    }

    #[test]
    fn rules_read_from_json() {
        let rule: Rule = serde_json::from_value(json!({
            "regex": "agentPools/[a-z]+\\?",
            "times": 0,
            "fault": {"kind": "status", "status": 429, "headers": {"Retry-After": "1"}}
        }))
        .expect("json");
        let faults = Faults::default();
        faults.add(rule).expect("rule");
        assert!(faults.decide("GET", "/agentPools/abc?x").1.is_some());
        assert!(faults.decide("GET", "/agentPools/ab1?x").1.is_none());
    }
}
