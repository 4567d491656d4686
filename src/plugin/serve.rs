//! The life of the process: started by a core, by hand or for a debugger; served until it is told to end.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
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
    let parent = std::os::unix::process::parent_id();
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
    let code = match runtime.block_on(start(mode, &environment)) {
        Err(why) => fatal(&why),
        Ok(started) => match runtime.block_on(started.serve(parent, Arc::new(provider()))) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                tracing::error!(%error, "serving failed");
                ExitCode::FAILURE
            }
        },
    };
    // What still runs has had its time; waiting for it would only get the process killed.
    runtime.shutdown_timeout(Duration::from_millis(100));
    code
}

/// Before the handshake, what is on stdout is shown to the user.
fn fatal(why: &str) -> ExitCode {
    tracing::error!("{why}");
    by_hand::complain(why);
    ExitCode::FAILURE
}

/// A process that a core can connect to.
struct Started {
    mode: Mode,
    listener: Listener,
    acceptor: Option<TlsAcceptor>,
    signals: Signals,
}

/// Everything up to the handshake line, and nothing that can wait until after it.
async fn start(mode: Mode, environment: &Environment) -> Result<Started, String> {
    let identity = match (&environment.client_certificate, mode) {
        (Some(certificate), Mode::Core) => Some(tls::identity(certificate)?),
        _ => None,
    };
    let signals = Signals::new().map_err(|error| format!("signals cannot be handled: {error}"))?;
    let listener = Listener::bind(environment)
        .await
        .map_err(|error| format!("no place to listen: {error}"))?;
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
    Ok(Started {
        mode,
        listener,
        acceptor: identity.map(|identity| TlsAcceptor::from(identity.config)),
        signals,
    })
}

impl Started {
    /// Serves until core, a signal or the death of core ends it.
    async fn serve(
        self,
        parent: u32,
        provider: Arc<dyn Provider>,
    ) -> Result<(), tonic::transport::Error> {
        let Started {
            mode,
            listener,
            acceptor,
            signals,
        } = self;
        let runs = match mode {
            Mode::Core => Runs::default(),
            Mode::Debugger => Runs::of_many_cores(),
        };
        let shutdown = CancellationToken::new();
        let serving = services(listener, acceptor, provider, runs.clone(), shutdown.clone());
        let mut serving = tokio::spawn(serving);
        let grace = tokio::select! {
            ended = &mut serving => return ended.unwrap_or(Ok(())),
            () = shutdown.cancelled() => AFTER_SHUTDOWN,
            () = signals.end(mode) => AFTER_SIGNAL,
            () = orphaned(mode, parent) => AFTER_SIGNAL,
        };
        runs.stop();
        shutdown.cancel();
        match tokio::time::timeout(grace, serving).await {
            Ok(Ok(served)) => served,
            _ => Ok(()),
        }
    }
}

/// Every service on one listener, until `shutdown` and the end of what runs then.
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
    let provider =
        tfplugin5::provider_server::ProviderServer::new(Server::new(provider, runs.clone()))
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
        .await?;
    runs.ended().await;
    Ok(())
}

/// SIGTERM ends the process, and so does SIGHUP, with which a closed terminal takes core away. SIGINT reaches the whole process group; a core hears it too, and then tells us what it wants.
struct Signals {
    terminate: Signal,
    hangup: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn end(mut self, mode: Mode) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.hangup.recv() => return,
                _ = self.interrupt.recv() => {
                    if mode == Mode::Debugger {
                        return;
                    }
                    tracing::debug!("SIGINT is left to core");
                }
            }
        }
    }
}

/// A core that was killed tells nobody; its orphan is adopted by another process.
async fn orphaned(mode: Mode, parent: u32) {
    if mode == Mode::Debugger {
        return std::future::pending().await;
    }
    while std::os::unix::process::parent_id() == parent {
        tokio::time::sleep(PARENT_CHECK).await;
    }
}
