//! An AKS cluster that is there from the start, for tests that are not about
//! making one.

use axum::http::HeaderMap;
use serde_json::{Value, json};

use crate::arm::ids::Id;
use crate::arm::request::Call;
use crate::arm::store::{Author, State};
use crate::arm::{operation, types, writes};
use crate::world::World;

const GROUP: &str = "rg";

/// The id of the cluster with a name.
pub fn cluster_id(subscription: &str, name: &str) -> String {
    format!(
        "{}/providers/Microsoft.ContainerService/managedClusters/{name}",
        group_id(subscription)
    )
}

fn group_id(subscription: &str) -> String {
    format!("/subscriptions/{subscription}/resourceGroups/{GROUP}")
}

/// Makes the resource group and the cluster, without letting time pass.
pub fn make(world: &World, name: &str) -> anyhow::Result<()> {
    let options = &world.options;
    let location = &options.location;
    let mut state = world.arm.state();
    let group = group_id(&options.subscription_id);
    put(
        world,
        &mut state,
        types::GROUP,
        group,
        json!({"location": location}),
    )?;
    let body = json!({
        "location": location,
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "dnsPrefix": name,
            "oidcIssuerProfile": {"enabled": true},
            "securityProfile": {"workloadIdentity": {"enabled": true}},
            "networkProfile": {"networkPlugin": "azure", "networkPluginMode": "overlay"},
            "agentPoolProfiles": [
                {"name": "system", "mode": "System", "vmSize": "Standard_D2s_v5", "count": 2}
            ],
        },
    });
    let id = cluster_id(&options.subscription_id, name);
    put(world, &mut state, types::CLUSTER, id, body)
}

/// A PUT whose operation is over at once.
fn put(
    world: &World,
    state: &mut State,
    kind: &str,
    id: String,
    body: Value,
) -> anyhow::Result<()> {
    let kind = types::find(kind).ok_or_else(|| anyhow::anyhow!("no resource type `{kind}`"))?;
    let now = world.clock.now();
    let call = Call {
        method: "PUT".into(),
        path: id.clone(),
        query: Default::default(),
        headers: HeaderMap::new(),
        body,
        author: Author {
            name: world.options.application.client_id.clone(),
            kind: "Application".into(),
        },
        now,
        stamp: world.clock.stamp(now),
    };
    writes::put(world, state, &call, kind, &Id::new(id))
        .map_err(|error| anyhow::anyhow!("{}: {}", call.path, error.object()))?;
    for running in state.operations.values_mut() {
        running.ends = now;
    }
    operation::settle(state, now);
    Ok(())
}
