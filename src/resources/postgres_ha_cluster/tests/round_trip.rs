//! What is read back wants exactly what was applied: `desired(observed(desired(m), m)) == desired(m)` for every part.

use proptest::prelude::*;

use super::*;
use crate::reconcile::part::Fill;

fn observe(model: &PostgresHaCluster) -> PostgresHaCluster {
    let mut seen = model.clone();
    let graph = graph();
    for (part, live) in lives(model) {
        graph
            .part(part)
            .unwrap()
            .observed(&live, Fill::Present, &mut seen);
    }
    // Chosen by Azure, and not part of what is sent.
    seen.identity_client_id = model.identity_client_id.clone();
    seen.identity_principal_id = model.identity_principal_id.clone();
    seen
}

fn written() -> impl Strategy<Value = Json> {
    let tops = (
        1i64..6,
        prop::sample::select(vec!["oltp", "mixed", "none"]),
        any::<bool>(),
        prop::option::of(prop::sample::select(vec!["16MB", "1GB", "2048kB"])),
        prop::sample::select(vec!["17", "16.4", "18"]),
    );
    let storage = (
        1i64..64,
        prop::option::of(3000i64..4000),
        prop::option::of(1i64..32),
        any::<bool>(),
    );
    let blocks = (
        any::<bool>(),
        any::<bool>(),
        0usize..4,
        any::<bool>(),
        prop::sample::select(vec!["fast", "balanced", "default"]),
    );
    (tops, storage, blocks).prop_map(|((instances, tuning, limit, work_mem, version), (size, iops, wal, retain), (pool, backup, poolers, ha, profile))| {
        let mut written = json!({
            "name": "pg", "aks_cluster_id": AKS, "instances": instances, "tuning": tuning, "cpu_limit": limit, "postgres_version": version,
            "storage": [{"size": format!("{}Gi", size * 16), "reclaim_policy": if retain { "Retain" } else { "Delete" }}],
        });
        if let Some(work_mem) = work_mem {
            written["parameters"] = json!({"work_mem": work_mem});
        }
        if let Some(iops) = iops {
            written["storage"][0]["iops"] = iops.into();
        }
        if let Some(wal) = wal {
            written["storage"][0]["wal"] = json!([{"size": format!("{}Gi", wal * 8)}]);
        }
        if pool {
            written["node_pool"] = json!([{"dedicated": limit, "node_count": instances}]);
        }
        if backup {
            written["backup"] = json!([{"storage_account": [{"name": "store1"}], "retention": "14d"}]);
        }
        written["pooler"] = (0..poolers).map(|n| json!({"name": format!("p{n}"), "type": (["rw", "ro", "r"])[n % 3], "instances": n + 1})).collect();
        if ha {
            written["high_availability"] = json!([{"profile": profile, "stop_delay": 60, "node_spread": "preferred"}]);
        }
        written
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn generated_models_come_back(written in written()) {
        let model = model(written);
        prop_assert_eq!(objects(&observe(&model)), objects(&model));
    }
}

#[test]
fn the_full_model_comes_back() {
    let model = model(full());
    assert_eq!(objects(&observe(&model)), objects(&model));
    assert_eq!(observe(&model).encode(), {
        let mut same = model.clone();
        same.backup_path = "https://pgbackups1.blob.core.windows.net/backups/prod".into();
        same.encode()
    });
}
