//! Credentials, tokens and clouds.

use super::{ID, VERSION, get};
use crate::azure::cloud::METADATA_PATH;
use crate::azure::testing::{Reply, SECRET, Server, TOKEN_ROUTE, call, failure, reply};
use crate::azure::{Client, ErrorKind, Settings};
use futures::future::join_all;
use serde_json::{Value, json};
use std::io::Write;

fn form(server: &Server) -> String {
    let mut requests = server.received();
    requests.retain(|request| request.route == TOKEN_ROUTE);
    requests.pop().unwrap().body
}

fn refused() -> Value {
    json!({
        "error": "invalid_client",
        "error_description": "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1",
        "error_codes": [7_000_215],
    })
}

#[tokio::test]
async fn one_token_serves_many_requests_and_each_scope_has_its_own() {
    let server = Server::start().await;
    server.on(&get(ID), vec![reply(200, json!({"id": ID}))]);
    let client = server.client();
    for _ in 0..3 {
        client.get(&call(), ID, VERSION).await.unwrap();
    }
    assert_eq!(server.count(TOKEN_ROUTE), 1);
    let arm = url::form_urlencoded::byte_serialize(server.url().as_bytes()).collect::<String>();
    assert!(
        form(&server).contains(&format!("scope={arm}%2F.default")),
        "{}",
        form(&server)
    );
    let token = client
        .token(&call(), "https://storage.azure.com/.default")
        .await
        .unwrap();
    assert_eq!(token.expose(), "the-token");
    assert!(form(&server).contains("scope=https%3A%2F%2Fstorage.azure.com%2F.default"));
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let server = Server::start().await;
    let expired = || failure(401, "ExpiredAuthenticationToken");
    server.on(&get(ID), vec![expired(), reply(200, json!({"id": ID}))]);
    assert!(
        server
            .client()
            .get(&call(), ID, VERSION)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(server.count(TOKEN_ROUTE), 2);
    server.on(&get(ID), vec![expired()]);
    let error = server.client().get(&call(), ID, VERSION).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthenticated);
    assert_eq!(server.count(&get(ID)), 4);
}

#[tokio::test]
async fn a_failed_chain_says_why_and_keeps_its_secrets() {
    let server = Server::start().await;
    server.on(TOKEN_ROUTE, vec![reply(401, refused())]);
    let settings = Settings {
        client_certificate_path: Some("/nowhere/app.pfx".into()),
        oidc_token: Some("oidc-secret".into()),
        ..server.settings()
    };
    let error = server
        .client_of(settings)
        .get(&call(), ID, VERSION)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind, error.code.as_str()),
        (ErrorKind::Unauthenticated, "AADSTS7000215")
    );
    let text = error.to_string();
    for part in [
        "`client secret`: AADSTS7000215: Invalid client secret provided.\n",
        "`client certificate`: `/nowhere/app.pfx`: ",
        "`OIDC token`: AADSTS7000215",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    for text in [text, format!("{error:?}")] {
        assert!(
            !text.contains(SECRET) && !text.contains("oidc-secret"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn the_token_of_a_file_is_exchanged() {
    let server = Server::start().await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "pod.token").unwrap();
    let file = Some(file.path().display().to_string());
    let base = Settings {
        client_secret: None,
        ..server.settings()
    };
    let cases = [
        Settings {
            oidc_token_file: file.clone(),
            ..base.clone()
        },
        Settings {
            federated_token_file: file,
            use_workload_identity: Some(true),
            ..base
        },
    ];
    for settings in cases {
        server
            .client_of(settings)
            .token(&call(), "scope")
            .await
            .unwrap();
        assert!(
            form(&server).contains("client_assertion=pod.token&"),
            "{}",
            form(&server)
        );
    }
}

#[tokio::test]
async fn a_ci_system_is_asked_for_a_token() {
    let server = Server::start().await;
    server.on(
        "GET /ci/token",
        vec![reply(200, json!({"value": "ci.token"}))],
    );
    let settings = Settings {
        client_secret: None,
        use_oidc: Some(true),
        oidc_request_url: Some(format!("{}/ci/token?job=1", server.url())),
        oidc_request_token: Some("ci-secret".into()),
        ..server.settings()
    };
    server
        .client_of(settings.clone())
        .token(&call(), "scope")
        .await
        .unwrap();
    assert!(
        form(&server).contains("client_assertion=ci.token&"),
        "{}",
        form(&server)
    );
    let asked = server
        .received()
        .into_iter()
        .find(|r| r.route == "GET /ci/token")
        .unwrap();
    assert_eq!(
        asked.target,
        "/ci/token?job=1&audience=api%3A%2F%2FAzureADTokenExchange"
    );
    assert_eq!(asked.headers["authorization"], "Bearer ci-secret");

    server.on("GET /ci/token", vec![reply(403, json!({"value": "no"}))]);
    let error = server
        .client_of(settings)
        .token(&call(), "scope")
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the CI system gave no token: HTTP 403"),
        "{error}"
    );
}

#[tokio::test]
async fn a_failed_chain_is_gone_through_once_for_all_who_ask() {
    let server = Server::start().await;
    server.on(TOKEN_ROUTE, vec![reply(401, refused())]);
    let (client, call) = (server.client(), call());
    let ids: Vec<String> = (0..20).map(|n| format!("{ID}/parts/{n}")).collect();
    let reads = join_all(ids.iter().map(|id| client.get(&call, id, VERSION))).await;
    for read in reads {
        assert_eq!(read.unwrap_err().code, "AADSTS7000215");
    }
    assert_eq!(server.count(TOKEN_ROUTE), 1);
}

#[tokio::test]
async fn a_token_service_that_does_not_answer_is_a_passing_fault() {
    let server = Server::start().await;
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let settings = Settings {
        authority_host: Some(format!("https://localhost:{port}")),
        ..server.settings()
    };
    let error = server
        .client_of(settings)
        .get(&call(), ID, VERSION)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Transient);
    assert_eq!(error.code, "TokenServiceUnreachable");
}

#[tokio::test]
async fn a_custom_cloud_is_found_by_its_metadata_at_the_first_call() {
    let server = Server::start().await;
    let metadata = json!([{
        "name": "Local",
        "resourceManager": server.url(),
        "authentication": {"loginEndpoint": server.url(), "audiences": ["https://audience.local/"]},
    }]);
    let route = get(METADATA_PATH.split('?').next().unwrap());
    server.on(&route, vec![Reply::Drop, reply(200, metadata)]);
    server.on(&get(ID), vec![reply(200, json!({"id": ID}))]);
    let settings = Settings {
        metadata_host: Some(server.url()),
        resource_manager_endpoint: None,
        authority_host: None,
        ..server.settings()
    };
    let client = server.client_of(settings);
    assert_eq!(server.received().len(), 0);
    for _ in 0..2 {
        client.get(&call(), ID, VERSION).await.unwrap();
    }
    assert_eq!(server.count(&route), 2, "one lost, one read");
    assert!(form(&server).contains("scope=https%3A%2F%2Faudience.local%2F.default"));
    let scope = client.postgres_scope(&call()).await.unwrap();
    assert_eq!(scope, "https://ossrdbms-aad.database.windows.net/.default");
}

#[test]
fn a_client_that_cannot_work_is_not_made() {
    let settings = Settings {
        environment: Some("moon".into()),
        ..Settings::default()
    };
    assert_eq!(
        Client::new(settings).unwrap_err().kind,
        ErrorKind::Configuration
    );
}
