//! What the composed kubeconfig says, and what errors say (and do not say).

use super::*;

const KUBECONFIG: &str = r#"
apiVersion: v1
kind: Config
clusters:
- {name: aks, cluster: {server: "https://aks.example.org:443"}}
- {name: dev, cluster: {server: "http://127.0.0.1:1"}}
users:
- name: u
  user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: kubelogin-that-is-not-there, args: [get-token, "--client-secret", s3cret]}}
- {name: d, user: {token: s3cret}}
contexts:
- {name: aks, context: {cluster: aks, user: u}}
- {name: dev, context: {cluster: dev, user: d}}
current-context: aks
"#;

fn settings() -> Settings {
    Settings {
        kubeconfig: Some(KUBECONFIG.to_owned()),
        ..Settings::default()
    }
}

fn composed(settings: &Settings) -> (Cluster, AuthInfo) {
    let kubeconfig = compose(settings).unwrap();
    let cluster = kubeconfig.clusters[0].cluster.clone().unwrap();
    (cluster, kubeconfig.auth_infos[0].auth_info.clone().unwrap())
}

#[test]
fn the_context_selects_cluster_and_user() {
    let (cluster, user) = composed(&settings());
    assert_eq!(
        cluster.server.as_deref(),
        Some("https://aks.example.org:443")
    );
    assert!(user.exec.is_some());
    let (cluster, user) = composed(&Settings {
        config_context: Some("dev".into()),
        ..settings()
    });
    assert_eq!(cluster.server.as_deref(), Some("http://127.0.0.1:1"));
    assert!(user.token.is_some());
}

#[test]
fn a_bearer_token_replaces_the_credential_plugin() {
    let (_, user) = composed(&Settings {
        bearer_token: Some("entra".into()),
        ..settings()
    });
    assert!(user.exec.is_none() && user.token.is_some());
}

#[test]
fn a_host_alone_is_enough_and_gets_https() {
    let settings = Settings {
        host: Some("10.0.0.1:6443".into()),
        exec: Some(Exec {
            command: "plugin".into(),
            env: [("A".into(), "b".into())].into(),
            ..Exec::default()
        }),
        ..Settings::default()
    };
    let (cluster, user) = composed(&settings);
    assert_eq!(cluster.server.as_deref(), Some("https://10.0.0.1:6443"));
    let exec = user.exec.unwrap();
    assert_eq!(exec.env.unwrap()[0]["value"], "b");
}

#[test]
fn what_is_missing_is_said() {
    let error = compose(&Settings::default()).unwrap_err();
    assert!(
        error
            .message
            .contains("no Kubernetes cluster is configured"),
        "{error}"
    );
    let error = compose(&Settings {
        config_context: Some("prod".into()),
        ..settings()
    })
    .unwrap_err();
    assert!(
        error
            .message
            .contains("no context `prod`; the contexts are: `aks`, `dev`"),
        "{error}"
    );
    let error = compose(&Settings {
        config_path: Some("/nowhere/config".into()),
        ..Settings::default()
    })
    .unwrap_err();
    assert!(
        error.message.contains("`/nowhere/config` cannot be read"),
        "{error}"
    );
}

#[test]
fn a_broken_kubeconfig_is_not_quoted() {
    let text = "users: [{name: a, user: {token: s3cret}]\nclusters: {";
    let error = compose(&Settings {
        kubeconfig: Some(text.into()),
        ..Settings::default()
    })
    .unwrap_err();
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}

#[tokio::test]
async fn a_credential_plugin_that_is_missing_is_named_without_its_arguments() {
    let error = connect(settings()).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::Configuration);
    assert!(
        error.message.contains("credential plugin") && !error.message.contains("s3cret"),
        "{error}"
    );
}

#[tokio::test]
async fn the_output_of_a_failing_credential_plugin_is_not_quoted() {
    let exec = Exec {
        api_version: "client.authentication.k8s.io/v1".into(),
        command: "sh".into(),
        args: vec!["-c".into(), "echo s3cret; echo expired >&2; exit 3".into()],
        ..Exec::default()
    };
    let error = connect(Settings {
        host: Some("127.0.0.1:1".into()),
        exec: Some(exec),
        ..Settings::default()
    });
    let error = error.await.err().unwrap();
    assert!(
        error.message.contains("`sh` failed with exit status: 3")
            && error.message.contains("expired"),
        "{error}"
    );
    assert!(!error.message.contains("s3cret"), "{error}");
}

#[tokio::test]
async fn a_refused_connection_can_be_tried_again_even_for_a_create() {
    let (client, _) = connect(Settings {
        host: Some("http://127.0.0.1:1".into()),
        ..Settings::default()
    })
    .await
    .unwrap();
    let request = http::Request::get("/api")
        .body(kube::client::Body::empty())
        .unwrap();
    let error = transport_error(client.send(request).await.err().unwrap());
    assert!(error.is_retryable() && error.without_effect, "{error}");
    assert!(error.message.contains("refused"), "{error}");
}

#[tokio::test]
async fn no_root_certificates_are_needed_to_start() {
    assert!(
        connect(Settings {
            host: Some("https://127.0.0.1:1".into()),
            ..Settings::default()
        })
        .await
        .is_ok()
    );
}
