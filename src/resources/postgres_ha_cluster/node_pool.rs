//! The `node_pool` block: a pool of AKS nodes for this cluster alone.
//!
//! A change of a field that AKS cannot change gives the pool another real name. The new pool is made beside the old one, the
//! operator rolls the instances over to it one by one because their node selector changes, and the old pool is removed at the end.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::{PostgresHaCluster, aks_cluster};
use crate::object;
use crate::reconcile::mark;
use crate::reconcile::object::{Address, Desired, Live, Outputs, Ownership, Write};
use crate::reconcile::part::{Defaults, Fill, Part, Query, Readiness};
use crate::resources::azure_ids;
use crate::schema::attr::{Attr, Block, NotKnown};
use crate::schema::checks;
use crate::schema::diagnostic::{Diagnostics, Path};
use crate::schema::field::optional;
use crate::schema::value::Value;

/// Label of nodes and key of the taint of a dedicated pool.
pub const WORKLOAD: &str = "workload";
/// Label that AKS puts on every node of a pool.
pub const POOL_LABEL: &str = "kubernetes.azure.com/agentpool";

fn pool_name(value: &Value) -> Result<(), String> {
    let name = value.as_str().unwrap_or_default();
    let fits = (1..=8).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    fits.then_some(()).ok_or_else(|| {
        format!(
            "`{name}` is not a pool name: 1 to 8 lower-case letters and digits, a letter first (AKS allows 12; the last 4 tell pools of a replacement apart)"
        )
    })
}

object! {
    /// A pool of AKS nodes for this cluster: labelled `workload=postgres`, and selected by its instances and poolers. Without this
    /// block the instances run where `node_selector` and `tolerations` let them.
    pub struct NodePool {
        /// Start of the pool's name, 1 to 8 lower-case letters and digits. The real name has 4 more characters, which follow from
        /// `vm_size`, `zones`, `os_sku` and `subnet_id`.
        name: Attr<String> => optional().default("postgres").check(pool_name),
        /// Size of the virtual machines. A change makes a second pool, moves the instances over with quorum kept, and removes the
        /// first pool.
        vm_size: Attr<String> => optional().default("Standard_E8as_v6"),
        /// Availability zones of the nodes. Premium SSD v2 disks need zonal nodes. Default `["1", "2", "3"]`.
        zones: Attr<BTreeSet<String>> => optional().default_from("`[\"1\", \"2\", \"3\"]`"),
        /// Least number of nodes for the autoscaler. Default 3, one for each zone.
        min_count: Attr<i64> => optional().default_from("3, unless `node_count` is set").check(checks::positive),
        /// Greatest number of nodes for the autoscaler. Default 6.
        max_count: Attr<i64> => optional().default_from("6, unless `node_count` is set").check(checks::positive),
        /// Fixed number of nodes in place of the autoscaler.
        node_count: Attr<i64> => optional().check(checks::positive),
        /// Operating system of the nodes.
        os_sku: Attr<String> => optional().default("AzureLinux").one_of(&["AzureLinux", "Ubuntu"]),
        /// Id of the subnet of the nodes. By default that of the cluster.
        subnet_id: Attr<String> => optional().check(azure_ids::subnet),
        /// True keeps everything else off the nodes by the taint `workload=postgres:NoSchedule`.
        dedicated: Attr<bool> => optional().default(false),
        /// More labels for the nodes.
        labels: Attr<BTreeMap<String, String>> => optional(),
        /// How many extra nodes an upgrade of the pool may use, as a number or a percentage. Default AKS's own.
        max_surge: Attr<String> => optional(),
        /// More tags for the pool.
        tags: Attr<BTreeMap<String, String>> => optional(),
    }
}

impl NodePool {
    /// The pool's name in Azure.
    pub fn real_name(&self) -> Result<String, NotKnown> {
        let zones: Vec<&str> = self.zones.require()?.iter().map(String::as_str).collect();
        let immutable = [
            self.vm_size.require()?.to_lowercase(),
            zones.join(","),
            self.os_sku.require()?.clone(),
            self.subnet_id
                .get()?
                .map(|id| id.to_lowercase())
                .unwrap_or_default(),
        ]
        .join("|");
        Ok(format!(
            "{}{}",
            self.name.require()?,
            mark::short_hash(&immutable, 4)
        ))
    }

    fn body(&self, defaults: &BTreeMap<String, String>) -> Result<Json, NotKnown> {
        let mut labels = self.labels.get()?.cloned().unwrap_or_default();
        labels.insert(WORKLOAD.to_owned(), "postgres".to_owned());
        let mut tags = defaults.clone();
        tags.extend(self.tags.get()?.cloned().unwrap_or_default());
        let mut properties = json!({
            "mode": "User",
            "type": "VirtualMachineScaleSets",
            "osType": "Linux",
            "osSKU": self.os_sku.require()?,
            "vmSize": self.vm_size.require()?,
            "availabilityZones": self.zones.require()?,
            "nodeLabels": labels,
        });
        match self.node_count.get()? {
            Some(count) => {
                properties["enableAutoScaling"] = false.into();
                properties["count"] = (*count).into();
            }
            None => {
                properties["enableAutoScaling"] = true.into();
                properties["count"] = (*self.min_count.require()?).into();
                properties["minCount"] = (*self.min_count.require()?).into();
                properties["maxCount"] = (*self.max_count.require()?).into();
            }
        }
        if *self.dedicated.require()? {
            properties["nodeTaints"] = json!([format!("{WORKLOAD}=postgres:NoSchedule")]);
        }
        if let Some(subnet) = self.subnet_id.get()? {
            properties["vnetSubnetID"] = subnet.clone().into();
        }
        if let Some(surge) = self.max_surge.get()? {
            properties["upgradeSettings"] = json!({"maxSurge": surge});
        }
        if !tags.is_empty() {
            properties["tags"] = json!(tags);
        }
        Ok(json!({"properties": properties}))
    }
}

impl PostgresHaCluster {
    /// What instances and poolers select their nodes by.
    pub fn node_selection(&self) -> Result<(BTreeMap<String, String>, Vec<Json>), NotKnown> {
        let Some(pool) = self.node_pool.get()? else {
            let selector = self.node_selector.get()?.cloned().unwrap_or_default();
            let tolerations = self.tolerations.get()?.cloned().unwrap_or_default();
            return Ok((
                selector,
                tolerations.iter().map(|taint| toleration(taint)).collect(),
            ));
        };
        let selector = [
            (WORKLOAD.to_owned(), "postgres".to_owned()),
            (POOL_LABEL.to_owned(), pool.real_name()?),
        ];
        let tolerations = if *pool.dedicated.require()? {
            vec![toleration(&format!("{WORKLOAD}=postgres:NoSchedule"))]
        } else {
            Vec::new()
        };
        Ok((selector.into(), tolerations))
    }
}

/// The toleration of a taint written as `key=value:Effect` or `key:Effect`.
pub fn toleration(taint: &str) -> Json {
    let (pair, effect) = taint.rsplit_once(':').unwrap_or((taint, ""));
    match pair.split_once('=') {
        Some((key, value)) => {
            json!({"key": key, "operator": "Equal", "value": value, "effect": effect})
        }
        None => json!({"key": pair, "operator": "Exists", "effect": effect}),
    }
}

pub struct NodePoolPart;

impl Part<PostgresHaCluster> for NodePoolPart {
    fn name(&self) -> &'static str {
        "node_pool"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["aks_cluster"]
    }

    fn validate(&self, model: &PostgresHaCluster, diagnostics: &mut Diagnostics) {
        let Some(pool) = model.node_pool.present() else {
            return;
        };
        let path = Path::root().attribute("node_pool").index(0);
        if model.aks_cluster_id.is_null() {
            diagnostics.error(
                path.clone(),
                "A node pool needs an AKS cluster",
                "`node_pool` makes a pool of an AKS cluster: set `aks_cluster_id`, or leave the block out and use `node_selector`.",
            );
        }
        for name in ["node_selector", "tolerations"] {
            let set = if name == "node_selector" {
                !model.node_selector.is_null()
            } else {
                !model.tolerations.is_null()
            };
            if set {
                diagnostics.error(
                    Path::root().attribute(name),
                    "Two ways to choose nodes",
                    format!("`{name}` and `node_pool` exclude each other: the pool brings its own selector and tolerations."),
                );
            }
        }
        let counts = [
            ("min_count", &pool.min_count),
            ("max_count", &pool.max_count),
        ];
        if !pool.node_count.is_null() {
            for (name, _) in counts.iter().filter(|(_, count)| !count.is_null()) {
                diagnostics.error(
                    path.attribute(*name),
                    "Two ways to size the pool",
                    format!(
                        "`{name}` is for the autoscaler; leave it out, or leave `node_count` out."
                    ),
                );
            }
        } else if let (Some(min), Some(max)) = (pool.min_count.known(), pool.max_count.known())
            && min > max
        {
            diagnostics.error(
                path.attribute("min_count"),
                "Least above greatest",
                format!("`min_count` ({min}) must not be above `max_count` ({max})."),
            );
        }
        if let Some(zones) = pool.zones.known() {
            zonal(model, zones, &path, diagnostics);
        }
    }

    fn derive(
        &self,
        _defaults: &Defaults,
        _prior: Option<&PostgresHaCluster>,
        model: &mut PostgresHaCluster,
    ) {
        let aks = model.aks_cluster_id.require().cloned();
        let Some(pool) = model.node_pool.present_mut() else {
            model.node_pool_id = Attr::Null;
            return;
        };
        if pool.zones.is_unknown() {
            pool.zones = Attr::Known(["1", "2", "3"].map(str::to_owned).into());
        }
        let fixed = !pool.node_count.is_null();
        for (count, default) in [(&mut pool.min_count, 3), (&mut pool.max_count, 6)] {
            if count.is_unknown() {
                *count = if fixed {
                    Attr::Null
                } else {
                    Attr::Known(default)
                };
            }
        }
        let id = pool
            .real_name()
            .and_then(|name| aks.map(|aks| format!("{aks}/agentPools/{name}")));
        model.node_pool_id.derive(id);
    }

    fn ownership(&self) -> Ownership {
        Ownership::Tags("properties.tags")
    }

    fn addresses(&self, model: &PostgresHaCluster) -> Result<Vec<Address>, NotKnown> {
        let Some(pool) = model.node_pool.get()? else {
            return Ok(Vec::new());
        };
        let id = format!("{}/agentPools/{}", model.aks_id()?, pool.real_name()?);
        Ok(vec![Address::arm(id, aks_cluster::API_VERSION)])
    }

    fn desired(
        &self,
        model: &PostgresHaCluster,
        _outputs: &Outputs,
    ) -> Result<Vec<Desired>, NotKnown> {
        let Some(pool) = model.node_pool.get()? else {
            return Ok(Vec::new());
        };
        let tags = model.effective_tags.get()?.cloned().unwrap_or_default();
        let body = pool.body(&tags)?;
        let scaled = pool.node_count.get()?.is_none();
        let once: &'static [&'static str] = if scaled { &["properties.count"] } else { &[] };
        Ok(self
            .addresses(model)?
            .into_iter()
            .map(|address| {
                Desired::arm(
                    address,
                    Write::ReadModifyPut,
                    self.ownership(),
                    body.clone(),
                )
                .locked(model.aks_cluster_id.known().cloned().unwrap_or_default())
                .once(once)
            })
            .collect())
    }

    fn observed(&self, live: &Live, fill: Fill, model: &mut PostgresHaCluster) {
        let properties = &live.body["properties"];
        if fill == Fill::All {
            model.node_pool = Block::Present(NodePool::default());
        }
        let Some(pool) = model.node_pool.present_mut() else {
            return;
        };
        let text = |name: &str| properties[name].as_str().map(str::to_owned);
        if let Some(name) = live.body["name"].as_str().filter(|_| fill == Fill::All) {
            pool.name = name
                .get(..name.len().saturating_sub(4))
                .unwrap_or(name)
                .into();
        }
        if let Some(size) = text("vmSize")
            && !pool
                .vm_size
                .known()
                .is_some_and(|known| known.eq_ignore_ascii_case(&size))
        {
            pool.vm_size = Attr::Known(size);
        }
        if let Some(sku) = text("osSKU") {
            pool.os_sku = Attr::Known(sku);
        }
        if let Some(zones) = properties["availabilityZones"].as_array() {
            pool.zones = Attr::Known(
                zones
                    .iter()
                    .filter_map(Json::as_str)
                    .map(str::to_owned)
                    .collect(),
            );
        }
        if properties["enableAutoScaling"].as_bool() == Some(true) {
            pool.min_count = properties["minCount"]
                .as_i64()
                .map_or(Attr::Null, Attr::Known);
            pool.max_count = properties["maxCount"]
                .as_i64()
                .map_or(Attr::Null, Attr::Known);
            pool.node_count = Attr::Null;
        } else {
            pool.node_count = properties["count"].as_i64().map_or(Attr::Null, Attr::Known);
            (pool.min_count, pool.max_count) = (Attr::Null, Attr::Null);
        }
        let tainted = properties["nodeTaints"].as_array().is_some_and(|taints| {
            taints
                .iter()
                .any(|taint| taint == &json!(format!("{WORKLOAD}=postgres:NoSchedule")))
        });
        pool.dedicated = Attr::Known(tainted);
        if fill == Fill::All
            && let Some(subnet) = text("vnetSubnetID")
        {
            pool.subnet_id = Attr::Known(subnet);
        }
    }

    fn readiness(&self, _model: &PostgresHaCluster, live: &Live) -> Readiness {
        match live.body["properties"]["provisioningState"].as_str() {
            Some("Failed") => {
                Readiness::Failed("the pool's provisioning state is `Failed`".to_owned())
            }
            _ => Readiness::Ready,
        }
    }

    fn discover(&self, model: &PostgresHaCluster, _outputs: &Outputs) -> Vec<Query> {
        let selector = model.node_selector.known();
        let pool = selector.and_then(|selector| selector.get(POOL_LABEL));
        match (pool, model.aks_id()) {
            (Some(pool), Ok(aks)) => {
                let id = format!("{aks}/agentPools/{pool}");
                vec![Query::Get(Address::arm(id, aks_cluster::API_VERSION))]
            }
            _ => Vec::new(),
        }
    }

    /// A pool whose name does not follow from its fields was made by someone else: instances select it, and that is all.
    fn belongs(&self, live: &Live, model: &PostgresHaCluster) -> bool {
        let mut seen = model.clone();
        self.observed(live, Fill::All, &mut seen);
        let real = seen
            .node_pool
            .present()
            .and_then(|pool| pool.real_name().ok());
        real.as_deref() == live.body["name"].as_str()
    }
}

fn zonal(
    model: &PostgresHaCluster,
    zones: &BTreeSet<String>,
    path: &Path,
    diagnostics: &mut Diagnostics,
) {
    let premium_v2 = model.storage.present().is_some_and(|storage| {
        storage
            .r#type
            .known()
            .is_none_or(|kind| kind == "premium_v2")
    });
    if zones.is_empty() && premium_v2 {
        diagnostics.error(
            path.attribute("zones"),
            "Premium SSD v2 needs zonal nodes",
            "In most regions Premium SSD v2 disks attach to zonal virtual machines only: give `zones`, or choose another `storage.type`.",
        );
    }
    for zone in zones
        .iter()
        .filter(|zone| !["1", "2", "3"].contains(&zone.as_str()))
    {
        diagnostics.error(
            path.attribute("zones"),
            "Not an availability zone",
            format!("`{zone}` is not a zone of an Azure region: use `1`, `2` or `3`."),
        );
    }
}
