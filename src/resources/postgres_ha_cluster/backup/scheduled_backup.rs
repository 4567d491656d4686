//! ScheduledBackups: one for each schedule.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::DAILY;
use crate::kubernetes::{Readiness, conditions};
use crate::reconcile::mark;
use crate::reconcile::object::{Address, Desired, Live, Outputs};
use crate::reconcile::part::{Defaults, Fill, Milestone, Part, Query};
use crate::resources::postgres_ha_cluster::PostgresHaCluster;
use crate::resources::postgres_ha_cluster::names::{CLUSTER_API, PLUGIN};
use crate::schema::attr::{Attr, NotKnown};

pub struct ScheduledBackup;

impl ScheduledBackup {
    fn schedules(model: &PostgresHaCluster) -> Result<Vec<String>, NotKnown> {
        Ok(match model.backup.get()? {
            Some(backup) => backup.schedules.require()?.iter().cloned().collect(),
            None => Vec::new(),
        })
    }
}

impl Part<PostgresHaCluster> for ScheduledBackup {
    fn name(&self) -> &'static str {
        "scheduled_backup"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["cluster", "object_store"]
    }

    /// The operator begins as soon as the cluster can serve.
    fn starts_early(&self) -> bool {
        true
    }

    fn derive(
        &self,
        _defaults: &Defaults,
        _prior: Option<&PostgresHaCluster>,
        model: &mut PostgresHaCluster,
    ) {
        let cluster = model.name.require().cloned();
        let Some(backup) = model.backup.present_mut() else {
            return;
        };
        if backup.schedules.is_unknown() {
            backup.schedules = Attr::Known([DAILY.to_owned()].into());
        }
        if backup.server_name.is_unknown() {
            backup.server_name.derive(cluster);
        }
    }

    fn addresses(&self, model: &PostgresHaCluster) -> Result<Vec<Address>, NotKnown> {
        let (cluster, namespace) = (model.cluster_name()?, model.namespace_name()?);
        Ok(Self::schedules(model)?
            .iter()
            .map(|schedule| {
                let name = format!("{cluster}-{}", mark::short_hash(schedule, 5));
                Address::kubernetes(CLUSTER_API, "ScheduledBackup", Some(namespace), name)
            })
            .collect())
    }

    fn desired(
        &self,
        model: &PostgresHaCluster,
        _outputs: &Outputs,
    ) -> Result<Vec<Desired>, NotKnown> {
        let Some(backup) = model.backup.get()? else {
            return Ok(Vec::new());
        };
        let labels = model.object_labels()?;
        let immediate = *backup.immediate.require()?;
        self.addresses(model)?
            .into_iter()
            .zip(Self::schedules(model)?)
            .enumerate()
            .map(|(index, (address, schedule))| {
                let spec = json!({
                    "schedule": schedule,
                    "cluster": {"name": model.cluster_name()?},
                    "method": "plugin",
                    "pluginConfiguration": {"name": PLUGIN},
                    "backupOwnerReference": "self",
                    "immediate": immediate && index == 0,
                });
                Ok(
                    Desired::kubernetes(address, labels.clone(), json!({"spec": spec}))
                        .once(&["spec.immediate"]),
                )
            })
            .collect()
    }

    fn observed(&self, live: &Live, fill: Fill, model: &mut PostgresHaCluster) {
        let (Some(backup), Some(schedule)) = (
            model.backup.present_mut(),
            live.body["spec"]["schedule"].as_str(),
        ) else {
            return;
        };
        if fill == Fill::All {
            let mut schedules = backup.schedules.known().cloned().unwrap_or_default();
            schedules.insert(schedule.to_owned());
            backup.schedules = Attr::Known(schedules);
            backup.immediate =
                Attr::Known(live.body["spec"]["immediate"].as_bool().unwrap_or(false));
        } else if let Some(schedules) = backup.schedules.known()
            && let Address::Kubernetes { name, .. } = &live.address
        {
            // The object is known by the schedule that it was made for; what it says now takes its place.
            let now: BTreeSet<String> = schedules
                .iter()
                .map(|known| {
                    if name.ends_with(&format!("-{}", mark::short_hash(known, 5))) {
                        schedule.to_owned()
                    } else {
                        known.clone()
                    }
                })
                .collect();
            backup.schedules = Attr::Known(now);
        }
    }

    fn milestone(&self, model: &PostgresHaCluster) -> Option<Milestone> {
        let backup = model.backup.present()?;
        if backup.immediate.known() != Some(&true)
            || backup.schedules.known().is_none_or(BTreeSet::is_empty)
        {
            return None;
        }
        let namespace = model.namespace_name().ok();
        Some(Milestone {
            what: "the first backup to complete".to_owned(),
            address: Address::kubernetes(
                CLUSTER_API,
                "Cluster",
                namespace,
                model.cluster_name().ok()?,
            ),
            check: first_backup,
        })
    }

    fn discover(&self, model: &PostgresHaCluster, _outputs: &Outputs) -> Vec<Query> {
        vec![Query::List {
            api_version: CLUSTER_API,
            kind: "ScheduledBackup",
            namespace: model.namespace.known().cloned(),
        }]
    }

    fn belongs(&self, live: &Live, model: &PostgresHaCluster) -> bool {
        live.body["spec"]["cluster"]["name"].as_str() == model.name.known().map(String::as_str)
    }
}

/// The operator tries a failed backup again, so only success ends this wait.
fn first_backup(cluster: &Json) -> Readiness {
    conditions::condition_true(cluster, "LastBackupSucceeded")
}
