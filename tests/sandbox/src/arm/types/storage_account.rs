//! Storage accounts.

use base64::Engine;
use serde_json::{Value, json};

use super::{STORAGE_ACCOUNT, STORAGE_VERSIONS, names};
use crate::arm::errors::ArmError;
use crate::arm::kind::{Answer, Busy, Draft, Kind, Query, ResourceType, Style, Timing, get, merge};
use crate::arm::store::Resource;

pub struct StorageAccount;

static KIND: Kind = {
    let mut kind = Kind::plain(STORAGE_ACCOUNT, STORAGE_VERSIONS);
    kind.create = Timing::long(202, Style::Location, 20);
    kind.busy = Busy::Itself("StorageAccountOperationInProgress");
    kind.results = "asyncoperations";
    kind.immutable_code = "AccountPropertyCannotBeUpdated";
    kind.immutable = &[
        "/kind",
        "/properties/isHnsEnabled",
        "/properties/isNfsV3Enabled",
        "/properties/encryption/requireInfrastructureEncryption",
        "/properties/immutableStorageWithVersioning",
    ];
    kind
};

const SKUS: [&str; 8] = [
    "Standard_LRS",
    "Standard_ZRS",
    "Standard_GRS",
    "Standard_RAGRS",
    "Standard_GZRS",
    "Standard_RAGZRS",
    "Premium_LRS",
    "Premium_ZRS",
];
const KINDS: [&str; 5] = [
    "Storage",
    "StorageV2",
    "BlobStorage",
    "FileStorage",
    "BlockBlobStorage",
];

fn invalid(property: &str, value: &Value) -> ArmError {
    ArmError::bad_request(
        "InvalidRequestPropertyValue",
        format!("The value '{value}' is not allowed for property {property}."),
    )
    .target(property)
}

impl ResourceType for StorageAccount {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn name(&self, name: &str) -> Result<(), ArmError> {
        names::storage_account(name)
    }

    fn check(&self, draft: &Draft<'_>) -> Result<(), ArmError> {
        let name = draft.id.name();
        let elsewhere = draft
            .state
            .of_kind(STORAGE_ACCOUNT)
            .any(|r| r.id.name() == name && r.id.key() != draft.id.key());
        if elsewhere {
            return Err(ArmError::conflict(
                "StorageAccountInAnotherResourceGroup",
                format!(
                    "The account {name} is already in another resource group in this subscription."
                ),
            ));
        }
        let taken = &draft.options.behaviour.taken_storage_accounts;
        if taken.iter().any(|t| t == name) {
            return Err(ArmError::conflict(
                "StorageAccountAlreadyTaken",
                format!("The storage account named {name} is already taken."),
            ));
        }
        for (property, allowed) in [("/sku/name", &SKUS[..]), ("/kind", &KINDS[..])] {
            let value = get(&draft.body, property);
            if !allowed.contains(&value.as_str().unwrap_or_default()) {
                return Err(invalid(&property[1..].replace('/', "."), value));
            }
        }
        let tier = |body: &Value| get(body, "/sku/name").as_str().map(|s| s[..4].to_owned());
        if let Some(existing) = draft.existing
            && tier(&existing.body) != tier(&draft.body)
        {
            return Err(ArmError::immutable(KIND.immutable_code, "sku.name"));
        }
        for (property, allowed) in [
            (
                "minimumTlsVersion",
                &["TLS1_0", "TLS1_1", "TLS1_2", "TLS1_3"][..],
            ),
            (
                "publicNetworkAccess",
                &["Enabled", "Disabled", "SecuredByPerimeter"][..],
            ),
            ("accessTier", &["Hot", "Cool", "Cold", "Premium"][..]),
        ] {
            let value = get(&draft.body, &format!("/properties/{property}"));
            if !value.is_null() && !allowed.contains(&value.as_str().unwrap_or_default()) {
                return Err(invalid(property, value));
            }
        }
        Ok(())
    }

    fn fill(&self, draft: &mut Draft<'_>) {
        for pointer in &KIND.immutable[1..] {
            let kept = draft
                .existing
                .map_or(Value::Null, |r| get(&r.body, pointer).clone());
            if !kept.is_null() {
                draft.set(pointer, kept);
            }
        }
        let sku = draft.text("/sku/name").unwrap_or_default().to_owned();
        let tier = sku.split('_').next().unwrap_or_default();
        draft.set("/sku/tier", json!(tier));
        draft.set_default("/tags", json!({}));
        for (name, value) in defaults(tier) {
            draft.set_default(&format!("/properties/{name}"), value);
        }
        for (name, value) in [
            ("resourceAccessRules", json!([])),
            ("virtualNetworkRules", json!([])),
            ("ipRules", json!([])),
            ("bypass", json!("AzureServices")),
            ("defaultAction", json!("Allow")),
        ] {
            draft.set_default(&format!("/properties/networkAcls/{name}"), value);
        }
        let stamp = draft
            .existing
            .and_then(|r| get(&r.body, "/properties/creationTime").as_str())
            .unwrap_or(&draft.stamp)
            .to_owned();
        let service = json!({"enabled": true, "keyType": "Account", "lastEnabledTime": stamp});
        draft.set_default(
            "/properties/encryption/keySource",
            json!("Microsoft.Storage"),
        );
        draft.set_default("/properties/encryption/services/blob", service.clone());
        draft.set_default("/properties/encryption/services/file", service);
        let read_only = json!({
            "provisioningState": "Succeeded",
            "creationTime": stamp,
            "primaryLocation": get(&draft.body, "/location"),
            "statusOfPrimary": "available",
            "keyCreationTime": {"key1": stamp, "key2": stamp},
            "privateEndpointConnections": [],
            "primaryEndpoints": endpoints(draft),
        });
        merge(&mut draft.body["properties"], &read_only);
    }

    fn patch(&self, current: &Value, patch: &Value) -> Result<Value, ArmError> {
        let mut body = current.clone();
        for (name, value) in patch.as_object().into_iter().flatten() {
            match name.as_str() {
                "tags" => body["tags"] = value.clone(),
                "sku" | "identity" | "properties" => merge(&mut body[name.as_str()], value),
                _ => {}
            }
        }
        // Rules and lists are replaced as a whole, which a merge does too.
        Ok(body)
    }

    fn action(
        &self,
        name: &str,
        resource: &Resource,
        query: &Query<'_>,
    ) -> Option<Result<Answer, ArmError>> {
        if !name.eq_ignore_ascii_case("listKeys") {
            return None;
        }
        let created = get(resource.properties(), "/creationTime").clone();
        let key = |name: &str| {
            let real = query
                .options
                .blob_store
                .as_ref()
                .and_then(|store| store.accounts.get(resource.id.name()).cloned());
            let value = real.unwrap_or_else(|| {
                let label = format!("{}|{}|{name}", resource.id.key(), resource.generation);
                let bytes = query.state.guid(&label).repeat(2);
                base64::engine::general_purpose::STANDARD.encode(&bytes.as_bytes()[..64])
            });
            json!({"keyName": name, "value": value, "permissions": "Full", "creationTime": created})
        };
        Some(Ok(Answer::ok(json!({"keys": [key("key1"), key("key2")]}))))
    }
}

/// What a new account has when the request says nothing. A PUT sets it back
/// to this.
fn defaults(tier: &str) -> Vec<(&'static str, Value)> {
    let access = if tier == "Premium" { "Premium" } else { "Hot" };
    vec![
        ("minimumTlsVersion", json!("TLS1_0")),
        ("supportsHttpsTrafficOnly", json!(true)),
        ("allowBlobPublicAccess", json!(false)),
        ("allowCrossTenantReplication", json!(false)),
        ("publicNetworkAccess", json!("Enabled")),
        ("accessTier", json!(access)),
        ("dnsEndpointType", json!("Standard")),
    ]
}

fn endpoints(draft: &Draft<'_>) -> Value {
    let name = draft.id.name();
    let mut endpoints = serde_json::Map::new();
    for service in ["blob", "queue", "table", "file", "dfs", "web"] {
        let zone = if service == "web" { "z6." } else { "" };
        let host = format!("https://{name}.{zone}{service}.core.windows.net/");
        endpoints.insert(service.to_owned(), json!(host));
    }
    if let Some(real) = &draft.world.blob_endpoint {
        endpoints.insert(
            "blob".into(),
            json!(format!("{}/{name}/", real.trim_end_matches('/'))),
        );
    }
    Value::Object(endpoints)
}
