//! A panic in a handler is told, and costs nothing.

use terraform_provider_postgres::plugin::proto::tfplugin5 as wire;
use terraform_provider_postgres::schema::value::Value;

use super::fake::{Fake, identity, thing};
use super::served::{Served, got, got_identity, sent, sent_as, sent_identity, token_type, told};

const THING: &str = "test_thing";
const TOKEN: &str = "test_token";

/// The answer to `$request` from a provider whose `$handler` panics, after checking that it says so and that the server lives on.
macro_rules! answer {
    ($handler:literal, $rpc:ident, $request:expr) => {{
        let mut served = Served::new(Fake::panicking($handler)).await;
        let answer = served.client.$rpc($request).await.unwrap().into_inner();
        let text = told(&answer.diagnostics);
        assert!(
            text.contains(concat!("A handler panicked: ", $handler, ".")),
            "{}: {text}",
            $handler
        );
        let functions = wire::call_function::Request {
            name: "none".to_owned(),
            arguments: Vec::new(),
        };
        served.client.call_function(functions).await.unwrap();
        answer
    }};
}

#[tokio::test]
async fn what_is_offered() {
    answer!("resources", get_metadata, wire::get_metadata::Request {});
    answer!(
        "provider.schema",
        get_schema,
        wire::get_provider_schema::Request {}
    );
    answer!(
        "identity_schema",
        get_resource_identity_schemas,
        wire::get_resource_identity_schemas::Request {}
    );
    answer!("signature", get_functions, wire::get_functions::Request {});
}

#[tokio::test]
async fn the_providers_configuration() {
    let config = sent_as(&token(), &token_type());
    let prepare = wire::prepare_provider_config::Request {
        config: config.clone(),
    };
    answer!("provider.validate", prepare_provider_config, prepare);
    let configure = wire::configure::Request {
        config,
        ..Default::default()
    };
    answer!("configure", configure, configure);
}

fn token() -> Value {
    Value::Map(
        [("name", "a".into()), ("token", Value::Null)]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
    )
}

#[tokio::test]
async fn a_read_keeps_state_private_data_and_identity() {
    let request = wire::read_resource::Request {
        type_name: THING.to_owned(),
        current_state: sent(&thing("a")),
        private: b"private".to_vec(),
        current_identity: sent_identity(&identity("a")),
        ..Default::default()
    };
    let answer = answer!("read", read_resource, request);
    assert_eq!(got(answer.new_state), thing("a"));
    assert_eq!(answer.private, b"private");
    assert_eq!(got_identity(answer.new_identity), identity("a"));
}

#[tokio::test]
async fn an_apply_keeps_the_prior_state_and_the_private_data() {
    let request = wire::apply_resource_change::Request {
        type_name: THING.to_owned(),
        prior_state: sent(&thing("a")),
        planned_state: sent(&thing("b")),
        config: sent(&thing("b")),
        planned_private: b"private".to_vec(),
        planned_identity: sent_identity(&identity("a")),
        ..Default::default()
    };
    let answer = answer!("apply", apply_resource_change, request);
    assert_eq!(got(answer.new_state), thing("a"));
    assert_eq!(answer.private, b"private");
    assert_eq!(got_identity(answer.new_identity), identity("a"));
}

#[tokio::test]
async fn a_create_is_not_tainted() {
    let request = wire::apply_resource_change::Request {
        type_name: THING.to_owned(),
        prior_state: sent(&Value::Null),
        planned_state: sent(&thing("b")),
        config: sent(&thing("b")),
        ..Default::default()
    };
    let answer = answer!("apply", apply_resource_change, request);
    assert_eq!(got(answer.new_state), Value::Null);
}

#[tokio::test]
async fn the_other_handlers_of_a_resource() {
    let type_name = THING.to_owned();
    let validate = wire::validate_resource_type_config::Request {
        type_name: type_name.clone(),
        config: sent(&thing("a")),
        ..Default::default()
    };
    answer!("validate", validate_resource_type_config, validate);
    let plan = wire::plan_resource_change::Request {
        type_name: type_name.clone(),
        proposed_new_state: sent(&thing("a")),
        config: sent(&thing("a")),
        ..Default::default()
    };
    answer!("plan", plan_resource_change, plan);
    let upgrade = wire::upgrade_resource_state::Request {
        type_name: type_name.clone(),
        version: 1,
        raw_state: Some(wire::RawState {
            json: b"{}".to_vec(),
            ..Default::default()
        }),
    };
    answer!("upgrade", upgrade_resource_state, upgrade);
    let identity = wire::upgrade_resource_identity::Request {
        type_name: type_name.clone(),
        ..Default::default()
    };
    answer!("identity_schema", upgrade_resource_identity, identity);
    let import = wire::import_resource_state::Request {
        type_name: type_name.clone(),
        id: "a".to_owned(),
        ..Default::default()
    };
    answer!("import", import_resource_state, import);
    let moved = wire::move_resource_state::Request {
        target_type_name: type_name,
        ..Default::default()
    };
    answer!("move_state", move_resource_state, moved);
}

#[tokio::test]
async fn data_sources_and_ephemeral_resources() {
    let (type_name, config) = (TOKEN.to_owned(), sent_as(&token(), &token_type()));
    let validate = wire::validate_data_source_config::Request {
        type_name: type_name.clone(),
        config: config.clone(),
    };
    answer!(
        "data_source.validate",
        validate_data_source_config,
        validate
    );
    let read = wire::read_data_source::Request {
        type_name: type_name.clone(),
        config: config.clone(),
        ..Default::default()
    };
    answer!("data_source.read", read_data_source, read);
    let validate = wire::validate_ephemeral_resource_config::Request {
        type_name: type_name.clone(),
        config: config.clone(),
    };
    answer!(
        "ephemeral.validate",
        validate_ephemeral_resource_config,
        validate
    );
    let open = wire::open_ephemeral_resource::Request {
        type_name: type_name.clone(),
        config,
        ..Default::default()
    };
    answer!("open", open_ephemeral_resource, open);
    let renew = wire::renew_ephemeral_resource::Request {
        type_name: type_name.clone(),
        ..Default::default()
    };
    answer!("renew", renew_ephemeral_resource, renew);
    let close = wire::close_ephemeral_resource::Request {
        type_name,
        ..Default::default()
    };
    answer!("close", close_ephemeral_resource, close);
}

#[tokio::test]
async fn a_function_tells_it_in_its_error() {
    let mut served = Served::new(Fake::panicking("call")).await;
    let null = wire::DynamicValue::default();
    let request = wire::call_function::Request {
        name: "join".to_owned(),
        arguments: vec![null.clone(), null],
    };
    let answer = served.client.call_function(request).await.unwrap();
    let error = answer.into_inner().error.unwrap();
    assert!(
        error.text.contains("A handler panicked: call."),
        "{}",
        error.text
    );
}
