//! Node pools of a cluster.

use std::time::Duration;

use serde_json::{Value, json};

use super::{AKS_VERSIONS, POOL, names};
use crate::arm::errors::ArmError;
use crate::arm::kind::{Busy, Draft, Kind, ResourceType, Style, Timing, get, merge};
use crate::arm::lookups::{compute, kubernetes};
use crate::arm::store::{Resource, State};
use crate::hooks;

pub struct AgentPool;

pub const IMMUTABLE: &[&str] = &[
    "/properties/vmSize",
    "/properties/availabilityZones",
    "/properties/osDiskType",
    "/properties/osDiskSizeGB",
    "/properties/osType",
    "/properties/maxPods",
    "/properties/vnetSubnetID",
    "/properties/podSubnetID",
    "/properties/kubeletConfig",
    "/properties/linuxOSConfig",
    "/properties/enableEncryptionAtHost",
    "/properties/enableUltraSSD",
    "/properties/scaleSetPriority",
    "/properties/hostGroupID",
    "/properties/proximityPlacementGroupID",
];

static KIND: Kind = {
    let mut kind = Kind::child(POOL, AKS_VERSIONS);
    kind.create = Timing::long(201, Style::AsyncOperation, 120);
    kind.update = Timing::long(200, Style::AsyncOperation, 60);
    kind.delete = Timing::long(202, Style::AsyncOperation, 90);
    kind.busy = Busy::Family;
    kind.unwrapped_errors = true;
    kind.lower_case_ids = true;
    kind.etag = Some("/properties/eTag");
    kind.immutable = IMMUTABLE;
    kind
};

fn invalid(pool: &str, property: &str, text: &str) -> ArmError {
    ArmError::bad_request(
        "InvalidParameter",
        format!(
            "The value of parameter agentPoolProfile.{property} of pool '{pool}' is invalid. {text}"
        ),
    )
    .target(property)
}

/// What AKS refuses in the properties of a pool.
pub fn check(name: &str, properties: &Value, existing: bool) -> Result<(), ArmError> {
    let size = properties["vmSize"].as_str();
    if size.is_none() && !existing {
        return Err(invalid(name, "vmSize", "A VM size is required."));
    }
    if let Some(size) = size {
        let Some(known) = compute::by_name(size) else {
            return Err(ArmError::bad_request(
                "BadRequest",
                format!(
                    "The VM size of {size} is not allowed in your subscription in this location."
                ),
            )
            .subcode("SkuNotAvailable"));
        };
        let zones = properties["availabilityZones"].as_array();
        for zone in zones.into_iter().flatten() {
            if !known.zones.contains(&zone.as_str().unwrap_or_default()) {
                return Err(ArmError::bad_request(
                    "AvailabilityZoneNotSupported",
                    format!(
                        "Preflight validation check for resource(s) failed: the zone(s) {zone} for VM size '{size}' are not supported."
                    ),
                ));
            }
        }
    }
    let number = |field: &str| properties[field].as_u64();
    let (min, max) = (number("minCount"), number("maxCount"));
    if properties["enableAutoScaling"] == true {
        match (min, max) {
            (Some(min), Some(max)) if min <= max && max <= 1000 => {}
            _ => {
                return Err(invalid(
                    name,
                    "minCount",
                    "With autoscaling, minCount and maxCount are required and minCount must not exceed maxCount.",
                ));
            }
        }
    } else if min.is_some() || max.is_some() {
        return Err(invalid(
            name,
            "minCount",
            "minCount and maxCount need enableAutoScaling.",
        ));
    }
    for (field, allowed) in [
        ("mode", &["System", "User", "Gateway"][..]),
        ("osType", &["Linux", "Windows"][..]),
        (
            "osSKU",
            &[
                "Ubuntu",
                "AzureLinux",
                "CBLMariner",
                "Windows2019",
                "Windows2022",
            ][..],
        ),
        ("scaleDownMode", &["Delete", "Deallocate"][..]),
    ] {
        let value = &properties[field];
        if !value.is_null() && !allowed.contains(&value.as_str().unwrap_or_default()) {
            return Err(invalid(
                name,
                field,
                &format!("Allowed are {}.", allowed.join(", ")),
            ));
        }
    }
    Ok(())
}

/// Adds what AKS fills in; what cannot change is taken from before.
pub fn complete(properties: &mut Value, existing: Option<&Value>, cluster: &Value) {
    for pointer in IMMUTABLE {
        let name = pointer.trim_start_matches("/properties/");
        let before = existing.map_or(&Value::Null, |e| &e[name]);
        if properties[name].is_null() && !before.is_null() {
            properties[name] = before.clone();
        }
    }
    let overlay = get(cluster, "/networkProfile/networkPluginMode") == "overlay";
    let version = get(cluster, "/currentKubernetesVersion").clone();
    let wanted = properties["orchestratorVersion"].as_str();
    let orchestrator = wanted
        .and_then(kubernetes::resolve)
        .map_or(version, |v| json!(v));
    for (name, value) in [
        ("osDiskSizeGB", json!(128)),
        ("osDiskType", json!("Managed")),
        ("kubeletDiskType", json!("OS")),
        ("workloadRuntime", json!("OCIContainer")),
        ("maxPods", json!(if overlay { 250 } else { 110 })),
        ("type", json!("VirtualMachineScaleSets")),
        ("mode", json!("User")),
        ("osType", json!("Linux")),
        ("osSKU", json!("Ubuntu")),
        ("scaleDownMode", json!("Delete")),
        ("enableAutoScaling", json!(false)),
        ("enableNodePublicIP", json!(false)),
        ("enableFIPS", json!(false)),
        ("orchestratorVersion", orchestrator.clone()),
        ("upgradeSettings", json!({"maxSurge": "10%"})),
    ] {
        if properties[name].is_null() {
            properties[name] = value;
        }
    }
    properties["count"] = json!(count(properties, existing));
    let os = if properties["osSKU"] == "AzureLinux" {
        "AzureLinux-V2gen2-202601.01.0"
    } else {
        "AKSUbuntu-2204gen2containerd-202601.01.0"
    };
    let read_only = json!({
        "currentOrchestratorVersion": orchestrator,
        "nodeImageVersion": os,
        "powerState": {"code": "Running"},
        "provisioningState": "Succeeded",
    });
    merge(properties, &read_only);
}

/// With autoscaling the count is the autoscaler's, inside its limits.
fn count(properties: &Value, existing: Option<&Value>) -> u64 {
    let sent = properties["count"].as_u64();
    if properties["enableAutoScaling"] != true {
        return sent.unwrap_or(1);
    }
    let min = properties["minCount"].as_u64().unwrap_or(1);
    let max = properties["maxCount"].as_u64().unwrap_or(min);
    let now = existing.and_then(|e| e["count"].as_u64());
    now.or(sent).unwrap_or(min).clamp(min, max.max(min))
}

/// What hooks are told about a pool.
pub fn event(state: &State, resource: &Resource) -> hooks::NodePool {
    let cluster = resource.id.parent();
    let location = state
        .resources
        .get(&cluster.key())
        .and_then(|cluster| get(&cluster.body, "/location").as_str());
    hooks::NodePool {
        location: location.unwrap_or_default().to_owned(),
        cluster_id: cluster.text,
        name: resource.id.name().to_owned(),
        properties: resource.properties().clone(),
    }
}

/// Cores that a pool may come to use.
fn cores(properties: &Value) -> u64 {
    let size = properties["vmSize"].as_str().and_then(compute::by_name);
    let nodes = match properties["enableAutoScaling"] == true {
        true => properties["maxCount"].as_u64(),
        false => properties["count"].as_u64(),
    };
    size.map_or(0, |s| s.cores) * nodes.unwrap_or(1)
}

fn quota(draft: &Draft<'_>) -> Result<(), ArmError> {
    let Some(limit) = draft.options.behaviour.core_quota else {
        return Ok(());
    };
    let others: u64 = draft
        .state
        .of_kind(POOL)
        .filter(|r| r.id.key() != draft.id.key())
        .map(|r| cores(r.properties()))
        .sum();
    let wanted = cores(&draft.body["properties"]);
    match others + wanted > limit {
        false => Ok(()),
        true => Err(ArmError::bad_request(
            "ErrCode_InsufficientVCPUQuota",
            format!(
                "Insufficient regional vcpu quota left. Left regional vcpu quota {}, requested quota {wanted}. If you want to increase the quota, please follow this instruction: https://learn.microsoft.com/en-us/azure/quotas/view-quotas.",
                limit.saturating_sub(others)
            ),
        )
        .subcode("InsufficientVCPUQuota")),
    }
}

impl ResourceType for AgentPool {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn name(&self, name: &str) -> Result<(), ArmError> {
        names::pool(name)
    }

    fn check(&self, draft: &Draft<'_>) -> Result<(), ArmError> {
        let properties = &draft.body["properties"];
        check(draft.id.name(), properties, draft.existing.is_some())?;
        let cluster = draft.state.resources.get(&draft.id.parent().key());
        let current = cluster.map(|c| get(c.properties(), "/currentKubernetesVersion"));
        let current = current.and_then(Value::as_str).unwrap_or_default();
        let wanted = properties["orchestratorVersion"].as_str();
        let Some(wanted) = wanted else {
            return quota(draft);
        };
        match kubernetes::resolve(wanted) {
            Some(v) if kubernetes::number(v) <= kubernetes::number(current) => quota(draft),
            Some(_) => Err(ArmError::bad_request(
                "NodePoolMcVersionIncompatible",
                format!(
                    "Node pool version {wanted} and control plane version {current} are incompatible."
                ),
            )),
            None => Err(ArmError::bad_request(
                "K8sVersionNotSupported",
                format!("Version {wanted} is not supported in this region."),
            )),
        }
    }

    fn fill(&self, draft: &mut Draft<'_>) {
        let cluster = draft
            .state
            .resources
            .get(&draft.id.parent().key())
            .map_or(Value::Null, |c| c.properties().clone());
        let existing = draft.existing.map(|r| r.properties().clone());
        let mut properties = get(&draft.body, "/properties").clone();
        complete(&mut properties, existing.as_ref(), &cluster);
        draft.body = json!({"properties": properties});
    }

    fn check_delete(&self, state: &State, resource: &Resource) -> Result<(), ArmError> {
        let cluster = resource.id.parent().key();
        let system = state
            .below(&cluster)
            .iter()
            .filter_map(|key| state.resources.get(key))
            .filter(|r| r.kind == POOL && r.id.key() != resource.id.key())
            .any(|r| get(r.properties(), "/mode") == "System");
        let own = get(resource.properties(), "/mode") == "System";
        match own && !system {
            false => Ok(()),
            true => Err(ArmError::bad_request(
                "OperationNotAllowed",
                "There has to be at least one system agent pool.",
            )),
        }
    }

    fn ready(&self, state: &mut State, key: &str) {
        if let Some(pool) = state.resources.get(key).map(|pool| event(state, pool)) {
            state.events.push(hooks::Event::PoolReady(pool));
        }
    }

    fn removed(&self, state: &mut State, resource: &Resource, _now: Duration) {
        let pool = event(state, resource);
        state.events.push(hooks::Event::PoolRemoved(pool));
    }
}
