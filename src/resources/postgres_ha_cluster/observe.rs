//! The way back from a live Cluster to the model: drift and import come from it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::high_availability::HighAvailability;
use super::initdb::Initdb;
use super::storage::{Storage, Wal};
use super::{ImageCatalog, PostgresHaCluster, cluster};
use crate::kubernetes::quantity;
use crate::reconcile::part::Fill;
use crate::schema::attr::{Attr, Block};

/// Fills the model from a live Cluster.
pub fn cluster(live: &Json, fill: Fill, model: &mut PostgresHaCluster) {
    let spec = &live["spec"];
    if fill == Fill::All {
        prepare(spec, model);
    }
    if let Some(instances) = spec["instances"].as_i64() {
        model.instances = Attr::Known(instances);
    }
    image(spec, model);
    for (attribute, kind) in [(&mut model.cpu, "cpu"), (&mut model.memory, "memory")] {
        keep_spelling(attribute, spec["resources"]["requests"][kind].as_str());
    }
    model.cpu_limit = Attr::Known(!spec["resources"]["limits"]["cpu"].is_null());
    model.superuser_access = Attr::Known(spec["enableSuperuserAccess"].as_bool().unwrap_or(false));
    if let Some(level) = spec["logLevel"].as_str() {
        model.log_level = level.into();
    }
    for (attribute, name) in [
        (&mut model.description, "description"),
        (&mut model.priority_class, "priorityClassName"),
        (&mut model.service_account_name, "serviceAccountName"),
    ] {
        *attribute = spec[name]
            .as_str()
            .filter(|text| !text.is_empty())
            .map_or(Attr::Null, Attr::from);
    }
    pull_secrets(spec, fill, model);
    parameters(spec, model);
    storage(spec, model);
    availability(spec, model);
}

/// An import starts with every block that the Cluster has.
fn prepare(spec: &Json, model: &mut PostgresHaCluster) {
    model.storage = Block::Present(Storage {
        r#type: "class".into(),
        class_name: spec["storage"]["storageClass"]
            .as_str()
            .map_or(Attr::Null, Attr::from),
        reclaim_policy: "Retain".into(),
        size: spec["storage"]["size"]
            .as_str()
            .map_or(Attr::Null, Attr::from),
        wal: spec["walStorage"]["size"]
            .as_str()
            .map_or(Block::Absent, |size| {
                Block::Present(Wal {
                    size: size.into(),
                    ..Wal::default()
                })
            }),
        ..Storage::default()
    });
    model.storage_class_name = spec["storage"]["storageClass"]
        .as_str()
        .map_or(Attr::Null, Attr::from);
    model.high_availability = Block::Present(HighAvailability {
        profile: "default".into(),
        ..HighAvailability::default()
    });
    if let Some(initdb) = spec["bootstrap"]["initdb"].as_object() {
        let text = |name: &str| {
            initdb
                .get(name)
                .and_then(Json::as_str)
                .map_or(Attr::Null, Attr::from)
        };
        model.initdb = Block::Present(Initdb {
            database: text("database"),
            owner: text("owner"),
            encoding: text("encoding"),
            locale: text("localeCType"),
            data_checksums: Attr::Known(
                initdb
                    .get("dataChecksums")
                    .and_then(Json::as_bool)
                    .unwrap_or(false),
            ),
            wal_segment_size: initdb
                .get("walSegmentSize")
                .and_then(Json::as_i64)
                .map_or(Attr::Null, Attr::Known),
            post_init_sql: Attr::Null,
        });
    }
    if let Some(catalog) = spec["imageCatalogRef"].as_object() {
        let text = |name: &str| {
            catalog
                .get(name)
                .and_then(Json::as_str)
                .map_or(Attr::Null, Attr::from)
        };
        model.image_catalog = Block::Present(ImageCatalog {
            kind: text("kind"),
            name: text("name"),
            major: catalog
                .get("major")
                .and_then(Json::as_i64)
                .map_or(Attr::Null, Attr::Known),
        });
    } else {
        model.image = spec["imageName"].as_str().map_or(Attr::Null, Attr::from);
    }
    let selector: BTreeMap<String, String> = strings(&spec["affinity"]["nodeSelector"]);
    model.node_selector = if selector.is_empty() {
        Attr::Null
    } else {
        Attr::Known(selector)
    };
    model.tuning = "none".into();
    let backup = spec["plugins"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|plugin| plugin["name"] == super::names::PLUGIN);
    if let Some(plugin) = backup {
        model.backup = Block::Present(super::backup::Backup {
            server_name: plugin["parameters"]["serverName"]
                .as_str()
                .map_or(model.name.clone(), Attr::from),
            delete_with_cluster: false.into(),
            ..Default::default()
        });
    }
}

fn strings(object: &Json) -> BTreeMap<String, String> {
    object
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// Takes a quantity over, unless it only spells the same one differently.
fn keep_spelling(attribute: &mut Attr<String>, live: Option<&str>) {
    let Some(live) = live else {
        *attribute = Attr::Null;
        return;
    };
    if !attribute
        .known()
        .is_some_and(|known| quantity::same(known, live))
    {
        *attribute = live.into();
    }
}

/// The configured prefix stays while the image has that version; otherwise the image says what runs.
fn image(spec: &Json, model: &mut PostgresHaCluster) {
    let Some(image) = spec["imageName"].as_str() else {
        return;
    };
    if !model.image.is_null() {
        model.image = image.into();
        return;
    }
    if let Some(configured) = model.postgres_version.known()
        && !cluster::version_matches(configured, image)
        && let Ok(version) = crate::postgresql::versions::Version::of_image(image)
    {
        let minor = version
            .minor
            .map(|minor| format!(".{minor}"))
            .unwrap_or_default();
        model.postgres_version = Attr::Known(format!("{}{minor}", version.major));
    }
}

fn pull_secrets(spec: &Json, fill: Fill, model: &mut PostgresHaCluster) {
    let live = spec["imagePullSecrets"].as_array();
    let names = live
        .into_iter()
        .flatten()
        .filter_map(|secret| secret["name"].as_str());
    let names: BTreeSet<String> = names.map(str::to_owned).collect();
    if !model.image_pull_secrets.is_null() || (fill == Fill::All && !names.is_empty()) {
        model.image_pull_secrets = Attr::Known(names);
    }
}

/// Only parameters that we set count: the webhook fills in some twenty others.
fn parameters(spec: &Json, model: &mut PostgresHaCluster) {
    let live = strings(&spec["postgresql"]["parameters"]);
    let major = model.major().unwrap_or_default();
    let same = |name: &str, known: &str| -> Option<String> {
        let now = live.get(name)?;
        let unchanged = crate::postgresql::catalogue::same_value(major, name, known, now);
        Some(if unchanged {
            known.to_owned()
        } else {
            now.clone()
        })
    };
    for attribute in [&mut model.parameters, &mut model.effective_parameters] {
        if let Some(known) = attribute.known() {
            let now = known
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), same(name, value)?)))
                .collect();
            *attribute = Attr::Known(now);
        }
    }
    if model.effective_parameters.is_null() {
        model.effective_parameters = Attr::Known(live);
    }
}

fn storage(spec: &Json, model: &mut PostgresHaCluster) {
    let Some(storage) = model.storage.present_mut() else {
        return;
    };
    keep_spelling(&mut storage.size, spec["storage"]["size"].as_str());
    if let Some(wal) = storage.wal.present_mut() {
        keep_spelling(&mut wal.size, spec["walStorage"]["size"].as_str());
    }
}

fn availability(spec: &Json, model: &mut PostgresHaCluster) {
    let Some(block) = model.high_availability.present_mut() else {
        return;
    };
    let synchronous = &spec["postgresql"]["synchronous"];
    block.synchronous_replicas = Attr::Known(synchronous["number"].as_i64().unwrap_or(0));
    for (attribute, name) in [
        (&mut block.method, "method"),
        (&mut block.data_durability, "dataDurability"),
    ] {
        if let Some(value) = synchronous[name].as_str() {
            *attribute = value.into();
        }
    }
    if let Some(quorum) = synchronous["failoverQuorum"].as_bool() {
        block.failover_quorum = Attr::Known(quorum);
    }
    block.pdb = Attr::Known(spec["enablePDB"].as_bool().unwrap_or(true));
    let seconds = [
        (&mut block.failover_delay, &spec["failoverDelay"]),
        (&mut block.start_delay, &spec["startDelay"]),
        (&mut block.switchover_delay, &spec["switchoverDelay"]),
        (&mut block.stop_delay, &spec["stopDelay"]),
        (
            &mut block.smart_shutdown_timeout,
            &spec["smartShutdownTimeout"],
        ),
        (
            &mut block.lease_duration,
            &spec["primaryLease"]["leaseDurationSeconds"],
        ),
    ];
    for (attribute, live) in seconds {
        if !attribute.is_null() {
            *attribute = live.as_i64().map_or(Attr::Null, Attr::Known);
        }
    }
    let spread = &spec["affinity"]["podAntiAffinityType"];
    if let Some(spread) = spread.as_str() {
        block.node_spread = spread.into();
    }
    block.zone_spread = match spec["topologySpreadConstraints"][0]["whenUnsatisfiable"].as_str() {
        Some("DoNotSchedule") => "required",
        Some(_) => "preferred",
        None => "none",
    }
    .into();
}
