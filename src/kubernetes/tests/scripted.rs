//! Retries, paging, collected reads and tokens against answers in a fixed order.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::{Response, StatusCode};
use kube::client::Body;
use serde_json::{Value, json};

use crate::kubernetes::{Apply, Call, Client, ErrorKind, Propagation, Reference, TokenSource};

/// What came in: method, path with query, content type, authorization.
#[derive(Clone, Debug)]
struct Seen {
    line: String,
    content_type: String,
    authorization: String,
}

#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<VecDeque<(u16, Value)>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Script {
    /// The last answer is given again and again.
    fn new(answers: impl IntoIterator<Item = (u16, Value)>) -> Self {
        Self {
            answers: Arc::new(Mutex::new(answers.into_iter().collect())),
            seen: Arc::default(),
        }
    }

    fn answer(&self, request: &http::Request<Body>) -> Response<Body> {
        let header = |name: http::HeaderName| {
            request
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
                .unwrap_or_default()
        };
        self.seen.lock().unwrap().push(Seen {
            line: format!("{} {}", request.method(), request.uri()),
            content_type: header(http::header::CONTENT_TYPE),
            authorization: header(http::header::AUTHORIZATION),
        });
        let mut answers = self.answers.lock().unwrap();
        let (status, body) = if answers.len() > 1 {
            answers.pop_front().unwrap()
        } else {
            answers[0].clone()
        };
        let mut response = Response::new(Body::from(body.to_string().into_bytes()));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        response
    }

    fn client(&self) -> Client {
        self.client_with(None)
    }

    fn client_with(&self, tokens: Option<Arc<dyn TokenSource>>) -> Client {
        let script = self.clone();
        let service = tower::service_fn(move |request: http::Request<Body>| {
            let answer = script.answer(&request);
            async move { Ok::<_, std::convert::Infallible>(answer) }
        });
        Client::assemble(kube::Client::new(service, "default"), tokens)
    }

    fn lines(&self) -> Vec<String> {
        self.seen
            .lock()
            .unwrap()
            .iter()
            .map(|seen| seen.line.clone())
            .collect()
    }
}

fn call() -> Call {
    Call::within(Duration::from_secs(30))
}

fn config_map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "db"}})
}

fn reference(name: &str) -> Reference {
    Reference::namespaced("v1", "ConfigMap", "db", name)
}

fn webhook_down() -> (u16, Value) {
    (
        500,
        json!({"kind": "Status", "message": "Internal error occurred: failed calling webhook \"m.cnpg.io\": x509"}),
    )
}

#[tokio::test]
async fn a_passing_failure_of_a_read_is_not_seen() {
    let script = Script::new([(503, json!({})), (200, config_map("a"))]);
    assert_eq!(
        script.client().get(&call(), &reference("a")).await.unwrap(),
        Some(config_map("a"))
    );
    assert_eq!(script.lines().len(), 2);
}

#[tokio::test]
async fn a_create_is_sent_again_only_when_it_had_no_effect() {
    let unclear = Script::new([(503, json!({})), (201, config_map("a"))]);
    let error = unclear
        .client()
        .create(&call(), &config_map("a"), "us")
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind, unclear.lines().len()),
        (ErrorKind::Transient, 1)
    );
    let refused = Script::new([webhook_down(), (201, config_map("a"))]);
    assert!(
        refused
            .client()
            .create(&call(), &config_map("a"), "us")
            .await
            .unwrap()
            .created
    );
    assert_eq!(refused.lines().len(), 2);
}

#[tokio::test]
async fn the_end_of_the_time_tells_what_kept_it() {
    let script = Script::new([webhook_down()]);
    let how = Apply {
        manager: "us".into(),
        force: false,
        dry_run: false,
    };
    let short = Call::within(Duration::from_millis(600));
    let error = script
        .client()
        .apply(&short, &config_map("a"), &how)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::DeadlineExceeded);
    let text = error.to_string();
    assert!(
        text.starts_with("apply of `ConfigMap/db/a` failed: the time for this operation is over"),
        "{text}"
    );
    assert!(text.contains("m.cnpg.io"), "{text}");
}

#[tokio::test]
async fn a_canceled_call_ends_at_once() {
    let call = call();
    call.cancel.cancel();
    let error = Script::new([(503, json!({}))])
        .client()
        .get(&call, &reference("a"))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Canceled);
}

#[tokio::test]
async fn apply_says_who_and_how() {
    let script = Script::new([(200, config_map("a"))]);
    let how = Apply {
        manager: "us".into(),
        force: true,
        dry_run: true,
    };
    assert!(
        !script
            .client()
            .apply(&call(), &config_map("a"), &how)
            .await
            .unwrap()
            .created
    );
    let seen = script.seen.lock().unwrap()[0].clone();
    assert_eq!(
        seen.line,
        "PATCH /api/v1/namespaces/db/configmaps/a?fieldManager=us&fieldValidation=Strict&force=true&dryRun=All"
    );
    assert_eq!(seen.content_type, "application/apply-patch+yaml");
}

#[tokio::test]
async fn gone_is_success_for_a_deletion() {
    for answer in [
        (
            404,
            json!({"reason": "NotFound", "message": "configmaps \"a\" not found"}),
        ),
        (404, json!("x")),
    ] {
        let script = Script::new([answer]);
        script
            .client()
            .delete(&call(), &reference("a"), Propagation::Background, None)
            .await
            .unwrap();
    }
}

fn page(names: &[&str], next: &str) -> (u16, Value) {
    let items: Vec<Value> = names
        .iter()
        .map(|name| json!({"metadata": {"name": name}}))
        .collect();
    (
        200,
        json!({"kind": "ConfigMapList", "metadata": {"continue": next}, "items": items}),
    )
}

fn names(objects: &[Value]) -> Vec<&str> {
    objects
        .iter()
        .map(|object| object["metadata"]["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_list_follows_its_pages_and_starts_again_when_they_expire() {
    let script = Script::new([
        page(&["a"], "t"),
        (410, json!({"reason": "Expired"})),
        page(&["a"], "u"),
        page(&["b"], ""),
    ]);
    let objects = script
        .client()
        .list(&call(), "v1", "ConfigMap", Some("db"), Some("x=y"))
        .await
        .unwrap();
    assert_eq!(names(&objects), ["a", "b"]);
    assert_eq!(objects[0]["kind"], "ConfigMap");
    let last = script.lines().pop().unwrap();
    assert_eq!(
        last,
        "GET /api/v1/namespaces/db/configmaps?limit=500&labelSelector=x%3Dy&continue=u"
    );
}

#[tokio::test]
async fn many_reads_at_a_time_are_one_list() {
    let script = Script::new([page(&["a", "b", "c"], "")]);
    let client = script.client();
    let call = call();
    let references: Vec<Reference> = ["a", "b", "c", "missing"].map(reference).into();
    let reads = references
        .iter()
        .map(|reference| client.read(&call, reference));
    let found = futures::future::try_join_all(reads).await.unwrap();
    let found: Vec<bool> = found.iter().map(Option::is_some).collect();
    assert_eq!(found, [true, true, true, false]);
    assert_eq!(
        script.lines(),
        ["GET /api/v1/namespaces/db/configmaps?limit=500"]
    );
}

#[tokio::test]
async fn few_reads_are_read_one_by_one() {
    let script = Script::new([(200, config_map("a"))]);
    let (client, call, reference) = (script.client(), call(), reference("a"));
    let (one, other) = tokio::join!(
        client.read(&call, &reference),
        client.read(&call, &reference)
    );
    assert!(one.unwrap().is_some() && other.unwrap().is_some());
    assert_eq!(
        script.lines(),
        [
            "GET /api/v1/namespaces/db/configmaps/a",
            "GET /api/v1/namespaces/db/configmaps/a"
        ]
    );
}

#[tokio::test]
async fn who_may_not_list_still_reads() {
    let script = Script::new([
        (403, json!({"reason": "Forbidden", "message": "no"})),
        (200, config_map("a")),
    ]);
    let (client, call, reference) = (script.client(), call(), reference("a"));
    let reads = (0..3).map(|_| client.read(&call, &reference));
    assert_eq!(futures::future::try_join_all(reads).await.unwrap().len(), 3);
    assert_eq!(script.lines().len(), 4);
}

struct Tokens(Result<String, String>);

#[async_trait]
impl TokenSource for Tokens {
    async fn token(&self) -> Result<String, String> {
        self.0.clone()
    }

    async fn rejected(&self, _: &str) {}
}

#[tokio::test]
async fn a_failed_list_fails_its_reads_each_by_name() {
    let script = Script::new([(404, json!("404 page not found"))]);
    let (client, call, reference) = (script.client(), call(), reference("a"));
    let reads = (0..3).map(|_| client.read(&call, &reference));
    for answer in futures::future::join_all(reads).await {
        let error = answer.unwrap_err();
        assert_eq!(error.kind, ErrorKind::KindMissing);
        assert!(
            error
                .to_string()
                .starts_with("get of `ConfigMap/db/a` failed"),
            "{error}"
        );
    }
    assert_eq!(script.lines().len(), 1);
}

/// A new token after each rejection.
#[derive(Default)]
struct Renewed(Mutex<u32>);

#[async_trait]
impl TokenSource for Renewed {
    async fn token(&self) -> Result<String, String> {
        Ok(format!("t{}", self.0.lock().unwrap()))
    }

    async fn rejected(&self, _: &str) {
        *self.0.lock().unwrap() += 1;
    }
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_replaced_once() {
    let script = Script::new([(401, json!({})), (200, config_map("a"))]);
    let client = script.client_with(Some(Arc::new(Renewed::default())));
    client.get(&call(), &reference("a")).await.unwrap();
    let used: Vec<String> = script
        .seen
        .lock()
        .unwrap()
        .iter()
        .map(|seen| seen.authorization.clone())
        .collect();
    assert_eq!(used, ["Bearer t0", "Bearer t1"]);
    let refusing = Script::new([(401, json!({}))]);
    let client = refusing.client_with(Some(Arc::new(Renewed::default())));
    assert_eq!(
        client.get(&call(), &reference("a")).await.unwrap_err().kind,
        ErrorKind::Unauthorized
    );
    assert_eq!(refusing.lines().len(), 2);
}

#[tokio::test]
async fn each_call_carries_a_token_of_the_source() {
    let script = Script::new([(200, config_map("a"))]);
    let client = script.client_with(Some(Arc::new(Tokens(Ok("entra".into())))));
    client.get(&call(), &reference("a")).await.unwrap();
    assert_eq!(script.seen.lock().unwrap()[0].authorization, "Bearer entra");
    let client = script.client_with(Some(Arc::new(Tokens(Err("no credential worked".into())))));
    let error = client.get(&call(), &reference("a")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthorized);
    assert!(error.message.contains("no credential worked"));
}
