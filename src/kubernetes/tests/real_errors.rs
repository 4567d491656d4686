//! What goes wrong against the API server that `KUBERNETES_TEST_KUBECONFIG` names, and what is
//! not said about it.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::json;

use super::real::{US, World, call, settings};
use crate::kubernetes::{Client, ErrorKind, Propagation, Reference, Settings};

#[tokio::test]
async fn refusals_name_the_field() {
    let Some(world) = World::new("refusals_name_the_field").await else {
        return;
    };
    let mut object = world.config_map("a", "1");
    object["nope"] = json!(1);
    let error = world.apply(&object).await.unwrap_err();
    assert_eq!(
        (error.kind, error.causes[0].field.as_str()),
        (ErrorKind::Invalid, "nope"),
        "{error}"
    );
    let error = world.client.create(&call(), &object, US).await.unwrap_err();
    assert_eq!(
        (error.kind, error.causes[0].field.as_str()),
        (ErrorKind::Invalid, "nope"),
        "{error}"
    );
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": world.namespace},
        "spec": {"ports": [{"port": 99999}]}});
    let error = world.apply(&service).await.unwrap_err();
    assert_eq!(
        (error.kind, error.causes[0].field.as_str()),
        (ErrorKind::Invalid, "spec.ports[0].port"),
        "{error}"
    );
}

#[tokio::test]
async fn a_secret_that_is_refused_is_not_quoted() {
    let Some(world) = World::new("a_secret_that_is_refused_is_not_quoted").await else {
        return;
    };
    for fields in [
        json!({"stringData": {"a": 48151623}}),
        json!({"data": {"a": "%48151623"}}),
    ] {
        let mut secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s",
            "namespace": world.namespace}});
        secret
            .as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        let error = world.apply(&secret).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid, "{error}");
        assert!(!format!("{error:?}").contains("48151623"), "{error:?}");
    }
}

#[tokio::test]
async fn missing_things_are_told_apart() {
    let Some(world) = World::new("missing_things_are_told_apart").await else {
        return;
    };
    assert_eq!(
        world
            .client
            .get(&call(), &world.reference("nothing"))
            .await
            .unwrap(),
        None
    );
    let kind = Reference::namespaced("cilium.io/v2", "CiliumNetworkPolicy", &world.namespace, "x");
    assert_eq!(
        world.client.get(&call(), &kind).await.unwrap_err().kind,
        ErrorKind::KindMissing
    );
    world
        .client
        .delete(&call(), &kind, Propagation::Background, None)
        .await
        .unwrap();
    world.client.wait_gone(&call(), &kind).await.unwrap();
    let mut elsewhere = world.config_map("a", "1");
    elsewhere["metadata"]["namespace"] = json!("no-such-namespace");
    let error = world.apply(&elsewhere).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(
        error
            .message
            .contains("namespaces \"no-such-namespace\" not found"),
        "{error}"
    );
    world
        .client
        .create(&call(), &world.config_map("a", "1"), US)
        .await
        .unwrap();
    let error = world
        .client
        .create(&call(), &world.config_map("a", "1"), US)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
}

#[tokio::test]
async fn warnings_of_the_server_are_handed_on() {
    let Some(world) = World::new("warnings_of_the_server_are_handed_on").await else {
        return;
    };
    // Deprecated since Kubernetes 1.33.
    let endpoints = json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "e",
        "namespace": world.namespace}});
    let applied = world.apply(&endpoints).await.unwrap();
    assert!(
        applied
            .warnings
            .iter()
            .any(|text| text.contains("deprecated")),
        "{:?}",
        applied.warnings
    );
}

#[tokio::test]
async fn a_wrong_token_is_unauthorized() {
    let Some(settings) = settings("a_wrong_token_is_unauthorized") else {
        return;
    };
    let client = Client::new(Settings {
        bearer_token: Some("wrong".into()),
        ..settings
    })
    .await
    .unwrap();
    let error = client
        .get(
            &call(),
            &Reference::cluster_scoped("v1", "Namespace", "default"),
        )
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthorized, "{error}");
}

#[tokio::test]
async fn a_server_that_we_do_not_trust_is_a_mistake_in_the_settings() {
    let Some(settings) = settings("a_server_that_we_do_not_trust_is_a_mistake_in_the_settings")
    else {
        return;
    };
    let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let untrusting = Settings {
        cluster_ca_certificate: Some(other.cert.pem()),
        ..settings
    };
    let client = Client::new(untrusting).await.unwrap();
    let error = client
        .get(
            &call(),
            &Reference::cluster_scoped("v1", "Namespace", "default"),
        )
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Configuration, "{error}");
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_has_calls_and_no_secret() {
    let Some(settings) = settings("the_log_has_calls_and_no_secret") else {
        return;
    };
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let Some(world) = World::new("the_log_has_calls_and_no_secret").await else {
        return;
    };
    // Calls of tests beside this one, which have no subscriber, may have switched call sites off.
    tracing::callsite::rebuild_interest_cache();
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": world.namespace},
        "stringData": {"password": "hunter2hunter2"}});
    let applied = world.apply(&secret).await.unwrap();
    let encoded = applied.object["data"]["password"]
        .as_str()
        .unwrap()
        .to_owned();
    let refused = Client::new(Settings {
        bearer_token: Some("token-s3cret".into()),
        ..settings
    })
    .await
    .unwrap();
    refused
        .get(
            &call(),
            &Reference::cluster_scoped("v1", "Namespace", "default"),
        )
        .await
        .unwrap_err();
    drop(guard);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        text.contains("method=PATCH") && text.contains("/secrets/s") && text.contains("status=201"),
        "{text}"
    );
    for secret in ["hunter2hunter2", &encoded, "token-s3cret"] {
        assert!(!text.contains(secret), "{secret} is in the log");
    }
}
