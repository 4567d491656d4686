//! Write-only values never leave the provider.

use terraform_provider_postgres::plugin::proto::tfplugin5 as wire;
use terraform_provider_postgres::schema::resource::{ImportResponse, MoveResponse};
use terraform_provider_postgres::schema::value::Value;

use super::fake::{Fake, thing, with};
use super::served::{Served, got, sent, told};

const SECRET: &str = "write-only-secret";

fn part(secret: Value) -> Value {
    let members = [("key", "k".into()), ("secret_wo", secret)];
    Value::Map(members.map(|(name, value)| (name.to_owned(), value)).into())
}

/// A thing with secrets at every depth, as a configuration has it.
fn secret_thing() -> Value {
    let thing = with(thing("a"), "secret_wo", SECRET);
    with(thing, "part", Value::List(vec![part(SECRET.into())]))
}

fn stripped() -> Value {
    with(thing("a"), "part", Value::List(vec![part(Value::Null)]))
}

/// Handlers that answer with what they should keep.
fn careless() -> Fake {
    Fake {
        import: Box::new(|_| ImportResponse {
            state: Some(secret_thing()),
            ..Default::default()
        }),
        move_state: Box::new(|_| MoveResponse {
            target: secret_thing(),
            ..Default::default()
        }),
        ..Fake::default()
    }
}

#[tokio::test]
async fn no_answer_about_a_living_resource_has_them() {
    let mut served = Served::new(Fake::default()).await;
    let client = &mut served.client;
    let type_name = "test_thing".to_owned();
    let request = wire::read_resource::Request {
        type_name: type_name.clone(),
        current_state: sent(&secret_thing()),
        ..Default::default()
    };
    let read = client.read_resource(request).await.unwrap().into_inner();
    assert_eq!(got(read.new_state), stripped());

    let request = wire::plan_resource_change::Request {
        type_name: type_name.clone(),
        proposed_new_state: sent(&with(secret_thing(), "serial", Value::Unknown)),
        config: sent(&with(secret_thing(), "serial", Value::Null)),
        ..Default::default()
    };
    let plan = client.plan_resource_change(request).await.unwrap();
    let plan = plan.into_inner();
    assert_eq!(told(&plan.diagnostics), "");
    assert_eq!(
        got(plan.planned_state),
        with(stripped(), "serial", Value::Unknown)
    );

    let request = wire::apply_resource_change::Request {
        type_name,
        planned_state: sent(&secret_thing()),
        config: sent(&secret_thing()),
        ..Default::default()
    };
    let apply = client.apply_resource_change(request).await.unwrap();
    assert_eq!(got(apply.into_inner().new_state), stripped());
}

#[tokio::test]
async fn no_answer_about_stored_state_has_them() {
    let mut served = Served::new(careless()).await;
    let client = &mut served.client;
    let type_name = "test_thing".to_owned();
    let request = wire::import_resource_state::Request {
        type_name: type_name.clone(),
        id: "a".to_owned(),
        ..Default::default()
    };
    let import = client.import_resource_state(request).await.unwrap();
    let mut imported = import.into_inner().imported_resources;
    assert_eq!(got(imported.remove(0).state), stripped());

    let request = wire::move_resource_state::Request {
        target_type_name: type_name.clone(),
        ..Default::default()
    };
    let moved = client.move_resource_state(request).await.unwrap();
    assert_eq!(got(moved.into_inner().target_state), stripped());

    let json = format!(r#"{{"name":"a","serial":"1","secret_wo":"{SECRET}"}}"#);
    let request = wire::upgrade_resource_state::Request {
        type_name,
        version: 2,
        raw_state: Some(wire::RawState {
            json: json.into_bytes(),
            ..Default::default()
        }),
    };
    let upgraded = client.upgrade_resource_state(request).await.unwrap();
    assert_eq!(got(upgraded.into_inner().upgraded_state), thing("a"));
}

#[tokio::test]
async fn a_core_that_would_store_them_is_refused() {
    let mut served = Served::new(Fake::default()).await;
    let request = |capabilities| wire::validate_resource_type_config::Request {
        type_name: "test_thing".to_owned(),
        config: sent(&secret_thing()),
        client_capabilities: capabilities,
    };
    let able = wire::ClientCapabilities {
        write_only_attributes_allowed: true,
        ..Default::default()
    };
    let answer = served
        .client
        .validate_resource_type_config(request(Some(able)))
        .await;
    assert_eq!(told(&answer.unwrap().into_inner().diagnostics), "");
    for unable in [None, Some(wire::ClientCapabilities::default())] {
        let answer = served
            .client
            .validate_resource_type_config(request(unable))
            .await;
        let text = told(&answer.unwrap().into_inner().diagnostics);
        assert!(text.contains("`secret_wo` is write-only"), "{text}");
        assert!(text.contains("`part[0].secret_wo` is write-only"), "{text}");
        assert!(!text.contains(SECRET), "{text}");
    }
}
