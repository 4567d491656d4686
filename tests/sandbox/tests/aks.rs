//! Clusters, pools, credentials.
#![allow(clippy::expect_used)]

mod common;

use base64::Engine;
use common::{AKS, Client, cluster_body, pool_body, stepped};
use reqwest::Method;
use sandbox::arm::store::Doom;
use serde_json::{Value, json};

#[tokio::test]
async fn a_cluster_takes_its_time() {
    let client = Client::start(stepped()).await;
    client.make_group().await;
    let id = client.cluster();
    let made = client.put(&id, AKS, cluster_body()).await.expect(201);
    assert_eq!(made.body["properties"]["provisioningState"], "Creating");
    assert!(
        made.body["id"]
            .as_str()
            .expect("id")
            .contains("/resourcegroups/")
    );
    let poll = made.header("azure-asyncoperation").to_owned();
    assert_eq!(
        client.poll(&poll).await.expect(200).body["status"],
        "InProgress"
    );
    let again = client
        .put(&id, AKS, cluster_body())
        .await
        .refused(409, "OperationNotAllowed");
    assert!(
        again.body.get("error").is_none(),
        "AKS errors are not wrapped"
    );
    client.step(240).await;
    assert_eq!(
        client.poll(&poll).await.expect(200).body["status"],
        "Succeeded"
    );
    let seen = client.get(&id, AKS).await.expect(200).body;
    let properties = &seen["properties"];
    assert_eq!(properties["provisioningState"], "Succeeded");
    assert_eq!(properties["currentKubernetesVersion"], "1.33.6");
    assert_eq!(properties["agentPoolProfiles"][0]["name"], "system");
    assert_eq!(properties["agentPoolProfiles"][0]["osDiskSizeGB"], 128);
    assert!(
        properties["oidcIssuerProfile"]["issuerURL"]
            .as_str()
            .expect("issuer")
            .ends_with('/')
    );
    let gone = client.delete(&id, AKS).await.expect(202);
    let poll = gone.header("location").to_owned();
    assert_eq!(
        client.get(&id, AKS).await.expect(200).body["properties"]["provisioningState"],
        "Deleting"
    );
    client.step(200).await;
    client.poll(&poll).await.expect(204);
    client.get(&id, AKS).await.refused(404, "ResourceNotFound");
}

#[tokio::test]
async fn pools_are_replaced_as_a_whole_and_one_at_a_time() {
    let client = Client::start(stepped()).await;
    let cluster = client.make_cluster().await;
    let pool = format!("{cluster}/agentPools/postgres");
    let other = format!("{cluster}/agentPools/other");
    client.put(&pool, AKS, pool_body()).await.expect(201);
    client
        .put(&other, AKS, pool_body())
        .await
        .refused(409, "OperationNotAllowed");
    client
        .put(&pool, AKS, pool_body())
        .await
        .refused(409, "AnotherOperationInProgress");
    client
        .delete(&cluster, AKS)
        .await
        .refused(409, "OperationNotAllowed");
    client.step(120).await;
    let seen = client.get(&pool, AKS).await.expect(200).body;
    assert_eq!(seen["properties"]["nodeLabels"]["workload"], "postgres");
    assert_eq!(seen["properties"]["provisioningState"], "Succeeded");

    let body = json!({"properties": {"vmSize": "Standard_E8as_v6", "count": 4}});
    client.put(&pool, AKS, body).await.expect(200);
    client.step(60).await;
    let seen = client.get(&pool, AKS).await.expect(200).body;
    assert!(
        seen["properties"].get("nodeLabels").is_none(),
        "what is not sent is reset"
    );
    assert_eq!(seen["properties"]["osSKU"], "Ubuntu");
    assert_eq!(
        seen["properties"]["availabilityZones"],
        json!(["1", "2", "3"])
    );
    assert_eq!(seen["properties"]["count"], 4);

    let mut bigger = pool_body();
    bigger["properties"]["vmSize"] = json!("Standard_E16as_v6");
    let refused = client
        .put(&pool, AKS, bigger)
        .await
        .refused(400, "PropertyChangeNotAllowed");
    assert_eq!(refused.body["target"], "properties.vmSize");
    client.delete(&pool, AKS).await.expect(202);
    client.step(90).await;
    client.delete(&pool, AKS).await.expect(204);
    let system = format!("{cluster}/agentPools/system");
    client
        .delete(&system, AKS)
        .await
        .refused(400, "OperationNotAllowed");
}

#[tokio::test]
async fn bad_pools_are_refused() {
    let mut options = stepped();
    options.behaviour.core_quota = Some(20);
    let client = Client::start(options).await;
    let cluster = client.make_cluster().await;
    let cases: [(&str, Value, &str); 7] = [
        ("1bad", json!({}), "InvalidParameter"),
        ("p", json!({"vmSize": "Standard_None"}), "BadRequest"),
        (
            "p",
            json!({"vmSize": "Standard_E8s_v5", "availabilityZones": ["3"]}),
            "AvailabilityZoneNotSupported",
        ),
        (
            "p",
            json!({"enableAutoScaling": true, "minCount": 5, "maxCount": 3}),
            "InvalidParameter",
        ),
        ("p", json!({"osSKU": "Slackware"}), "InvalidParameter"),
        (
            "p",
            json!({"orchestratorVersion": "1.34"}),
            "NodePoolMcVersionIncompatible",
        ),
        ("p", json!({}), "ErrCode_InsufficientVCPUQuota"),
    ];
    for (name, change, code) in cases {
        let mut body = pool_body();
        for (field, value) in change.as_object().expect("object") {
            body["properties"][field] = value.clone();
        }
        let path = format!("{cluster}/agentPools/{name}");
        client.put(&path, AKS, body).await.refused(400, code);
    }
    let orphan = format!("{}x/agentPools/p", cluster);
    client
        .put(&orphan, AKS, pool_body())
        .await
        .refused(404, "ParentResourceNotFound");
}

#[tokio::test]
async fn etags_guard_against_others() {
    let client = Client::start(stepped()).await;
    let cluster = client.make_cluster().await;
    let pool = format!("{cluster}/agentPools/postgres");
    client.put(&pool, AKS, pool_body()).await.expect(201);
    client.step(120).await;
    let seen = client.get(&pool, AKS).await.expect(200).body;
    let tag = seen["properties"]["eTag"].as_str().expect("tag").to_owned();
    let send = |name: &'static str, value: String| {
        let request = client.request(Method::PUT, &pool, AKS);
        request.header(name, value).json(&pool_body()).send()
    };
    let new = common::reply(send("if-none-match", "*".into()).await.expect("answer")).await;
    new.refused(412, "PreconditionFailed");
    let good = common::reply(send("if-match", tag.clone()).await.expect("answer")).await;
    good.expect(200);
    client.step(60).await;
    let stale = common::reply(send("if-match", tag).await.expect("answer")).await;
    stale.refused(412, "PreconditionFailed");
}

#[tokio::test]
async fn an_operation_can_be_made_to_fail() {
    let client = Client::start(stepped()).await;
    let cluster = client.make_cluster().await;
    client.sandbox.world.arm.doom(Doom {
        path: "/agentPools/postgres".into(),
        code: "CreateVMSSAgentPoolFailed".into(),
        message: "No capacity in \"westeurope\".".into(),
    });
    let pool = format!("{cluster}/agentPools/postgres");
    let made = client.put(&pool, AKS, pool_body()).await.expect(201);
    client.step(120).await;
    let status = client
        .poll(made.header("azure-asyncoperation"))
        .await
        .expect(200)
        .body;
    assert_eq!(status["status"], "Failed");
    assert_eq!(status["error"]["code"], "CreateVMSSAgentPoolFailed");
    let seen = client.get(&pool, AKS).await.expect(200).body;
    assert_eq!(seen["properties"]["provisioningState"], "Failed");
}

#[tokio::test]
async fn versions_go_up_one_at_a_time() {
    let client = Client::start(stepped()).await;
    client.make_group().await;
    let mut body = cluster_body();
    body["properties"]["kubernetesVersion"] = json!("1.32");
    client
        .put(&client.cluster(), AKS, body.clone())
        .await
        .expect(201);
    client.step(240).await;
    for (version, code) in [
        ("1.34", "OperationNotAllowed"),
        ("1.20", "K8sVersionNotSupported"),
    ] {
        body["properties"]["kubernetesVersion"] = json!(version);
        client
            .put(&client.cluster(), AKS, body.clone())
            .await
            .refused(400, code);
    }
    body["properties"]["kubernetesVersion"] = json!("1.33");
    body["properties"]["oidcIssuerProfile"]["enabled"] = json!(false);
    let refused = client.put(&client.cluster(), AKS, body.clone()).await;
    refused.refused(400, "OIDCIssuerFeatureCannotBeDisabled");
    body["properties"]["oidcIssuerProfile"]["enabled"] = json!(true);
    client.put(&client.cluster(), AKS, body).await.expect(200);
    let list = format!(
        "{}/providers/Microsoft.ContainerService/locations/westeurope/kubernetesVersions",
        client.subscription
    );
    let offered = client.get(&list, AKS).await.expect(200).body;
    assert!(
        offered["values"]
            .as_array()
            .expect("list")
            .iter()
            .any(|v| v["version"] == "1.33")
    );
    let sizes = format!(
        "{}/providers/Microsoft.Compute/skus?$filter=location%20eq%20'westeurope'",
        client.subscription
    );
    let sizes = client.get(&sizes, "2021-07-01").await.expect(200).body;
    assert!(
        sizes["value"]
            .as_array()
            .expect("list")
            .iter()
            .any(|v| v["name"] == "Standard_E8as_v6")
    );
}

#[tokio::test]
async fn credentials_lead_to_the_configured_cluster() {
    let mut options = stepped();
    options.kubeconfig = Some("apiVersion: v1\nkind: Config\n".into());
    let client = Client::start(options).await;
    let cluster = client.make_cluster().await;
    let path = format!("{cluster}/listClusterUserCredential");
    let given = client
        .call(Method::POST, &path, AKS, None)
        .await
        .expect(200)
        .body;
    let text = given["kubeconfigs"][0]["value"].as_str().expect("value");
    let text = base64::engine::general_purpose::STANDARD
        .decode(text)
        .expect("base64");
    assert_eq!(text, b"apiVersion: v1\nkind: Config\n");
    let mut body = cluster_body();
    body["properties"]["disableLocalAccounts"] = json!(true);
    client.put(&cluster, AKS, body).await.expect(200);
    client.step(120).await;
    let path = format!("{cluster}/listClusterAdminCredential");
    client
        .call(Method::POST, &path, AKS, None)
        .await
        .refused(400, "BadRequest");
}
