//! Every field of every type is held to the CRD of the released operator and plugin.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::cluster::*;
use super::common::*;
use super::pooler::Containers;
use super::*;

/// A value with every field set.
pub(in crate::kubernetes) trait Full {
    fn full() -> Self;
}

impl Full for String {
    fn full() -> Self {
        "x".to_owned()
    }
}

impl Full for i64 {
    fn full() -> Self {
        1
    }
}

impl Full for bool {
    fn full() -> Self {
        true
    }
}

impl Full for Value {
    fn full() -> Self {
        json!({})
    }
}

impl Full for IntOrString {
    fn full() -> Self {
        Self("1".to_owned())
    }
}

impl<T: Full> Full for Option<T> {
    fn full() -> Self {
        Some(T::full())
    }
}

impl<T: Full> Full for Vec<T> {
    fn full() -> Self {
        vec![T::full()]
    }
}

impl<T: Full> Full for BTreeMap<String, T> {
    fn full() -> Self {
        Self::from([("key".to_owned(), T::full())])
    }
}

impl Full for Containers {
    fn full() -> Self {
        Self(Full::full())
    }
}

#[test]
fn every_field_exists_in_the_crds() {
    let Some(folder) = std::env::var_os("CRDS_DIR").map(PathBuf::from) else {
        assert_ne!(
            std::env::var("LAB").as_deref(),
            Ok("required"),
            "CRDS_DIR must name the folder of the CRDs"
        );
        println!("NOT RUN: every_field_exists_in_the_crds (CRDS_DIR names no folder of CRDs)");
        return;
    };
    let cnpg = folder.join("cloudnative-pg-1.30.0");
    held_to_crd::<Cluster>(&cnpg.join("postgresql.cnpg.io_clusters.yaml"));
    held_to_crd::<Pooler>(&cnpg.join("postgresql.cnpg.io_poolers.yaml"));
    held_to_crd::<Backup>(&cnpg.join("postgresql.cnpg.io_backups.yaml"));
    held_to_crd::<ScheduledBackup>(&cnpg.join("postgresql.cnpg.io_scheduledbackups.yaml"));
    held_to_crd::<Database>(&cnpg.join("postgresql.cnpg.io_databases.yaml"));
    let barman = folder.join("plugin-barman-cloud-0.14.0");
    held_to_crd::<ObjectStore>(&barman.join("barmancloud.cnpg.io_objectstores.yaml"));
}

fn held_to_crd<T: Resource + Full>(file: &std::path::Path) {
    let text = std::fs::read_to_string(file).unwrap();
    let crd: Value = serde_yaml_ng::from_str(&text).unwrap();
    assert_eq!(crd.pointer("/spec/names/kind"), Some(&json!(T::KIND)));
    let schema = crd
        .pointer("/spec/versions/0/schema/openAPIV3Schema")
        .unwrap();
    let mut wrong = Vec::new();
    for part in ["spec", "status"] {
        hold(
            &T::full().to_value()[part],
            &schema["properties"][part],
            part,
            &mut wrong,
        );
    }
    assert!(wrong.is_empty(), "{}: {wrong:#?}", T::KIND);
}

fn hold(value: &Value, schema: &Value, path: &str, wrong: &mut Vec<String>) {
    if schema["x-kubernetes-preserve-unknown-fields"] == json!(true) {
        return;
    }
    let wanted = schema["type"].as_str().unwrap_or("any");
    let int_or_string = schema["x-kubernetes-int-or-string"] == json!(true);
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let inner = schema["properties"]
                    .get(name)
                    .or_else(|| schema.get("additionalProperties"));
                match inner {
                    Some(inner) => hold(value, inner, &format!("{path}.{name}"), wrong),
                    None => wrong.push(format!("{path}.{name} is not in the schema")),
                }
            }
        }
        Value::Array(items) if wanted == "array" => {
            items
                .iter()
                .for_each(|item| hold(item, &schema["items"], &format!("{path}[]"), wrong));
        }
        Value::String(_) if wanted == "string" || int_or_string => {}
        Value::Bool(_) if wanted == "boolean" => {}
        Value::Number(_) if wanted == "integer" => {}
        other => wrong.push(format!("{path} is {wanted}, not {other}")),
    }
}

#[test]
fn what_is_written_can_be_read_again() {
    fn round_trip<T: Resource + Full + PartialEq + std::fmt::Debug>() {
        let full = T::full();
        assert_eq!(T::from_value(&full.to_value()).unwrap(), full);
    }
    round_trip::<Cluster>();
    round_trip::<Pooler>();
    round_trip::<Backup>();
    round_trip::<ScheduledBackup>();
    round_trip::<ObjectStore>();
    round_trip::<Database>();
}

#[test]
fn only_what_is_set_is_written() {
    let cluster = Cluster {
        metadata: ObjectMeta {
            name: "pg".into(),
            namespace: Some("db".into()),
            ..ObjectMeta::default()
        },
        spec: ClusterSpec {
            instances: 3,
            storage: Some(StorageConfiguration {
                size: Some("10Gi".into()),
                ..StorageConfiguration::default()
            }),
            enable_pdb: Some(false),
            ..ClusterSpec::default()
        },
        status: None,
    };
    assert_eq!(
        cluster.to_value(),
        json!({
            "apiVersion": "postgresql.cnpg.io/v1",
            "kind": "Cluster",
            "metadata": {"name": "pg", "namespace": "db"},
            "spec": {"instances": 3, "storage": {"size": "10Gi"}, "enablePDB": false},
        })
    );
    assert_eq!(cluster.reference().to_string(), "Cluster/db/pg");
}

#[test]
fn a_template_of_a_pooler_always_lists_its_containers() {
    let pod = super::pooler::PodSpec::default();
    assert_eq!(
        serde_json::to_value(pod).unwrap(),
        json!({"containers": []})
    );
}

#[test]
fn amounts_are_read_from_numbers_too() {
    let read: ResourceRequirements =
        serde_json::from_value(json!({"requests": {"cpu": 4, "memory": "8Gi"}})).unwrap();
    assert_eq!(read.requests["cpu"], IntOrString("4".into()));
    assert_eq!(
        serde_json::to_value(read).unwrap(),
        json!({"requests": {"cpu": "4", "memory": "8Gi"}})
    );
}
