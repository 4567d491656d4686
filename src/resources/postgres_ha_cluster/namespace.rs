//! The namespace: made when missing, shared with others, never removed.

use serde_json::json;

use super::PostgresHaCluster;
use crate::reconcile::object::{Address, Desired, Outputs, Ownership};
use crate::reconcile::part::{Part, Query};
use crate::schema::attr::NotKnown;

pub struct Namespace;

impl Part<PostgresHaCluster> for Namespace {
    fn name(&self) -> &'static str {
        "namespace"
    }

    fn ownership(&self) -> Ownership {
        Ownership::Shared
    }

    fn desired(
        &self,
        model: &PostgresHaCluster,
        _outputs: &Outputs,
    ) -> Result<Vec<Desired>, NotKnown> {
        let address = Address::kubernetes("v1", "Namespace", None, model.namespace_name()?);
        Ok(vec![
            Desired::kubernetes(address, json!({}), json!({})).owned_by(self.ownership()),
        ])
    }

    fn discover(&self, _model: &PostgresHaCluster, _outputs: &Outputs) -> Vec<Query> {
        Vec::new()
    }
}
