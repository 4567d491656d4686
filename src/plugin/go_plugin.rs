//! The services that go-plugin's clients expect beside the provider's own.

use std::pin::Pin;

use futures::{Stream, StreamExt};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use super::proto::go_plugin as wire;

type Events<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Ends the process on request.
pub struct Controller {
    pub shutdown: CancellationToken,
}

#[tonic::async_trait]
impl wire::grpc_controller_server::GrpcController for Controller {
    async fn shutdown(&self, _: Request<wire::Empty>) -> Result<Response<wire::Empty>, Status> {
        tracing::debug!("core ends the provider");
        self.shutdown.cancel();
        Ok(Response::new(wire::Empty {}))
    }
}

/// A stream that says nothing until the end: logs go to stderr.
pub struct Stdio {
    pub shutdown: CancellationToken,
}

#[tonic::async_trait]
impl wire::grpc_stdio_server::GrpcStdio for Stdio {
    type StreamStdioStream = Events<wire::StdioData>;

    async fn stream_stdio(
        &self,
        _: Request<()>,
    ) -> Result<Response<Self::StreamStdioStream>, Status> {
        let silence =
            futures::stream::pending().take_until(self.shutdown.clone().cancelled_owned());
        Ok(Response::new(Box::pin(silence)))
    }
}

/// Accepts the stream over which connections would be brokered; a provider opens none.
pub struct Broker {
    pub shutdown: CancellationToken,
}

#[tonic::async_trait]
impl wire::grpc_broker_server::GrpcBroker for Broker {
    type StartStreamStream = Events<wire::ConnInfo>;

    async fn start_stream(
        &self,
        _: Request<Streaming<wire::ConnInfo>>,
    ) -> Result<Response<Self::StartStreamStream>, Status> {
        let silence =
            futures::stream::pending().take_until(self.shutdown.clone().cancelled_owned());
        Ok(Response::new(Box::pin(silence)))
    }
}
