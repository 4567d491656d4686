//! Faults that configuration alone can tell, each with the path of the attribute.

use super::*;

fn paths(change: Json) -> Vec<String> {
    let mut written = minimal();
    merge(&mut written, change);
    let mut paths: Vec<String> = validate(written)
        .iter()
        .filter(|d| d.severity == crate::schema::diagnostic::Severity::Error)
        .map(|d| d.path.to_string())
        .collect();
    paths.sort();
    paths
}

#[test]
fn a_right_configuration_has_no_errors() {
    for written in [minimal(), full()] {
        let errors: Vec<_> = validate(written)
            .into_iter()
            .filter(|d| d.severity == crate::schema::diagnostic::Severity::Error)
            .collect();
        assert_eq!(errors, []);
    }
}

#[test]
fn every_fault_names_its_attribute() {
    let cases = [
        (json!({"name": "Pg"}), "name"),
        (json!({"name": "1pg"}), "name"),
        (json!({"name": "p".repeat(51)}), "name"),
        (json!({"namespace": "a_b"}), "namespace"),
        (json!({"instances": 0}), "instances"),
        (json!({"cpu": "6 cores"}), "cpu"),
        (json!({"memory": "48GB"}), "memory"),
        (json!({"postgres_version": "13"}), "postgres_version"),
        (json!({"postgres_version": "latest"}), "postgres_version"),
        (json!({"image": "postgres:latest"}), "image"),
        (
            json!({"image_pull_secrets": ["no_name"]}),
            "image_pull_secrets",
        ),
        (
            json!({"postgres_version": "17", "image": "postgres:17"}),
            "image",
        ),
        (json!({"tuning": "fastest"}), "tuning"),
        (json!({"on_destroy": "final_backup"}), "on_destroy"),
        (json!({"on_destroy": "keep"}), "on_destroy"),
        (json!({"aks_cluster_id": "aks"}), "aks_cluster_id"),
        (json!({"tolerations": ["a=b"]}), "tolerations"),
        (
            json!({"parameters": {"max_connections": "many"}}),
            "parameters[\"max_connections\"]",
        ),
        (
            json!({"parameters": {"work_memory": "1MB"}}),
            "parameters[\"work_memory\"]",
        ),
        (
            json!({"parameters": {"fsync": "off"}}),
            "parameters[\"fsync\"]",
        ),
        (
            json!({"parameters": {"port": "5433"}}),
            "parameters[\"port\"]",
        ),
        (
            json!({"parameters": {"shared_buffers": "10TB"}}),
            "parameters[\"shared_buffers\"]",
        ),
        (json!({"storage": [{"size": "64 GB"}]}), "storage[0].size"),
        (
            json!({"storage": [{"size": "4Gi", "iops": 90000}]}),
            "storage[0].iops",
        ),
        (
            json!({"storage": [{"size": "64Gi", "throughput": 900}]}),
            "storage[0].throughput",
        ),
        (
            json!({"storage": [{"size": "64Gi", "type": "premium", "iops": 4000}]}),
            "storage[0].iops",
        ),
        (
            json!({"storage": [{"size": "64Gi", "type": "class"}]}),
            "storage[0].class_name",
        ),
        (
            json!({"storage": [{"size": "64Gi", "class_name": "x"}]}),
            "storage[0].class_name",
        ),
        (
            json!({"high_availability": [{"synchronous_replicas": 3}]}),
            "high_availability[0].synchronous_replicas",
        ),
        (
            json!({"high_availability": [{"lease_duration": 2}]}),
            "high_availability[0].lease_duration",
        ),
        (
            json!({"high_availability": [{"profile": "instant"}]}),
            "high_availability[0].profile",
        ),
        (
            json!({"high_availability": [{"liveness_probe": [{"type": "query"}]}]}),
            "high_availability[0].liveness_probe[0].type",
        ),
        (
            json!({"initdb": [{"database": "postgres"}]}),
            "initdb[0].database",
        ),
        (json!({"initdb": [{"owner": "cnpg_x"}]}), "initdb[0].owner"),
        (
            json!({"initdb": [{"wal_segment_size": 17}]}),
            "initdb[0].wal_segment_size",
        ),
        (
            json!({"initdb": [{"encoding": "UTF-9"}]}),
            "initdb[0].encoding",
        ),
        (json!({"node_pool": [{}]}), "node_pool[0]"),
        (
            json!({"aks_cluster_id": AKS, "node_pool": [{"name": "toolongname"}]}),
            "node_pool[0].name",
        ),
        (
            json!({"aks_cluster_id": AKS, "node_pool": [{"zones": ["4"]}]}),
            "node_pool[0].zones",
        ),
        (
            json!({"aks_cluster_id": AKS, "node_pool": [{"zones": []}]}),
            "node_pool[0].zones",
        ),
        (
            json!({"aks_cluster_id": AKS, "node_pool": [{"node_count": 3, "min_count": 3}]}),
            "node_pool[0].min_count",
        ),
        (
            json!({"aks_cluster_id": AKS, "node_pool": [{"min_count": 5, "max_count": 3}]}),
            "node_pool[0].min_count",
        ),
        (
            json!({"aks_cluster_id": AKS, "node_pool": [{}], "node_selector": {"a": "b"}}),
            "node_selector",
        ),
        (
            json!({"pooler": [{"type": "rw"}, {"type": "rw"}]}),
            "pooler[1].name",
        ),
        (json!({"pooler": [{"type": "read"}]}), "pooler[0].type"),
        (
            json!({"pooler": [{"type": "rw", "parameters": {"max_client_conn": "5"}}]}),
            "pooler[0].parameters[\"max_client_conn\"]",
        ),
        (
            json!({"backup": [{"storage_account": [{"name": "store1"}]}]}),
            "backup[0].credential",
        ),
        (
            json!({"aks_cluster_id": AKS, "backup": [{"storage_account": [{}]}]}),
            "backup[0].storage_account[0]",
        ),
        (
            json!({"aks_cluster_id": AKS, "backup": [{"storage_account": [{"name": "Store-1"}]}]}),
            "backup[0].storage_account[0].name",
        ),
        (
            json!({"aks_cluster_id": AKS, "backup": [{"storage_account": [{"name": "store1"}], "retention": "0d"}]}),
            "backup[0].retention",
        ),
        (
            json!({"aks_cluster_id": AKS, "backup": [{"storage_account": [{"name": "store1"}], "schedules": ["0 2 * * *"]}]}),
            "backup[0].schedules",
        ),
        (
            json!({"aks_cluster_id": AKS, "backup": [{"storage_account": [{"name": "store1"}], "container": "a--b"}]}),
            "backup[0].container",
        ),
        (
            json!({"aks_cluster_id": AKS, "backup": [{"storage_account": [{"name": "store1"}], "secret_name": "x"}]}),
            "backup[0].secret_name",
        ),
        (
            json!({"aks_cluster_id": AKS, "identity": [{"id": format!("{AKS}/x"), "name": "y"}]}),
            "identity[0].name",
        ),
        (
            json!({"timeouts": [{"create": "soon"}]}),
            "timeouts[0].create",
        ),
    ];
    for (change, path) in cases {
        let found = paths(change.clone());
        assert!(
            found.iter().any(|found| found == path),
            "{change}: {found:?} lacks {path}"
        );
    }
}

#[test]
fn ten_faults_in_one_configuration_are_ten_errors() {
    let found = paths(json!({
        "name": "1pg", "instances": 0, "cpu": "x", "memory": "y", "tuning": "z", "postgres_version": "9",
        "parameters": {"fsync": "off", "port": "1"}, "on_destroy": "final_backup", "storage": [{"size": "none"}],
    }));
    assert!(found.len() >= 10, "{found:?}");
}

#[test]
fn one_fault_is_one_error() {
    for (change, path) in [
        (json!({"instances": 0}), "instances"),
        (
            json!({"storage": [{"size": "64Gi", "type": "floppy", "iops": 4000, "throughput": 200}]}),
            "storage[0].type",
        ),
    ] {
        assert_eq!(paths(change), [path]);
    }
}
