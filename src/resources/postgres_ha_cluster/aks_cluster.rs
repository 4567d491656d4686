//! The AKS cluster that everything stands on. It belongs to someone else: its location and its token issuer are read here.

use super::PostgresHaCluster;
use crate::reconcile::object::{Address, Live, Outputs};
use crate::reconcile::part::{Part, Query};
use crate::schema::attr::NotKnown;

pub const API_VERSION: &str = "2024-09-01";
/// Output: the Azure region.
pub const LOCATION: &str = "location";
/// Output: the issuer of the tokens of its ServiceAccounts.
pub const ISSUER: &str = "oidc_issuer_url";

pub struct AksCluster;

impl Part<PostgresHaCluster> for AksCluster {
    fn name(&self) -> &'static str {
        "aks_cluster"
    }

    fn lookups(&self, model: &PostgresHaCluster) -> Result<Vec<Address>, NotKnown> {
        Ok(model
            .aks_cluster_id
            .get()?
            .filter(|_| model.uses_azure())
            .map(|id| Address::arm(id, API_VERSION))
            .into_iter()
            .collect())
    }

    fn outputs(&self, live: &Live, outputs: &mut Outputs) {
        if let Some(location) = live.body["location"].as_str() {
            outputs.set(LOCATION, location);
        }
        if let Some(issuer) = live.body["properties"]["oidcIssuerProfile"]["issuerURL"].as_str() {
            outputs.set(ISSUER, issuer);
        }
    }

    fn discover(&self, _model: &PostgresHaCluster, _outputs: &Outputs) -> Vec<Query> {
        Vec::new()
    }
}
