//! Who is let in, and who is not.

use terraform_provider_postgres::plugin::proto::tfplugin5 as wire;
use terraform_provider_postgres::plugin::proto::tfplugin5::provider_client::ProviderClient;

use super::certificate::{Certificate, config};
use super::process::Plugin;

/// The client is refused for `reason`, and the next one is served.
async fn refused(plugin: &Plugin, client: Option<&Certificate>, reason: &str) {
    let config = config(plugin.server_certificate(), client);
    // TLS 1.3 lets a client believe that it is connected until it hears the server's alert.
    if let Ok(channel) = plugin.place().channel(Some(config)).await {
        let answer = ProviderClient::new(channel)
            .get_metadata(wire::get_metadata::Request {})
            .await;
        assert!(answer.is_err(), "a stranger was answered");
    }
    plugin.logged(reason).await;
    assert!(plugin.log().contains("a client was refused"));
    let mut client = plugin.client().await;
    client
        .get_metadata(wire::get_metadata::Request {})
        .await
        .unwrap();
}

#[tokio::test]
async fn a_client_without_a_certificate_is_refused() {
    let plugin = Plugin::start().await;
    refused(&plugin, None, "peer sent no certificates").await;
}

#[tokio::test]
async fn a_client_with_another_certificate_is_refused() {
    let plugin = Plugin::start().await;
    let reason = "certificate is not the one of PLUGIN_CLIENT_CERT";
    refused(&plugin, Some(&Certificate::new()), reason).await;
}

#[tokio::test]
async fn the_certificate_without_its_key_is_refused() {
    let plugin = Plugin::start().await;
    let copied = plugin.certificate.with_key_of(Certificate::new());
    refused(&plugin, Some(&copied), "BadSignature").await;
}

#[tokio::test]
async fn the_server_chooses_http_2() {
    let plugin = Plugin::start().await;
    let config = config(plugin.server_certificate(), Some(&plugin.certificate));
    let stream = plugin.place().tls(config).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
}

#[tokio::test]
async fn each_start_has_a_certificate_of_its_own() {
    let (one, other) = (Plugin::start().await, Plugin::start().await);
    assert_ne!(one.server_certificate(), other.server_certificate());
}
