//! From the start of the process to the first answer.

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use terraform_provider_postgres::plugin::proto::tfplugin5 as wire;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::process::{PROGRAM, Plugin, as_core, bare};

#[tokio::test]
async fn the_schema_comes_over_mutual_tls() {
    let plugin = Plugin::start().await;
    let fields = plugin.fields();
    assert_eq!(fields.len(), 6, "{}", plugin.line);
    assert_eq!(
        (fields[0], fields[1], fields[2], fields[4]),
        ("1", "5", "unix", "grpc")
    );
    let mut client = plugin.client().await;
    let request = wire::get_provider_schema::Request {};
    let schema = client.get_schema(request).await.unwrap().into_inner();
    assert!(schema.diagnostics.is_empty() && schema.provider.is_some());
    assert!(schema.resource_schemas.contains_key("postgres_ha_cluster"));
    assert!(
        schema
            .server_capabilities
            .unwrap()
            .get_provider_schema_optional
    );
}

#[tokio::test]
async fn tcp_takes_over_where_no_socket_can_be_made() {
    let plugin = Plugin::start_with(|command| {
        command.env("PLUGIN_UNIX_SOCKET_DIR", "/nonexistent/directory");
    })
    .await;
    let fields = plugin.fields();
    assert_eq!(fields[2], "tcp", "{}", plugin.line);
    let (host, port) = fields[3].split_once(':').unwrap();
    assert_eq!(host, "127.0.0.1");
    assert!((10000..=25000).contains(&port.parse::<u16>().unwrap()));
    let mut client = plugin.client().await;
    let request = wire::get_metadata::Request {};
    let metadata = client.get_metadata(request).await.unwrap().into_inner();
    assert!(!metadata.resources.is_empty());
}

#[tokio::test]
async fn without_a_client_certificate_there_is_no_tls() {
    let plugin = Plugin::start_program(PROGRAM, |command, _| as_core(command, None)).await;
    assert_eq!(plugin.fields()[5], "");
    let channel = plugin.place().channel(None).await.unwrap();
    let mut client = wire::provider_client::ProviderClient::new(channel);
    client
        .get_metadata(wire::get_metadata::Request {})
        .await
        .unwrap();
}

#[tokio::test]
async fn a_client_that_asks_for_multiplexing_is_told_that_there_is_none() {
    let plugin = Plugin::start_with(|command| {
        command.env("PLUGIN_MULTIPLEX_GRPC", "true");
    })
    .await;
    assert_eq!(plugin.fields()[6], "false");
}

#[tokio::test]
async fn the_socket_is_made_where_the_client_wants_it_and_for_whom() {
    let dir = tempfile::tempdir().unwrap();
    let group = std::fs::metadata(dir.path()).unwrap().gid();
    let plugin = Plugin::start_with(|command| {
        command
            .env("PLUGIN_UNIX_SOCKET_DIR", dir.path())
            .env("PLUGIN_UNIX_SOCKET_GROUP", group.to_string());
    })
    .await;
    let path = std::path::Path::new(plugin.fields()[3]);
    assert_eq!(path.parent(), Some(dir.path()));
    let socket = std::fs::metadata(path).unwrap();
    assert_eq!(socket.gid(), group);
    assert_eq!(socket.permissions().mode() & 0o777, 0o660);
}

#[tokio::test]
async fn nobody_else_may_use_the_socket_whatever_the_umask() {
    let plugin = Plugin::start_program("sh", |command, certificate| {
        command.args(["-c", "umask 0; exec \"$0\"", PROGRAM]);
        as_core(command, Some(certificate));
    })
    .await;
    let socket = std::fs::metadata(plugin.fields()[3]).unwrap();
    assert_eq!(socket.permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn an_unknown_group_is_told_where_core_shows_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = bare(PROGRAM, dir.path());
    as_core(&mut command, None);
    command.env("PLUGIN_UNIX_SOCKET_GROUP", "no such group");
    let output = command.output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("`no such group`"), "{stdout}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_core_with_another_protocol_is_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = bare(PROGRAM, dir.path());
    as_core(&mut command, None);
    command.env("PLUGIN_PROTOCOL_VERSIONS", "6");
    let output = command.output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("plugin protocol 5 only"), "{stdout}");
}

#[tokio::test]
async fn a_broken_client_certificate_is_told_where_core_shows_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = bare(PROGRAM, dir.path());
    as_core(&mut command, None);
    command.env("PLUGIN_CLIENT_CERT", "not a certificate");
    let output = command.output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("PLUGIN_CLIENT_CERT"), "{stdout}");
}

#[tokio::test]
async fn the_health_service_knows_the_plugin() {
    let plugin = Plugin::start().await;
    let mut client = HealthClient::new(plugin.channel().await);
    let request = HealthCheckRequest {
        service: "plugin".to_owned(),
    };
    let health = client.check(request).await.unwrap().into_inner();
    assert_eq!(health.status(), ServingStatus::Serving);
}

#[tokio::test]
async fn five_mebibytes_pass_in_both_directions() {
    let plugin = Plugin::start().await;
    let mut client = plugin.client().await.max_decoding_message_size(16 << 20);
    let schema = client
        .get_schema(wire::get_provider_schema::Request {})
        .await
        .unwrap()
        .into_inner();
    let block = schema.provider.unwrap().block.unwrap();
    let attributes = block.attributes.into_iter();
    let blocks = block.block_types.into_iter();
    let mut config: serde_json::Map<_, _> = attributes
        .map(|attribute| (attribute.name, serde_json::Value::Null))
        .chain(blocks.map(|block| (block.type_name, serde_json::json!([]))))
        .collect();
    config.insert(
        "tags".to_owned(),
        serde_json::json!({"large": "x".repeat(5 << 20)}),
    );
    let request = wire::prepare_provider_config::Request {
        config: Some(wire::DynamicValue {
            msgpack: Vec::new(),
            json: serde_json::to_vec(&config).unwrap(),
        }),
    };
    let answer = client.prepare_provider_config(request).await.unwrap();
    let answer = answer.into_inner();
    let summaries: Vec<_> = answer.diagnostics.iter().map(|d| &d.summary).collect();
    assert!(
        !summaries
            .iter()
            .any(|summary| summary.contains("cannot be read")),
        "{summaries:?}"
    );
    assert!(answer.prepared_config.unwrap().json.len() > 5 << 20);
}
