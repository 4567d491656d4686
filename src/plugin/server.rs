//! The service itself: one short method for each rpc.

use std::pin::Pin;
use std::sync::Arc;

use futures::Stream;
use tonic::{Request, Response, Status};
use tracing::{Span, debug_span};

use super::convert::{diagnostics_out, functions_out, identity_schema_out, schema_out};
use super::guard::{Runs, run};
use super::proto::tfplugin5 as wire;
use super::{managed, others};
use crate::schema::diagnostic::Diagnostics;
use crate::schema::resource::Provider;

type Answer<T> = Result<Response<T>, Status>;
type Events<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The provider behind the wire.
#[derive(Clone)]
pub struct Server {
    provider: Arc<dyn Provider>,
    runs: Runs,
}

impl Server {
    pub fn new(provider: Arc<dyn Provider>, runs: Runs) -> Self {
        Server { provider, runs }
    }
}

fn span(rpc: &'static str, type_name: &str) -> Span {
    debug_span!("rpc", rpc, resource = type_name)
}

fn capabilities() -> wire::ServerCapabilities {
    wire::ServerCapabilities {
        plan_destroy: true,
        get_provider_schema_optional: true,
        move_resource_state: true,
        generate_resource_config: false,
    }
}

fn writes_allowed(capabilities: Option<wire::ClientCapabilities>) -> bool {
    capabilities.is_some_and(|capabilities| capabilities.write_only_attributes_allowed)
}

fn not_offered<T>(what: &str) -> Answer<T> {
    Err(Status::unimplemented(format!(
        "this provider offers no {what}"
    )))
}

/// Runs a handler and puts what `failed` makes of a panic in its place.
async fn guarded<T: Send + 'static>(
    span: Span,
    work: impl Future<Output = T> + Send + 'static,
    failed: impl FnOnce(Vec<wire::Diagnostic>) -> T,
) -> Answer<T> {
    let answer = run(span, work).await;
    Ok(Response::new(answer.unwrap_or_else(
        |diagnostics: Diagnostics| failed(diagnostics_out(diagnostics)),
    )))
}

#[tonic::async_trait]
impl wire::provider_server::Provider for Server {
    async fn get_metadata(
        &self,
        _: Request<wire::get_metadata::Request>,
    ) -> Answer<wire::get_metadata::Response> {
        use wire::get_metadata as meta;
        let provider = &self.provider;
        let name = |name: &&str| (*name).to_owned();
        Ok(Response::new(meta::Response {
            server_capabilities: Some(capabilities()),
            resources: provider
                .resources()
                .iter()
                .map(|(n, _)| meta::ResourceMetadata { type_name: name(n) })
                .collect(),
            data_sources: provider
                .data_sources()
                .iter()
                .map(|(n, _)| meta::DataSourceMetadata { type_name: name(n) })
                .collect(),
            functions: provider
                .functions()
                .iter()
                .map(|(n, _)| meta::FunctionMetadata { name: name(n) })
                .collect(),
            ephemeral_resources: provider
                .ephemeral_resources()
                .iter()
                .map(|(n, _)| meta::EphemeralResourceMetadata { type_name: name(n) })
                .collect(),
            ..Default::default()
        }))
    }

    async fn get_schema(
        &self,
        _: Request<wire::get_provider_schema::Request>,
    ) -> Answer<wire::get_provider_schema::Response> {
        let provider = self.provider.clone();
        let failed = |diagnostics| wire::get_provider_schema::Response {
            diagnostics,
            ..Default::default()
        };
        guarded(
            span("GetSchema", ""),
            async move { schemas(provider.as_ref()) },
            failed,
        )
        .await
    }

    async fn get_resource_identity_schemas(
        &self,
        _: Request<wire::get_resource_identity_schemas::Request>,
    ) -> Answer<wire::get_resource_identity_schemas::Response> {
        let schemas = self.provider.resources().iter();
        Ok(Response::new(
            wire::get_resource_identity_schemas::Response {
                identity_schemas: schemas
                    .filter_map(|(name, resource)| {
                        Some((
                            (*name).to_owned(),
                            identity_schema_out(&resource.identity_schema()?),
                        ))
                    })
                    .collect(),
                diagnostics: Vec::new(),
            },
        ))
    }

    async fn prepare_provider_config(
        &self,
        request: Request<wire::prepare_provider_config::Request>,
    ) -> Answer<wire::prepare_provider_config::Response> {
        let (provider, request) = (self.provider.clone(), request.into_inner());
        let work = async move {
            let diagnostics = others::validate_provider(&provider, request.config.as_ref());
            wire::prepare_provider_config::Response {
                prepared_config: request.config,
                diagnostics: diagnostics_out(diagnostics),
            }
        };
        let failed = |diagnostics| wire::prepare_provider_config::Response {
            diagnostics,
            ..Default::default()
        };
        guarded(span("PrepareProviderConfig", ""), work, failed).await
    }

    async fn configure(
        &self,
        request: Request<wire::configure::Request>,
    ) -> Answer<wire::configure::Response> {
        let (provider, request) = (self.provider.clone(), request.into_inner());
        let call = self.runs.call(true);
        let work = async move {
            let diagnostics = match others::provider_config(&provider, request.config.as_ref()) {
                Ok(config) => provider.configure(&call, config).await,
                Err(diagnostics) => diagnostics,
            };
            wire::configure::Response {
                diagnostics: diagnostics_out(diagnostics),
            }
        };
        guarded(span("Configure", ""), work, |diagnostics| {
            wire::configure::Response { diagnostics }
        })
        .await
    }

    async fn validate_resource_type_config(
        &self,
        request: Request<wire::validate_resource_type_config::Request>,
    ) -> Answer<wire::validate_resource_type_config::Response> {
        let (provider, request) = (self.provider.clone(), request.into_inner());
        let call = self.runs.call(writes_allowed(request.client_capabilities));
        let span = span("ValidateResourceTypeConfig", &request.type_name);
        let work = async move {
            let diagnostics = managed::validate(&provider, &call, request);
            wire::validate_resource_type_config::Response {
                diagnostics: diagnostics_out(diagnostics),
            }
        };
        guarded(span, work, |diagnostics| {
            wire::validate_resource_type_config::Response { diagnostics }
        })
        .await
    }

    async fn validate_data_source_config(
        &self,
        request: Request<wire::validate_data_source_config::Request>,
    ) -> Answer<wire::validate_data_source_config::Response> {
        let (provider, request) = (self.provider.clone(), request.into_inner());
        let span = span("ValidateDataSourceConfig", &request.type_name);
        let work = async move {
            let diagnostics = others::validate_data_source(&provider, &request);
            wire::validate_data_source_config::Response {
                diagnostics: diagnostics_out(diagnostics),
            }
        };
        guarded(span, work, |diagnostics| {
            wire::validate_data_source_config::Response { diagnostics }
        })
        .await
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<wire::upgrade_resource_state::Request>,
    ) -> Answer<wire::upgrade_resource_state::Response> {
        let (provider, request) = (self.provider.clone(), request.into_inner());
        let span = span("UpgradeResourceState", &request.type_name);
        let failed = |diagnostics| wire::upgrade_resource_state::Response {
            diagnostics,
            ..Default::default()
        };
        guarded(
            span,
            async move { managed::upgrade(&provider, request) },
            failed,
        )
        .await
    }

    async fn upgrade_resource_identity(
        &self,
        request: Request<wire::upgrade_resource_identity::Request>,
    ) -> Answer<wire::upgrade_resource_identity::Response> {
        let (provider, request) = (self.provider.clone(), request.into_inner());
        let span = span("UpgradeResourceIdentity", &request.type_name);
        let failed = |diagnostics| wire::upgrade_resource_identity::Response {
            diagnostics,
            ..Default::default()
        };
        guarded(
            span,
            async move { managed::upgrade_identity(&provider, request) },
            failed,
        )
        .await
    }

    async fn read_resource(
        &self,
        request: Request<wire::read_resource::Request>,
    ) -> Answer<wire::read_resource::Response> {
        let request = request.into_inner();
        let (kept, private) = (request.current_state.clone(), request.private.clone());
        let identity = request.current_identity.clone();
        let span = span("ReadResource", &request.type_name);
        let failed = |diagnostics| wire::read_resource::Response {
            new_state: kept,
            private,
            diagnostics,
            new_identity: identity,
            ..Default::default()
        };
        guarded(
            span,
            managed::read(self.provider.clone(), self.runs.call(true), request),
            failed,
        )
        .await
    }

    async fn plan_resource_change(
        &self,
        request: Request<wire::plan_resource_change::Request>,
    ) -> Answer<wire::plan_resource_change::Response> {
        let request = request.into_inner();
        let span = span("PlanResourceChange", &request.type_name);
        let failed = |diagnostics| wire::plan_resource_change::Response {
            diagnostics,
            ..Default::default()
        };
        guarded(
            span,
            managed::plan(self.provider.clone(), self.runs.call(true), request),
            failed,
        )
        .await
    }

    async fn apply_resource_change(
        &self,
        request: Request<wire::apply_resource_change::Request>,
    ) -> Answer<wire::apply_resource_change::Response> {
        let request = request.into_inner();
        let (kept, private) = (request.prior_state.clone(), request.planned_private.clone());
        let span = span("ApplyResourceChange", &request.type_name);
        let failed = |diagnostics| wire::apply_resource_change::Response {
            new_state: kept,
            private,
            diagnostics,
            ..Default::default()
        };
        guarded(
            span,
            managed::apply(self.provider.clone(), self.runs.call(true), request),
            failed,
        )
        .await
    }

    async fn import_resource_state(
        &self,
        request: Request<wire::import_resource_state::Request>,
    ) -> Answer<wire::import_resource_state::Response> {
        let request = request.into_inner();
        let span = span("ImportResourceState", &request.type_name);
        let failed = |diagnostics| wire::import_resource_state::Response {
            diagnostics,
            ..Default::default()
        };
        guarded(
            span,
            managed::import(self.provider.clone(), self.runs.call(true), request),
            failed,
        )
        .await
    }

    async fn move_resource_state(
        &self,
        request: Request<wire::move_resource_state::Request>,
    ) -> Answer<wire::move_resource_state::Response> {
        let request = request.into_inner();
        let span = span("MoveResourceState", &request.target_type_name);
        let failed = |diagnostics| wire::move_resource_state::Response {
            diagnostics,
            ..Default::default()
        };
        guarded(
            span,
            managed::move_state(self.provider.clone(), self.runs.call(true), request),
            failed,
        )
        .await
    }

    async fn read_data_source(
        &self,
        request: Request<wire::read_data_source::Request>,
    ) -> Answer<wire::read_data_source::Response> {
        let request = request.into_inner();
        let span = span("ReadDataSource", &request.type_name);
        let failed = |diagnostics| wire::read_data_source::Response {
            diagnostics,
            ..Default::default()
        };
        guarded(
            span,
            others::read_data_source(self.provider.clone(), self.runs.call(true), request),
            failed,
        )
        .await
    }

    async fn generate_resource_config(
        &self,
        _: Request<wire::generate_resource_config::Request>,
    ) -> Answer<wire::generate_resource_config::Response> {
        not_offered("configuration for imports beyond core's own")
    }

    async fn validate_ephemeral_resource_config(
        &self,
        request: Request<wire::validate_ephemeral_resource_config::Request>,
    ) -> Answer<wire::validate_ephemeral_resource_config::Response> {
        let (provider, request) = (self.provider.clone(), request.into_inner());
        let span = span("ValidateEphemeralResourceConfig", &request.type_name);
        let work = async move {
            let diagnostics = others::validate_ephemeral(&provider, &request);
            wire::validate_ephemeral_resource_config::Response {
                diagnostics: diagnostics_out(diagnostics),
            }
        };
        guarded(span, work, |diagnostics| {
            wire::validate_ephemeral_resource_config::Response { diagnostics }
        })
        .await
    }

    async fn open_ephemeral_resource(
        &self,
        request: Request<wire::open_ephemeral_resource::Request>,
    ) -> Answer<wire::open_ephemeral_resource::Response> {
        let request = request.into_inner();
        let span = span("OpenEphemeralResource", &request.type_name);
        let failed = |diagnostics| wire::open_ephemeral_resource::Response {
            diagnostics,
            ..Default::default()
        };
        guarded(
            span,
            others::open(self.provider.clone(), self.runs.call(true), request),
            failed,
        )
        .await
    }

    async fn renew_ephemeral_resource(
        &self,
        request: Request<wire::renew_ephemeral_resource::Request>,
    ) -> Answer<wire::renew_ephemeral_resource::Response> {
        let request = request.into_inner();
        let span = span("RenewEphemeralResource", &request.type_name);
        let failed = |diagnostics| wire::renew_ephemeral_resource::Response {
            diagnostics,
            ..Default::default()
        };
        guarded(
            span,
            others::renew(self.provider.clone(), self.runs.call(true), request),
            failed,
        )
        .await
    }

    async fn close_ephemeral_resource(
        &self,
        request: Request<wire::close_ephemeral_resource::Request>,
    ) -> Answer<wire::close_ephemeral_resource::Response> {
        let request = request.into_inner();
        let span = span("CloseEphemeralResource", &request.type_name);
        let failed = |diagnostics| wire::close_ephemeral_resource::Response { diagnostics };
        guarded(
            span,
            others::close(self.provider.clone(), self.runs.call(true), request),
            failed,
        )
        .await
    }

    type ListResourceStream = Events<wire::list_resource::Event>;

    async fn list_resource(
        &self,
        _: Request<wire::list_resource::Request>,
    ) -> Answer<Self::ListResourceStream> {
        not_offered("list resources")
    }

    async fn validate_list_resource_config(
        &self,
        _: Request<wire::validate_list_resource_config::Request>,
    ) -> Answer<wire::validate_list_resource_config::Response> {
        not_offered("list resources")
    }

    async fn get_functions(
        &self,
        _: Request<wire::get_functions::Request>,
    ) -> Answer<wire::get_functions::Response> {
        let functions = self
            .provider
            .functions()
            .iter()
            .map(|(name, function)| (*name, function.signature()));
        Ok(Response::new(wire::get_functions::Response {
            functions: functions_out(functions),
            diagnostics: Vec::new(),
        }))
    }

    async fn call_function(
        &self,
        request: Request<wire::call_function::Request>,
    ) -> Answer<wire::call_function::Response> {
        let (provider, request) = (self.provider.clone(), request.into_inner());
        let span = span("CallFunction", &request.name);
        let failed = |_| wire::call_function::Response {
            result: None,
            error: Some(wire::FunctionError {
                text: "the provider has a bug: the function panicked".to_owned(),
                function_argument: None,
            }),
        };
        guarded(
            span,
            async move { others::call_function(&provider, &request) },
            failed,
        )
        .await
    }

    async fn validate_action_config(
        &self,
        _: Request<wire::validate_action_config::Request>,
    ) -> Answer<wire::validate_action_config::Response> {
        not_offered("actions")
    }

    async fn plan_action(
        &self,
        _: Request<wire::plan_action::Request>,
    ) -> Answer<wire::plan_action::Response> {
        not_offered("actions")
    }

    type InvokeActionStream = Events<wire::invoke_action::Event>;

    async fn invoke_action(
        &self,
        _: Request<wire::invoke_action::Request>,
    ) -> Answer<Self::InvokeActionStream> {
        not_offered("actions")
    }

    async fn stop(&self, _: Request<wire::stop::Request>) -> Answer<wire::stop::Response> {
        tracing::info!("core asks the provider to stop");
        self.runs.stop();
        Ok(Response::new(wire::stop::Response {
            error: String::new(),
        }))
    }
}

fn schemas(provider: &dyn Provider) -> wire::get_provider_schema::Response {
    wire::get_provider_schema::Response {
        provider: Some(schema_out(&provider.schema())),
        resource_schemas: provider
            .resources()
            .iter()
            .map(|(name, r)| ((*name).to_owned(), schema_out(&r.schema())))
            .collect(),
        data_source_schemas: provider
            .data_sources()
            .iter()
            .map(|(name, r)| ((*name).to_owned(), schema_out(&r.schema())))
            .collect(),
        ephemeral_resource_schemas: provider
            .ephemeral_resources()
            .iter()
            .map(|(name, r)| ((*name).to_owned(), schema_out(&r.schema())))
            .collect(),
        functions: functions_out(
            provider
                .functions()
                .iter()
                .map(|(name, function)| (*name, function.signature())),
        ),
        server_capabilities: Some(capabilities()),
        ..Default::default()
    }
}
