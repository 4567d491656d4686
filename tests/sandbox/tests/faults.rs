//! Faults, the control endpoint and the request log, over the network.
#![allow(clippy::expect_used)]

mod common;

use std::time::Duration;

use common::{Client, RESOURCES, reply, stepped};
use reqwest::{Method, StatusCode};
use sandbox::clock::Mode;
use serde_json::{Value, json};

async fn control(client: &Client, method: Method, path: &str, body: Value) -> reqwest::Response {
    let base = client.sandbox.connection().endpoints.control;
    let request = client.http.request(method, format!("{base}{path}"));
    request.json(&body).send().await.expect("control")
}

async fn fault(client: &Client, rule: Value) {
    let answer = control(client, Method::POST, "/faults", rule).await;
    assert_eq!(answer.status(), StatusCode::OK);
}

fn body() -> Value {
    json!({"location": "westeurope"})
}

#[tokio::test]
async fn a_status_comes_instead_of_or_after_the_effect() {
    let client = Client::start(stepped()).await;
    let group = client.group();
    fault(&client, json!({"method": "PUT", "path": "/resourcegroups/", "fault": {"kind": "status", "status": 503, "headers": {"Retry-After": "7"}}})).await;
    let refused = client
        .put(&group, RESOURCES, body())
        .await
        .refused(503, "ServiceUnavailable");
    assert_eq!(refused.header("retry-after"), "7");
    client.get(&group, RESOURCES).await.expect(404);
    fault(&client, json!({"method": "PUT", "fault": {"kind": "status", "status": 502, "text": "<html>Bad Gateway</html>", "after_effect": true}})).await;
    let refused = client.put(&group, RESOURCES, body()).await.expect(502);
    assert_eq!(refused.body, "<html>Bad Gateway</html>");
    client.get(&group, RESOURCES).await.expect(200);
    let injected = client.sandbox.world.log.entries();
    assert_eq!(injected.iter().filter(|e| e.injected).count(), 2);
}

#[tokio::test]
async fn a_reset_closes_the_connection_before_or_after_the_effect() {
    let client = Client::start(stepped()).await;
    let group = client.group();
    for (kind, status) in [("reset_before", 404), ("reset_after", 200)] {
        fault(&client, json!({"method": "PUT", "fault": {"kind": kind}})).await;
        let sent = client
            .request(Method::PUT, &group, RESOURCES)
            .json(&body())
            .send()
            .await;
        let error = sent.expect_err("no answer");
        assert!(!error.is_timeout(), "{error:?}");
        client.get(&group, RESOURCES).await.expect(status);
    }
    let entries = client.sandbox.world.log.entries();
    let lost = entries
        .iter()
        .filter(|e| e.method == "PUT" && e.status.is_none());
    assert_eq!(lost.count(), 2);
}

#[tokio::test]
async fn a_hanging_call_never_answers() {
    let client = Client::start(stepped()).await;
    fault(&client, json!({"fault": {"kind": "hang"}})).await;
    let request = client.request(Method::GET, &client.group(), RESOURCES);
    let error = request
        .timeout(Duration::from_millis(200))
        .send()
        .await
        .expect_err("no answer");
    assert!(error.is_timeout());
    client.get(&client.group(), RESOURCES).await.expect(404);
}

#[tokio::test]
async fn faults_also_hit_the_token_endpoint() {
    let client = Client::start(stepped()).await;
    fault(
        &client,
        json!({"path": "/oauth2/", "fault": {"kind": "status", "status": 500}}),
    )
    .await;
    client
        .token_request(&client.secret_form())
        .await
        .expect(500);
    client
        .token_request(&client.secret_form())
        .await
        .expect(200);
}

#[tokio::test]
async fn another_process_can_play_with_the_world() {
    let client = Client::start(stepped()).await;
    let group = client.make_group().await;
    let seen = control(&client, Method::POST, "/clock", json!({"seconds": 90})).await;
    assert_eq!(reply(seen).await.body["now"], "2026-01-01T00:01:30Z");
    let change = json!({"id": group, "patch": {"tags": {"who": "eve"}}, "by": "eve@example.org"});
    let answer = control(&client, Method::PATCH, "/resources", change).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(
        client.get(&group, RESOURCES).await.expect(200).body["tags"]["who"],
        "eve"
    );
    let log = reply(control(&client, Method::GET, "/log", json!({})).await)
        .await
        .body;
    let text = log.to_string();
    assert!(text.contains("resourceGroups/rg-test"));
    assert!(!text.contains(&client.token) && !text.contains("sandbox-client-secret"));
    control(&client, Method::POST, "/tokens/expire", json!({})).await;
    client
        .get(&group, RESOURCES)
        .await
        .refused(401, "ExpiredAuthenticationToken");
    let answer = control(&client, Method::DELETE, "/resources", json!({"id": group})).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    let all = reply(control(&client, Method::GET, "/resources", json!({})).await).await;
    assert_eq!(all.body, json!([]));
    let bad = json!({"regex": "(", "fault": {"kind": "hang"}});
    let answer = control(&client, Method::POST, "/faults", bad).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn polls_are_steps_when_asked() {
    let mut options = stepped();
    options.clock = Mode::Stepped {
        poll_step_seconds: 30,
    };
    let client = Client::start(options).await;
    let group = client.make_group().await;
    let going = client.delete(&group, RESOURCES).await.expect(202);
    let poll = going.header("location").to_owned();
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(client.poll(&poll).await.status);
    }
    assert_eq!(seen, [202, 202, 200]);
}
