//! Whole objects from configuration.

use serde_json::json;

use super::*;

#[test]
fn the_graph_has_no_fault() {
    assert_eq!(graph().faults(), Vec::<String>::new());
}

#[test]
fn the_smallest_configuration_makes_a_whole_cluster() {
    let objects = objects(&model(minimal()));
    assert_eq!(
        objects.keys().map(String::as_str).collect::<Vec<_>>(),
        [
            "Cluster/pg",
            "Namespace/cnpg-database",
            "StorageClass/cnpg-database-pg"
        ]
    );
    let cluster = &objects["Cluster/pg"].body;
    let mut spec = cluster["spec"].clone();
    let parameters = spec["postgresql"]
        .as_object_mut()
        .unwrap()
        .remove("parameters")
        .unwrap();
    assert_eq!(
        spec,
        json!({
            "instances": 3,
            "imageName": "ghcr.io/cloudnative-pg/postgresql:17-standard-trixie",
            "resources": {"requests": {"cpu": "6", "memory": "48Gi"}, "limits": {"cpu": "6", "memory": "48Gi"}},
            "postgresql": {"synchronous": {"method": "any", "number": 1, "dataDurability": "required", "failoverQuorum": true}},
            "bootstrap": {"initdb": {"database": "appdb", "owner": "app", "encoding": "UTF8", "localeCollate": "C", "localeCType": "C", "dataChecksums": true}},
            "storage": {"size": "64Gi", "storageClass": "cnpg-database-pg", "resizeInUseVolumes": true},
            "affinity": {"enablePodAntiAffinity": true, "podAntiAffinityType": "required", "topologyKey": "kubernetes.io/hostname"},
            "topologySpreadConstraints": [{
                "maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule",
                "labelSelector": {"matchExpressions": [
                    {"key": "cnpg.io/cluster", "operator": "In", "values": ["pg"]},
                    {"key": "cnpg.io/podRole", "operator": "NotIn", "values": ["pooler"]},
                ]},
            }],
            "primaryLease": {"leaseDurationSeconds": 5, "renewDeadlineSeconds": 3, "retryPeriodSeconds": 1},
            "enablePDB": true,
            "enableSuperuserAccess": false,
            "logLevel": "info",
            "primaryUpdateStrategy": "unsupervised",
            "inheritedMetadata": {"labels": {"from": "provider"}},
        })
    );
    assert_eq!(parameters["shared_buffers"], "12GB");
    assert_eq!(parameters["wal_receiver_timeout"], "2s");
    assert_eq!(cluster["metadata"]["labels"], json!({"from": "provider"}));
}

#[test]
fn the_full_configuration_makes_every_object() {
    let objects = objects(&model(full()));
    let keys: Vec<&str> = objects.keys().map(String::as_str).collect();
    assert_eq!(keys.len(), 17, "{keys:?}");
    let pool = objects
        .iter()
        .find(|(key, _)| key.starts_with("agentPools/pgpool"))
        .unwrap()
        .1;
    assert_eq!(
        pool.body["properties"]["nodeTaints"],
        json!(["workload=postgres:NoSchedule"])
    );
    assert_eq!(
        pool.body["properties"]["nodeLabels"],
        json!({"workload": "postgres", "x": "y"})
    );
    assert_eq!(
        pool.body["properties"]["tags"],
        json!({"cost": "1", "env": "test"})
    );
    let spec = &objects["Cluster/pg"].body["spec"];
    assert_eq!(
        spec["affinity"]["nodeSelector"]["kubernetes.azure.com/agentpool"],
        pool.address.key().split('/').nth(1).unwrap()
    );
    assert_eq!(
        spec["storage"]["pvcTemplate"]["volumeAttributesClassName"],
        "data-pg-8000-500"
    );
    assert_eq!(
        spec["walStorage"]["pvcTemplate"]["volumeAttributesClassName"],
        "data-pg-4000-125"
    );
    assert_eq!(
        spec["inheritedMetadata"]["labels"]["azure.workload.identity/use"],
        "true"
    );
    assert_eq!(spec["resources"]["limits"], json!({"memory": "16Gi"}));
    assert_eq!(spec["imagePullSecrets"], json!([{"name": "registry"}]));
    let pooler = &objects["Pooler/pg-pooler-rw"].body["spec"]["template"]["spec"];
    assert_eq!(pooler["imagePullSecrets"], json!([{"name": "registry"}]));
    assert_eq!(
        objects["ObjectStore/pg"].body["spec"]["configuration"],
        json!({
            "destinationPath": "https://pgbackups1.blob.core.windows.net/backups/prod",
            "azureCredentials": {"inheritFromAzureAD": true},
            "wal": {"maxParallel": 4, "compression": "lz4"},
            "data": {"immediateCheckpoint": true, "compression": "gzip"},
        })
    );
    let credential = &objects["federatedIdentityCredentials/data-pg"].body["properties"];
    assert_eq!(credential["subject"], "system:serviceaccount:data:pg");
}

#[test]
fn an_error_of_a_plugin_passes_and_an_invalid_definition_does_not() {
    use crate::kubernetes::Readiness;
    use crate::resources::postgres_ha_cluster::cluster::readiness;
    let model = model(minimal());
    let in_phase = |phase: &str| {
        readiness(
            &json!({"spec": {"instances": 3}, "status": {"phase": phase}}),
            &model,
        )
    };
    let plugin = in_phase(
        "Cluster cannot proceed to reconciliation due to an error while interacting with plugins",
    );
    assert!(matches!(plugin, Readiness::Waiting(_)));
    assert!(matches!(
        in_phase("Invalid cluster definition"),
        Readiness::Failed(_)
    ));
    assert!(matches!(
        in_phase("Setting up primary"),
        Readiness::Waiting(_)
    ));
}

#[test]
fn an_archive_of_another_cluster_ends_the_wait() {
    use crate::kubernetes::Readiness;
    use crate::resources::postgres_ha_cluster::cluster::readiness;
    let model = model(full());
    let archiving = |message: &str| {
        let status = json!({
            "phase": "Cluster in healthy state", "instances": 3, "readyInstances": 3,
            "conditions": [{"type": "ContinuousArchiving", "status": "False", "reason": "ContinuousArchivingFailing", "message": message}],
        });
        readiness(&json!({"spec": {"instances": 3}, "status": status}), &model)
    };
    assert!(matches!(
        archiving("WAL archive check failed for server pg: Expected empty archive"),
        Readiness::Failed(_)
    ));
    assert!(matches!(archiving("exit status 4"), Readiness::Waiting(_)));
}

/// The types are held to the published definitions of the kinds; so everything that we send is in them.
#[test]
fn every_field_that_is_sent_is_one_of_the_kind() {
    use crate::kubernetes::types::{Cluster, ObjectStore, Pooler, Resource as _, ScheduledBackup};
    let mut with_secret = full();
    merge(
        &mut with_secret,
        json!({"backup": [{
            "storage_account": [{"endpoint": "http://127.0.0.1:10000/a"}], "credential": "storage_key",
            "secret_name": "s", "secret_key": "k", "endpoint_ca": [{"secret_name": "ca"}],
        }]}),
    );
    for written in [minimal(), full(), with_secret] {
        for (key, desired) in objects(&model(written)) {
            let typed = match key.split('/').next().unwrap() {
                "Cluster" => Cluster::from_value(&desired.body).unwrap().to_value(),
                "Pooler" => Pooler::from_value(&desired.body).unwrap().to_value(),
                "ScheduledBackup" => ScheduledBackup::from_value(&desired.body)
                    .unwrap()
                    .to_value(),
                "ObjectStore" => ObjectStore::from_value(&desired.body).unwrap().to_value(),
                _ => continue,
            };
            assert_eq!(typed, desired.body, "{key}");
        }
    }
}
