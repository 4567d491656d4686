//! Rules that the schema writes as expressions.

use super::small;
use crate::step::*;
use crate::{Sequence, sequence};
use serde_json::{Value, json};

pub fn sequences() -> Vec<Sequence> {
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
