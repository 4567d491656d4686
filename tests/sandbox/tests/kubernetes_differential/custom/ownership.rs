//! Who owns which fields of a custom resource.

use super::{by, small};
use crate::step::*;
use crate::{Sequence, sequence};
use serde_json::json;

pub fn sequences() -> Vec<Sequence> {
    vec![
        sequence(
            "parameters are a granular map",
            [
                apply(
                    by("one"),
                    small(
                        json!({"postgresql": {"parameters": {"work_mem": "4MB", "max_connections": "100"}}}),
                    ),
                ),
                merge(
                    by("kubectl-edit"),
                    json!({"spec": {"postgresql": {"parameters": {"work_mem": "8MB", "fsync": "on"}}}}),
                ),
                apply(
                    by("one"),
                    small(
                        json!({"postgresql": {"parameters": {"work_mem": "4MB", "max_connections": "100"}}}),
                    ),
                ),
                apply(
                    by("one"),
                    small(json!({"postgresql": {"parameters": {"max_connections": "100"}}})),
                ),
                apply(
                    format!("{}&force=true", by("one")),
                    small(json!({"postgresql": {"parameters": {"work_mem": "4MB"}}})),
                ),
                apply(by("one"), small(json!({}))),
            ],
        ),
        sequence(
            "atomic lists are owned as a whole",
            [
                apply(
                    by("one"),
                    small(
                        json!({"plugins": [{"name": "a"}], "tablespaces": [{"name": "t", "storage": {"size": "1Gi"}}]}),
                    ),
                ),
                apply(
                    by("two"),
                    cluster("c", json!({"plugins": [{"name": "a"}, {"name": "b"}]})),
                ),
                merge(by("editor"), json!({"spec": {"tablespaces": null}})),
                apply(by("one"), small(json!({"plugins": [{"name": "a"}]}))),
            ],
        ),
        sequence(
            "an applied field equal to a default",
            [
                apply(
                    by("one"),
                    small(json!({"logLevel": "info", "enablePDB": true})),
                ),
                apply(by("one"), small(json!({}))),
                merge(by("editor"), json!({"spec": {"logLevel": "debug"}})),
                merge(by("editor"), json!({"spec": {"logLevel": null}})),
            ],
        ),
        sequence(
            "generation counts changes of the specification",
            [
                post(cnpg("clusters"), small(json!({}))),
                merge(
                    cnpg("clusters/c"),
                    json!({"metadata": {"labels": {"a": "b"}}}),
                ),
                merge(cnpg("clusters/c"), json!({"spec": {"instances": 4}})),
                merge(cnpg("clusters/c"), json!({"spec": {"instances": 4}})),
                put(cnpg("clusters/c"), small(json!({}))),
                get(cnpg("clusters/c")),
                put(
                    cnpg("clusters/c"),
                    object(
                        "postgresql.cnpg.io/v1",
                        "Cluster",
                        "c",
                        json!({"metadata": {"resourceVersion": "$rv"}, "spec": {"instances": 2}}),
                    ),
                ),
            ],
        ),
        sequence(
            "instances are edited and taken back",
            [
                apply(by("terraform-provider-postgres"), small(json!({}))),
                merge(by("kubectl-edit"), json!({"spec": {"instances": 5}})),
                apply(by("terraform-provider-postgres"), small(json!({}))),
                apply(
                    format!("{}&force=true", by("terraform-provider-postgres")),
                    small(json!({})),
                ),
            ],
        ),
        sequence(
            "dry run of a custom resource",
            [
                apply(
                    format!("{}&dryRun=All&fieldValidation=Strict", by("m")),
                    small(json!({})),
                ),
                get(cnpg("clusters/c")),
                apply(by("m"), small(json!({}))),
                apply(
                    format!("{}&dryRun=All&fieldValidation=Strict", by("m")),
                    small(json!({"instances": 0})),
                ),
                apply(
                    format!("{}&dryRun=All", by("m")),
                    small(json!({"instances": 5})),
                ),
            ],
        ),
        sequence(
            "two bootstrap methods by two managers",
            [
                apply(
                    by("one"),
                    small(json!({"bootstrap": {"initdb": {"database": "a", "owner": "a"}}})),
                ),
                apply(
                    by("two"),
                    cluster("c", json!({"bootstrap": {"recovery": {"source": "x"}}})),
                ),
                apply(by("one"), small(json!({}))),
            ],
        ),
    ]
}
