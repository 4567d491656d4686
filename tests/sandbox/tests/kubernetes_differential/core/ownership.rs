//! Server-side apply and field ownership on built-in kinds.

use crate::step::*;
use crate::{Sequence, sequence};
use serde_json::json;

fn by(manager: &str) -> String {
    format!("{}?fieldManager={manager}", core("configmaps/a"))
}

fn data(data: serde_json::Value) -> serde_json::Value {
    config_map("a", json!({"data": data}))
}

pub fn sequences() -> Vec<Sequence> {
    let mut all = maps();
    all.extend(lists());
    all
}

fn maps() -> Vec<Sequence> {
    let one = core("configmaps/a");
    vec![
        sequence(
            "apply creates, repeats, changes, gives up",
            [
                apply(by("one"), data(json!({"a": "1", "b": "2"}))),
                apply(by("one"), data(json!({"a": "1", "b": "2"}))),
                apply(by("one"), data(json!({"a": "3"}))),
                apply(by("one"), config_map("a", json!({}))),
            ],
        ),
        sequence(
            "conflict of two appliers",
            [
                apply(by("one"), data(json!({"a": "1"}))),
                apply(by("two"), data(json!({"a": "2", "b": "2"}))),
                apply(by("two"), data(json!({"a": "1", "b": "2"}))),
                apply(by("one"), data(json!({"a": "3"}))),
                apply(format!("{}&force=true", by("one")), data(json!({"a": "3"}))),
                apply(by("two"), data(json!({"b": "2"}))),
                apply(by("one"), config_map("a", json!({}))),
            ],
        ),
        sequence(
            "conflict with an editor",
            [
                apply(by("one"), data(json!({"a": "1", "b": "1"}))),
                merge(by("kubectl-edit"), json!({"data": {"a": "2"}})),
                apply(by("one"), data(json!({"a": "1", "b": "1"}))),
                merge(by("kubectl-edit"), json!({"data": {"a": "1"}})),
                apply(by("one"), data(json!({"a": "3", "b": "1"}))),
                apply(
                    format!("{}&force=true", by("one")),
                    data(json!({"a": "3", "b": "1"})),
                ),
            ],
        ),
        sequence(
            "conflicts with several managers",
            [
                apply(by("one"), data(json!({"a": "1", "b": "1"}))),
                merge(by("editor"), json!({"data": {"c": "1", "d": "1"}})),
                apply(by("two"), data(json!({"a": "2", "b": "2", "c": "2"}))),
            ],
        ),
        sequence(
            "a removed field has no owner",
            [
                apply(by("one"), data(json!({"a": "1", "b": "1"}))),
                merge(by("editor"), json!({"data": {"a": null}})),
                apply(by("one"), data(json!({"a": "1", "b": "1"}))),
            ],
        ),
        sequence(
            "shared fields stay when one gives up",
            [
                apply(by("one"), data(json!({"a": "1", "b": "1"}))),
                apply(by("two"), data(json!({"a": "1"}))),
                apply(by("one"), data(json!({"b": "1"}))),
                apply(by("two"), config_map("a", json!({}))),
            ],
        ),
        sequence(
            "labels and annotations",
            [
                apply(
                    by("one"),
                    config_map(
                        "a",
                        json!({"metadata": {"labels": {"x": "1"}, "annotations": {"y": "1"}}}),
                    ),
                ),
                merge(
                    by("editor"),
                    json!({"metadata": {"labels": {"x": "2", "z": "1"}}}),
                ),
                apply(
                    by("one"),
                    config_map(
                        "a",
                        json!({"metadata": {"labels": {"x": "1"}, "annotations": {"y": "1"}}}),
                    ),
                ),
                apply(by("one"), config_map("a", json!({}))),
            ],
        ),
        sequence(
            "an object made by POST is taken over",
            [
                post(
                    format!("{}?fieldManager=creator", core("configmaps")),
                    data(json!({"a": "1"})),
                ),
                apply(by("one"), data(json!({"a": "1"}))),
                apply(by("one"), data(json!({"a": "2"}))),
                apply(format!("{}&force=true", by("one")), data(json!({"a": "2"}))),
                apply(by("one"), config_map("a", json!({}))),
            ],
        ),
        sequence(
            "ownership is cleared and written by hand",
            [
                apply(by("one"), data(json!({"a": "1"}))),
                merge(by("editor"), json!({"metadata": {"managedFields": [{}]}})),
                merge(by("editor"), json!({"data": {"b": "1"}})),
            ],
        ),
        sequence(
            "apply with a version",
            [
                apply(by("one"), config_map("a", json!({"data": {"a": "1"}}))),
                apply(
                    by("one"),
                    config_map(
                        "a",
                        json!({"metadata": {"resourceVersion": "1"}, "data": {"a": "2"}}),
                    ),
                ),
                get(&one),
                apply(
                    by("one"),
                    config_map(
                        "a",
                        json!({"metadata": {"resourceVersion": "$rv"}, "data": {"a": "2"}}),
                    ),
                ),
                apply(
                    by("one"),
                    config_map(
                        "a",
                        json!({"metadata": {"uid": "11111111-2222-3333-4444-555555555555"}, "data": {"a": "2"}}),
                    ),
                ),
            ],
        ),
        sequence(
            "a name is taken from the path",
            [
                raw(
                    "PATCH",
                    by("one"),
                    "application/apply-patch+yaml",
                    "apiVersion: v1\nkind: ConfigMap\ndata:\n  a: b\n",
                ),
                apply(by("one"), config_map("other", json!({}))),
            ],
        ),
    ]
}

fn lists() -> Vec<Sequence> {
    let service = |manager: &str| format!("{}?fieldManager={manager}", core("services/s"));
    let ports = |ports: serde_json::Value| {
        object(
            "v1",
            "Service",
            "s",
            json!({"spec": {"selector": {"a": "b"}, "ports": ports}}),
        )
    };
    vec![
        sequence(
            "keyed lists merge",
            [
                apply(service("one"), ports(json!([{"name": "x", "port": 80}]))),
                apply(
                    service("two"),
                    object(
                        "v1",
                        "Service",
                        "s",
                        json!({"spec": {"ports": [{"name": "y", "port": 81, "protocol": "TCP"}]}}),
                    ),
                ),
                apply(
                    service("one"),
                    ports(
                        json!([{"name": "z", "port": 80, "protocol": "TCP", "targetPort": "web"}]),
                    ),
                ),
                apply(
                    service("one"),
                    ports(json!([{"name": "z", "port": 82}, {"name": "q", "port": 80}])),
                ),
                apply(service("two"), object("v1", "Service", "s", json!({}))),
            ],
        ),
        sequence(
            "sets merge",
            [
                apply(
                    by("one"),
                    config_map(
                        "a",
                        json!({"metadata": {"finalizers": ["x.io/a", "x.io/b"]}}),
                    ),
                ),
                apply(
                    by("two"),
                    config_map("a", json!({"metadata": {"finalizers": ["x.io/c"]}})),
                ),
                apply(
                    by("one"),
                    config_map("a", json!({"metadata": {"finalizers": ["x.io/b"]}})),
                ),
                apply(
                    by("two"),
                    config_map(
                        "a",
                        json!({"metadata": {"finalizers": ["x.io/c", "x.io/c"]}}),
                    ),
                ),
                merge(by("editor"), json!({"metadata": {"finalizers": null}})),
            ],
        ),
        sequence(
            "owner references merge by uid",
            [
                apply(
                    by("one"),
                    config_map(
                        "a",
                        json!({"metadata": {"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "11111111-2222-3333-4444-555555555555"}]}}),
                    ),
                ),
                apply(
                    by("two"),
                    config_map(
                        "a",
                        json!({"metadata": {"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "q", "uid": "11111111-2222-3333-4444-555555555556"}]}}),
                    ),
                ),
                apply(by("one"), config_map("a", json!({}))),
            ],
        ),
    ]
}
