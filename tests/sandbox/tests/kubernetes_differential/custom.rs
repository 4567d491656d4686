//! Stories about custom resources: schemas, defaults, rules, status.

use crate::step::*;
use crate::{Sequence, sequence};
use serde_json::{Value, json};

pub fn sequences() -> Vec<Sequence> {
    let mut all = schemas();
    all.extend(ownership());
    all.extend(status());
    all.extend(rules());
    all
}

fn by(manager: &str) -> String {
    format!("{}?fieldManager={manager}", cnpg("clusters/c"))
}

fn small(extra: Value) -> Value {
    let mut spec = json!({"instances": 3, "storage": {"size": "1Gi"}});
    for (key, value) in extra.as_object().unwrap() {
        spec[key] = value.clone();
    }
    cluster("c", spec)
}

fn schemas() -> Vec<Sequence> {
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

fn ownership() -> Vec<Sequence> {
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

fn status() -> Vec<Sequence> {
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

fn rules() -> Vec<Sequence> {
    let kind = |kind: &str, name: &str, spec: Value| {
        object("postgresql.cnpg.io/v1", kind, name, json!({"spec": spec}))
    };
    vec![
        sequence(
            "a backup is immutable",
            [
                post(
                    cnpg("backups"),
                    kind(
                        "Backup",
                        "b",
                        json!({"cluster": {"name": "c"}, "method": "plugin", "pluginConfiguration": {"name": "p"}}),
                    ),
                ),
                merge(
                    cnpg("backups/b"),
                    json!({"spec": {"cluster": {"name": "d"}}}),
                ),
                merge(
                    cnpg("backups/b"),
                    json!({"metadata": {"labels": {"a": "b"}}}),
                ),
            ],
        ),
        sequence(
            "references are immutable",
            [
                post(
                    cnpg("poolers"),
                    kind(
                        "Pooler",
                        "p",
                        json!({"cluster": {"name": "c"}, "pgbouncer": {}}),
                    ),
                ),
                merge(
                    cnpg("poolers/p"),
                    json!({"spec": {"cluster": {"name": "d"}}}),
                ),
                post(
                    cnpg("scheduledbackups"),
                    kind(
                        "ScheduledBackup",
                        "s",
                        json!({"cluster": {"name": "c"}, "schedule": "0 0 0 * * *"}),
                    ),
                ),
                merge(
                    cnpg("scheduledbackups/s"),
                    json!({"spec": {"cluster": {"name": "d"}}}),
                ),
                merge(
                    cnpg("scheduledbackups/s"),
                    json!({"spec": {"suspend": true}}),
                ),
            ],
        ),
        sequence(
            "database",
            [
                post(
                    cnpg("databases"),
                    kind(
                        "Database",
                        "d",
                        json!({"cluster": {"name": "c"}, "name": "postgres", "owner": "o"}),
                    ),
                ),
                post(
                    cnpg("databases"),
                    kind(
                        "Database",
                        "d",
                        json!({"cluster": {"name": "c"}, "name": "x", "owner": "o"}),
                    ),
                ),
                merge(cnpg("databases/d"), json!({"spec": {"name": "y"}})),
                merge(cnpg("databases/d"), json!({"spec": {"encoding": "UTF8"}})),
                merge(cnpg("databases/d"), json!({"spec": {"encoding": "LATIN1"}})),
                merge(cnpg("databases/d"), json!({"spec": {"icuLocale": "en"}})),
            ],
        ),
        sequence(
            "role",
            [
                post(
                    cnpg("databaseroles"),
                    kind(
                        "DatabaseRole",
                        "r",
                        json!({"cluster": {"name": "c"}, "name": "pg_x"}),
                    ),
                ),
                post(
                    cnpg("databaseroles"),
                    kind(
                        "DatabaseRole",
                        "r",
                        json!({"cluster": {"name": "c"}, "name": "app", "disablePassword": true, "passwordSecret": {"name": "s"}}),
                    ),
                ),
                post(
                    cnpg("databaseroles"),
                    kind(
                        "DatabaseRole",
                        "r",
                        json!({"cluster": {"name": "c"}, "name": "app"}),
                    ),
                ),
                merge(cnpg("databaseroles/r"), json!({"spec": {"name": "b"}})),
            ],
        ),
        sequence(
            "exclusive images",
            [
                post(
                    cnpg("clusters"),
                    small(
                        json!({"imageName": "x:17", "imageCatalogRef": {"apiGroup": "postgresql.cnpg.io", "kind": "ImageCatalog", "name": "i", "major": 17}}),
                    ),
                ),
                post(
                    cnpg("clusters"),
                    small(
                        json!({"imageCatalogRef": {"apiGroup": "x", "kind": "ImageCatalog", "name": "i", "major": 17}}),
                    ),
                ),
                post(
                    cnpg("clusters"),
                    small(json!({"postgresql": {"synchronous": {"method": "any", "number": 0}}})),
                ),
                post(
                    cnpg("clusters"),
                    small(
                        json!({"postgresql": {"synchronous": {"method": "any", "number": 1, "dataDurability": "preferred", "standbyNamesPre": ["x"]}}}),
                    ),
                ),
                post(cnpg("clusters"), small(json!({"serviceAccountName": "a"}))),
                merge(
                    cnpg("clusters/c"),
                    json!({"spec": {"serviceAccountName": "b"}}),
                ),
            ],
        ),
        sequence(
            "catalog",
            [
                post(
                    cnpg("imagecatalogs"),
                    kind(
                        "ImageCatalog",
                        "i",
                        json!({"images": [{"image": "x:17", "major": 17}, {"image": "y:17", "major": 17}]}),
                    ),
                ),
                post(
                    cnpg("imagecatalogs"),
                    kind("ImageCatalog", "i", json!({"images": []})),
                ),
                post(
                    cnpg("imagecatalogs"),
                    kind(
                        "ImageCatalog",
                        "i",
                        json!({"images": [{"image": "x:9", "major": 9}]}),
                    ),
                ),
            ],
        ),
        sequence(
            "publication",
            [
                post(
                    cnpg("publications"),
                    kind(
                        "Publication",
                        "p",
                        json!({"cluster": {"name": "c"}, "dbname": "a", "name": "p", "target": {"allTables": true, "objects": [{"tablesInSchema": "x"}]}}),
                    ),
                ),
                post(
                    cnpg("publications"),
                    kind(
                        "Publication",
                        "p",
                        json!({"cluster": {"name": "c"}, "dbname": "a", "name": "p", "target": {"objects": [{"tablesInSchema": "x", "table": {"name": "t"}}]}}),
                    ),
                ),
                post(
                    cnpg("publications"),
                    kind(
                        "Publication",
                        "p",
                        json!({"cluster": {"name": "c"}, "dbname": "a", "name": "p", "target": {"allTables": true}}),
                    ),
                ),
                merge(
                    cnpg("publications/p"),
                    json!({"spec": {"target": {"allTables": false}}}),
                ),
            ],
        ),
    ]
}
