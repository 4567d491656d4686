//! The status and scale endpoints.

use super::{by, small};
use crate::step::*;
use crate::{Sequence, sequence};
use serde_json::json;

pub fn sequences() -> Vec<Sequence> {
    let path = format!("{}/status", cnpg("clusters/c"));
    vec![
        sequence(
            "status by its own endpoint",
            [
                post(
                    cnpg("clusters"),
                    object(
                        "postgresql.cnpg.io/v1",
                        "Cluster",
                        "c",
                        json!({"spec": {"instances": 1}, "status": {"phase": "x"}}),
                    ),
                ),
                merge(
                    format!("{path}?fieldManager=manager"),
                    json!({"status": {"phase": "Setting up primary", "instances": 1}, "spec": {"instances": 9}, "metadata": {"labels": {"a": "b"}}}),
                ),
                merge(cnpg("clusters/c"), json!({"status": {"phase": "lost"}})),
                get(&path),
                json_patch(
                    format!("{path}?fieldManager=manager"),
                    json!([{"op": "add", "path": "/status/readyInstances", "value": 1}]),
                ),
                merge(&path, json!({"status": {"instances": "x"}})),
                merge(
                    format!("{path}?fieldManager=manager"),
                    json!({"status": {"conditions": [{"type": "Ready", "status": "True", "reason": "R", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}),
                ),
                merge(
                    format!("{path}?fieldManager=manager"),
                    json!({"status": {"conditions": [{"type": "Ready", "status": "Maybe", "reason": "R", "message": "", "lastTransitionTime": "yesterday"}]}}),
                ),
            ],
        ),
        sequence(
            "apply of a status",
            [
                apply(by("one"), small(json!({}))),
                apply(
                    format!("{path}?fieldManager=op"),
                    object(
                        "postgresql.cnpg.io/v1",
                        "Cluster",
                        "c",
                        json!({"status": {"phase": "x"}}),
                    ),
                ),
                apply(
                    format!("{path}?fieldManager=op"),
                    object(
                        "postgresql.cnpg.io/v1",
                        "Cluster",
                        "c",
                        json!({"status": {"instances": 1}}),
                    ),
                ),
                apply(
                    format!("{}&force=true", by("one")),
                    object(
                        "postgresql.cnpg.io/v1",
                        "Cluster",
                        "c",
                        json!({"spec": {"instances": 3, "storage": {"size": "1Gi"}}, "status": {"phase": "y"}}),
                    ),
                ),
            ],
        ),
        sequence(
            "scale",
            [
                post(cnpg("clusters"), small(json!({}))),
                get(format!("{}/scale", cnpg("clusters/c"))),
                merge(
                    format!("{}/scale?fieldManager=scaler", cnpg("clusters/c")),
                    json!({"spec": {"replicas": 5}}),
                ),
                get(cnpg("clusters/c")),
                apply(by("m"), small(json!({}))),
            ],
        ),
        sequence(
            "no status subresource",
            [
                post(
                    cnpg("imagecatalogs"),
                    object(
                        "postgresql.cnpg.io/v1",
                        "ImageCatalog",
                        "i",
                        json!({"spec": {"images": [{"image": "x:17", "major": 17}]}}),
                    ),
                ),
                get(format!("{}/status", cnpg("imagecatalogs/i"))),
            ],
        ),
    ]
}
