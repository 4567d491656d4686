//! State and identities from elsewhere.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use terraform_provider_postgres::plugin::proto::tfplugin5 as wire;
use terraform_provider_postgres::schema::resource::{ImportRequest, ImportResponse, MoveResponse};
use terraform_provider_postgres::schema::value::Value;

use super::fake::{Fake, failure, identity, thing, with};
use super::served::{Served, got, got_identity, sent_identity, told};

fn stored(version: i64, json: &str) -> wire::upgrade_resource_state::Request {
    wire::upgrade_resource_state::Request {
        type_name: "test_thing".to_owned(),
        version,
        raw_state: Some(wire::RawState {
            json: json.as_bytes().to_vec(),
            flatmap: HashMap::new(),
        }),
    }
}

async fn upgraded(
    request: wire::upgrade_resource_state::Request,
) -> wire::upgrade_resource_state::Response {
    let mut served = Served::new(Fake::default()).await;
    let answer = served.client.upgrade_resource_state(request).await;
    answer.unwrap().into_inner()
}

#[tokio::test]
async fn state_with_more_or_less_than_the_schema_is_read() {
    let json = r#"{"name":"a","serial":"1","gone":[1,{"x":null}],"part":[{"key":"k","old":1}]}"#;
    let answer = upgraded(stored(2, json)).await;
    assert_eq!(told(&answer.diagnostics), "");
    let state = got(answer.upgraded_state);
    assert_eq!(state.member("name"), &"a".into());
    assert!(state.member("labels").is_null());
    let parts = state.member("part").as_list().unwrap();
    assert_eq!(parts[0].member("key"), &"k".into());

    let answer = upgraded(stored(2, r#"{"name":"a","serial":"1"}"#)).await;
    assert_eq!(got(answer.upgraded_state), thing("a"));
}

#[tokio::test]
async fn state_of_an_older_version_is_upgraded() {
    let answer = upgraded(stored(1, r#"{"title":"a","serial":"1","gone":true}"#)).await;
    assert_eq!(told(&answer.diagnostics), "");
    assert_eq!(got(answer.upgraded_state), thing("a"));
}

#[tokio::test]
async fn state_that_cannot_be_read_is_told() {
    let flatmap = wire::upgrade_resource_state::Request {
        raw_state: Some(wire::RawState {
            json: Vec::new(),
            flatmap: HashMap::from([("name".to_owned(), "a".to_owned())]),
        }),
        ..stored(2, "")
    };
    for (request, reason) in [
        (flatmap, "before 0.12"),
        (stored(0, "{}"), "version 0 is not known"),
        (stored(2, "{"), "JSON"),
        (stored(1, "{"), "EOF"),
        (stored(2, r#"{"name":["a"]}"#), "name"),
    ] {
        let answer = upgraded(request).await;
        let text = told(&answer.diagnostics);
        assert!(text.contains("The stored state cannot be read"), "{text}");
        assert!(text.contains(reason), "{reason}: {text}");
        assert!(answer.upgraded_state.is_none());
    }
}

#[tokio::test]
async fn an_identity_is_upgraded() {
    let mut served = Served::new(Fake::default()).await;
    let request = |version, json: &str| wire::upgrade_resource_identity::Request {
        type_name: "test_thing".to_owned(),
        version,
        raw_identity: Some(wire::RawState {
            json: json.as_bytes().to_vec(),
            flatmap: HashMap::new(),
        }),
    };
    let answer = served
        .client
        .upgrade_resource_identity(request(0, r#"{"name":"a","dropped":true}"#))
        .await;
    let answer = answer.unwrap().into_inner();
    assert_eq!(told(&answer.diagnostics), "");
    assert_eq!(got_identity(answer.upgraded_identity), identity("a"));
    for (version, json, why) in [
        (0, r#"{"name":7"#, "EOF"),
        (0, "{}", "`name` is missing"),
        (1, r#"{"name":"a"}"#, "version 1"),
    ] {
        let request = request(version, json);
        let answer = served.client.upgrade_resource_identity(request).await;
        let text = told(&answer.unwrap().into_inner().diagnostics);
        assert!(
            text.contains("The stored identity cannot be read") && text.contains(why),
            "{text}"
        );
    }
}

/// A provider that says how it was asked to import, and then does.
fn importing(asked: &Arc<Mutex<String>>) -> Fake {
    let asked = asked.clone();
    Fake {
        import: Box::new(move |request| {
            *asked.lock().unwrap() = match &request {
                ImportRequest::Id(id) => format!("id {id}"),
                ImportRequest::Identity(identity) => format!("identity {identity:?}"),
            };
            ImportResponse {
                state: Some(thing("a")),
                private: b"imported".to_vec(),
                identity: Some(identity("a")),
                ..Default::default()
            }
        }),
        ..Fake::default()
    }
}

#[tokio::test]
async fn import_goes_by_id_or_by_identity() {
    let asked = Arc::new(Mutex::new(String::new()));
    let mut served = Served::new(importing(&asked)).await;
    for (id, by, expected) in [
        ("a", None, "id a".to_owned()),
        (
            "",
            sent_identity(&identity("a")),
            format!("identity {:?}", identity("a")),
        ),
        ("a", sent_identity(&Value::Null), "id a".to_owned()),
    ] {
        let request = wire::import_resource_state::Request {
            type_name: "test_thing".to_owned(),
            id: id.to_owned(),
            identity: by,
            ..Default::default()
        };
        let answer = served.client.import_resource_state(request).await;
        let answer = answer.unwrap().into_inner();
        assert_eq!(*asked.lock().unwrap(), expected);
        assert_eq!(told(&answer.diagnostics), "");
        let [imported] = <[_; 1]>::try_from(answer.imported_resources).unwrap();
        assert_eq!(imported.type_name, "test_thing");
        assert_eq!(imported.private, b"imported");
        assert_eq!(got(imported.state), thing("a"));
        assert_eq!(got_identity(imported.identity), identity("a"));
    }
}

#[tokio::test]
async fn an_import_that_is_wrong_imports_nothing() {
    let wrong = [
        ImportResponse {
            diagnostics: failure("Not found"),
            ..Default::default()
        },
        ImportResponse {
            state: Some(with(thing("a"), "name", true)),
            ..Default::default()
        },
        ImportResponse {
            state: Some(with(thing("a"), "serial", Value::Unknown)),
            ..Default::default()
        },
    ];
    for response in wrong {
        let fake = Fake {
            import: Box::new(move |_| response.clone()),
            ..Fake::default()
        };
        let mut served = Served::new(fake).await;
        let request = wire::import_resource_state::Request {
            type_name: "test_thing".to_owned(),
            id: "a".to_owned(),
            ..Default::default()
        };
        let answer = served.client.import_resource_state(request).await;
        let answer = answer.unwrap().into_inner();
        assert!(answer.imported_resources.is_empty());
        assert_eq!(answer.diagnostics.len(), 1);
    }
}

fn moved() -> wire::move_resource_state::Request {
    wire::move_resource_state::Request {
        source_provider_address: "registry.terraform.io/other/other".to_owned(),
        source_type_name: "other_thing".to_owned(),
        source_schema_version: 3,
        source_state: Some(wire::RawState {
            json: br#"{"title":"a"}"#.to_vec(),
            flatmap: HashMap::new(),
        }),
        target_type_name: "test_thing".to_owned(),
        source_private: b"theirs".to_vec(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_move_hands_over_everything() {
    let fake = Fake {
        move_state: Box::new(|request| {
            assert_eq!(
                (
                    request.source_type_name.as_str(),
                    request.source_schema_version
                ),
                ("other_thing", 3)
            );
            assert!(request.source_provider_address.ends_with("/other"));
            let state: serde_json::Value = serde_json::from_slice(&request.source_state).unwrap();
            MoveResponse {
                target: thing(state["title"].as_str().unwrap()),
                private: request.source_private,
                identity: Some(identity("a")),
                ..Default::default()
            }
        }),
        ..Fake::default()
    };
    let mut served = Served::new(fake).await;
    let answer = served.client.move_resource_state(moved()).await.unwrap();
    let answer = answer.into_inner();
    assert_eq!(told(&answer.diagnostics), "");
    assert_eq!(got(answer.target_state), thing("a"));
    assert_eq!(answer.target_private, b"theirs");
    assert_eq!(got_identity(answer.target_identity), identity("a"));
}

#[tokio::test]
async fn a_refused_move_moves_nothing() {
    let fake = Fake {
        move_state: Box::new(|_| MoveResponse {
            diagnostics: failure("Another kind"),
            ..Default::default()
        }),
        ..Fake::default()
    };
    let mut served = Served::new(fake).await;
    let answer = served.client.move_resource_state(moved()).await.unwrap();
    let answer = answer.into_inner();
    assert!(told(&answer.diagnostics).contains("Another kind"));
    assert!(answer.target_state.is_none());
}

#[tokio::test]
async fn a_move_from_state_before_0_12_is_told() {
    let mut served = Served::new(Fake::default()).await;
    let request = wire::move_resource_state::Request {
        source_state: Some(wire::RawState {
            json: Vec::new(),
            flatmap: HashMap::from([("id".to_owned(), "a".to_owned())]),
        }),
        ..moved()
    };
    let answer = served.client.move_resource_state(request).await.unwrap();
    let text = told(&answer.into_inner().diagnostics);
    assert!(text.contains("before 0.12"), "{text}");
}
