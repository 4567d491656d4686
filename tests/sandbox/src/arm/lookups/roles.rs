//! Built-in role definitions.

use serde_json::{Value, json};

use super::{Found, Lookup};
use crate::arm::errors::ArmError;
use crate::arm::kind::Answer;

const VERSIONS: [&str; 1] = ["2022-04-01"];

/// Name, GUID, actions, data actions.
const BUILT_IN: [(&str, &str, &[&str], &[&str]); 13] = [
    ("Owner", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", &["*"], &[]),
    (
        "Contributor",
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        &["*"],
        &[],
    ),
    (
        "Reader",
        "acdd72a7-3385-48ef-bd42-f606fba81ae7",
        &["*/read"],
        &[],
    ),
    (
        "User Access Administrator",
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        &["*/read", "Microsoft.Authorization/*"],
        &[],
    ),
    (
        "Storage Blob Data Owner",
        "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
        &["Microsoft.Storage/storageAccounts/blobServices/containers/*"],
        &["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/*"],
    ),
    (
        "Storage Blob Data Contributor",
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        &["Microsoft.Storage/storageAccounts/blobServices/containers/write"],
        &["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write"],
    ),
    (
        "Storage Blob Data Reader",
        "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        &["Microsoft.Storage/storageAccounts/blobServices/containers/read"],
        &["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"],
    ),
    (
        "Storage Account Contributor",
        "17d1049b-9a84-46fb-8f53-869881c3d3ab",
        &["Microsoft.Storage/storageAccounts/*"],
        &[],
    ),
    (
        "Network Contributor",
        "4d97b98b-1d4f-4787-a291-c67834d212e7",
        &["Microsoft.Network/*"],
        &[],
    ),
    (
        "Managed Identity Operator",
        "f1a07417-d97a-45cb-824c-7a7467783830",
        &["Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action"],
        &[],
    ),
    (
        "Monitoring Data Reader",
        "b0d8363b-8ddd-447d-831f-62ca05bff136",
        &["Microsoft.Monitor/accounts/read"],
        &["Microsoft.Monitor/accounts/data/*/read"],
    ),
    (
        "Grafana Admin",
        "22926164-76b3-42b3-bc55-97df8dab3e41",
        &[],
        &["Microsoft.Dashboard/grafana/ActAsGrafanaAdmin/action"],
    ),
    (
        "Azure Kubernetes Service RBAC Cluster Admin",
        "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b",
        &["Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"],
        &["Microsoft.ContainerService/managedClusters/*"],
    ),
];

/// Whether a role definition with this GUID exists.
pub fn exists(guid: &str) -> bool {
    BUILT_IN
        .iter()
        .any(|(_, known, _, _)| known.eq_ignore_ascii_case(guid))
}

pub(super) fn find(lookup: &mut Lookup<'_>) -> Found {
    let at = lookup
        .segments
        .windows(3)
        .rposition(|w| w == ["providers", "microsoft.authorization", "roledefinitions"])?;
    if let Err(error) = lookup.version("Microsoft.Authorization/roleDefinitions", &VERSIONS) {
        return Some(Err(error));
    }
    let subscription = lookup.world.options.subscription_id.clone();
    let rest = &lookup.segments[at + 3..];
    Some(match (rest, lookup.call.method.as_str()) {
        ([], "GET") => {
            let wanted = role_name(lookup);
            let value: Vec<Value> = BUILT_IN
                .iter()
                .filter(|role| {
                    wanted
                        .as_deref()
                        .is_none_or(|w| w.eq_ignore_ascii_case(role.0))
                })
                .map(|role| definition(&subscription, role))
                .collect();
            Ok(Answer::ok(json!({"value": value})))
        }
        ([guid], "GET") => match BUILT_IN.iter().find(|role| role.1 == *guid) {
            Some(role) => Ok(Answer::ok(definition(&subscription, role))),
            None => Err(missing(guid)),
        },
        (_, other) => Err(ArmError::method(other)),
    })
}

pub fn missing(guid: &str) -> ArmError {
    let text = format!("The specified role definition with ID '{guid}' does not exist.");
    ArmError::new(404, "RoleDefinitionDoesNotExist", text)
}

/// The name in `$filter=roleName eq '...'`.
fn role_name(lookup: &Lookup<'_>) -> Option<String> {
    let filter = lookup.call.query.get("$filter")?;
    let (_, quoted) = filter.split_once("roleName eq '")?;
    quoted.split_once('\'').map(|(name, _)| name.to_owned())
}

fn definition(
    subscription: &str,
    (name, guid, actions, data_actions): &(&str, &str, &[&str], &[&str]),
) -> Value {
    json!({
        "id": format!("/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{guid}"),
        "name": guid,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": name,
            "type": "BuiltInRole",
            "description": format!("Built-in role {name}."),
            "assignableScopes": ["/"],
            "permissions": [{
                "actions": actions,
                "notActions": [],
                "dataActions": data_actions,
                "notDataActions": [],
            }],
        }
    })
}
