//! The life of the process: started by a core, by hand or for a debugger; served until it is told to end.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::guard::Runs;
use super::handshake::{self, Environment, Listener};
use super::proto::{go_plugin, tfplugin5};
use super::server::Server;
use super::{by_hand, go_plugin as services, listen, log, tls};
use crate::schema::resource::Provider;

/// go-plugin's own limit for messages in both directions.
const LARGEST_MESSAGE: usize = 256 << 20;
/// Core kills a plugin two seconds after it asked it to end.
const AFTER_SHUTDOWN: Duration = Duration::from_millis(1500);
const AFTER_SIGNAL: Duration = Duration::from_secs(4);
const PARENT_CHECK: Duration = Duration::from_secs(2);

/// How the process was started.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Core,
    Debugger,
}

/// Runs the process. `provider` is made only when it is needed.
pub fn main<P: Provider + 'static>(arguments: &[String], provider: impl FnOnce() -> P) -> ExitCode {
    let environment = Environment::read(&|name| std::env::var(name).ok());
    let mode = match arguments.first().map(String::as_str) {
        Some("--version" | "-version" | "version") => return by_hand::version(),
        Some("--help" | "-h" | "help") => return by_hand::page(ExitCode::SUCCESS),
        Some("--debug" | "-debug") => Mode::Debugger,
        Some(_) => return by_hand::page(ExitCode::FAILURE),
        None if environment.started_by_core => Mode::Core,
        None => return by_hand::page(ExitCode::FAILURE),
    };
    log::start();
    if !environment.speaks_our_protocol {
        return fatal(
            "this provider speaks plugin protocol 5 only; the core that started it does not",
        );
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fatal(&format!("no runtime: {error}")),
    };
    let ended = runtime.block_on(serve(mode, environment, Arc::new(provider())));
    // What still runs has had its time; waiting for it would only get the process killed.
    runtime.shutdown_timeout(Duration::from_millis(100));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => fatal(&why),
    }
}

fn fatal(why: &str) -> ExitCode {
    tracing::error!("{why}");
    by_hand::complain(why);
    ExitCode::FAILURE
}

async fn serve(
    mode: Mode,
    environment: Environment,
    provider: Arc<dyn Provider>,
) -> Result<(), String> {
    let identity = match (&environment.client_certificate, mode) {
        (Some(certificate), Mode::Core) => Some(tls::identity(certificate)?),
        _ => None,
    };
    let listener = Listener::bind(&environment)
        .await
        .map_err(|error| format!("no place to listen: {error}"))?;
    let socket = listener.path();
    let announcement = match mode {
        Mode::Core => {
            let certificate = identity
                .as_ref()
                .map(|identity| identity.certificate.as_slice());
            handshake::line(&listener, certificate, environment.multiplex)
        }
        Mode::Debugger => by_hand::reattach(&listener),
    };
    handshake::announce(&announcement).map_err(|error| format!("stdout is closed: {error}"))?;
    let acceptor = identity.map(|identity| TlsAcceptor::from(identity.config));
    let served = until_told(mode, listener, acceptor, provider).await;
    if let Some(path) = socket {
        let _ = std::fs::remove_file(path);
    }
    served
}

async fn until_told(
    mode: Mode,
    listener: Listener,
    acceptor: Option<TlsAcceptor>,
    provider: Arc<dyn Provider>,
) -> Result<(), String> {
    let runs = Runs::default();
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(services(
        listener,
        acceptor,
        provider,
        runs.clone(),
        shutdown.clone(),
    ));
    let grace = tokio::select! {
        () = shutdown.cancelled() => AFTER_SHUTDOWN,
        () = signalled(mode) => AFTER_SIGNAL,
        () = orphaned(mode) => AFTER_SIGNAL,
    };
    runs.stop();
    shutdown.cancel();
    match tokio::time::timeout(grace, serving).await {
        Ok(Ok(Err(error))) => Err(format!("serving failed: {error}")),
        _ => Ok(()),
    }
}

/// Every service on one listener, until `shutdown`.
pub async fn services(
    listener: Listener,
    acceptor: Option<TlsAcceptor>,
    provider: Arc<dyn Provider>,
    runs: Runs,
    shutdown: CancellationToken,
) -> Result<(), tonic::transport::Error> {
    let (health, health_service) = tonic_health::server::health_reporter();
    health
        .set_service_status("plugin", tonic_health::ServingStatus::Serving)
        .await;
    let provider = tfplugin5::provider_server::ProviderServer::new(Server::new(provider, runs))
        .max_decoding_message_size(LARGEST_MESSAGE)
        .max_encoding_message_size(LARGEST_MESSAGE);
    let controller = services::Controller {
        shutdown: shutdown.clone(),
    };
    let stdio = services::Stdio {
        shutdown: shutdown.clone(),
    };
    let broker = services::Broker {
        shutdown: shutdown.clone(),
    };
    tonic::transport::Server::builder()
        .add_service(provider)
        .add_service(health_service)
        .add_service(go_plugin::grpc_controller_server::GrpcControllerServer::new(controller))
        .add_service(go_plugin::grpc_stdio_server::GrpcStdioServer::new(stdio))
        .add_service(go_plugin::grpc_broker_server::GrpcBrokerServer::new(broker))
        .serve_with_incoming_shutdown(
            listen::connections(listener, acceptor),
            shutdown.cancelled_owned(),
        )
        .await
}

/// SIGTERM ends the process. SIGINT reaches the whole process group; a core hears it too, and then tells us what it wants.
async fn signalled(mode: Mode) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        return std::future::pending().await;
    };
    loop {
        tokio::select! {
            _ = terminate.recv() => return,
            _ = interrupt.recv() => {
                if mode == Mode::Debugger {
                    return;
                }
                tracing::debug!("SIGINT is left to core");
            }
        }
    }
}

/// A core that was killed tells nobody; its orphan is adopted by another process.
async fn orphaned(mode: Mode) {
    let parent = std::os::unix::process::parent_id();
    while mode == Mode::Core && std::os::unix::process::parent_id() == parent {
        tokio::time::sleep(PARENT_CHECK).await;
    }
    if mode == Mode::Debugger {
        std::future::pending::<()>().await;
    }
}
