//! Credentials of a cluster: kubeconfigs for the Kubernetes behind it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::arm::errors::ArmError;
use crate::arm::kind::{Answer, Query, get};
use crate::arm::store::Resource;
use crate::entra::AKS_SERVER;

fn local_accounts_off(resource: &Resource) -> bool {
    get(resource.properties(), "/disableLocalAccounts") == &json!(true)
}

pub fn admin(resource: &Resource, query: &Query<'_>) -> Result<Answer, ArmError> {
    if local_accounts_off(resource) {
        return Err(ArmError::bad_request(
            "BadRequest",
            "Getting static credential is not allowed because this cluster is set to disable local accounts.",
        ));
    }
    let user = format!("clusterAdmin_{}", user_suffix(resource));
    credential("clusterAdmin", query, resource, user, static_token(query))
}

pub fn user(resource: &Resource, query: &Query<'_>) -> Result<Answer, ArmError> {
    let user = format!("clusterUser_{}", user_suffix(resource));
    let managed = get(resource.properties(), "/aadProfile/managed") == &json!(true);
    let login = match managed || local_accounts_off(resource) {
        true => exec(query),
        false => static_token(query),
    };
    credential("clusterUser", query, resource, user, login)
}

fn user_suffix(resource: &Resource) -> String {
    let group = resource.id.resource_group().unwrap_or_default();
    format!("{group}_{}", resource.id.name())
}

fn static_token(query: &Query<'_>) -> Value {
    json!({"token": query.world.kubernetes_token})
}

/// What AKS gives when logins go through Entra.
fn exec(query: &Query<'_>) -> Value {
    json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "kubelogin",
        "args": [
            "get-token",
            "--environment", "AzurePublicCloud",
            "--server-id", AKS_SERVER,
            "--client-id", "80faf920-1908-4b52-b5ef-a8e7bedfc67a",
            "--tenant-id", query.options.tenant_id,
            "--login", "devicecode",
        ],
        "env": null,
        "provideClusterInfo": false,
    }})
}

fn credential(
    name: &str,
    query: &Query<'_>,
    resource: &Resource,
    user: String,
    login: Value,
) -> Result<Answer, ArmError> {
    let yaml = match &query.options.kubeconfig {
        Some(real) => real.clone(),
        None => own(query, resource.id.name(), &user, login)?,
    };
    let value = STANDARD.encode(yaml);
    Ok(Answer::ok(
        json!({"kubeconfigs": [{"name": name, "value": value}]}),
    ))
}

fn own(query: &Query<'_>, cluster: &str, user: &str, login: Value) -> Result<String, ArmError> {
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "preferences": {},
        "current-context": cluster,
        "clusters": [{"name": cluster, "cluster": {
            "server": query.world.kubernetes_host,
            "certificate-authority-data": STANDARD.encode(&query.world.ca_pem),
        }}],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": user}}],
        "users": [{"name": user, "user": login}],
    });
    serde_yaml_ng::to_string(&config)
        .map_err(|error| ArmError::new(500, "InternalServerError", error.to_string()))
}
