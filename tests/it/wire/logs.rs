//! The log as cores read it.

use serde_json::Value as Json;
use terraform_provider_postgres::plugin::proto::go_plugin::Empty;
use terraform_provider_postgres::plugin::proto::go_plugin::grpc_controller_client::GrpcControllerClient;
use terraform_provider_postgres::plugin::proto::tfplugin5 as wire;

use super::certificate::config;
use super::process::Plugin;

/// Where core cuts lines.
const LONGEST: usize = 64 << 10;

fn check(text: &str) -> Json {
    let line: Json = serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"));
    let level = line["@level"].as_str().expect(text);
    assert!(["trace", "debug", "info", "warn", "error"].contains(&level));
    assert!(line["@message"].is_string(), "{text}");
    let time = line["@timestamp"].as_str().expect(text);
    let form: String = time
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    assert_eq!(form, "0000-00-00T00:00:00.000000Z");
    assert!(text.len() < LONGEST);
    line
}

#[tokio::test]
async fn every_line_is_a_record_and_stdout_holds_the_handshake_alone() {
    let mut plugin = Plugin::start().await;
    let stranger = config(plugin.server_certificate(), None);
    let _ = plugin.place().channel(Some(stranger)).await;
    let channel = plugin.channel().await;
    let mut client = wire::provider_client::ProviderClient::new(channel.clone());
    let long = "long".repeat(LONGEST);
    let request = wire::read_resource::Request {
        type_name: long.clone(),
        ..Default::default()
    };
    let answer = client.read_resource(request).await.unwrap().into_inner();
    assert_eq!(answer.diagnostics.len(), 1);
    client
        .get_schema(wire::get_provider_schema::Request {})
        .await
        .unwrap();
    client.stop(wire::stop::Request {}).await.unwrap();
    plugin.logged("core asks the provider to stop").await;
    plugin.logged("a client was refused").await;
    GrpcControllerClient::new(channel)
        .shutdown(Empty {})
        .await
        .unwrap();
    plugin.ended().await;
    assert_eq!(plugin.rest_of_stdout().await, "");
    let log = plugin.log();
    let lines: Vec<Json> = log.lines().map(check).collect();
    let rpc = lines.iter().find(|line| line["rpc"] == "ReadResource");
    let rpc = rpc.expect("the rpc is in the log");
    assert!(rpc["duration_ms"].is_u64());
    assert!(long.starts_with(rpc["resource"].as_str().unwrap().trim_end_matches('…')));
}

#[tokio::test]
async fn without_a_level_a_normal_run_says_nothing() {
    let mut plugin = Plugin::start_with(|command| {
        command.env_remove("TF_LOG");
    })
    .await;
    let channel = plugin.channel().await;
    wire::provider_client::ProviderClient::new(channel.clone())
        .get_schema(wire::get_provider_schema::Request {})
        .await
        .unwrap();
    GrpcControllerClient::new(channel)
        .shutdown(Empty {})
        .await
        .unwrap();
    plugin.ended().await;
    assert_eq!(plugin.log(), "");
}
