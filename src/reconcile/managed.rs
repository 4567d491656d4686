//! A resource type as Terraform drives it: every call in terms of the parts.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::time::Instant;

use super::failure::Failure;
use super::graph::Graph;
use super::mark;
use super::plan;
use super::record::Record;
use super::resource::{Environment, Resource};
use super::run::decode;
use super::systems::{Limits, Systems};
use super::timeouts::{self, Operation};
use super::{discover, read, write};
use crate::schema::attr::NotKnown;
use crate::schema::diagnostic::{Diagnostics, Path};
use crate::schema::object::Object;
use crate::schema::resource::{
    ApplyRequest, ApplyResponse, Call, IdentitySchema, ImportRequest, ImportResponse,
    ManagedResource, MoveRequest, MoveResponse, PlanRequest, PlanResponse, ReadRequest,
    ReadResponse, Schema,
};
use crate::schema::validate;
use crate::schema::value::Value;
use crate::schema::{identity, import};

/// Drives one resource type.
pub struct Managed<R: Resource> {
    pub(super) resource: R,
    pub(super) graph: Graph<R::Model>,
    pub(super) environment: Arc<dyn Environment>,
}

impl<R: Resource> Managed<R> {
    pub fn new(resource: R, environment: Arc<dyn Environment>) -> Self {
        let graph = Graph::new(resource.parts());
        Managed {
            resource,
            graph,
            environment,
        }
    }

    pub fn graph(&self) -> &Graph<R::Model> {
        &self.graph
    }

    pub(super) fn limits(&self, call: &Call, value: &Value, operation: Operation) -> Limits {
        Limits {
            deadline: Instant::now() + timeouts::of(value, operation),
            cancel: call.cancel.clone(),
        }
    }

    pub(super) async fn systems(&self, model: &R::Model, limits: Limits) -> Systems {
        let cluster = self.resource.aks_cluster_id(model);
        match cluster {
            Ok(cluster) => self.environment.systems(cluster.as_deref(), limits).await,
            Err(NotKnown) => {
                let unknown = Failure::other(
                    "The cluster is not known yet",
                    "`aks_cluster_id` is known only after apply.",
                );
                Systems {
                    azure: Err(unknown.clone()),
                    kubernetes: Err(unknown),
                    limits,
                }
            }
        }
    }

    pub(super) fn identity_of(&self, value: &Value) -> Option<Value> {
        let schema = self.identity_schema()?;
        (!value.is_null()).then(|| identity::identity_of(&schema, value))
    }

    pub(super) fn owner(&self, model: &R::Model) -> (String, String) {
        let id = self.resource.id(model).unwrap_or_default();
        (mark::owner(self.resource.type_name(), &id), id)
    }
}

#[async_trait]
impl<R: Resource> ManagedResource for Managed<R> {
    fn schema(&self) -> Schema {
        Schema {
            version: self.resource.schema_version(),
            description: R::Model::description(),
            fields: R::Model::fields(),
        }
    }

    fn identity_schema(&self) -> Option<IdentitySchema> {
        Some(IdentitySchema {
            version: 0,
            attributes: self.resource.identity(),
        })
    }

    fn validate(&self, _call: &Call, config: &Value) -> Diagnostics {
        let mut diagnostics = validate::validate(&R::Model::fields(), config);
        R::Model::decode(config, &Path::root(), &mut diagnostics);
        // Rules see the configuration with its defaults, as the plan will.
        let defaults = self.environment.defaults();
        let model = plan::plan(
            &self.resource,
            &self.graph,
            &defaults,
            &Value::Null,
            config,
            &Record::default(),
        )
        .model;
        self.resource.validate(&model, &mut diagnostics);
        for part in self.graph.parts() {
            part.validate(&model, &mut diagnostics);
        }
        diagnostics
    }

    fn upgrade(
        &self,
        version: i64,
        _state: serde_json::Value,
    ) -> Result<serde_json::Value, String> {
        Err(format!(
            "state of schema version {version} is older than any that this resource ever had"
        ))
    }

    async fn read(&self, call: &Call, request: ReadRequest) -> ReadResponse {
        let current = match (&request.current, &request.identity) {
            (Value::Null, Some(identity)) => stub::<R::Model>(&told_by(identity)),
            (current, _) => current.clone(),
        };
        let mut response = ReadResponse {
            new: request.current.clone(),
            private: request.private.clone(),
            identity: request.identity.clone(),
            diagnostics: Diagnostics::new(),
        };
        let model: R::Model = decode(&current);
        let limits = self.limits(call, &current, Operation::Read);
        let systems = self.systems(&model, limits).await;
        let record = Record::from_private(&request.private);
        let found = if record.objects.is_empty() {
            self.read_import(&systems, &current, &mut response).await
        } else {
            self.read_owned(&systems, &record, &current, &mut response)
                .await
        };
        match found {
            Ok(new) => {
                response.identity = self.identity_of(&new).or(request.identity);
                response.new = new;
            }
            Err(failure) => response.diagnostics.error(
                Path::root(),
                format!(
                    "Reading {} failed: {}",
                    self.resource.type_name(),
                    failure.summary
                ),
                format!("{}\nThe state is kept as it was.", failure.detail),
            ),
        }
        response
    }

    async fn plan(&self, call: &Call, request: PlanRequest) -> PlanResponse {
        if request.proposed.is_null() {
            return self.plan_destroy(request);
        }
        let record = Record::from_private(&request.prior_private);
        let proposal = plan::plan(
            &self.resource,
            &self.graph,
            &self.environment.defaults(),
            &request.prior,
            &request.config,
            &record,
        );
        let mut diagnostics = Diagnostics::new();
        let replaces = !proposal.requires_replace.is_empty()
            || (request.prior.is_null() && record.deletion_protection.is_some());
        let protected = proposal.planned.member("deletion_protection") != &Value::Bool(false);
        if replaces && protected && !proposal.planned.member("deletion_protection").is_unknown() {
            let id = request.prior.member("id").as_str();
            plan::refuse_deletion(
                self.resource.type_name(),
                id,
                "This replacement",
                &mut diagnostics,
            );
        }
        let mut planned_private = request.prior_private.clone();
        if proposal.planned != request.prior {
            if !request.prior.is_null() && proposal.requires_replace.is_empty() {
                let prior: R::Model = decode(&request.prior);
                for part in self.graph.parts() {
                    part.announce(&prior, &proposal.model, &mut diagnostics);
                }
            }
            if !diagnostics.has_errors() {
                self.preflight(call, &proposal, &mut diagnostics).await;
            }
            if !request.prior.is_null() || record.deletion_protection.is_some() {
                let mut record = record;
                record.deletion_protection = Some(protected);
                planned_private = record.to_private();
            }
        }
        PlanResponse {
            planned_identity: self.planned_identity(&request, &proposal.planned),
            planned: proposal.planned,
            requires_replace: proposal.requires_replace,
            planned_private,
            diagnostics,
        }
    }

    async fn apply(&self, call: &Call, request: ApplyRequest) -> ApplyResponse {
        match (request.prior.is_null(), request.planned.is_null()) {
            (_, true) => write::destroy(self, call, request).await,
            (true, false) => write::create(self, call, request).await,
            (false, false) => write::update(self, call, request).await,
        }
    }

    async fn import(&self, _call: &Call, request: ImportRequest) -> ImportResponse {
        let mut response = ImportResponse::default();
        let attributes = match &request {
            ImportRequest::Identity(identity) => Ok(told_by(identity)),
            ImportRequest::Id(id) => self.resource.parse_id(id),
        };
        match attributes {
            Ok(attributes) => {
                let state = stub::<R::Model>(&attributes);
                response.identity = self.identity_of(&state);
                response.state = Some(state);
            }
            Err(why) => response.diagnostics.error(
                Path::root(),
                format!(
                    "The import id of {} cannot be read",
                    self.resource.type_name()
                ),
                why,
            ),
        }
        response
    }

    async fn move_state(&self, _call: &Call, request: MoveRequest) -> MoveResponse {
        let mut response = MoveResponse::default();
        response.diagnostics.error(
            Path::root(),
            "The resource cannot be moved here",
            format!(
                "A `{}` cannot become a `{}`. Remove it from state and import it instead.",
                request.source_type_name,
                self.resource.type_name()
            ),
        );
        response
    }
}

impl<R: Resource> Managed<R> {
    async fn read_import(
        &self,
        systems: &Systems,
        current: &Value,
        response: &mut ReadResponse,
    ) -> Result<Value, Failure> {
        let found = discover::discover(&self.resource, &self.graph, systems, current).await?;
        Ok(found.map_or(Value::Null, |found| {
            response.private = found.record.to_private();
            found.value
        }))
    }

    async fn read_owned(
        &self,
        systems: &Systems,
        record: &Record,
        current: &Value,
        response: &mut ReadResponse,
    ) -> Result<Value, Failure> {
        let found = read::read(
            &self.graph,
            systems,
            self.resource.primary(),
            record,
            current,
        )
        .await?;
        response.diagnostics.extend(found.diagnostics);
        Ok(found.value.unwrap_or(Value::Null))
    }

    fn plan_destroy(&self, request: PlanRequest) -> PlanResponse {
        let mut diagnostics = Diagnostics::new();
        if request.prior.member("deletion_protection") != &Value::Bool(false) {
            let id = request.prior.member("id").as_str();
            plan::refuse_deletion(
                self.resource.type_name(),
                id,
                "This destroy",
                &mut diagnostics,
            );
        }
        PlanResponse {
            planned: Value::Null,
            planned_private: request.prior_private,
            diagnostics,
            ..PlanResponse::default()
        }
    }

    /// The identity is made of configured attributes: planned with them, and stable for the life of the resource.
    fn planned_identity(&self, request: &PlanRequest, planned: &Value) -> Option<Value> {
        match &request.prior_identity {
            Some(identity) if identity.is_wholly_known() && !request.prior.is_null() => {
                Some(identity.clone())
            }
            _ => self.identity_of(planned),
        }
    }
}

/// The attributes that an identity tells.
fn told_by(identity: &Value) -> Vec<(String, Value)> {
    let members = identity.as_map().into_iter().flatten();
    members
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn stub<M: Object>(attributes: &[(String, Value)]) -> Value {
    let given: Vec<(&str, Value)> = attributes
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    import::stub(&M::fields(), &given)
}
