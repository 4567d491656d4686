//! AKS clusters. Pools named in a cluster's body become pools of their own;
//! the cluster shows the pools there are.

use std::time::Duration;

use serde_json::{Value, json};

use super::{AKS_VERSIONS, CLUSTER, POOL, agent_pool, kubeconfig, names};
use crate::arm::errors::ArmError;
use crate::arm::ids::Id;
use crate::arm::kind::{
    Answer, Busy, Draft, Kind, Query, ResourceType, Style, Timing, get, merge, put,
};
use crate::arm::lookups::kubernetes;
use crate::arm::store::{Author, Resource, State};
use crate::hooks;

pub struct ManagedCluster;

static KIND: Kind = {
    let mut kind = Kind::plain(CLUSTER, AKS_VERSIONS);
    kind.create = Timing::long(201, Style::AsyncOperation, 240);
    kind.update = Timing::long(200, Style::AsyncOperation, 120);
    kind.delete = Timing::long(202, Style::AsyncOperation, 180);
    kind.busy = Busy::Family;
    kind.unwrapped_errors = true;
    kind.lower_case_ids = true;
    kind.etag = Some("/eTag");
    kind.immutable = &[
        "/properties/dnsPrefix",
        "/properties/nodeResourceGroup",
        "/properties/diskEncryptionSetID",
        "/properties/enableRBAC",
        "/properties/networkProfile/networkPlugin",
        "/properties/networkProfile/serviceCidr",
        "/properties/networkProfile/dnsServiceIP",
        "/properties/networkProfile/loadBalancerSku",
        "/properties/apiServerAccessProfile/enablePrivateCluster",
    ];
    kind
};

fn profiles(body: &Value) -> Vec<Value> {
    get(body, "/properties/agentPoolProfiles")
        .as_array()
        .cloned()
        .unwrap_or_default()
}

fn pool_id(cluster: &Id, profile: &Value) -> Id {
    let name = profile["name"].as_str().unwrap_or_default();
    Id::new(format!("{}/agentPools/{name}", cluster.text))
}

fn check_pools(draft: &Draft<'_>) -> Result<(), ArmError> {
    let profiles = profiles(&draft.body);
    if draft.existing.is_none() && !profiles.iter().any(|p| p["mode"] == "System") {
        return Err(ArmError::bad_request(
            "InvalidParameter",
            "Required parameter agentPoolProfiles is missing a pool of mode System.",
        )
        .target("agentPoolProfiles"));
    }
    for profile in &profiles {
        let name = profile["name"].as_str().unwrap_or_default();
        names::pool(name)?;
        let before = draft.state.resources.get(&pool_id(draft.id, profile).key());
        agent_pool::check(name, profile, before.is_some())?;
        for pointer in agent_pool::IMMUTABLE {
            let field = pointer.trim_start_matches("/properties/");
            let old = before.map_or(&Value::Null, |b| get(&b.body, pointer));
            let new = &profile[field];
            if !new.is_null() && !old.is_null() && old != new {
                let name = format!("properties.agentPoolProfiles.{field}");
                return Err(ArmError::immutable(KIND.immutable_code, &name));
            }
        }
    }
    Ok(())
}

/// One minor version at a time, and never back.
fn check_version(draft: &Draft<'_>) -> Result<(), ArmError> {
    let Some(wanted) = draft.text("/properties/kubernetesVersion") else {
        return Ok(());
    };
    let Some(resolved) = kubernetes::resolve(wanted) else {
        return Err(ArmError::bad_request(
            "K8sVersionNotSupported",
            format!(
                "Managed cluster is on version {wanted} which is not supported in this region. Please use [az aks get-versions] command to get the supported version list."
            ),
        ));
    };
    let current = draft
        .existing
        .and_then(|r| get(&r.body, "/properties/currentKubernetesVersion").as_str());
    let Some(current) = current else {
        return Ok(());
    };
    let (old, new) = (kubernetes::number(current), kubernetes::number(resolved));
    let minor = |v: &[u32]| v.get(1).copied().unwrap_or(0);
    match new < old || minor(&new) > minor(&old) + 1 {
        false => Ok(()),
        true => Err(ArmError::bad_request(
            "OperationNotAllowed",
            format!(
                "Upgrading Kubernetes version {current} to {resolved} is not allowed. Versions can only go up, one minor version at a time."
            ),
        )),
    }
}

fn check_features(draft: &Draft<'_>) -> Result<(), ArmError> {
    let had = |pointer: &str| {
        draft
            .existing
            .is_some_and(|r| get(&r.body, pointer) == &json!(true))
    };
    let oidc = "/properties/oidcIssuerProfile/enabled";
    if had(oidc) && get(&draft.body, oidc) == &json!(false) {
        return Err(ArmError::bad_request(
            "OIDCIssuerFeatureCannotBeDisabled",
            "OIDC issuer feature cannot be disabled.",
        ));
    }
    let workload = get(
        &draft.body,
        "/properties/securityProfile/workloadIdentity/enabled",
    );
    let issuer = had(oidc) || get(&draft.body, oidc) == &json!(true);
    match workload == &json!(true) && !issuer {
        false => Ok(()),
        true => Err(ArmError::bad_request(
            "BadRequest",
            "Enabling workload identity requires the OIDC issuer to be enabled.",
        )),
    }
}

impl ResourceType for ManagedCluster {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn name(&self, name: &str) -> Result<(), ArmError> {
        names::cluster(name)
    }

    fn check(&self, draft: &Draft<'_>) -> Result<(), ArmError> {
        if draft.existing.is_none() && draft.text("/properties/dnsPrefix").is_none() {
            return Err(ArmError::bad_request(
                "InvalidParameter",
                "Required parameter dnsPrefix is missing (null).",
            )
            .target("dnsPrefix"));
        }
        check_version(draft)?;
        check_features(draft)?;
        check_pools(draft)
    }

    fn fill(&self, draft: &mut Draft<'_>) {
        if let Some(properties) = draft.body["properties"].as_object_mut() {
            properties.remove("agentPoolProfiles");
        }
        for pointer in KIND.immutable {
            let kept = draft
                .existing
                .map_or(Value::Null, |r| get(&r.body, pointer).clone());
            if !kept.is_null() {
                draft.set(pointer, kept);
            }
        }
        fill_defaults(draft);
        fill_network(draft);
        fill_read_only(draft);
    }

    fn patch(&self, current: &Value, patch: &Value) -> Result<Value, ArmError> {
        let mut body = current.clone();
        if let Some(tags) = patch.get("tags") {
            body["tags"] = tags.clone();
        }
        Ok(body)
    }

    fn stored(&self, state: &mut State, id: &Id, sent: &Value, now: Duration) {
        let Some(cluster) = state.resources.get(&id.key()).cloned() else {
            return;
        };
        let text = |name: &str| {
            cluster.system_data[name]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let author = Author {
            name: text("lastModifiedBy"),
            kind: text("lastModifiedByType"),
        };
        for mut profile in profiles(sent) {
            let id = pool_id(id, &profile);
            if let Some(fields) = profile.as_object_mut() {
                fields.remove("name");
                fields.remove("eTag");
            }
            let before = state
                .resources
                .get(&id.key())
                .map(|r| r.properties().clone());
            agent_pool::complete(&mut profile, before.as_ref(), cluster.properties());
            let body = json!({"properties": profile});
            state.store(&id, POOL, body, &author, (now, &text("lastModifiedAt")));
        }
        let kubelet = get(
            cluster.properties(),
            "/identityProfile/kubeletidentity/objectId",
        );
        let known_from = now + state.behaviour.principal_propagation;
        if let Some(kubelet) = kubelet.as_str() {
            let principals = &mut state.principals;
            principals.entry(kubelet.to_owned()).or_insert(known_from);
        }
    }

    fn ready(&self, state: &mut State, key: &str) {
        for key in state.below(key) {
            let Some(pool) = state.resources.get(&key).filter(|r| r.kind == POOL) else {
                continue;
            };
            let event = hooks::Event::PoolReady(agent_pool::event(state, pool));
            state.events.push(event);
        }
    }

    fn action(
        &self,
        name: &str,
        resource: &Resource,
        query: &Query<'_>,
    ) -> Option<Result<Answer, ArmError>> {
        match name.to_lowercase().as_str() {
            "listclusteradmincredential" => Some(kubeconfig::admin(resource, query)),
            "listclusterusercredential" => Some(kubeconfig::user(resource, query)),
            _ => None,
        }
    }

    fn render(&self, state: &State, resource: &Resource, body: &mut Value) {
        let pools: Vec<Value> = state
            .below(&resource.id.key())
            .iter()
            .filter_map(|key| state.resources.get(key))
            .filter(|r| r.kind == POOL)
            .map(|r| {
                let mut profile = r.properties().clone();
                profile["name"] = json!(r.id.name());
                profile["eTag"] = json!(r.etag());
                profile
            })
            .collect();
        put(body, "/properties/agentPoolProfiles", json!(pools));
    }
}

fn fill_defaults(draft: &mut Draft<'_>) {
    let version = draft.existing.map_or(json!(kubernetes::DEFAULT), |r| {
        get(&r.body, "/properties/kubernetesVersion").clone()
    });
    let name = draft.id.name().to_owned();
    let group = draft.id.resource_group().unwrap_or_default().to_owned();
    let location = draft.text("/location").unwrap_or_default().to_owned();
    for (pointer, value) in [
        ("/sku/name", json!("Base")),
        ("/sku/tier", json!("Free")),
        ("/properties/kubernetesVersion", version),
        (
            "/properties/nodeResourceGroup",
            json!(format!("MC_{group}_{name}_{location}")),
        ),
        ("/properties/enableRBAC", json!(true)),
        ("/properties/supportPlan", json!("KubernetesOfficial")),
        ("/properties/disableLocalAccounts", json!(false)),
        ("/properties/oidcIssuerProfile/enabled", json!(false)),
        ("/properties/securityProfile", json!({})),
        (
            "/properties/autoUpgradeProfile/nodeOSUpgradeChannel",
            json!("NodeImage"),
        ),
        (
            "/properties/storageProfile",
            json!({
                "diskCSIDriver": {"enabled": true},
                "fileCSIDriver": {"enabled": true},
                "snapshotController": {"enabled": true},
            }),
        ),
        (
            "/properties/servicePrincipalProfile",
            json!({"clientId": "msi"}),
        ),
        (
            "/properties/windowsProfile",
            json!({"adminUsername": "azureuser", "enableCSIProxy": true}),
        ),
    ] {
        draft.set_default(pointer, value);
    }
}

fn fill_network(draft: &mut Draft<'_>) {
    let profile = "/properties/networkProfile";
    for (name, value) in [
        ("networkPlugin", json!("azure")),
        ("networkPolicy", json!("none")),
        ("networkDataplane", json!("azure")),
        ("loadBalancerSku", json!("standard")),
        ("outboundType", json!("loadBalancer")),
        ("serviceCidr", json!("10.0.0.0/16")),
        ("dnsServiceIP", json!("10.0.0.10")),
        ("ipFamilies", json!(["IPv4"])),
    ] {
        draft.set_default(&format!("{profile}/{name}"), value);
    }
    if draft.text(&format!("{profile}/networkPluginMode")) == Some("overlay") {
        draft.set_default(&format!("{profile}/podCidr"), json!("10.244.0.0/16"));
    }
    if draft.text(&format!("{profile}/outboundType")) == Some("loadBalancer") {
        let group = get(&draft.body, "/properties/nodeResourceGroup").as_str();
        let address = format!(
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/publicIPAddresses/{}",
            draft.options.subscription_id,
            group.unwrap_or_default(),
            draft.guid("address"),
        );
        draft.set_default(
            &format!("{profile}/loadBalancerProfile"),
            json!({
                "managedOutboundIPs": {"count": 1},
                "effectiveOutboundIPs": [{"id": address}],
                "backendPoolType": "NodeIPConfiguration",
            }),
        );
    }
}

fn fill_read_only(draft: &mut Draft<'_>) {
    let body = &draft.body;
    let version = get(body, "/properties/kubernetesVersion").as_str();
    let current = version.and_then(kubernetes::resolve).unwrap_or_default();
    let group = get(body, "/properties/nodeResourceGroup").as_str();
    let prefix = get(body, "/properties/dnsPrefix")
        .as_str()
        .unwrap_or_default();
    let hash = &draft.guid("fqdn")[..8];
    let location = get(body, "/location").as_str().unwrap_or_default();
    let name = format!("{}-agentpool", draft.id.name());
    let kubelet = format!(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}",
        draft.options.subscription_id,
        group.unwrap_or_default(),
    );
    let mut read_only = json!({
        "provisioningState": "Succeeded",
        "powerState": {"code": "Running"},
        "currentKubernetesVersion": current,
        "fqdn": format!("{prefix}-{hash}.hcp.{location}.azmk8s.io"),
        "azurePortalFQDN": format!("{prefix}-{hash}.portal.hcp.{location}.azmk8s.io"),
        "maxAgentPools": 100,
        "resourceUID": draft.guid("uid").replace('-', "")[..24],
        "identityProfile": {"kubeletidentity": {
            "resourceId": kubelet,
            "clientId": draft.guid("kubelet-client"),
            "objectId": draft.guid("kubelet-object"),
        }},
    });
    if get(body, "/properties/oidcIssuerProfile/enabled") == &json!(true) {
        read_only["oidcIssuerProfile"] = json!({"issuerURL": draft.world.cluster_issuer});
    }
    let system = get(body, "/identity/type") == "SystemAssigned";
    let identity = json!({
        "principalId": draft.guid("principal"),
        "tenantId": draft.options.tenant_id,
    });
    if !draft.body["properties"].is_object() {
        draft.set("/properties", json!({}));
    }
    merge(&mut draft.body["properties"], &read_only);
    if system {
        merge(&mut draft.body["identity"], &identity);
    }
}
