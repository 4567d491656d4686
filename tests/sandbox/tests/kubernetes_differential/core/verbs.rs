//! Create, read, list, watch, replace, patch, delete.

use crate::step::*;
use crate::{Sequence, sequence};
use serde_json::json;

pub fn sequences() -> Vec<Sequence> {
    let mut all = basic();
    all.extend(deletion());
    all.extend(lists());
    all
}

fn basic() -> Vec<Sequence> {
    let maps = core("configmaps");
    let one = core("configmaps/a");
    vec![
        sequence(
            "create read replace delete",
            [
                post(
                    &maps,
                    config_map(
                        "a",
                        json!({"data": {"k": "v"}, "metadata": {"labels": {"l": "1"}, "annotations": {"n": "1"}}}),
                    ),
                ),
                get(&one),
                put(&one, config_map("a", json!({"data": {"k": "w", "x": "y"}}))),
                put(&one, config_map("a", json!({"data": {"k": "w", "x": "y"}}))),
                get(&one),
                delete(&one),
                get(&one),
            ],
        ),
        sequence(
            "create twice",
            [
                post(&maps, config_map("a", json!({}))),
                post(&maps, config_map("a", json!({"data": {"k": "v"}}))),
            ],
        ),
        sequence(
            "optimistic lock",
            [
                post(&maps, config_map("a", json!({"data": {"k": "v"}}))),
                put(
                    &one,
                    config_map(
                        "a",
                        json!({"data": {"k": "w"}, "metadata": {"resourceVersion": "1"}}),
                    ),
                ),
                put(
                    &one,
                    config_map(
                        "a",
                        json!({"data": {"k": "w"}, "metadata": {"uid": "11111111-2222-3333-4444-555555555555"}}),
                    ),
                ),
                get(&one),
                put(
                    &one,
                    config_map(
                        "a",
                        json!({"data": {"k": "w"}, "metadata": {"resourceVersion": "$rv"}}),
                    ),
                ),
                merge(
                    &one,
                    json!({"metadata": {"resourceVersion": "1"}, "data": {"k": "z"}}),
                ),
            ],
        ),
        sequence(
            "merge patch",
            [
                post(
                    &maps,
                    config_map("a", json!({"data": {"k": "v", "l": "w"}})),
                ),
                merge(
                    format!("{one}?fieldManager=editor"),
                    json!({"data": {"k": "w", "l": null, "m": "n"}}),
                ),
                merge(
                    format!("{one}?fieldManager=editor"),
                    json!({"data": {"k": "w"}}),
                ),
                merge(format!("{one}?fieldManager=editor"), json!({"data": null})),
                merge(&one, json!({"metadata": {"name": "b"}})),
                merge(&one, json!({"metadata": {"namespace": "other"}})),
            ],
        ),
        sequence(
            "json patch",
            [
                post(&maps, config_map("a", json!({"data": {"k": "v"}}))),
                json_patch(
                    &one,
                    json!([{"op": "add", "path": "/data/x", "value": "1"}, {"op": "replace", "path": "/data/k", "value": "w"}]),
                ),
                json_patch(
                    &one,
                    json!([{"op": "test", "path": "/data/k", "value": "w"}, {"op": "remove", "path": "/data/k"}]),
                ),
                json_patch(
                    &one,
                    json!([{"op": "move", "from": "/data/x", "path": "/data/y"}]),
                ),
            ],
        ),
        sequence(
            "strategic merge patch",
            [
                post(
                    core("services"),
                    object(
                        "v1",
                        "Service",
                        "s",
                        json!({"spec": {"selector": {"a": "b"}, "ports": [{"name": "one", "port": 80}]}}),
                    ),
                ),
                strategic(
                    core("services/s"),
                    json!({"spec": {"ports": [{"name": "two", "port": 81}]}}),
                ),
                strategic(
                    core("services/s"),
                    json!({"spec": {"ports": [{"port": 80, "name": "uno"}]}}),
                ),
                strategic(
                    core("services/s"),
                    json!({"spec": {"ports": [{"port": 81, "$patch": "delete"}]}}),
                ),
                strategic(
                    core("services/s"),
                    json!({"spec": {"selector": {"a": null, "c": "d"}}}),
                ),
            ],
        ),
        sequence(
            "dry run",
            [
                post(
                    format!("{maps}?dryRun=All"),
                    config_map("a", json!({"data": {"k": "v"}})),
                ),
                get(&one),
                post(&maps, config_map("a", json!({"data": {"k": "v"}}))),
                merge(format!("{one}?dryRun=All"), json!({"data": {"k": "w"}})),
                apply(
                    format!("{one}?dryRun=All&fieldManager=m&force=true"),
                    config_map("a", json!({"data": {"k": "x"}})),
                ),
                delete(format!("{one}?dryRun=All")),
                get(&one),
                apply(
                    format!("{}?dryRun=All&fieldManager=m", core("configmaps/b")),
                    config_map("b", json!({"data": {"k": "x"}})),
                ),
            ],
        ),
        sequence(
            "empty values vanish",
            [
                post(
                    &maps,
                    config_map(
                        "a",
                        json!({"data": {}, "metadata": {"labels": {}, "annotations": null}}),
                    ),
                ),
                apply(
                    format!("{one}?fieldManager=m"),
                    config_map("a", json!({"data": {}})),
                ),
                merge(&one, json!({"metadata": {"labels": {"a": ""}}})),
            ],
        ),
    ]
}

fn deletion() -> Vec<Sequence> {
    let maps = core("configmaps");
    let one = core("configmaps/a");
    vec![
        sequence(
            "finalizers",
            [
                post(
                    &maps,
                    config_map(
                        "a",
                        json!({"metadata": {"finalizers": ["x.io/a", "x.io/b"]}}),
                    ),
                ),
                delete(&one),
                delete(&one),
                get(&one),
                merge(
                    &one,
                    json!({"metadata": {"finalizers": ["x.io/b", "x.io/c"]}}),
                ),
                merge(&one, json!({"metadata": {"finalizers": ["x.io/b"]}})),
                merge(&one, json!({"metadata": {"finalizers": null}})),
                get(&one),
            ],
        ),
        sequence(
            "propagation",
            [
                post(&maps, config_map("a", json!({}))),
                delete(format!("{one}?propagationPolicy=Foreground")),
                get(&one),
                merge(&one, json!({"metadata": {"finalizers": null}})),
                post(&maps, config_map("b", json!({}))),
                delete_with(
                    core("configmaps/b"),
                    json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Orphan"}),
                ),
                get(core("configmaps/b")),
                post(&maps, config_map("c", json!({}))),
                delete_with(
                    core("configmaps/c"),
                    json!({"propagationPolicy": "Background"}),
                ),
            ],
        ),
        sequence(
            "preconditions",
            [
                post(&maps, config_map("a", json!({}))),
                delete_with(
                    &one,
                    json!({"preconditions": {"uid": "11111111-2222-3333-4444-555555555555"}}),
                ),
                get(&one),
                delete_with(&one, json!({"preconditions": {"uid": "$uid"}})),
            ],
        ),
        sequence(
            "deletion of a custom resource bumps its generation",
            [
                post(
                    cnpg("clusters"),
                    object(
                        "postgresql.cnpg.io/v1",
                        "Cluster",
                        "c",
                        json!({"metadata": {"finalizers": ["x.io/a"]}, "spec": {"instances": 1}}),
                    ),
                ),
                delete(cnpg("clusters/c")),
                delete(cnpg("clusters/c")),
                merge(cnpg("clusters/c"), json!({"metadata": {"finalizers": []}})),
                get(cnpg("clusters/c")),
            ],
        ),
        sequence(
            "delete collection",
            [
                post(
                    &maps,
                    config_map("a", json!({"metadata": {"labels": {"x": "1"}}})),
                ),
                post(
                    &maps,
                    config_map("b", json!({"metadata": {"labels": {"x": "2"}}})),
                ),
                delete(format!("{maps}?labelSelector=x%3D1")),
                get(&maps),
            ],
        ),
    ]
}

fn lists() -> Vec<Sequence> {
    let maps = core("configmaps");
    let fill = |suffix: Vec<Step>| {
        let mut steps: Vec<Step> = ["a", "b", "c"]
            .into_iter()
            .map(|name| {
                post(
                    core("configmaps"),
                    config_map(name, json!({"metadata": {"labels": {"n": name}}})),
                )
            })
            .collect();
        steps.extend(suffix);
        steps
    };
    vec![
        sequence(
            "list and select",
            fill(vec![
                get(&maps),
                get(format!("{maps}?labelSelector=n%20in%20(a,c)")),
                get(format!("{maps}?labelSelector=n!%3Da")),
                get(format!("{maps}?fieldSelector=metadata.name%3Db")),
                get(format!(
                    "{maps}?fieldSelector=metadata.name!%3Db,metadata.namespace%3D$ns"
                )),
                get(format!("{maps}?labelSelector=!n")),
            ]),
        ),
        sequence(
            "pages",
            fill(vec![
                get(format!("{maps}?limit=2")),
                get(format!("{maps}?limit=2&labelSelector=n")),
                get(format!("{maps}?limit=5")),
            ]),
        ),
        sequence(
            "watch from a version",
            [
                post(&maps, config_map("z", json!({}))),
                merge(core("configmaps/z"), json!({"data": {"a": "b"}})),
                get(format!(
                    "{maps}?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Dnone&resourceVersion=$rv"
                )),
                get(format!("{maps}?watch=1&timeoutSeconds=1&resourceVersion=0")),
                get(format!("{maps}?watch=1&timeoutSeconds=1")),
            ],
        ),
        sequence(
            "empty list",
            [
                get(core("secrets")),
                get(cnpg("clusters")),
                get("/api/v1/namespaces/no-such-namespace/secrets"),
            ],
        ),
        sequence(
            "kinds and paths that do not exist",
            [
                get("/api/v1/nonsense"),
                get("/apis/nonsense.io/v1/things"),
                get("/apis/postgresql.cnpg.io/v1/nonsense"),
                get("/apis/apps/v1/nonsense"),
                get(core("nonsense/x")),
                get("/apis/postgresql.cnpg.io/v7/clusters"),
                post(core("configmaps/a"), json!({})),
                get("/nonsense"),
            ],
        ),
    ]
}
