//! Retries, throttling, and what counts as "not there".

use super::{ID, VERSION, get, put};
use crate::azure::testing::{Reply, Server, call, failure, reply};
use crate::azure::{Call, ErrorKind};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn thing() -> Value {
    json!({"id": ID, "name": "a"})
}

#[tokio::test]
async fn only_a_real_not_found_means_that_nothing_is_there() {
    let server = Server::start().await;
    let client = server.client();
    for code in [
        "ResourceNotFound",
        "ResourceGroupNotFound",
        "ParentResourceNotFound",
    ] {
        server.on(&get(ID), vec![failure(404, code)]);
        assert_eq!(
            client.get(&call(), ID, VERSION).await.unwrap(),
            None,
            "{code}"
        );
    }
    server.on(&get(ID), vec![reply(404, Value::Null)]);
    assert_eq!(client.get(&call(), ID, VERSION).await.unwrap(), None);
    for (status, code) in [(404, "SubscriptionNotFound"), (400, "ResourceNotFound")] {
        server.on(&get(ID), vec![failure(status, code)]);
        let error = client.get(&call(), ID, VERSION).await.unwrap_err();
        assert_eq!(error.code, code);
    }
    server.on(
        &get(ID),
        vec![Reply::text(404, "<html><title>Proxy</title></html>")],
    );
    let error = client.get(&call(), ID, VERSION).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Protocol);
}

#[tokio::test]
async fn faults_and_refusals_that_pass_are_sent_again() {
    let server = Server::start().await;
    let replies = vec![
        Reply::text(502, "<html>bad gateway</html>"),
        failure(429, "TooManyRequests").with("Retry-After", "0"),
        Reply::Drop,
        failure(408, "RequestTimeout"),
        reply(200, thing()),
    ];
    server.on(&get(ID), replies);
    assert_eq!(
        server.client().get(&call(), ID, VERSION).await.unwrap(),
        Some(thing())
    );
    assert_eq!(server.count(&get(ID)), 5);
}

#[tokio::test]
async fn a_fault_that_stays_is_reported_with_its_request_id() {
    let server = Server::start().await;
    let reply = failure(500, "InternalServerError")
        .with("x-ms-request-id", "r-1")
        .with("x-ms-correlation-request-id", "c-1");
    server.on(&get(ID), vec![reply]);
    let error = server.client().get(&call(), ID, VERSION).await.unwrap_err();
    assert_eq!(
        (error.kind, error.status),
        (ErrorKind::Transient, Some(500))
    );
    let text = error.to_string();
    for part in [
        "InternalServerError",
        "it is InternalServerError",
        "r-1",
        "c-1",
        "GET",
        ID,
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_sent_again() {
    let server = Server::start().await;
    server.on(&put(ID), vec![Reply::Drop, reply(200, thing())]);
    server
        .client()
        .put(&call(), ID, VERSION, &json!({"location": "x"}), None)
        .await
        .unwrap();
    let bodies: Vec<String> = server
        .received()
        .into_iter()
        .filter(|received| received.route == put(ID))
        .map(|received| received.body)
        .collect();
    assert_eq!(bodies, [r#"{"location":"x"}"#, r#"{"location":"x"}"#]);
}

#[tokio::test]
async fn an_action_whose_answer_was_lost_is_not_repeated() {
    let server = Server::start().await;
    let route = format!("POST {ID}/restart");
    server.on(&route, vec![Reply::Drop, reply(200, Value::Null)]);
    let result = server
        .client()
        .post_action(&call(), ID, "restart", VERSION, None, None)
        .await;
    assert_eq!(result.unwrap_err().code, "ConnectionLost");
    assert_eq!(server.count(&route), 1);
}

#[tokio::test]
async fn a_busy_parent_is_waited_for() {
    let server = Server::start().await;
    let unwrapped = reply(
        409,
        json!({"code": "OperationNotAllowed", "message": "there's an in progress \"create\" operation"}),
    );
    server.on(
        &put(ID),
        vec![
            failure(409, "ServerIsBusy"),
            unwrapped,
            failure(400, "PrincipalNotFound"),
            reply(200, thing()),
        ],
    );
    server
        .client()
        .put(&call(), ID, VERSION, &json!({}), None)
        .await
        .unwrap();
    assert_eq!(server.count(&put(ID)), 4);
}

#[tokio::test]
async fn when_time_is_up_the_last_answer_is_told() {
    let server = Server::start().await;
    server.on(
        &put(ID),
        vec![failure(409, "ServerIsBusy").with("Retry-After", "3600")],
    );
    let error = server
        .client()
        .put(&call(), ID, VERSION, &json!({}), None)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind, error.code.as_str()),
        (ErrorKind::DeadlineExceeded, "ServerIsBusy")
    );
    assert!(error.message.contains("it is ServerIsBusy"), "{error}");
}

#[tokio::test]
async fn a_contradiction_is_final() {
    let server = Server::start().await;
    for code in [
        "RoleAssignmentExists",
        "StorageAccountAlreadyTaken",
        "ScopeLocked",
    ] {
        let before = server.count(&put(ID));
        server.on(&put(ID), vec![failure(409, code)]);
        let error = server
            .client()
            .put(&call(), ID, VERSION, &json!({}), None)
            .await
            .unwrap_err();
        assert_eq!(error.code, code);
        assert_eq!(server.count(&put(ID)), before + 1);
    }
}

#[tokio::test]
async fn a_parent_made_just_now_is_not_believed_to_be_missing() {
    let server = Server::start().await;
    let group = "/subscriptions/s/resourceGroups/g";
    server.on(&put(group), vec![reply(201, json!({"id": group}))]);
    server.on(
        &put(ID),
        vec![failure(404, "ResourceGroupNotFound"), reply(201, thing())],
    );
    let client = server.client();
    client
        .put(&call(), group, VERSION, &json!({}), None)
        .await
        .unwrap();
    client
        .put(&call(), ID, VERSION, &json!({}), None)
        .await
        .unwrap();

    let stranger = server.client();
    server.on(
        &put(ID),
        vec![failure(404, "ResourceGroupNotFound"), reply(201, thing())],
    );
    let error = stranger
        .put(&call(), ID, VERSION, &json!({}), None)
        .await
        .unwrap_err();
    assert_eq!(
        error.kind,
        ErrorKind::NotFound,
        "nobody made that group in this run"
    );
}

#[tokio::test]
async fn an_answer_that_never_comes_ends_with_the_call() {
    let server = Server::start().await;
    server.on(&get(ID), vec![Reply::Hang]);
    let (client, call) = (
        server.client(),
        Call::new(call().deadline, CancellationToken::new()),
    );
    let (result, ()) = tokio::join!(client.get(&call, ID, VERSION), async {
        while server.count(&get(ID)) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        call.cancel.cancel();
    });
    assert_eq!(result.unwrap_err().kind, ErrorKind::Canceled);
}

#[tokio::test]
async fn requests_say_who_and_which_run_they_are() {
    let server = Server::start().await;
    server.on(
        &get(ID),
        vec![failure(503, "ServiceUnavailable"), reply(200, thing())],
    );
    server.client().get(&call(), ID, VERSION).await.unwrap();
    let reads: Vec<_> = server
        .received()
        .into_iter()
        .filter(|r| r.route == get(ID))
        .collect();
    assert_eq!(reads[0].target, format!("{ID}?api-version={VERSION}"));
    for read in &reads {
        assert_eq!(read.headers["authorization"], "Bearer the-token");
        assert_eq!(
            read.headers["x-ms-correlation-request-id"],
            "00000000-0000-0000-0000-000000000001"
        );
    }
    let id = |index: usize| reads[index].headers["x-ms-client-request-id"].clone();
    assert_ne!(id(0), id(1));

    server.on(&get(ID), vec![reply(200, thing())]);
    server.client().get(&call(), ID, VERSION).await.unwrap();
    let last = server.received().pop().unwrap();
    assert_eq!(
        last.headers["x-ms-client-request-id"],
        id(0),
        "the same run, the same id"
    );
}
