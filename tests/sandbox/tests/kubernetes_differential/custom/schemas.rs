//! Types, defaults, limits, unknown fields.

use super::{by, small};
use crate::step::*;
use crate::{Sequence, sequence};
use serde_json::json;

pub fn sequences() -> Vec<Sequence> {
    let clusters = cnpg("clusters");
    vec![
        sequence(
            "defaults on POST",
            [
                post(
                    &clusters,
                    small(
                        json!({"managed": {"roles": [{"name": "app"}]}, "plugins": [{"name": "p"}], "bootstrap": {"initdb": {"database": "a", "owner": "b"}}, "affinity": {}, "monitoring": {}}),
                    ),
                ),
                get(cnpg("clusters/c")),
            ],
        ),
        sequence(
            "defaults on apply",
            [
                apply(
                    by("m"),
                    small(
                        json!({"managed": {"roles": [{"name": "app"}]}, "plugins": [{"name": "p"}]}),
                    ),
                ),
                apply(
                    by("m"),
                    small(
                        json!({"managed": {"roles": [{"name": "app"}]}, "plugins": [{"name": "p"}]}),
                    ),
                ),
            ],
        ),
        sequence(
            "unknown fields of a custom resource",
            [
                post(
                    format!("{clusters}?fieldValidation=Strict"),
                    small(json!({"nope": 1, "affinity": {"nah": 1}})),
                ),
                post(&clusters, small(json!({"nope": 1}))),
                apply(
                    format!("{}&fieldValidation=Strict", by("m")),
                    small(json!({"nope": 1})),
                ),
                apply(by("m"), small(json!({"affinity": {"nah": 1}}))),
                merge(
                    format!("{}?fieldValidation=Strict", cnpg("clusters/c")),
                    json!({"spec": {"nope": 1}}),
                ),
                merge(cnpg("clusters/c"), json!({"spec": {"nope": 1}})),
            ],
        ),
        sequence(
            "wrong types",
            [
                apply(by("m"), small(json!({"instances": "x"}))),
                apply(by("m"), small(json!({"description": 1}))),
                apply(by("m"), small(json!({"enablePDB": "no", "storage": []}))),
                post(&clusters, small(json!({"instances": "x"}))),
                post(&clusters, small(json!({"storage": []}))),
                post(
                    &clusters,
                    small(json!({"postgresql": {"parameters": {"work_mem": 4}}})),
                ),
            ],
        ),
        sequence(
            "limits",
            [
                post(&clusters, small(json!({"instances": 0}))),
                post(&clusters, small(json!({"logLevel": "loud"}))),
                post(&clusters, small(json!({"tablespaces": [{"name": "t"}]}))),
                post(&clusters, cluster("c", json!({}))),
                post(
                    cnpg("poolers"),
                    object(
                        "postgresql.cnpg.io/v1",
                        "Pooler",
                        "p",
                        json!({"spec": {"cluster": {"name": "c"}, "type": "x", "pgbouncer": {}}}),
                    ),
                ),
                post(
                    cnpg("poolers"),
                    object(
                        "postgresql.cnpg.io/v1",
                        "Pooler",
                        "p",
                        json!({"spec": {"cluster": {"name": "c"}}}),
                    ),
                ),
                post(
                    "/apis/barmancloud.cnpg.io/v1/namespaces/$ns/objectstores",
                    object(
                        "barmancloud.cnpg.io/v1",
                        "ObjectStore",
                        "o",
                        json!({"spec": {"retentionPolicy": "30x", "configuration": {"destinationPath": "x"}}}),
                    ),
                ),
                post(
                    "/apis/barmancloud.cnpg.io/v1/namespaces/$ns/objectstores",
                    object(
                        "barmancloud.cnpg.io/v1",
                        "ObjectStore",
                        "o",
                        json!({"spec": {"configuration": {"destinationPath": "", "wal": {"maxParallel": 0, "compression": "x"}}}}),
                    ),
                ),
            ],
        ),
        sequence(
            "object store",
            [
                apply(
                    "/apis/barmancloud.cnpg.io/v1/namespaces/$ns/objectstores/o?fieldManager=m",
                    object(
                        "barmancloud.cnpg.io/v1",
                        "ObjectStore",
                        "o",
                        json!({"spec": {"retentionPolicy": "30d", "configuration": {"destinationPath": "https://a.blob.core.windows.net/c", "azureCredentials": {"inheritFromAzureAD": true}, "wal": {"compression": "gzip", "maxParallel": 4}}, "instanceSidecarConfiguration": {"resources": {"requests": {"cpu": "100m"}}}}}),
                    ),
                ),
                get("/apis/barmancloud.cnpg.io/v1/namespaces/$ns/objectstores/o"),
            ],
        ),
        sequence(
            "int or string stays as it is sent",
            [
                apply(
                    by("m"),
                    small(
                        json!({"resources": {"requests": {"cpu": 1, "memory": "1024Mi"}, "limits": {"cpu": "1000m"}}}),
                    ),
                ),
                apply(
                    by("m"),
                    small(json!({"resources": {"requests": {"cpu": "1", "memory": "1Gi"}}})),
                ),
            ],
        ),
        sequence(
            "nulls",
            [
                post(
                    &clusters,
                    small(json!({"logLevel": null, "description": null})),
                ),
                apply(by("m"), small(json!({"startDelay": null}))),
            ],
        ),
    ]
}
