//! Long-running operations in all their styles.

use super::{ID, VERSION, get, put};
use crate::azure::testing::{Reply, Server, call, failure, reply};
use crate::azure::{Call, ErrorKind};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const OPERATION: &str = "/subscriptions/s/operations/1";
/// Nobody may be asked there: tokens go to the configured host only.
const FOREIGN: &str = "https://evil.invalid/subscriptions/s/operations/1?api-version=op";

fn state(word: &str) -> Value {
    json!({"id": ID, "properties": {"provisioningState": word}})
}

fn status(word: &str) -> Reply {
    reply(200, json!({"status": word}))
}

fn accepted(status: u16, header: &str) -> Reply {
    reply(status, Value::Null)
        .with(header, FOREIGN)
        .with("Retry-After", "0")
}

#[tokio::test]
async fn put_follows_the_operation_header_on_the_configured_host_and_reads_the_resource() {
    let server = Server::start().await;
    server.on(
        &put(ID),
        vec![reply(201, state("Creating")).with("Azure-AsyncOperation", FOREIGN)],
    );
    let polls = vec![
        failure(404, "NotFound"),
        status("InProgress"),
        Reply::Drop,
        status("Weird word"),
        status("Succeeded"),
    ];
    server.on(&get(OPERATION), polls);
    server.on(
        &get(ID),
        vec![
            failure(404, "ResourceNotFound"),
            reply(200, state("Updating")),
            reply(200, state("Succeeded")),
        ],
    );
    let result = server
        .client()
        .put(&call(), ID, VERSION, &json!({"location": "x"}), None)
        .await;
    assert_eq!(result.unwrap(), state("Succeeded"));
    assert_eq!(server.count(&put(ID)), 1);
    assert_eq!(server.count(&get(OPERATION)), 5);
    let poll = server
        .received()
        .into_iter()
        .find(|r| r.route == get(OPERATION))
        .unwrap();
    assert!(poll.target.ends_with("?api-version=op"), "{}", poll.target);
}

#[tokio::test]
async fn an_operation_that_fails_gives_its_own_error_and_the_request_it_belongs_to() {
    let server = Server::start().await;
    server.on(&put(ID), vec![accepted(202, "Azure-AsyncOperation")]);
    let body = json!({"status": "Failed", "error": {"code": "InternalServerError", "message": "tracking id 7"}});
    server.on(
        &get(OPERATION),
        vec![reply(200, body).with("x-ms-request-id", "r-7")],
    );
    let error = server
        .client()
        .put(&call(), ID, VERSION, &json!({}), None)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::OperationFailed);
    assert_eq!(error.code, "InternalServerError");
    assert_eq!(
        (error.method, error.path.as_deref()),
        (Some("PUT"), Some(ID))
    );
    assert_eq!(error.request_id.as_deref(), Some("r-7"));
    assert_eq!(
        server.count(&put(ID)),
        1,
        "a failed operation is not started again"
    );
}

#[tokio::test]
async fn an_operation_that_ended_because_of_another_one_is_started_again() {
    let server = Server::start().await;
    server.on(
        &put(ID),
        vec![
            accepted(202, "Azure-AsyncOperation"),
            reply(200, state("Succeeded")),
        ],
    );
    let body = json!({"status": "Failed", "error": {"code": "RetryableError", "message": "m"}});
    server.on(&get(OPERATION), vec![reply(200, body)]);
    let result = server
        .client()
        .put(&call(), ID, VERSION, &json!({}), None)
        .await;
    assert_eq!(result.unwrap(), state("Succeeded"));
    assert_eq!(server.count(&put(ID)), 2);
}

#[tokio::test]
async fn put_without_headers_waits_for_the_provisioning_state() {
    let server = Server::start().await;
    server.on(&put(ID), vec![reply(201, state("Creating"))]);
    server.on(
        &get(ID),
        vec![
            reply(200, state("Creating")),
            reply(200, state("Succeeded")),
        ],
    );
    let result = server
        .client()
        .put(&call(), ID, VERSION, &json!({}), None)
        .await;
    assert_eq!(result.unwrap(), state("Succeeded"));
    server.on(&get(ID), vec![reply(200, state("Failed"))]);
    let error = server
        .client()
        .put(&call(), ID, VERSION, &json!({}), None)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind, error.code.as_str()),
        (ErrorKind::OperationFailed, "Failed")
    );
}

#[tokio::test]
async fn a_put_that_is_complete_at_once_costs_one_request() {
    let server = Server::start().await;
    server.on(&put(ID), vec![reply(200, state("Succeeded"))]);
    server
        .client()
        .put(&call(), ID, VERSION, &json!({}), None)
        .await
        .unwrap();
    assert_eq!(server.routes(), [put(ID)]);
}

#[tokio::test]
async fn an_error_in_a_successful_answer_is_an_error() {
    let server = Server::start().await;
    server.on(
        &put(ID),
        vec![reply(
            200,
            json!({"error": {"code": "QuotaExceeded", "message": "m"}}),
        )],
    );
    let error = server
        .client()
        .put(&call(), ID, VERSION, &json!({}), None)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind, error.code.as_str()),
        (ErrorKind::Quota, "QuotaExceeded")
    );
}

#[tokio::test]
async fn delete_follows_the_location_and_then_makes_sure() {
    let server = Server::start().await;
    let delete = format!("DELETE {ID}");
    server.on(&delete, vec![accepted(202, "location")]);
    server.on(
        &get(OPERATION),
        vec![accepted(202, "Location"), reply(200, Value::Null)],
    );
    server.on(
        &get(ID),
        vec![
            reply(200, state("Deleting")),
            failure(404, "ResourceNotFound"),
        ],
    );
    server
        .client()
        .delete(&call(), ID, VERSION, None)
        .await
        .unwrap();
    assert_eq!(
        server.routes(),
        [delete, get(OPERATION), get(OPERATION), get(ID), get(ID)]
    );
}

#[tokio::test]
async fn delete_without_headers_waits_until_the_resource_is_gone() {
    let server = Server::start().await;
    server.on(&format!("DELETE {ID}"), vec![reply(202, Value::Null)]);
    let mut replies = vec![reply(200, state("Deleting")); 20];
    replies.push(failure(404, "ResourceGroupNotFound"));
    server.on(&get(ID), replies);
    server
        .client()
        .delete(&call(), ID, VERSION, None)
        .await
        .unwrap();
    assert_eq!(server.count(&get(ID)), 21);
}

#[tokio::test]
async fn a_deletion_whose_record_is_gone_is_proved_by_the_resource() {
    let server = Server::start().await;
    server.on(&format!("DELETE {ID}"), vec![accepted(202, "Location")]);
    server.on(&get(OPERATION), vec![failure(404, "NotFound")]);
    let mut replies = vec![reply(200, state("Deleting")); 20];
    replies.push(failure(404, "ResourceNotFound"));
    server.on(&get(ID), replies);
    server
        .client()
        .delete(&call(), ID, VERSION, None)
        .await
        .unwrap();
    assert_eq!(
        (server.count(&get(OPERATION)), server.count(&get(ID))),
        (1, 21)
    );
}

#[tokio::test]
async fn an_old_copy_of_what_was_deleted_is_not_waited_for_without_end() {
    let server = Server::start().await;
    server.on(&format!("DELETE {ID}"), vec![reply(200, Value::Null)]);
    server.on(&get(ID), vec![reply(200, state("Succeeded"))]);
    server
        .client()
        .delete(&call(), ID, VERSION, None)
        .await
        .unwrap();
}

#[tokio::test]
async fn deleting_what_is_not_there_is_a_success_but_a_gateways_page_is_not() {
    let server = Server::start().await;
    let delete = format!("DELETE {ID}");
    server.on(&delete, vec![failure(404, "ParentResourceNotFound")]);
    server
        .client()
        .delete(&call(), ID, VERSION, None)
        .await
        .unwrap();
    server.on(
        &delete,
        vec![Reply::text(404, "<html><title>no such page</title></html>")],
    );
    let error = server
        .client()
        .delete(&call(), ID, VERSION, None)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind, error.message.as_str()),
        (ErrorKind::Protocol, "no such page")
    );
}

#[tokio::test]
async fn an_action_gives_the_result_that_its_location_holds() {
    let server = Server::start().await;
    let post = format!("POST {ID}/listThings");
    let first = accepted(202, "Location").with("Azure-AsyncOperation", "/subscriptions/s/status/1");
    server.on(&post, vec![first]);
    server.on(
        &get("/subscriptions/s/status/1"),
        vec![status("Running"), status("Succeeded")],
    );
    server.on(&get(OPERATION), vec![reply(200, json!({"value": 42}))]);
    let result = server
        .client()
        .post_action(&call(), ID, "listThings", VERSION, None, None)
        .await;
    assert_eq!(result.unwrap(), json!({"value": 42}));
}

#[tokio::test]
async fn an_action_that_failed_at_its_location_is_not_polled_on() {
    let server = Server::start().await;
    server.on(
        &format!("POST {ID}/restart"),
        vec![accepted(202, "Location")],
    );
    server.on(&get(OPERATION), vec![failure(409, "ServerStopped")]);
    let result = server
        .client()
        .post_action(&call(), ID, "restart", VERSION, None, None)
        .await;
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind, error.code.as_str()),
        (ErrorKind::Conflict, "ServerStopped")
    );
    assert_eq!(
        error.path.as_deref(),
        Some(format!("{ID}/restart").as_str())
    );
    assert_eq!(server.count(&get(OPERATION)), 1);
}

#[tokio::test]
async fn a_stop_ends_the_wait_for_an_operation_and_tells_its_last_state() {
    let server = Server::start().await;
    server.on(&put(ID), vec![accepted(202, "Azure-AsyncOperation")]);
    server.on(&get(OPERATION), vec![status("Updating")]);
    let call = Call::new(call().deadline, CancellationToken::new());
    let (client, body) = (server.client(), json!({}));
    let (result, ()) = tokio::join!(client.put(&call, ID, VERSION, &body, None), async {
        while server.count(&get(OPERATION)) < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        call.cancel.cancel();
    });
    let error = result.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Canceled);
    assert!(error.to_string().contains(ID), "{error}");
    assert!(
        error.message.ends_with("last seen as `Updating`"),
        "{error}"
    );
}

#[tokio::test]
async fn writes_under_one_parent_go_one_after_the_other() {
    let server = Server::start().await;
    let (a, b) = (format!("{ID}/pools/a"), format!("{ID}/pools/b"));
    for id in [&a, &b] {
        let body = |word: &str| json!({"id": id, "properties": {"provisioningState": word}});
        server.on(&put(id), vec![reply(201, body("Creating"))]);
        server.on(
            &get(id),
            vec![reply(200, body("Creating")), reply(200, body("Succeeded"))],
        );
    }
    let (client, call, body) = (server.client(), call(), json!({}));
    let lower = ID.to_lowercase();
    let (first, second) = tokio::join!(
        client.put(&call, &a, VERSION, &body, Some(ID)),
        client.put(&call, &b, VERSION, &body, Some(&lower)),
    );
    first.unwrap();
    second.unwrap();
    assert_eq!(
        server.routes(),
        [put(&a), get(&a), get(&a), put(&b), get(&b), get(&b)]
    );
}
