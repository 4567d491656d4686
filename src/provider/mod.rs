//! The provider itself: its configuration, what its resources share, and the one list of everything that it offers.

mod azure_block;
mod context;
mod kubernetes_block;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;

use self::azure_block::Azure;
use self::context::Context;
use self::kubernetes_block::Kubernetes;
use crate::object;
use crate::reconcile::managed::Managed;
use crate::resources::postgres_ha_cluster::PostgresHaClusterResource;
use crate::schema::attr::{Attr, Block};
use crate::schema::checks;
use crate::schema::diagnostic::{Diagnostics, Path};
use crate::schema::field::{block, optional};
use crate::schema::object::Object;
use crate::schema::resource::{
    Call, DataSource, EphemeralResource, Function, ManagedResource, Provider, Schema,
};
use crate::schema::validate;
use crate::schema::value::Value;
use std::collections::BTreeMap;

object! {
    /// Highly available PostgreSQL on Azure: on AKS with CloudNativePG, and as a managed database.
    pub struct ProviderConfig {
        azure: Block<Azure> => block(),
        kubernetes: Block<Kubernetes> => block(),
        /// Tags for every Azure object.
        tags: Attr<BTreeMap<String, String>> => optional(),
        /// Labels for every Kubernetes object.
        labels: Attr<BTreeMap<String, String>> => optional().check(checks::labels),
        /// How much a plan asks remote systems: `auto` (what can be reached is asked), `off`, or `required` (not being reachable is an
        /// error). Default `auto`.
        preflight: Attr<String> => optional().one_of(&["auto", "off", "required"]),
    }
}

/// Everything that this provider offers.
pub struct Postgres {
    context: Arc<Context>,
    resources: Vec<(&'static str, Arc<dyn ManagedResource>)>,
}

/// The provider, not configured yet. Cheap: nothing is connected before it is needed.
pub fn provider() -> Postgres {
    let context = Arc::new(Context::default());
    Postgres {
        resources: vec![(
            "postgres_ha_cluster",
            Arc::new(Managed::new(PostgresHaClusterResource, context.clone())),
        )],
        context,
    }
}

#[async_trait]
impl Provider for Postgres {
    fn schema(&self) -> Schema {
        Schema {
            version: 0,
            description: ProviderConfig::description(),
            fields: ProviderConfig::fields(),
        }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut diagnostics = validate::validate(&ProviderConfig::fields(), config);
        ProviderConfig::decode(config, &Path::root(), &mut diagnostics);
        diagnostics
    }

    async fn configure(&self, _call: &Call, config: Value) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        let config = ProviderConfig::decode(&config, &Path::root(), &mut diagnostics);
        self.context.configure(config);
        diagnostics
    }

    fn resources(&self) -> &[(&'static str, Arc<dyn ManagedResource>)] {
        &self.resources
    }

    fn data_sources(&self) -> &[(&'static str, Arc<dyn DataSource>)] {
        &[]
    }

    fn ephemeral_resources(&self) -> &[(&'static str, Arc<dyn EphemeralResource>)] {
        &[]
    }

    fn functions(&self) -> &[(&'static str, Arc<dyn Function>)] {
        &[]
    }
}
