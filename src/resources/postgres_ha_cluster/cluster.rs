//! The CNPG Cluster: the object that stands for the resource, put together from what every block says.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::names::{CLUSTER_API, PLUGIN};
use super::{PostgresHaCluster, high_availability, initdb, observe, parameters};
use crate::kubernetes::{Readiness, conditions};
use crate::postgresql::catalogue::Effect;
use crate::postgresql::versions::Version;
use crate::reconcile::object::{Address, Desired, Live, Outputs, merge};
use crate::reconcile::part::{Fill, Part};
use crate::schema::attr::NotKnown;
use crate::schema::diagnostic::{Diagnostics, Path};

/// Output of an import: the VolumeAttributesClass of the data disks.
pub const ATTRIBUTES_CLASS: &str = "volume_attributes_class";
/// Output of an import: the ObjectStore of the archive.
pub const OBJECT_STORE: &str = "object_store";
const HEALTHY: &str = "Cluster in healthy state";
/// Phases that do not end by themselves (operator 1.30, `status.phase`). An error of a plugin is none of them: the operator tries again,
/// and a new cluster shows one while its roles are being made.
const TERMINAL: [&str; 7] = [
    "Unable to create required cluster objects",
    "Cluster cannot proceed to reconciliation due to an unknown plugin being required",
    "Cluster has incomplete or invalid image catalog",
    "Cluster is unrecoverable and needs manual intervention",
    "Cluster cannot execute instance online upgrade due to missing architecture binary",
    "Invalid cluster definition",
    "Waiting for user action",
];

impl PostgresHaCluster {
    fn image_fields(&self) -> Result<Json, NotKnown> {
        if let Some(catalog) = self.image_catalog.get()? {
            return Ok(json!({"imageCatalogRef": {
                "apiGroup": "postgresql.cnpg.io",
                "kind": catalog.kind.require()?,
                "name": catalog.name.require()?,
                "major": catalog.major.require()?,
            }}));
        }
        let image = match self.image.get()? {
            Some(image) => image.clone(),
            None => format!(
                "ghcr.io/cloudnative-pg/postgresql:{}-standard-trixie",
                self.postgres_version.require()?
            ),
        };
        Ok(json!({"imageName": image}))
    }

    fn resources(&self) -> Result<Json, NotKnown> {
        let (cpu, memory) = (self.cpu.require()?, self.memory.require()?);
        let mut limits = json!({"memory": memory});
        if *self.cpu_limit.require()? {
            limits["cpu"] = cpu.clone().into();
        }
        Ok(json!({"requests": {"cpu": cpu, "memory": memory}, "limits": limits}))
    }

    /// Labels and annotations of everything that the operator makes.
    fn inherited_metadata(&self) -> Result<Json, NotKnown> {
        let mut labels = self.object_labels()?;
        if self.uses_workload_identity()? {
            merge(&mut labels, json!({"azure.workload.identity/use": "true"}));
        }
        let mut metadata = json!({});
        if labels != json!({}) {
            metadata["labels"] = labels;
        }
        if let Some(annotations) = self
            .annotations
            .get()?
            .filter(|annotations| !annotations.is_empty())
        {
            metadata["annotations"] = json!(annotations);
        }
        Ok(metadata)
    }

    fn spec(&self) -> Result<Json, NotKnown> {
        let (selector, tolerations) = self.node_selection()?;
        let mut spec = json!({
            "instances": self.instances.require()?,
            "resources": self.resources()?,
            "postgresql": {"parameters": self.effective_parameters.require()?},
            "bootstrap": self.bootstrap()?,
            "enableSuperuserAccess": self.superuser_access.require()?,
            "logLevel": self.log_level.require()?,
            "primaryUpdateStrategy": "unsupervised",
        });
        for fields in [
            self.image_fields()?,
            self.storage_fields()?,
            self.availability_fields()?,
            self.plugin_fields()?,
        ] {
            merge(&mut spec, fields);
        }
        if !selector.is_empty() {
            merge(&mut spec, json!({"affinity": {"nodeSelector": selector}}));
        }
        if !tolerations.is_empty() {
            merge(&mut spec, json!({"affinity": {"tolerations": tolerations}}));
        }
        if self.image_pull_secrets.get()?.is_some() {
            spec["imagePullSecrets"] = self.pull_secrets()?;
        }
        let inherited = self.inherited_metadata()?;
        if inherited != json!({}) {
            spec["inheritedMetadata"] = inherited;
        }
        for (name, value) in [
            ("description", &self.description),
            ("priorityClassName", &self.priority_class),
            ("serviceAccountName", &self.service_account_name),
        ] {
            if let Some(value) = value.get()? {
                spec[name] = value.clone().into();
            }
        }
        if self.uses_workload_identity()? && self.service_account_name.get()?.is_none() {
            let client = self.identity_client_id.require()?;
            spec["serviceAccountTemplate"] =
                json!({"metadata": {"annotations": {"azure.workload.identity/client-id": client}}});
        }
        Ok(spec)
    }

    fn plugin_fields(&self) -> Result<Json, NotKnown> {
        let Some(backup) = self.backup.get()? else {
            return Ok(json!({}));
        };
        Ok(json!({"plugins": [{
            "name": PLUGIN,
            "enabled": true,
            "isWALArchiver": true,
            "parameters": {
                "barmanObjectName": self.cluster_name()?,
                "serverName": backup.server_name.require()?,
            },
        }]}))
    }
}

pub struct Cluster;

impl Part<PostgresHaCluster> for Cluster {
    fn name(&self) -> &'static str {
        "cluster"
    }

    fn needs(&self) -> &'static [&'static str] {
        &[
            "namespace",
            "storage",
            "node_pool",
            "object_store",
            "identity",
        ]
    }

    fn validate(&self, model: &PostgresHaCluster, diagnostics: &mut Diagnostics) {
        initdb::validate(model, diagnostics);
        high_availability::validate(model, diagnostics);
        parameters::validate(model, diagnostics);
    }

    fn addresses(&self, model: &PostgresHaCluster) -> Result<Vec<Address>, NotKnown> {
        let namespace = Some(model.namespace_name()?);
        Ok(vec![Address::kubernetes(
            CLUSTER_API,
            "Cluster",
            namespace,
            model.cluster_name()?,
        )])
    }

    fn desired(
        &self,
        model: &PostgresHaCluster,
        _outputs: &Outputs,
    ) -> Result<Vec<Desired>, NotKnown> {
        let spec = model.spec()?;
        let labels = model.object_labels()?;
        Ok(self
            .addresses(model)?
            .into_iter()
            .map(|address| {
                Desired::kubernetes(address, labels.clone(), json!({"spec": spec.clone()}))
                    .once(&["spec.bootstrap"])
            })
            .collect())
    }

    fn observed(&self, live: &Live, fill: Fill, model: &mut PostgresHaCluster) {
        observe::cluster(&live.body, fill, model);
    }

    fn outputs(&self, live: &Live, outputs: &mut Outputs) {
        let spec = &live.body["spec"];
        if let Some(class) = spec["storage"]["pvcTemplate"]["volumeAttributesClassName"].as_str() {
            outputs.set(ATTRIBUTES_CLASS, class);
        }
        let plugins = spec["plugins"].as_array().into_iter().flatten();
        for plugin in plugins.filter(|plugin| plugin["name"] == PLUGIN) {
            if let Some(name) = plugin["parameters"]["barmanObjectName"].as_str() {
                outputs.set(OBJECT_STORE, name);
            }
        }
    }

    fn readiness(&self, model: &PostgresHaCluster, live: &Live) -> Readiness {
        readiness(&live.body, model)
    }

    fn disturbs(&self, changed: &[String], model: &PostgresHaCluster) -> bool {
        disturbs(changed, model)
    }

    fn may_recover(&self) -> bool {
        true
    }

    fn pods(&self, model: &PostgresHaCluster) -> Option<String> {
        model
            .name
            .known()
            .map(|name| format!("cnpg.io/cluster={name},cnpg.io/podRole!=pooler"))
    }

    fn announce(
        &self,
        prior: &PostgresHaCluster,
        planned: &PostgresHaCluster,
        diagnostics: &mut Diagnostics,
    ) {
        initdb::refuse_changes(prior, planned, diagnostics);
        announce(prior, planned, diagnostics);
    }
}

/// Paths whose change makes the operator roll the pods.
const ROLLING: [&str; 10] = [
    "spec.imageName",
    "spec.imagePullSecrets",
    "spec.imageCatalogRef",
    "spec.resources",
    "spec.affinity",
    "spec.topologySpreadConstraints",
    "spec.probes",
    "spec.plugins",
    "spec.stopDelay",
    "spec.priorityClassName",
];

fn disturbs(changed: &[String], model: &PostgresHaCluster) -> bool {
    let major = model.major().unwrap_or_default();
    changed.iter().any(|path| {
        let parameter = path.strip_prefix("spec.postgresql.parameters.");
        let restarts = parameter.is_some_and(|name| {
            crate::postgresql::catalogue::effect(major, name, None, Some("")) == Effect::Restart
        });
        restarts
            || path == "spec.instances"
            || ROLLING.iter().any(|rolling| path.starts_with(rolling))
    })
}

/// Healthy, with every instance, and archiving when it should. The status has no generation, so that each fact is checked by itself.
pub fn readiness(cluster: &Json, model: &PostgresHaCluster) -> Readiness {
    let (spec, status) = (&cluster["spec"], &cluster["status"]);
    let phase = status["phase"].as_str().unwrap_or("not reported yet");
    let reason = status["phaseReason"].as_str().unwrap_or_default();
    if TERMINAL.contains(&phase) {
        return Readiness::Failed(format!("phase `{phase}`: {reason}"));
    }
    let wanted = spec["instances"].as_i64().unwrap_or(1);
    let ready = status["readyInstances"].as_i64().unwrap_or(0);
    let there = status["instances"].as_i64().unwrap_or(0);
    if phase != HEALTHY || ready != wanted || there != wanted {
        return Readiness::Waiting(format!(
            "phase `{phase}` {reason}, {ready} of {wanted} instances ready"
        ));
    }
    if status["currentPrimary"] != status["targetPrimary"] {
        return Readiness::Waiting("a switchover is going on".to_owned());
    }
    if let (Some(want), Some(have)) = (spec["imageName"].as_str(), status["image"].as_str())
        && want != have
    {
        return Readiness::Waiting(format!("instances still run `{have}`"));
    }
    if model.backup.present().is_some() {
        return archiving(cluster);
    }
    Readiness::Ready
}

/// Archiving heals by itself from most faults, but never writes into the archive of another cluster.
fn archiving(cluster: &Json) -> Readiness {
    let taken = conditions::find(cluster, "ContinuousArchiving").is_some_and(|condition| {
        condition.status == "False" && condition.message.contains("Expected empty archive")
    });
    if taken {
        return Readiness::Failed(
            "the archive is not empty: another cluster of this name wrote there. Choose another `backup.server_name`, `path` or `container`."
                .to_owned(),
        );
    }
    conditions::condition_true(cluster, "ContinuousArchiving")
}

/// Says in the plan what the change does to a running PostgreSQL.
fn announce(prior: &PostgresHaCluster, planned: &PostgresHaCluster, diagnostics: &mut Diagnostics) {
    let effects = parameters::effects(prior, planned);
    let named = |wanted: Effect| -> Vec<String> {
        effects
            .iter()
            .filter(|(_, effect)| **effect == wanted)
            .map(|(name, _)| format!("`{name}`"))
            .collect()
    };
    let path = Path::root().attribute("parameters");
    let restart = named(Effect::Restart);
    if !restart.is_empty() {
        diagnostics.warning(
            path.clone(),
            "PostgreSQL restarts",
            format!(
                "{} take effect with a restart: standbys first, one by one, then the primary. Connections are cut; with a pooler, clients wait.",
                restart.join(", ")
            ),
        );
    }
    let reload = named(Effect::Reload);
    if !reload.is_empty() && restart.is_empty() {
        diagnostics.warning(
            path,
            "PostgreSQL reloads its configuration",
            format!("{} take effect without a restart.", reload.join(", ")),
        );
    }
    let rolls = rolling_changes(prior, planned);
    if !rolls.is_empty() {
        diagnostics.warning(
            Path::root().attribute(rolls[0]),
            "Instances are replaced one by one",
            format!(
                "A change of {} rolls the pods: standbys first, then a switchover or restart of the primary. Writes stop for some seconds.",
                rolls.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            ),
        );
    }
    major_upgrade(prior, planned, diagnostics);
}

fn rolling_changes(prior: &PostgresHaCluster, planned: &PostgresHaCluster) -> Vec<&'static str> {
    let pool = |model: &PostgresHaCluster| model.node_selection().ok();
    let mut names: BTreeMap<&str, bool> = BTreeMap::new();
    names.insert("cpu", prior.cpu != planned.cpu);
    names.insert("memory", prior.memory != planned.memory);
    names.insert("cpu_limit", prior.cpu_limit != planned.cpu_limit);
    names.insert(
        "postgres_version",
        prior.postgres_version != planned.postgres_version,
    );
    names.insert("image", prior.image != planned.image);
    names.insert(
        "image_pull_secrets",
        prior.image_pull_secrets != planned.image_pull_secrets,
    );
    names.insert("node_pool", pool(prior) != pool(planned));
    names.insert(
        "backup",
        prior.backup.present().is_some() != planned.backup.present().is_some(),
    );
    names
        .into_iter()
        .filter(|(_, changed)| *changed)
        .map(|(name, _)| name)
        .collect()
}

fn major_upgrade(
    prior: &PostgresHaCluster,
    planned: &PostgresHaCluster,
    diagnostics: &mut Diagnostics,
) {
    let (Ok(before), Ok(after)) = (prior.major(), planned.major()) else {
        return;
    };
    let path = Path::root().attribute("postgres_version");
    if after < before {
        diagnostics.error(
            path,
            "PostgreSQL cannot go back",
            format!("The cluster runs PostgreSQL {before}; a data directory cannot be taken to {after}. Recover a backup into a new cluster."),
        );
    } else if after > before {
        let backup = if planned.backup.present().is_some() {
            ""
        } else {
            " There is no backup block: take one first."
        };
        diagnostics.warning(
            path,
            "Major upgrade of PostgreSQL",
            format!("All instances stop while `pg_upgrade` takes the data from {before} to {after}; this cannot be undone in place.{backup}"),
        );
    }
}

/// The version that a running image has, against the prefix that is configured.
pub fn version_matches(configured: &str, image: &str) -> bool {
    match (configured.parse::<Version>(), Version::of_image(image)) {
        (Ok(configured), Ok(actual)) => configured.matches(&actual),
        _ => false,
    }
}
