//! Every rpc of the service is answered: with diagnostics for names that nobody knows, or as one that is not offered.

use terraform_provider_postgres::plugin::proto::tfplugin5 as wire;
use tonic::Code;

use super::fake::Fake;
use super::served::{Served, told};

/// Sends each request with an unknown name, and expects to be told.
macro_rules! unknown {
    ($served:ident: $($rpc:ident($module:ident $(, $name:ident)?) $kind:literal;)*) => {$({
        let request = wire::$module::Request {
            $($name: "nobody".to_owned(),)?
            ..Default::default()
        };
        let answer = $served.client.$rpc(request).await.unwrap().into_inner();
        let text = told(&answer.diagnostics);
        let expected = concat!("There is no ", $kind, " `nobody`");
        assert!(text.contains(expected), "{}: {text}", stringify!($rpc));
    })*};
}

macro_rules! offered {
    ($served:ident: $($rpc:ident($module:ident);)*) => {$({
        let request = wire::$module::Request::default();
        let answer = $served.client.$rpc(request).await.unwrap().into_inner();
        assert_eq!(told(&answer.diagnostics), "", "{}", stringify!($rpc));
    })*};
}

macro_rules! not_offered {
    ($served:ident: $($rpc:ident($module:ident);)*) => {$({
        let request = wire::$module::Request::default();
        let status = $served.client.$rpc(request).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented, "{}", stringify!($rpc));
        assert!(status.message().starts_with("this provider offers no"));
    })*};
}

#[tokio::test]
async fn unknown_names_are_told() {
    let mut served = Served::new(Fake::default()).await;
    unknown! { served:
        validate_resource_type_config(validate_resource_type_config, type_name) "resource";
        upgrade_resource_state(upgrade_resource_state, type_name) "resource";
        upgrade_resource_identity(upgrade_resource_identity, type_name) "resource";
        read_resource(read_resource, type_name) "resource";
        plan_resource_change(plan_resource_change, type_name) "resource";
        apply_resource_change(apply_resource_change, type_name) "resource";
        import_resource_state(import_resource_state, type_name) "resource";
        move_resource_state(move_resource_state, target_type_name) "resource";
        validate_data_source_config(validate_data_source_config, type_name) "data source";
        read_data_source(read_data_source, type_name) "data source";
        validate_ephemeral_resource_config(validate_ephemeral_resource_config, type_name) "ephemeral resource";
        open_ephemeral_resource(open_ephemeral_resource, type_name) "ephemeral resource";
        renew_ephemeral_resource(renew_ephemeral_resource, type_name) "ephemeral resource";
        close_ephemeral_resource(close_ephemeral_resource, type_name) "ephemeral resource";
    }
    let request = wire::call_function::Request {
        name: "nobody".to_owned(),
        arguments: Vec::new(),
    };
    let answer = served.client.call_function(request).await.unwrap();
    let error = answer.into_inner().error.unwrap();
    assert!(error.text.contains("There is no function `nobody`"));
}

#[tokio::test]
async fn what_concerns_the_provider_is_answered() {
    let mut served = Served::new(Fake::default()).await;
    offered! { served:
        get_metadata(get_metadata);
        get_schema(get_provider_schema);
        get_resource_identity_schemas(get_resource_identity_schemas);
        get_functions(get_functions);
        prepare_provider_config(prepare_provider_config);
        configure(configure);
    }
    served.client.stop(wire::stop::Request {}).await.unwrap();
}

#[tokio::test]
async fn metadata_and_schema_name_the_same_things() {
    let mut served = Served::new(Fake::default()).await;
    let metadata = served
        .client
        .get_metadata(wire::get_metadata::Request {})
        .await
        .unwrap()
        .into_inner();
    let schema = served
        .client
        .get_schema(wire::get_provider_schema::Request {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!(metadata.resources[0].type_name, "test_thing");
    assert_eq!(schema.resource_schemas["test_thing"].version, 2);
    assert_eq!(metadata.data_sources[0].type_name, "test_token");
    assert!(schema.data_source_schemas.contains_key("test_token"));
    assert_eq!(metadata.ephemeral_resources[0].type_name, "test_token");
    assert!(schema.ephemeral_resource_schemas.contains_key("test_token"));
    assert_eq!(metadata.functions[0].name, "join");
    assert_eq!(schema.functions["join"].parameters.len(), 2);
    assert_eq!(metadata.server_capabilities, schema.server_capabilities);
}

#[tokio::test]
async fn what_the_provider_does_not_have_is_not_implemented() {
    let mut served = Served::new(Fake::default()).await;
    not_offered! { served:
        generate_resource_config(generate_resource_config);
        list_resource(list_resource);
        validate_list_resource_config(validate_list_resource_config);
        validate_action_config(validate_action_config);
        plan_action(plan_action);
        invoke_action(invoke_action);
    }
}
