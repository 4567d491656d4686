//! Groups, identities, role assignments, tags, lookups.
#![allow(clippy::expect_used)]

mod common;

use common::{Client, IDENTITY, RESOURCES, ROLES, log_file, stepped};
use reqwest::Method;
use sandbox::Options;
use serde_json::{Value, json};

#[tokio::test]
async fn groups_live_and_die() {
    let client = Client::start(stepped()).await;
    let group = client.group();
    client
        .get(&group, RESOURCES)
        .await
        .refused(404, "ResourceGroupNotFound");
    client
        .put(&group, RESOURCES, json!({}))
        .await
        .refused(400, "LocationRequired");
    client.make_group().await;
    let seen = client
        .get(&group.to_lowercase(), RESOURCES)
        .await
        .expect(200);
    assert_eq!(seen.body["id"], json!(group));
    assert_eq!(seen.body["location"], "westeurope");
    client
        .call(Method::HEAD, &group, RESOURCES, None)
        .await
        .expect(204);
    let elsewhere = json!({"location": "northeurope"});
    client
        .put(&group, RESOURCES, elsewhere)
        .await
        .refused(409, "InvalidResourceGroupLocation");
    let (id, _) = client.make_identity().await;

    let path = format!("{group}/resources");
    let listed = client.get(&path, RESOURCES).await.expect(200);
    assert_eq!(listed.body["value"], json!([]), "the listing lags");
    client.step(10).await;
    let listed = client.get(&path, RESOURCES).await.expect(200);
    assert_eq!(listed.body["value"][0]["name"], "id-pg");

    let going = client.delete(&group, RESOURCES).await.expect(202);
    let poll = going.header("location").to_owned();
    client.poll(&poll).await.expect(202);
    let body = json!({"location": "westeurope"});
    client
        .put(&id, IDENTITY, body)
        .await
        .refused(409, "ResourceGroupBeingDeleted");
    client.step(60).await;
    client.poll(&poll).await.expect(200);
    client
        .get(&id, IDENTITY)
        .await
        .refused(404, "ResourceGroupNotFound");
}

#[tokio::test]
async fn unknown_types_and_versions_are_refused() {
    let client = Client::start(stepped()).await;
    let group = client.make_group().await;
    let path = format!("{group}/providers/Microsoft.Storage/fileSystems/x");
    client
        .get(&path, "2023-05-01")
        .await
        .refused(404, "InvalidResourceType");
    let path = format!("{group}/providers/Microsoft.Nothing/things/x");
    client
        .get(&path, "2023-05-01")
        .await
        .refused(404, "InvalidResourceNamespace");
    client
        .get(&group, "1999-01-01")
        .await
        .refused(400, "NoRegisteredProviderFound");
    let base = client
        .sandbox
        .connection()
        .endpoints
        .resource_manager_endpoint;
    let bare = client.poll(&format!("{base}{group}")).await;
    bare.refused(400, "MissingApiVersionParameter");
    client
        .get("/subscriptions/other", "2022-12-01")
        .await
        .refused(404, "SubscriptionNotFound");
}

#[tokio::test]
async fn a_new_principal_is_unknown_for_a_while_and_a_triple_is_unique() {
    let client = Client::start(stepped()).await;
    let group = client.make_group().await;
    let (id, identity) = client.make_identity().await;
    assert!(id.contains("resourceGroups"));
    let seen = client.get(&id, IDENTITY).await.expect(200);
    assert!(
        seen.body["id"]
            .as_str()
            .expect("id")
            .contains("/resourcegroups/")
    );
    let role = format!(
        "{}/providers/Microsoft.Authorization/roleDefinitions/ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        client.subscription
    );
    let body = json!({"properties": {"roleDefinitionId": role, "principalId": identity["principalId"], "principalType": "ServicePrincipal"}});
    let path = |n: u8| {
        format!(
            "{group}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-4000-8000-00000000000{n}"
        )
    };
    client
        .put(&path(1), ROLES, body.clone())
        .await
        .refused(400, "PrincipalNotFound");
    client.step(30).await;
    client.put(&path(1), ROLES, body.clone()).await.expect(201);
    client.put(&path(1), ROLES, body.clone()).await.expect(200);
    let twin = client
        .put(&path(2), ROLES, body.clone())
        .await
        .refused(409, "RoleAssignmentExists");
    assert!(
        twin.body["error"]["message"]
            .as_str()
            .expect("text")
            .contains("00000000000040008000000000000001")
    );
    let mut other = body.clone();
    other["properties"]["roleDefinitionId"] = json!(role.replace("ba92f5b4", "00000000"));
    client
        .put(&path(3), ROLES, other)
        .await
        .refused(404, "RoleDefinitionDoesNotExist");
    let list = format!("{id}/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()");
    let inherited = client.get(&list, ROLES).await.expect(200);
    assert_eq!(inherited.body["value"].as_array().map(Vec::len), Some(1));
    let gone = client.delete(&path(1), ROLES).await.expect(200);
    assert_eq!(
        gone.body["properties"]["principalId"],
        identity["principalId"]
    );
    client.delete(&path(1), ROLES).await.expect(204);
    client
        .get(&path(1), ROLES)
        .await
        .refused(404, "RoleAssignmentNotFound");
}

#[tokio::test]
async fn a_recreated_identity_is_another_principal() {
    let client = Client::start(stepped()).await;
    client.make_group().await;
    let (id, first) = client.make_identity().await;
    client.delete(&id, IDENTITY).await.expect(200);
    client.delete(&id, IDENTITY).await.expect(204);
    let (_, second) = client.make_identity().await;
    assert_ne!(first["principalId"], second["principalId"]);
}

fn credential(subject: &str) -> Value {
    json!({"properties": {"issuer": "https://i.example/", "subject": subject, "audiences": ["api://AzureADTokenExchange"]}})
}

#[tokio::test]
async fn federated_credentials_have_their_limits() {
    let client = Client::start(stepped()).await;
    client.make_group().await;
    let (id, _) = client.make_identity().await;
    let path = |name: &str| format!("{id}/federatedIdentityCredentials/{name}");
    for n in 0..20 {
        let body = credential(&format!("s{n}"));
        client
            .put(&path(&format!("fic-{n}")), IDENTITY, body)
            .await
            .expect(201);
    }
    let twin = client
        .put(&path("twin"), IDENTITY, credential("s1"))
        .await
        .expect(409);
    assert!(
        twin.body
            .to_string()
            .contains("Issuer and subject combination already exists")
    );
    client
        .put(&path("more"), IDENTITY, credential("new"))
        .await
        .expect(400);
    client
        .put(&path("fic-1"), IDENTITY, credential("changed"))
        .await
        .expect(200);
    let orphan = path("x").replace("id-pg", "id-none");
    client
        .put(&orphan, IDENTITY, credential("s"))
        .await
        .refused(404, "ParentResourceNotFound");
}

#[tokio::test]
async fn overlapping_credential_writes_conflict() {
    let client = Client::start(stepped()).await;
    client.make_group().await;
    let (id, _) = client.make_identity().await;
    let path = |name: &str| format!("{id}/federatedIdentityCredentials/{name}");
    let (one, two) = (path("one"), path("two"));
    let (a, b) = tokio::join!(
        client.put(&one, IDENTITY, credential("a")),
        client.put(&two, IDENTITY, credential("b")),
    );
    let (good, bad) = if a.status == 201 { (a, b) } else { (b, a) };
    good.expect(201);
    bad.refused(
        409,
        "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
    );
}

#[tokio::test]
async fn tags_change_alone_and_show_who_did_it() {
    let client = Client::start(stepped()).await;
    client.make_group().await;
    let (id, _) = client.make_identity().await;
    let tags = format!("{id}/providers/Microsoft.Resources/tags/default");
    let body = json!({"operation": "Merge", "properties": {"tags": {"owner": "us"}}});
    let seen = client
        .call(Method::PATCH, &tags, RESOURCES, Some(body))
        .await
        .expect(200);
    assert_eq!(seen.body["properties"]["tags"]["owner"], "us");
    client.step(60).await;
    let world = &client.sandbox.world;
    assert!(
        world
            .arm
            .change(&id, &json!({"tags": {"owner": "them"}}), "eve@example.org")
    );
    let seen = client.get(&id, IDENTITY).await.expect(200);
    assert_eq!(seen.body["tags"]["owner"], "them");
    assert_eq!(seen.body["systemData"]["lastModifiedBy"], "eve@example.org");
    assert_eq!(
        seen.body["systemData"]["lastModifiedAt"],
        "2026-01-01T00:01:00Z"
    );
    assert_eq!(
        seen.body["systemData"]["createdBy"],
        client.sandbox.connection().client_id
    );
}

#[tokio::test]
async fn namespaces_are_registered_on_request() {
    let mut options = stepped();
    options
        .behaviour
        .unregistered
        .push("Microsoft.ManagedIdentity".into());
    let client = Client::start(options).await;
    let group = client.make_group().await;
    let id = format!("{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-x");
    let body = json!({"location": "westeurope"});
    client
        .put(&id, IDENTITY, body.clone())
        .await
        .refused(409, "MissingSubscriptionRegistration");
    let path = format!(
        "{}/providers/Microsoft.ManagedIdentity",
        client.subscription
    );
    let register = format!("{path}/register");
    let going = client
        .call(Method::POST, &register, RESOURCES, None)
        .await
        .expect(200);
    assert_eq!(going.body["registrationState"], "Registering");
    client.step(60).await;
    let done = client.get(&path, RESOURCES).await.expect(200);
    assert_eq!(done.body["registrationState"], "Registered");
    client.put(&id, IDENTITY, body).await.expect(201);
}

#[tokio::test]
async fn an_empty_bucket_answers_429() {
    let mut options = stepped();
    options.behaviour.throttle = true;
    let client = Client::start(options).await;
    let body = || json!({"location": "westeurope"});
    let first = client
        .put(&client.group(), RESOURCES, body())
        .await
        .expect(201);
    assert_eq!(
        first.header("x-ms-ratelimit-remaining-subscription-writes"),
        "199"
    );
    let world = &client.sandbox.world;
    let who = client.sandbox.connection().client_id;
    let class = sandbox::arm::throttle::Class::Writes;
    world.arm.throttle.drain(&who, class, world.clock.now(), 0);
    let refused = client.put(&client.group(), RESOURCES, body()).await;
    let refused = refused.refused(429, "SubscriptionRequestsThrottled");
    assert_eq!(refused.header("retry-after"), "1");
    client.step(1).await;
    client
        .put(&client.group(), RESOURCES, body())
        .await
        .expect(200);
}

#[tokio::test]
async fn the_same_requests_lead_to_the_same_world() {
    let mut worlds = Vec::new();
    for _ in 0..2 {
        let client = Client::start(stepped()).await;
        client.make_cluster().await;
        client.make_identity().await;
        let mut seen = client.sandbox.world.arm.snapshot();
        // Ports differ from start to start; nothing else may.
        let endpoints = client.sandbox.connection().endpoints;
        for (_, body) in &mut seen {
            let text = body
                .to_string()
                .replace(&endpoints.resource_manager_endpoint, "")
                .replace(&endpoints.kubernetes_host, "");
            *body = serde_json::from_str(&text).expect("JSON");
        }
        worlds.push(seen);
    }
    assert_eq!(worlds[0], worlds[1]);
}

#[tokio::test]
async fn an_automatic_clock_finishes_things_by_itself() {
    let client = Client::start(Options {
        log_file: log_file(),
        ..Options::default()
    })
    .await;
    client.make_group().await;
    let going = client.delete(&client.group(), RESOURCES).await.expect(202);
    assert_eq!(going.header("retry-after"), "0");
    let poll = going.header("location").to_owned();
    while client.poll(&poll).await.status == 202 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    client
        .get(&client.group(), RESOURCES)
        .await
        .refused(404, "ResourceGroupNotFound");
}
