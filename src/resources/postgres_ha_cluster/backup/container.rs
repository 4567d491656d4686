//! The blob container. It is made through Azure Resource Manager, which works when network rules close the data plane, and before the
//! cluster: the first archiving would fail without it.

use serde_json::json;

use super::storage_account::API_VERSION;
use crate::reconcile::object::{Address, Desired, Outputs, Ownership, Write};
use crate::reconcile::part::{Part, Query};
use crate::resources::postgres_ha_cluster::PostgresHaCluster;
use crate::schema::attr::NotKnown;
use crate::schema::value::Value;

pub fn name(value: &Value) -> Result<(), String> {
    let name = value.as_str().unwrap_or_default();
    let fits = (3..=63).contains(&name.len())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--");
    fits.then_some(())
        .ok_or_else(|| format!("`{name}` is not a container name: 3 to 63 lower-case letters, digits and single hyphens inside"))
}

impl PostgresHaCluster {
    /// The id of the container, when Azure Resource Manager knows its account.
    pub fn container_id(&self) -> Result<Option<String>, NotKnown> {
        let (Some(account), Some(backup)) = (self.wanted_storage_account()?, self.backup.get()?)
        else {
            return Ok(None);
        };
        let container = backup.container.require()?;
        Ok(Some(format!(
            "{account}/blobServices/default/containers/{container}"
        )))
    }
}

pub struct Container;

impl Part<PostgresHaCluster> for Container {
    fn name(&self) -> &'static str {
        "container"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["storage_account"]
    }

    fn ownership(&self) -> Ownership {
        Ownership::Name
    }

    fn addresses(&self, model: &PostgresHaCluster) -> Result<Vec<Address>, NotKnown> {
        Ok(model
            .container_id()?
            .map(|id| Address::arm(id, API_VERSION))
            .into_iter()
            .collect())
    }

    fn desired(
        &self,
        model: &PostgresHaCluster,
        _outputs: &Outputs,
    ) -> Result<Vec<Desired>, NotKnown> {
        Ok(self
            .addresses(model)?
            .into_iter()
            .map(|address| {
                let body = json!({"properties": {"publicAccess": "None"}});
                Desired::arm(address, Write::Put, self.ownership(), body).locked(
                    model
                        .storage_account_id
                        .known()
                        .cloned()
                        .unwrap_or_default(),
                )
            })
            .collect())
    }

    fn discover(&self, _model: &PostgresHaCluster, _outputs: &Outputs) -> Vec<Query> {
        Vec::new()
    }

    fn outlives(&self, model: &PostgresHaCluster) -> bool {
        outlives(model)
    }
}

/// Backups outlive their cluster, unless it was said that they go with it.
pub fn outlives(model: &PostgresHaCluster) -> bool {
    model
        .backup
        .present()
        .is_none_or(|backup| backup.delete_with_cluster.known() != Some(&true))
}
