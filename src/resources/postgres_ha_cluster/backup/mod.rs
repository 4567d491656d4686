//! The `backup` block: where base backups and the write-ahead log go, when, and for how long they stay.

pub mod container;
pub mod object_store;
pub mod scheduled_backup;
pub mod storage_account;

use std::collections::BTreeSet;

use super::PostgresHaCluster;
use crate::object;
use crate::schema::attr::{Attr, Block, NotKnown};
use crate::schema::checks;
use crate::schema::diagnostic::{Diagnostics, Path};
use crate::schema::field::{block, optional};

pub use storage_account::StorageAccount;

/// Every day at two o'clock (UTC).
pub const DAILY: &str = "0 0 2 * * *";
/// Credentials that are read from a Secret.
const SECRETS: [&str; 3] = ["connection_string", "storage_key", "sas_token"];

object! {
    /// A certificate authority for the endpoint of the store.
    pub struct EndpointCa {
        /// Name of the Secret in the cluster's namespace.
        secret_name: Attr<String> => crate::schema::field::required().check(checks::dns1123_subdomain),
        /// Key of the certificate in the Secret.
        key: Attr<String> => optional().default("ca.crt"),
    }
}

object! {
    /// Base backups and continuous archiving of the write-ahead log to Azure Blob Storage, by the barman plugin. Without this block
    /// there is no backup.
    pub struct Backup {
        storage_account: Block<StorageAccount> => block().required(),
        /// Name of the blob container. Made when it is missing.
        container: Attr<String> => optional().default("backups").check(container::name),
        /// Path inside of the container. Default: its root.
        path: Attr<String> => optional(),
        /// How long backups can be restored from: a number and `d`, `w` or `m`.
        retention: Attr<String> => optional().default("7d").check(checks::retention),
        /// When base backups are taken: cron expressions of six fields, the first for seconds, in UTC. Default `["0 0 2 * * *"]`.
        schedules: Attr<BTreeSet<String>> => optional().default_from("`[\"0 0 2 * * *\"]`"),
        /// Whether the first base backup is taken at once. The apply waits for it.
        immediate: Attr<bool> => optional().default(true),
        /// Compression of the write-ahead log in the store.
        wal_compression: Attr<String> => optional().default("lz4").one_of(&["none", "bzip2", "gzip", "lz4", "snappy", "xz", "zstd"]),
        /// Compression of base backups in the store.
        data_compression: Attr<String> => optional().default("none").one_of(&["none", "bzip2", "gzip", "lz4", "snappy"]),
        /// Segments of the write-ahead log that are archived at the same time.
        max_parallel: Attr<i64> => optional().default_int(4).check(checks::positive),
        /// As whom the instances reach the store: `workload_identity` (the identity of this cluster, no secret anywhere), `inherit` (what
        /// the pods have), or a Secret: `connection_string`, `storage_key` or `sas_token`.
        credential: Attr<String> => optional().default("workload_identity").one_of(&["workload_identity", "inherit", "connection_string", "storage_key", "sas_token"]),
        /// Name of the Secret of the credential, in the cluster's namespace.
        secret_name: Attr<String> => optional().check(checks::dns1123_subdomain),
        /// Key of the credential in the Secret.
        secret_key: Attr<String> => optional(),
        endpoint_ca: Block<EndpointCa> => block(),
        /// Name of this cluster's archive in the store. Default: the name of the cluster.
        server_name: Attr<String> => optional().or_computed("the name of the cluster"),
        /// Whether a storage account or container that was made here is deleted together with the cluster, with every backup in it.
        delete_with_cluster: Attr<bool> => optional().default(false),
    }
}

impl PostgresHaCluster {
    pub fn uses_workload_identity(&self) -> Result<bool, NotKnown> {
        Ok(match self.backup.get()? {
            Some(backup) => backup.credential.require()? == "workload_identity",
            None => false,
        })
    }

    /// True when some part has to do with Azure beyond the cluster's own disks.
    pub fn uses_azure(&self) -> bool {
        self.node_pool.present().is_some()
            || self.identity.present().is_some()
            || self.uses_workload_identity().unwrap_or(true)
            || self
                .backup
                .present()
                .and_then(|backup| backup.storage_account.present())
                .is_some_and(|account| account.endpoint.is_null())
    }
}

/// What can be told of the block from configuration.
pub fn validate(model: &PostgresHaCluster, diagnostics: &mut Diagnostics) {
    let root = Path::root().attribute("backup");
    let Some(backup) = model.backup.present() else {
        if matches!(model.backup, Block::Absent) {
            diagnostics.warning(
                root,
                "There is no backup",
                "Without a `backup` block a dropped table or a lost region cannot be brought back: replicas repeat every mistake.",
            );
        }
        return;
    };
    let path = root.index(0);
    let credential = backup
        .credential
        .known()
        .map_or("workload_identity", String::as_str);
    if SECRETS.contains(&credential) {
        for (name, missing) in [
            ("secret_name", backup.secret_name.is_null()),
            ("secret_key", backup.secret_key.is_null()),
        ] {
            if missing {
                diagnostics.error(
                    path.attribute(name),
                    "The credential's Secret is missing",
                    format!("`credential = \"{credential}\"` is read from a Secret: set `{name}`."),
                );
            }
        }
    } else if !backup.credential.is_unknown() {
        for (name, set) in [
            ("secret_name", !backup.secret_name.is_null()),
            ("secret_key", !backup.secret_key.is_null()),
        ] {
            if set {
                diagnostics.error(
                    path.attribute(name),
                    "A Secret without use",
                    format!("`{name}` is for `credential` = `connection_string`, `storage_key` or `sas_token`, not `{credential}`."),
                );
            }
        }
    }
    if credential == "workload_identity" && model.aks_cluster_id.is_null() {
        diagnostics.error(
            path.attribute("credential"),
            "Workload identity needs an AKS cluster",
            "Set `aks_cluster_id`, or another `credential`.",
        );
    }
    for schedule in backup.schedules.known().into_iter().flatten() {
        if let Err(why) = checks::cron(&schedule.as_str().into()) {
            diagnostics.error(path.attribute("schedules"), "Not a schedule", why);
        }
    }
    storage_account::validate(model, backup, &path, diagnostics);
}
