//! What ends the process and what does not.

use rustix::process::Signal;
use terraform_provider_postgres::plugin::proto::go_plugin::Empty;
use terraform_provider_postgres::plugin::proto::go_plugin::grpc_controller_client::GrpcControllerClient;
use terraform_provider_postgres::plugin::proto::go_plugin::grpc_stdio_client::GrpcStdioClient;
use terraform_provider_postgres::plugin::proto::tfplugin5 as wire;

use super::process::{PROGRAM, Plugin, as_core, soon};

async fn answers(plugin: &Plugin) {
    let mut client = plugin.client().await;
    let request = wire::get_metadata::Request {};
    client.get_metadata(request).await.unwrap();
}

#[tokio::test]
async fn stop_stops_the_work_and_not_the_server() {
    let plugin = Plugin::start().await;
    let mut client = plugin.client().await;
    let answer = client.stop(wire::stop::Request {}).await.unwrap();
    assert_eq!(answer.into_inner().error, "");
    client
        .get_metadata(wire::get_metadata::Request {})
        .await
        .unwrap();
    answers(&plugin).await;
}

#[tokio::test]
async fn shutdown_ends_the_process_while_streams_are_open() {
    let mut plugin = Plugin::start().await;
    let channel = plugin.channel().await;
    let mut stdio = GrpcStdioClient::new(channel.clone());
    let mut stream = stdio.stream_stdio(()).await.unwrap().into_inner();
    assert_eq!(plugin.sockets(), 1);

    let mut controller = GrpcControllerClient::new(channel);
    controller.shutdown(Empty {}).await.unwrap();
    // The stream ends as streams do, and is not cut.
    assert!(soon(stream.message()).await.unwrap().is_none());
    assert_eq!(plugin.ended().await.code(), Some(0));
    assert_eq!(plugin.sockets(), 0);
    assert_eq!(plugin.rest_of_stdout().await, "");
}

#[tokio::test]
async fn sigint_is_left_to_core() {
    let plugin = Plugin::start().await;
    plugin.signal(Signal::INT);
    plugin.logged("SIGINT is left to core").await;
    answers(&plugin).await;
}

#[tokio::test]
async fn sigterm_ends_the_process() {
    let mut plugin = Plugin::start().await;
    let mut stdio = GrpcStdioClient::new(plugin.channel().await);
    let mut stream = stdio.stream_stdio(()).await.unwrap().into_inner();
    plugin.signal(Signal::TERM);
    assert!(soon(stream.message()).await.unwrap().is_none());
    assert_eq!(plugin.ended().await.code(), Some(0));
    assert_eq!(plugin.sockets(), 0);
}

#[tokio::test]
async fn a_closed_terminal_ends_the_process_in_good_order() {
    let mut plugin = Plugin::start().await;
    answers(&plugin).await;
    plugin.signal(Signal::HUP);
    assert_eq!(plugin.ended().await.code(), Some(0));
    assert_eq!(plugin.sockets(), 0);
}

#[tokio::test]
async fn sigterm_just_after_the_handshake_ends_it_too() {
    let mut plugin = Plugin::start().await;
    plugin.signal(Signal::TERM);
    assert_eq!(plugin.ended().await.code(), Some(0));
    assert_eq!(plugin.sockets(), 0);
}

#[tokio::test]
async fn a_provider_does_not_outlive_its_core() {
    let mut plugin = Plugin::start_program("sh", |command, certificate| {
        command.args(["-c", "\"$0\" & wait", PROGRAM]);
        as_core(command, Some(certificate));
    })
    .await;
    answers(&plugin).await;
    // The shell stands for core; the provider still holds stdout open.
    plugin.signal(Signal::KILL);
    plugin.ended().await;
    assert_eq!(plugin.rest_of_stdout().await, "");
    assert_eq!(plugin.sockets(), 0);
}
