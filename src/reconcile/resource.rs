//! What a resource type adds to its parts: names, identity, and the steps that only it knows.

use async_trait::async_trait;

use super::failure::Failure;
use super::object::Address;
use super::part::{Defaults, Part};
use super::systems::{Limits, Systems};
use crate::schema::attr::NotKnown;
use crate::schema::diagnostic::{Diagnostics, Path};
use crate::schema::object::Object;
use crate::schema::resource::IdentityAttribute;
use crate::schema::value::Value;

/// How much a plan asks remote systems.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preflight {
    /// When they can be reached.
    #[default]
    Auto,
    Off,
    /// Not being reachable is an error.
    Required,
}

/// The configured provider, as the engine needs it.
#[async_trait]
pub trait Environment: Send + Sync {
    fn defaults(&self) -> Defaults;

    fn preflight(&self) -> Preflight;

    /// The clients for a resource on this AKS cluster, or on the cluster of the provider's own `kubernetes` block.
    async fn systems(&self, aks_cluster_id: Option<&str>, limits: Limits) -> Systems;
}

/// A resource type. Every model has the common attributes `id` and `objects`, and may have `deletion_protection`,
/// `on_create_failure`, `force_conflicts` and `timeouts`, which the engine reads by these names.
#[async_trait]
pub trait Resource: Send + Sync + 'static {
    type Model: Object + PartialEq + Send + Sync;

    fn type_name(&self) -> &'static str;

    fn schema_version(&self) -> i64 {
        0
    }

    /// The parts in reading order; the graph sorts them by their needs.
    fn parts(&self) -> Vec<Box<dyn Part<Self::Model>>>;

    /// The part whose one object stands for the resource: it carries the state of a creation.
    fn primary(&self) -> &'static str;

    fn id(&self, model: &Self::Model) -> Result<String, NotKnown>;

    /// The attributes that an import id tells, or why it cannot be read.
    fn parse_id(&self, id: &str) -> Result<Vec<(String, Value)>, String>;

    fn identity(&self) -> Vec<IdentityAttribute>;

    /// The AKS cluster that the resource lives on, if it names one.
    fn aks_cluster_id(&self, model: &Self::Model) -> Result<Option<String>, NotKnown>;

    /// Rules across blocks.
    fn validate(&self, _model: &Self::Model, _diagnostics: &mut Diagnostics) {}

    /// Defaults and results that follow from the whole configuration; runs before those of the parts.
    fn derive(&self, _defaults: &Defaults, _prior: Option<&Self::Model>, _model: &mut Self::Model) {
    }

    /// The attribute that a field of a remote object comes from, as far as it can be told.
    fn attribute_of(&self, _address: &Address, _field: &str) -> Path {
        Path::root()
    }

    /// Corrects a model that an import discovered, once every part has filled it.
    fn imported(&self, _model: &mut Self::Model) {}

    /// What must happen before the first deletion: a last backup, disks released. Says what stays.
    async fn before_destroy(
        &self,
        _systems: &Systems,
        _model: &Self::Model,
    ) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }

    /// What can only happen once everything is deleted. Says what stays.
    async fn after_destroy(
        &self,
        _systems: &Systems,
        _model: &Self::Model,
    ) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }
}
