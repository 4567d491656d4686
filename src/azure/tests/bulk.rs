//! Lists, paging, and reads that become lists or share an answer.

use super::{ID, VERSION, get, put};
use crate::azure::testing::{Reply, Server, call, failure, reply};
use crate::azure::{Call, ErrorKind};
use futures::future::join_all;
use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const COLLECTION: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.X/things";

fn id(name: &str) -> String {
    format!("{COLLECTION}/{name}")
}

fn item(name: &str) -> Value {
    json!({"id": id(name).to_uppercase(), "name": name})
}

async fn read(server: &Server, names: &[&str]) -> Vec<Option<Value>> {
    let (client, call) = (server.client(), call());
    let ids: Vec<String> = names.iter().map(|name| id(name)).collect();
    let reads = join_all(ids.iter().map(|id| client.get(&call, id, VERSION))).await;
    reads.into_iter().map(Result::unwrap).collect()
}

#[tokio::test]
async fn a_list_is_followed_through_its_pages_on_the_configured_host() {
    let server = Server::start().await;
    let link = "https://evil.invalid/page/2?api-version=2025-01-01&$skiptoken=x";
    server.on(
        &get(COLLECTION),
        vec![reply(200, json!({"value": [item("a")], "nextLink": link}))],
    );
    server.on(
        &get("/page/2"),
        vec![reply(200, json!({"value": [item("b")], "nextLink": ""}))],
    );
    let filter = Some("name eq 'x'");
    let items = server
        .client()
        .list(&call(), COLLECTION, VERSION, filter)
        .await
        .unwrap();
    assert_eq!(items, [item("a"), item("b")]);
    let targets: Vec<String> = server.received().into_iter().map(|r| r.target).collect();
    let first = format!("{COLLECTION}?api-version={VERSION}&%24filter=name%20eq%20%27x%27");
    assert!(targets.contains(&first), "{targets:?}");
    assert!(targets.contains(&"/page/2?api-version=2025-01-01&$skiptoken=x".to_owned()));
}

#[tokio::test]
async fn a_list_of_something_missing_is_an_error_and_no_empty_list() {
    let server = Server::start().await;
    server.on(
        &get(COLLECTION),
        vec![failure(404, "ResourceGroupNotFound")],
    );
    let error = server
        .client()
        .list(&call(), COLLECTION, VERSION, None)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn three_reads_of_a_collection_become_one_list() {
    let server = Server::start().await;
    server.on(
        &get(COLLECTION),
        vec![reply(
            200,
            json!({"value": [item("a"), item("b"), item("c")]}),
        )],
    );
    let found = read(&server, &["a", "b", "c"]).await;
    assert_eq!(found, [Some(item("a")), Some(item("b")), Some(item("c"))]);
    assert_eq!(server.routes(), [get(COLLECTION)]);
}

#[tokio::test]
async fn two_reads_stay_reads() {
    let server = Server::start().await;
    for name in ["a", "b"] {
        server.on(&get(&id(name)), vec![reply(200, item(name))]);
    }
    assert_eq!(
        read(&server, &["a", "b"]).await,
        [Some(item("a")), Some(item("b"))]
    );
    assert_eq!(server.count(&get(COLLECTION)), 0);
}

#[tokio::test]
async fn what_a_list_does_not_hold_is_asked_for_by_itself() {
    let server = Server::start().await;
    server.on(
        &get(COLLECTION),
        vec![reply(200, json!({"value": [item("a"), item("b")]}))],
    );
    server.on(&get(&id("new")), vec![reply(200, item("new"))]);
    server.on(&get(&id("gone")), vec![failure(404, "ResourceNotFound")]);
    let found = read(&server, &["a", "b", "new", "gone"]).await;
    assert_eq!(
        found,
        [Some(item("a")), Some(item("b")), Some(item("new")), None]
    );
    assert_eq!(server.routes().len(), 3);
}

#[tokio::test]
async fn a_list_that_is_not_allowed_is_tried_once() {
    let server = Server::start().await;
    server.on(&get(COLLECTION), vec![failure(403, "AuthorizationFailed")]);
    let names = ["a", "b", "c"];
    for name in names {
        server.on(&get(&id(name)), vec![reply(200, item(name))]);
    }
    let (client, call) = (server.client(), call());
    for _ in 0..2 {
        let ids: Vec<String> = names.iter().map(|name| id(name)).collect();
        for found in join_all(ids.iter().map(|id| client.get(&call, id, VERSION))).await {
            assert!(found.unwrap().is_some());
        }
    }
    assert_eq!(server.count(&get(COLLECTION)), 1);
    assert_eq!(server.count(&get(&id("a"))), 2);
}

#[tokio::test]
async fn a_list_with_more_pages_than_reads_is_given_up() {
    let server = Server::start().await;
    let page = json!({"value": [item("z")], "nextLink": format!("{}{COLLECTION}", server.url())});
    server.on(&get(COLLECTION), vec![reply(200, page)]);
    for name in ["a", "b", "c"] {
        server.on(&get(&id(name)), vec![reply(200, item(name))]);
    }
    assert!(
        read(&server, &["a", "b", "c"])
            .await
            .iter()
            .all(Option::is_some)
    );
    assert_eq!(server.count(&get(COLLECTION)), 3);
}

#[tokio::test]
async fn identical_reads_share_one_answer() {
    let server = Server::start().await;
    server.on(&get(ID), vec![reply(200, json!({"id": ID}))]);
    let (client, call) = (server.client(), call());
    let both = join_all([
        client.get(&call, ID, VERSION),
        client.get(&call, ID, VERSION),
    ])
    .await;
    assert!(both.into_iter().all(|found| found.unwrap().is_some()));
    assert_eq!(server.count(&get(ID)), 1);
}

#[tokio::test]
async fn a_read_after_a_write_never_shares_an_answer_from_before_it() {
    let server = Server::start().await;
    server.on(
        &get(ID),
        vec![Reply::Hang, reply(200, json!({"id": ID, "n": 2}))],
    );
    server.on(&put(ID), vec![reply(200, json!({"id": ID}))]);
    let (client, call) = (server.client(), call());
    let before = Call::new(call.deadline, CancellationToken::new());
    let (old, ()) = tokio::join!(client.get(&before, ID, VERSION), async {
        while server.count(&get(ID)) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        client
            .put(&call, ID, VERSION, &json!({}), None)
            .await
            .unwrap();
        let soon = Call::within(Duration::from_secs(20));
        let found = client.get(&soon, ID, VERSION).await.unwrap().unwrap();
        assert_eq!(found["n"], 2);
        before.cancel.cancel();
    });
    assert_eq!(old.unwrap_err().kind, ErrorKind::Canceled);
}

#[tokio::test]
async fn calls_can_be_made_from_tasks_of_their_own() {
    let server = Server::start().await;
    server.on(&get(ID), vec![reply(200, json!({"id": ID}))]);
    server.on(&put(ID), vec![reply(200, json!({"id": ID}))]);
    let client = server.client();
    let task = tokio::spawn(async move {
        client
            .put(&call(), ID, VERSION, &json!({}), Some(ID))
            .await?;
        client.get(&call(), ID, VERSION).await
    });
    assert!(task.await.unwrap().unwrap().is_some());
}
