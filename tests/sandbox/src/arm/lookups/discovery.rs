//! The cloud's metadata and the subscription.

use serde_json::json;

use super::{Found, Lookup};
use crate::arm::kind::Answer;
use crate::world::World;

/// What is answered without a token.
pub fn anonymous(world: &World, path: &str) -> Option<Answer> {
    if !path.eq_ignore_ascii_case("/metadata/endpoints") {
        return None;
    }
    let options = &world.options;
    Some(Answer::ok(json!([{
        "name": "AzureSandbox",
        "portal": "https://portal.sandbox.invalid",
        "resourceManager": world.endpoints.resource_manager_endpoint,
        "authentication": {
            "loginEndpoint": world.endpoints.authority_host,
            "audiences": [options.audience],
            "tenant": options.tenant_id,
            "identityProvider": "AAD"
        },
        "media": "https://rest.media.azure.net",
        "graphAudience": "https://graph.microsoft.com/",
        "suffixes": {
            "storage": "core.windows.net",
            "keyVaultDns": "vault.azure.net",
            "postgresqlServerEndpoint": "postgres.database.azure.com",
            "acrLoginServer": "azurecr.io"
        }
    }])))
}

pub(super) fn find(lookup: &mut Lookup<'_>) -> Found {
    let rest = lookup.in_subscription()?;
    if !rest.is_empty() || !lookup.is("GET") {
        return None;
    }
    let options = &lookup.world.options;
    let versions = ["2022-12-01", "2021-01-01", "2020-01-01", "2016-06-01"];
    if lookup.segments.len() == 1 {
        return None;
    }
    if let Err(error) = lookup.version("Microsoft.Resources/subscriptions", &versions) {
        return Some(Err(error));
    }
    Some(Ok(Answer::ok(json!({
        "id": format!("/subscriptions/{}", options.subscription_id),
        "subscriptionId": options.subscription_id,
        "tenantId": options.tenant_id,
        "displayName": "Sandbox",
        "state": "Enabled",
        "authorizationSource": "RoleBased",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off"
        }
    }))))
}
