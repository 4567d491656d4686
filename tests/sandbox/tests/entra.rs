//! Tokens, federation, and what ARM makes of them.
#![allow(clippy::expect_used)]

mod common;

use common::{Client, IDENTITY, RESOURCES, stepped};
use reqwest::Method;
use sandbox::entra::SigningKey;
use sandbox::options::Issuer;
use serde_json::{Value, json};

fn with(form: &[(String, String)], name: &str, value: &str) -> Vec<(String, String)> {
    let mut form: Vec<_> = form.iter().filter(|(n, _)| n != name).cloned().collect();
    form.push((name.to_owned(), value.to_owned()));
    form
}

#[tokio::test]
async fn wrong_requests_get_entra_errors() {
    let client = Client::start(stepped()).await;
    let good = client.secret_form();
    for (name, value, status, code) in [
        ("client_secret", "wrong", 401, 7_000_215),
        ("client_id", "nobody", 400, 700_016),
        ("scope", "https://unknown.example/.default", 400, 500_011),
        (
            "scope",
            "https://management.core.windows.net/",
            400,
            1_002_012,
        ),
        ("grant_type", "password", 400, 70_003),
    ] {
        let refused = client
            .token_request(&with(&good, name, value))
            .await
            .expect(status);
        assert_eq!(refused.body["error_codes"], json!([code]), "{name}={value}");
        let text = refused.body["error_description"].as_str().expect("text");
        assert!(text.starts_with(&format!("AADSTS{code}: ")) && text.contains("\r\nTrace ID: "));
    }
}

#[tokio::test]
async fn arm_verifies_tokens() {
    let mut client = Client::start(stepped()).await;
    let path = client.subscription.clone();
    client.get(&path, "2022-12-01").await.expect(200);
    let good = std::mem::replace(&mut client.token, "nonsense".into());
    let refused = client
        .get(&path, "2022-12-01")
        .await
        .refused(401, "InvalidAuthenticationToken");
    assert!(
        refused
            .header("www-authenticate")
            .contains("authorization_uri=")
    );
    let form = with(
        &client.secret_form(),
        "scope",
        "https://storage.azure.com/.default",
    );
    let other = client.token_request(&form).await.expect(200);
    client.token = other.body["access_token"].as_str().expect("token").into();
    client
        .get(&path, "2022-12-01")
        .await
        .refused(401, "InvalidAuthenticationTokenAudience");
    client.token = good;
    client.sandbox.world.expire_tokens();
    client
        .get(&path, "2022-12-01")
        .await
        .refused(401, "ExpiredAuthenticationToken");
}

#[tokio::test]
async fn discovery_leads_to_the_keys() {
    let client = Client::start(stepped()).await;
    let connection = client.sandbox.connection();
    let url = format!(
        "{}{}/v2.0/.well-known/openid-configuration",
        connection.endpoints.authority_host, connection.tenant_id
    );
    let found = client.poll(&url).await.expect(200);
    let keys = client
        .poll(found.body["jwks_uri"].as_str().expect("uri"))
        .await
        .expect(200);
    assert_eq!(keys.body["keys"][0]["kty"], "RSA");
    let arm = connection.endpoints.resource_manager_endpoint;
    let metadata = client
        .http
        .get(format!("{arm}/metadata/endpoints?api-version=2022-09-01"));
    let metadata = common::reply(metadata.send().await.expect("answer"))
        .await
        .expect(200);
    assert_eq!(
        metadata.body[0]["authentication"]["loginEndpoint"],
        connection.endpoints.authority_host
    );
}

struct Federated {
    client: Client,
    key: SigningKey,
    client_id: String,
}

const ISSUER: &str = "https://issuer.example/";
const SUBJECT: &str = "system:serviceaccount:db:pg";
const AUDIENCE: &str = "api://AzureADTokenExchange";

impl Federated {
    async fn start() -> Self {
        let key = SigningKey::generate().expect("key");
        let mut options = stepped();
        options.issuers.push(Issuer {
            issuer: ISSUER.into(),
            jwks: serde_json::to_value(key.jwks()).expect("JWKS"),
        });
        let client = Client::start(options).await;
        client.make_group().await;
        let (id, identity) = client.make_identity().await;
        let body =
            json!({"properties": {"issuer": ISSUER, "subject": SUBJECT, "audiences": [AUDIENCE]}});
        let path = format!("{id}/federatedIdentityCredentials/fic-pg");
        client.put(&path, IDENTITY, body).await.expect(201);
        let client_id = identity["clientId"].as_str().expect("client id").to_owned();
        Self {
            client,
            key,
            client_id,
        }
    }

    async fn exchange(&self, key: &SigningKey, claims: Value) -> common::Reply {
        let mut form = with(&self.client.secret_form(), "client_id", &self.client_id);
        form.retain(|(n, _)| n != "client_secret");
        form.push((
            "client_assertion".into(),
            key.sign(&claims).expect("signed"),
        ));
        form.push((
            "client_assertion_type".into(),
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".into(),
        ));
        self.client.token_request(&form).await
    }
}

fn claims() -> Value {
    json!({"iss": ISSUER, "sub": SUBJECT, "aud": [AUDIENCE], "exp": 4_000_000_000_u64, "nbf": 1})
}

#[tokio::test]
async fn a_pod_token_is_exchanged_only_when_everything_matches() {
    let mut federated = Federated::start().await;
    let early = federated
        .exchange(&federated.key, claims())
        .await
        .expect(401);
    assert_eq!(
        early.body["error_codes"],
        json!([700_211]),
        "not yet propagated"
    );
    federated.client.step(15).await;
    for (name, value, code) in [
        ("iss", json!("https://other.example/"), 700_211),
        ("sub", json!("system:serviceaccount:db:other"), 700_213),
        ("aud", json!(["other"]), 700_212),
        ("exp", json!(1_000), 700_024),
    ] {
        let mut wrong = claims();
        wrong[name] = value;
        let refused = federated.exchange(&federated.key, wrong).await.expect(401);
        assert_eq!(refused.body["error_codes"], json!([code]), "{name}");
    }
    let forged = SigningKey::generate().expect("key");
    let refused = federated.exchange(&forged, claims()).await.expect(401);
    assert_eq!(refused.body["error_codes"], json!([7_000_272]));

    let granted = federated
        .exchange(&federated.key, claims())
        .await
        .expect(200);
    federated.client.token = granted.body["access_token"].as_str().expect("token").into();
    let group = federated.client.group();
    let body = json!({"location": "westeurope"});
    federated
        .client
        .call(Method::PUT, &group, RESOURCES, Some(body))
        .await
        .expect(200);
}
