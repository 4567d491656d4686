//! `postgres_ha_cluster`: highly available PostgreSQL on AKS, run by CloudNativePG.
//!
//! One file per block of HCL. Each is a short pure mapping between the block and remote objects; the engine
//! ([`reconcile`](crate::reconcile)) does what is dangerous. The graph, each part after those it needs:
//!
//! ```text
//! aks_cluster (looked up) ─┬─ node_pool ────────────────────────────────────────────┐
//!                          ├─ storage_account ── container ──┐                      │
//!                          └─ identity ─┬─ federated_credential ─┐                  │
//!                                       └─ role_assignment ──────┴─ object_store ───┤
//! namespace ────────────────────────────────────────────────────────────────────────┼─ cluster ─┬─ pooler
//! storage ──────────────────────────────────────────────────────────────────────────┘           └─ scheduled_backup
//! ```

mod aks_cluster;
pub mod backup;
mod cluster;
mod destroy;
pub mod high_availability;
pub mod identity;
pub mod initdb;
mod names;
mod namespace;
pub mod node_pool;
mod observe;
mod parameters;
pub mod pooler;
mod results;
pub mod storage;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use serde_json::{Value as Json, json};

use self::backup::Backup;
use self::high_availability::HighAvailability;
use self::identity::Identity;
use self::initdb::Initdb;
use self::node_pool::NodePool;
use self::pooler::Pooler;
use self::storage::Storage;
use super::azure_ids;
use super::timeouts::Timeouts;
use crate::object;
use crate::reconcile::failure::Failure;
use crate::reconcile::part::{Defaults, Part};
use crate::reconcile::resource::Resource;
use crate::reconcile::systems::Systems;
use crate::schema::attr::{Attr, Block, Blocks, NotKnown};
use crate::schema::checks;
use crate::schema::diagnostic::Diagnostics;
use crate::schema::field::{block, blocks, computed, derived, optional, required};
use crate::schema::resource::IdentityAttribute;
use crate::schema::value::Value;

object! {
    /// Images of PostgreSQL from a catalog of CloudNativePG, in place of `postgres_version` and `image`.
    pub struct ImageCatalog {
        /// Kind of the catalog: `ImageCatalog` (of the namespace) or `ClusterImageCatalog`.
        kind: Attr<String> => optional().default("ClusterImageCatalog").one_of(&["ImageCatalog", "ClusterImageCatalog"]),
        /// Name of the catalog.
        name: Attr<String> => required(),
        /// Major version of PostgreSQL to take from it.
        major: Attr<i64> => required().check(checks::positive),
    }
}

object! {
    /// Highly available PostgreSQL on AKS, run by CloudNativePG: node pool, disks, instances, poolers, backups and the identity for them,
    /// as one resource.
    pub struct PostgresHaCluster {
        /// Id: `<AKS cluster id>/<namespace>/<name>`, or `<namespace>/<name>` without an AKS cluster. It is the import id.
        id: Attr<String> => computed(),
        /// Name of the cluster: a DNS-1035 label of at most 50 characters.
        name: Attr<String> => required().check(checks::dns1035_label).check(results::short_name).replace(),
        /// Namespace of the cluster. Made when it is missing, never removed.
        namespace: Attr<String> => optional().default("cnpg-database").check(checks::dns1123_label).replace(),
        /// Id of the AKS cluster. Not needed when the provider's `kubernetes` block says where the cluster is and nothing in Azure is wanted.
        aks_cluster_id: Attr<String> => optional().check(azure_ids::aks_cluster).replace(),
        /// Number of instances: one primary, the others standbys.
        instances: Attr<i64> => optional().default_int(3).check(checks::positive),
        /// Version of PostgreSQL: a major such as `17`, or with its minor such as `17.5`. Default `17`, unless `image` or
        /// `image_catalog` is set.
        postgres_version: Attr<String> => optional().default_from("`17`, unless `image` or `image_catalog` is set").check(results::version),
        /// Image of PostgreSQL in place of `postgres_version`. Its tag must start with the version.
        image: Attr<String> => optional().check(results::image),
        image_catalog: Block<ImageCatalog> => block(),
        /// Secrets in the cluster's namespace for pulling images, of instances and poolers.
        image_pull_secrets: Attr<BTreeSet<String>> => optional().check(checks::dns1123_subdomain),
        /// CPU of each instance, as a Kubernetes quantity: request, and limit unless `cpu_limit = false`.
        cpu: Attr<String> => optional().default("6").check(checks::quantity),
        /// Memory of each instance, as a Kubernetes quantity: request and limit.
        memory: Attr<String> => optional().default("48Gi").check(checks::quantity),
        /// Whether `cpu` is a limit too.
        cpu_limit: Attr<bool> => optional().default(true),
        /// How memory, write-ahead log, worker and autovacuum parameters are computed from `cpu`, `memory` and disks: `oltp` (many short
        /// transactions), `mixed` (long queries beside them), or `none`. The result is `effective_parameters`.
        tuning: Attr<String> => optional().default("oltp").one_of(&["oltp", "mixed", "none"]),
        /// Parameters of PostgreSQL; they win over `tuning`. Checked against the catalogue of the version.
        parameters: Attr<BTreeMap<String, String>> => optional(),
        /// Labels for every object, beside those of the provider.
        labels: Attr<BTreeMap<String, String>> => optional(),
        /// Annotations for everything that the operator makes.
        annotations: Attr<BTreeMap<String, String>> => optional(),
        /// What the cluster is for, in words.
        description: Attr<String> => optional(),
        /// What the instances log: `error`, `warning`, `info`, `debug` or `trace`.
        log_level: Attr<String> => optional().default("info").one_of(&["error", "warning", "info", "debug", "trace"]),
        /// PriorityClass of the instances.
        priority_class: Attr<String> => optional(),
        /// Existing ServiceAccount of the instances. Default: one that the operator makes, of the cluster's name.
        service_account_name: Attr<String> => optional().check(checks::dns1123_subdomain).replace(),
        /// Labels that a node must have, without a `node_pool`.
        node_selector: Attr<BTreeMap<String, String>> => optional(),
        /// Taints that are tolerated, without a `node_pool`: `key=value:Effect` or `key:Effect`.
        tolerations: Attr<BTreeSet<String>> => optional(),
        /// Whether plans that would delete or replace the cluster are refused.
        deletion_protection: Attr<bool> => optional().default(true),
        /// What a destroy does with the data: `final_backup` (a last backup, verified, then everything is deleted), `retain_disks` (the disks
        /// stay; a cluster of the same name takes them up again) or `delete`. Default `final_backup` with a `backup` block, otherwise
        /// `retain_disks`.
        on_destroy: Attr<String> => optional().default_from("`final_backup` with a `backup` block, otherwise `retain_disks`").one_of(&["final_backup", "retain_disks", "delete"]),
        /// What becomes of a create that fails: `keep` (the next apply goes on) or `remove`.
        on_create_failure: Attr<String> => optional().default("keep").one_of(&["keep", "remove"]),
        /// Takes over fields that another field manager holds.
        force_conflicts: Attr<bool> => optional().default(false),
        /// Whether a Secret with the superuser's password is made.
        superuser_access: Attr<bool> => optional().default(false),
        node_pool: Block<NodePool> => block(),
        storage: Block<Storage> => block().required(),
        high_availability: Block<HighAvailability> => block(),
        initdb: Block<Initdb> => block(),
        pooler: Blocks<Pooler> => blocks(&["name", "type"]),
        backup: Block<Backup> => block(),
        identity: Block<Identity> => block(),
        timeouts: Block<Timeouts> => block(),
        /// Host for reads and writes inside of the cluster.
        rw_host: Attr<String> => derived(),
        /// Host for reads from standbys.
        ro_host: Attr<String> => derived(),
        /// Host for reads from any instance.
        r_host: Attr<String> => derived(),
        /// Host of each pooler, by its `name`.
        pooler_hosts: Attr<BTreeMap<String, String>> => derived(),
        /// Port of PostgreSQL and of the poolers.
        port: Attr<i64> => derived(),
        /// Name of the application's database.
        app_database: Attr<String> => derived(),
        /// Role of the application.
        app_user: Attr<String> => derived(),
        /// Secret with the application's user, password and connection strings.
        app_secret_name: Attr<String> => derived(),
        /// Secret with the certificate authority of the servers.
        ca_secret_name: Attr<String> => derived(),
        /// ServiceAccount of the instances.
        service_account: Attr<String> => derived(),
        /// Client id of the identity of the instances.
        identity_client_id: Attr<String> => computed(),
        /// Principal id of the identity of the instances.
        identity_principal_id: Attr<String> => computed(),
        /// Id of the storage account of the backups.
        storage_account_id: Attr<String> => derived(),
        /// Address of the archive.
        backup_path: Attr<String> => computed(),
        /// StorageClass of the disks.
        storage_class_name: Attr<String> => derived(),
        /// Id of the node pool.
        node_pool_id: Attr<String> => derived(),
        /// Every parameter that is set, computed or configured.
        effective_parameters: Attr<BTreeMap<String, String>> => derived(),
        /// Labels of every object, those of the provider included.
        effective_labels: Attr<BTreeMap<String, String>> => derived(),
        /// Tags of every Azure object, from the provider.
        effective_tags: Attr<BTreeMap<String, String>> => derived(),
        /// Every object that this resource owns: `in sync`, `missing`, or `changed:` and the paths that are not what was last applied.
        objects: Attr<BTreeMap<String, String>> => derived(),
    }
}

impl PostgresHaCluster {
    /// The member `imagePullSecrets` of a Cluster or a pod.
    fn pull_secrets(&self) -> Result<Json, NotKnown> {
        let secrets = self.image_pull_secrets.get()?;
        let names = secrets.into_iter().flatten();
        Ok(names.map(|name| json!({"name": name})).collect())
    }

    /// Labels of every object.
    fn object_labels(&self) -> Result<Json, NotKnown> {
        Ok(json!(
            self.effective_labels.get()?.cloned().unwrap_or_default()
        ))
    }
}

/// The resource type.
pub struct PostgresHaClusterResource;

#[async_trait]
impl Resource for PostgresHaClusterResource {
    type Model = PostgresHaCluster;

    fn type_name(&self) -> &'static str {
        "postgres_ha_cluster"
    }

    fn parts(&self) -> Vec<Box<dyn Part<PostgresHaCluster>>> {
        vec![
            Box::new(aks_cluster::AksCluster),
            Box::new(namespace::Namespace),
            Box::new(node_pool::NodePoolPart),
            Box::new(storage::StoragePart),
            Box::new(backup::storage_account::StorageAccountPart),
            Box::new(backup::container::Container),
            Box::new(identity::IdentityPart),
            Box::new(identity::federated_credential::FederatedCredential),
            Box::new(identity::role_assignment::RoleAssignment),
            Box::new(backup::object_store::ObjectStore),
            Box::new(cluster::Cluster),
            Box::new(pooler::PoolerPart),
            Box::new(backup::scheduled_backup::ScheduledBackup),
        ]
    }

    fn primary(&self) -> &'static str {
        "cluster"
    }

    fn id(&self, model: &PostgresHaCluster) -> Result<String, NotKnown> {
        let own = format!("{}/{}", model.namespace_name()?, model.cluster_name()?);
        Ok(match model.aks_cluster_id.get()? {
            Some(aks) => format!("{aks}/{own}"),
            None => own,
        })
    }

    fn parse_id(&self, id: &str) -> Result<Vec<(String, Value)>, String> {
        results::parse_id(id)
    }

    fn identity(&self) -> Vec<IdentityAttribute> {
        results::identity()
    }

    fn aks_cluster_id(&self, model: &PostgresHaCluster) -> Result<Option<String>, NotKnown> {
        Ok(model.aks_cluster_id.get()?.cloned())
    }

    fn validate(&self, model: &PostgresHaCluster, diagnostics: &mut Diagnostics) {
        results::validate(model, diagnostics);
        backup::validate(model, diagnostics);
    }

    fn derive(
        &self,
        defaults: &Defaults,
        _prior: Option<&PostgresHaCluster>,
        model: &mut PostgresHaCluster,
    ) {
        results::derive(defaults, model);
    }

    fn imported(&self, model: &mut PostgresHaCluster) {
        results::imported(model);
    }

    async fn before_destroy(
        &self,
        systems: &Systems,
        model: &PostgresHaCluster,
    ) -> Result<Vec<String>, Failure> {
        destroy::before(systems, model).await
    }

    async fn after_destroy(
        &self,
        systems: &Systems,
        model: &PostgresHaCluster,
    ) -> Result<Vec<String>, Failure> {
        destroy::after(systems, model).await
    }
}
