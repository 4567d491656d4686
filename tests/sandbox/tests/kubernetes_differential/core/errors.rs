//! Refusals.

use crate::step::*;
use crate::{Sequence, sequence};
use serde_json::json;

pub fn sequences() -> Vec<Sequence> {
    let maps = core("configmaps");
    let one = core("configmaps/a");
    vec![
        sequence(
            "names",
            [
                post(&maps, config_map("Bad_Name", json!({}))),
                post(&maps, config_map("", json!({}))),
                post(
                    core("services"),
                    object(
                        "v1",
                        "Service",
                        "1s",
                        json!({"spec": {"ports": [{"port": 80}]}}),
                    ),
                ),
                post(
                    "/api/v1/namespaces",
                    object("v1", "Namespace", "a.b", json!({})),
                ),
                post(
                    cnpg("clusters"),
                    cluster("Bad_Name", json!({"instances": 1})),
                ),
                post(
                    &maps,
                    config_map("a", json!({"metadata": {"labels": {"a": "not ok"}}})),
                ),
            ],
        ),
        sequence(
            "bodies",
            [
                post(
                    &maps,
                    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}}),
                ),
                post(
                    &maps,
                    config_map("a", json!({"metadata": {"namespace": "other"}})),
                ),
                post(&maps, config_map("a", json!({"data": {"a": 1}}))),
                post(
                    cnpg("clusters"),
                    json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Pooler", "metadata": {"name": "x"}}),
                ),
                raw("POST", &maps, "text/plain", "x"),
                raw("POST", cnpg("clusters"), "text/plain", "x"),
                raw(
                    "POST",
                    &maps,
                    "application/yaml",
                    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: from-yaml\ndata:\n  a: b\n",
                ),
            ],
        ),
        sequence(
            "namespaces",
            [
                post(
                    "/api/v1/namespaces/no-such-one/configmaps",
                    config_map("a", json!({})),
                ),
                apply(
                    "/api/v1/namespaces/no-such-one/configmaps/a?fieldManager=m",
                    config_map("a", json!({})),
                ),
                get("/api/v1/namespaces/no-such-one/configmaps/a"),
            ],
        ),
        sequence(
            "missing objects",
            [
                get(&one),
                put(&one, config_map("a", json!({}))),
                merge(&one, json!({})),
                delete(&one),
                delete(cnpg("clusters/c")),
                put(cnpg("clusters/c"), cluster("c", json!({"instances": 1}))),
                apply(
                    format!("{}/status?fieldManager=m", cnpg("clusters/c")),
                    cluster("c", json!({})),
                ),
            ],
        ),
        sequence(
            "put that disagrees with its path",
            [
                post(&maps, config_map("a", json!({}))),
                put(&one, config_map("b", json!({}))),
                put(
                    &one,
                    config_map("a", json!({"metadata": {"namespace": "other"}})),
                ),
            ],
        ),
        sequence(
            "unknown fields",
            [
                post(
                    format!("{maps}?fieldValidation=Strict"),
                    config_map("a", json!({"nope": 1, "metadata": {"nah": 1}})),
                ),
                post(
                    format!("{maps}?fieldValidation=Warn"),
                    config_map("a", json!({"nope": 1})),
                ),
                post(
                    format!("{maps}?fieldValidation=Ignore"),
                    config_map("b", json!({"nope": 1})),
                ),
                apply(
                    format!("{one}?fieldManager=m"),
                    config_map("a", json!({"nope": 1})),
                ),
                apply(
                    format!("{one}?fieldManager=m&fieldValidation=Strict"),
                    config_map("a", json!({"metadata": {"nope": 1}})),
                ),
                merge(format!("{one}?fieldValidation=Strict"), json!({"nope": 1})),
                merge(&one, json!({"nope": 1})),
            ],
        ),
        sequence(
            "apply without a manager or with another version",
            [
                apply(&one, config_map("a", json!({}))),
                apply(
                    format!("{one}?fieldManager=m"),
                    object("v2", "ConfigMap", "a", json!({})),
                ),
                apply(
                    format!("{one}?fieldManager=m"),
                    config_map("a", json!({"metadata": {"managedFields": []}})),
                ),
                apply(
                    format!("{one}?fieldManager=m"),
                    config_map("a", json!({"data": {"a": 1}})),
                ),
                apply(
                    format!("{one}?fieldManager=m"),
                    config_map("a", json!({"data": []})),
                ),
            ],
        ),
        sequence(
            "patches of unknown types",
            [
                post(&maps, config_map("a", json!({}))),
                raw("PATCH", &one, "text/plain", "{}"),
                raw(
                    "PATCH",
                    cnpg("clusters/c"),
                    "application/strategic-merge-patch+json",
                    "{}",
                ),
            ],
        ),
        sequence(
            "selectors",
            [
                get(format!("{maps}?fieldSelector=spec.x%3D1")),
                get(format!("{}?fieldSelector=spec.x%3D1", cnpg("clusters"))),
                get(format!(
                    "{}?fieldSelector=metadata.name%3Dx",
                    cnpg("clusters")
                )),
            ],
        ),
    ]
}
