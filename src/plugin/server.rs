//! The service itself: one short method for each rpc.

use std::pin::Pin;

use futures::Stream;
use tonic::{Request, Response, Status};
use tracing::debug_span;

use super::guard::{Runs, Shared};
use super::proto::tfplugin5 as wire;
use super::rpc::{Rpc, Told};
use super::schemas::Found;
use super::{managed, offered, others, stored};
use crate::schema::resource::Call;

type Answer<T> = Result<Response<T>, Status>;
type Events<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The provider behind the wire.
#[derive(Clone)]
pub struct Server {
    provider: Shared,
    runs: Runs,
}

impl Server {
    pub fn new(provider: Shared, runs: Runs) -> Self {
        Server { provider, runs }
    }

    /// Runs a handler to its end. When it fails or panics, what the request says is kept and the errors are told.
    async fn answer<R: Rpc, F>(
        &self,
        request: Request<R>,
        handler: impl FnOnce(Shared, Call, R) -> F,
    ) -> Answer<R::Response>
    where
        F: Future<Output = Found<R::Response>> + Send + 'static,
    {
        let request = request.into_inner();
        let span = debug_span!("rpc", rpc = R::NAME, resource = request.subject());
        let mut kept = request.kept();
        let work = handler(self.provider.clone(), self.runs.call(), request);
        let answer = self
            .runs
            .run(span, work)
            .await
            .unwrap_or_else(|diagnostics| {
                kept.tell(diagnostics);
                kept
            });
        Ok(Response::new(answer))
    }
}

fn not_offered<T>(what: &str) -> Answer<T> {
    Err(Status::unimplemented(format!(
        "this provider offers no {what}"
    )))
}

#[tonic::async_trait]
impl wire::provider_server::Provider for Server {
    async fn get_metadata(
        &self,
        request: Request<wire::get_metadata::Request>,
    ) -> Answer<wire::get_metadata::Response> {
        self.answer(request, offered::metadata).await
    }

    async fn get_schema(
        &self,
        request: Request<wire::get_provider_schema::Request>,
    ) -> Answer<wire::get_provider_schema::Response> {
        self.answer(request, offered::schemas).await
    }

    async fn get_resource_identity_schemas(
        &self,
        request: Request<wire::get_resource_identity_schemas::Request>,
    ) -> Answer<wire::get_resource_identity_schemas::Response> {
        self.answer(request, offered::identity_schemas).await
    }

    async fn prepare_provider_config(
        &self,
        request: Request<wire::prepare_provider_config::Request>,
    ) -> Answer<wire::prepare_provider_config::Response> {
        self.answer(request, offered::prepare).await
    }

    async fn configure(
        &self,
        request: Request<wire::configure::Request>,
    ) -> Answer<wire::configure::Response> {
        self.answer(request, offered::configure).await
    }

    async fn validate_resource_type_config(
        &self,
        request: Request<wire::validate_resource_type_config::Request>,
    ) -> Answer<wire::validate_resource_type_config::Response> {
        self.answer(request, managed::validate).await
    }

    async fn read_resource(
        &self,
        request: Request<wire::read_resource::Request>,
    ) -> Answer<wire::read_resource::Response> {
        self.answer(request, managed::read).await
    }

    async fn plan_resource_change(
        &self,
        request: Request<wire::plan_resource_change::Request>,
    ) -> Answer<wire::plan_resource_change::Response> {
        self.answer(request, managed::plan).await
    }

    async fn apply_resource_change(
        &self,
        request: Request<wire::apply_resource_change::Request>,
    ) -> Answer<wire::apply_resource_change::Response> {
        self.answer(request, managed::apply).await
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<wire::upgrade_resource_state::Request>,
    ) -> Answer<wire::upgrade_resource_state::Response> {
        self.answer(request, stored::upgrade).await
    }

    async fn upgrade_resource_identity(
        &self,
        request: Request<wire::upgrade_resource_identity::Request>,
    ) -> Answer<wire::upgrade_resource_identity::Response> {
        self.answer(request, stored::upgrade_identity).await
    }

    async fn import_resource_state(
        &self,
        request: Request<wire::import_resource_state::Request>,
    ) -> Answer<wire::import_resource_state::Response> {
        self.answer(request, stored::import).await
    }

    async fn move_resource_state(
        &self,
        request: Request<wire::move_resource_state::Request>,
    ) -> Answer<wire::move_resource_state::Response> {
        self.answer(request, stored::move_state).await
    }

    async fn generate_resource_config(
        &self,
        _: Request<wire::generate_resource_config::Request>,
    ) -> Answer<wire::generate_resource_config::Response> {
        not_offered("configuration for imports beyond core's own")
    }

    async fn validate_data_source_config(
        &self,
        request: Request<wire::validate_data_source_config::Request>,
    ) -> Answer<wire::validate_data_source_config::Response> {
        self.answer(request, others::validate_data_source).await
    }

    async fn read_data_source(
        &self,
        request: Request<wire::read_data_source::Request>,
    ) -> Answer<wire::read_data_source::Response> {
        self.answer(request, others::read_data_source).await
    }

    async fn validate_ephemeral_resource_config(
        &self,
        request: Request<wire::validate_ephemeral_resource_config::Request>,
    ) -> Answer<wire::validate_ephemeral_resource_config::Response> {
        self.answer(request, others::validate_ephemeral).await
    }

    async fn open_ephemeral_resource(
        &self,
        request: Request<wire::open_ephemeral_resource::Request>,
    ) -> Answer<wire::open_ephemeral_resource::Response> {
        self.answer(request, others::open).await
    }

    async fn renew_ephemeral_resource(
        &self,
        request: Request<wire::renew_ephemeral_resource::Request>,
    ) -> Answer<wire::renew_ephemeral_resource::Response> {
        self.answer(request, others::renew).await
    }

    async fn close_ephemeral_resource(
        &self,
        request: Request<wire::close_ephemeral_resource::Request>,
    ) -> Answer<wire::close_ephemeral_resource::Response> {
        self.answer(request, others::close).await
    }

    async fn get_functions(
        &self,
        request: Request<wire::get_functions::Request>,
    ) -> Answer<wire::get_functions::Response> {
        self.answer(request, offered::functions).await
    }

    async fn call_function(
        &self,
        request: Request<wire::call_function::Request>,
    ) -> Answer<wire::call_function::Response> {
        self.answer(request, others::call_function).await
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
