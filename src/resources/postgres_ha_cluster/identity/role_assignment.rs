//! The role assignment: lets the identity write into the container of the backups, and nowhere else.

use serde_json::json;
use uuid::Uuid;

use crate::reconcile::object::{Address, Desired, Outputs, Ownership, Write};
use crate::reconcile::part::{Part, Query};
use crate::resources::postgres_ha_cluster::{PostgresHaCluster, names};
use crate::schema::attr::NotKnown;

const API_VERSION: &str = "2022-04-01";
/// Storage Blob Data Contributor, from Azure's list of built-in roles.
const ROLE: &str = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";

pub struct RoleAssignment;

impl Part<PostgresHaCluster> for RoleAssignment {
    fn name(&self) -> &'static str {
        "role_assignment"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["identity", "container"]
    }

    /// The name follows from scope, role and identity, so that an assignment whose answer was lost is found again.
    fn ownership(&self) -> Ownership {
        Ownership::Name
    }

    fn addresses(&self, model: &PostgresHaCluster) -> Result<Vec<Address>, NotKnown> {
        let (Some(identity), Some(scope)) = (model.wanted_identity()?, model.container_id()?)
        else {
            return Ok(Vec::new());
        };
        let seed = format!("{scope}|{ROLE}|{}", identity.id()).to_lowercase();
        let name = Uuid::new_v5(&Uuid::NAMESPACE_URL, seed.as_bytes());
        let id = format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}");
        Ok(vec![Address::arm(id, API_VERSION)])
    }

    fn desired(
        &self,
        model: &PostgresHaCluster,
        _outputs: &Outputs,
    ) -> Result<Vec<Desired>, NotKnown> {
        let Some(scope) = model.container_id()? else {
            return Ok(Vec::new());
        };
        let addresses = self.addresses(model)?;
        if addresses.is_empty() {
            return Ok(Vec::new());
        }
        let role = format!(
            "{}/providers/Microsoft.Authorization/roleDefinitions/{ROLE}",
            names::subscription(&scope)
        );
        let body = json!({"properties": {
            "roleDefinitionId": role,
            "principalId": model.identity_principal_id.require()?,
            "principalType": "ServicePrincipal",
        }});
        Ok(addresses
            .into_iter()
            .map(|address| Desired::arm(address, Write::Recreate, self.ownership(), body.clone()))
            .collect())
    }

    fn discover(&self, _model: &PostgresHaCluster, _outputs: &Outputs) -> Vec<Query> {
        Vec::new()
    }
}
