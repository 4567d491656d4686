//! Secrets that the operator makes.

use super::super::Kubernetes;
use super::world::owned_by;
use super::{name, namespace, text};
use serde_json::{Value, json};

/// The database and its owner that a cluster is made with.
pub(super) fn application(cluster: &Value) -> (String, String) {
    let bootstrap = &cluster["spec"]["bootstrap"];
    let method = ["recovery", "pg_basebackup", "initdb"]
        .into_iter()
        .map(|method| &bootstrap[method])
        .find(|method| method.is_object());
    let field = |key: &str| method.map_or("", |method| text(&method[key]));
    let or_app = |found: &str| if found.is_empty() { "app" } else { found }.to_owned();
    (or_app(field("database")), or_app(field("owner")))
}

fn random() -> String {
    format!(
        "{}{}",
        uuid::Uuid::new_v4().simple(),
        uuid::Uuid::new_v4().simple()
    )
}

/// Secrets of a cluster; a supplied application secret is not made anew.
pub(super) fn ensure(server: &Kubernetes, cluster: &Value) {
    let (database, owner) = application(cluster);
    let supplied = cluster["spec"]["bootstrap"]["initdb"]["secret"]["name"].is_string()
        || cluster["spec"]["bootstrap"]["recovery"]["secret"]["name"].is_string();
    if !supplied {
        login(server, cluster, "app", &database, &owner);
    }
    if cluster["spec"]["enableSuperuserAccess"] == true
        && !cluster["spec"]["superuserSecret"].is_object()
    {
        login(server, cluster, "superuser", "*", "postgres");
    }
    for (suffix, keys) in [
        ("ca", ["ca.crt", "ca.key"]),
        ("server", ["tls.crt", "tls.key"]),
        ("replication", ["tls.crt", "tls.key"]),
    ] {
        let kind = if suffix == "ca" {
            "Opaque"
        } else {
            "kubernetes.io/tls"
        };
        let mut secret = envelope(cluster, suffix, kind);
        for key in keys {
            secret["stringData"][key] =
                format!("-----BEGIN {key}-----\n{}\n-----END {key}-----\n", random()).into();
        }
        server.ensure("", &secret);
    }
}

fn envelope(cluster: &Value, suffix: &str, kind: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": kind,
        "metadata": {"name": format!("{}-{suffix}", name(cluster)), "namespace": namespace(cluster),
            "ownerReferences": owned_by(cluster),
            "labels": {"cnpg.io/cluster": name(cluster), "cnpg.io/reload": "true"}},
    })
}

fn login(server: &Kubernetes, cluster: &Value, suffix: &str, database: &str, user: &str) {
    let mut secret = envelope(cluster, suffix, "kubernetes.io/basic-auth");
    let host = format!("{}-rw", name(cluster));
    let fqdn = format!("{host}.{}.svc.cluster.local", namespace(cluster));
    let password = random();
    let uri = |host: &str| format!("postgresql://{user}:{password}@{host}:5432/{database}");
    let jdbc = |host: &str| {
        format!("jdbc:postgresql://{host}:5432/{database}?password={password}&user={user}")
    };
    secret["stringData"] = json!({
        "username": user, "user": user, "password": password, "host": host, "port": "5432", "dbname": database,
        "pgpass": format!("{host}:5432:{database}:{user}:{password}\n"),
        "uri": uri(&format!("{host}.{}", namespace(cluster))), "jdbc-uri": jdbc(&format!("{host}.{}", namespace(cluster))),
        "fqdn-uri": uri(&fqdn), "fqdn-jdbc-uri": jdbc(&fqdn),
    });
    server.ensure("", &secret);
}
