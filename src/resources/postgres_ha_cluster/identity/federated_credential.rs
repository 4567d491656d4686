//! The federated credential: lets the ServiceAccount of the instances take the identity on.

use serde_json::json;

use super::API_VERSION;
use crate::reconcile::object::{Address, Desired, Outputs, Ownership, Write};
use crate::reconcile::part::{Part, Query};
use crate::resources::postgres_ha_cluster::{PostgresHaCluster, aks_cluster};
use crate::schema::attr::NotKnown;

const AUDIENCE: &str = "api://AzureADTokenExchange";

pub struct FederatedCredential;

impl Part<PostgresHaCluster> for FederatedCredential {
    fn name(&self) -> &'static str {
        "federated_credential"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["aks_cluster", "identity"]
    }

    fn ownership(&self) -> Ownership {
        Ownership::Name
    }

    fn addresses(&self, model: &PostgresHaCluster) -> Result<Vec<Address>, NotKnown> {
        let Some(identity) = model.wanted_identity()? else {
            return Ok(Vec::new());
        };
        let id = format!(
            "{}/federatedIdentityCredentials/{}",
            identity.id(),
            model.scoped_name()?
        );
        Ok(vec![Address::arm(id, API_VERSION)])
    }

    fn desired(
        &self,
        model: &PostgresHaCluster,
        outputs: &Outputs,
    ) -> Result<Vec<Desired>, NotKnown> {
        let Some(identity) = model.wanted_identity()? else {
            return Ok(Vec::new());
        };
        let subject = format!(
            "system:serviceaccount:{}:{}",
            model.namespace_name()?,
            model.service_account_name()?
        );
        let body = json!({"properties": {
            "issuer": outputs.get(aks_cluster::ISSUER)?,
            "subject": subject,
            "audiences": [AUDIENCE],
        }});
        Ok(self
            .addresses(model)?
            .into_iter()
            .map(|address| {
                Desired::arm(address, Write::Put, self.ownership(), body.clone())
                    .locked(identity.id())
            })
            .collect())
    }

    fn discover(&self, _model: &PostgresHaCluster, _outputs: &Outputs) -> Vec<Query> {
        Vec::new()
    }
}
