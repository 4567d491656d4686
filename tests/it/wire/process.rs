//! The program itself, started as cores start it.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use terraform_provider_postgres::plugin::proto::tfplugin5::provider_client::ProviderClient;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tonic::transport::Channel;

use super::certificate::{Certificate, config};
use super::dial::Place;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_terraform-provider-postgres");
pub const COOKIE: (&str, &str) = (
    "TF_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
);
/// How long a test waits for what must come. Only a test that fails waits so long.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// `program` in an environment that holds nothing of the machine's but the way to programs.
pub fn bare(program: &str, temporary: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("TMPDIR", temporary)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// What a core puts into the environment.
pub fn as_core(command: &mut Command, certificate: Option<&Certificate>) {
    command
        .env(COOKIE.0, COOKIE.1)
        .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
        .env("PLUGIN_MIN_PORT", "10000")
        .env("PLUGIN_MAX_PORT", "25000")
        .env("TF_LOG", "TRACE");
    if let Some(certificate) = certificate {
        command.env("PLUGIN_CLIENT_CERT", &certificate.pem);
    }
}

/// A running provider.
pub struct Plugin {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// The first line of stdout.
    pub line: String,
    log: Arc<Mutex<String>>,
    pub certificate: Certificate,
    /// Holds the socket.
    pub temporary: TempDir,
}

impl Plugin {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Started as a core does, after `change`.
    pub async fn start_with(change: impl FnOnce(&mut Command)) -> Self {
        Self::start_program(PROGRAM, |command, certificate| {
            as_core(command, Some(certificate));
            change(command);
        })
        .await
    }

    pub async fn start_program(
        program: &str,
        change: impl FnOnce(&mut Command, &Certificate),
    ) -> Self {
        let (certificate, temporary) = (Certificate::new(), tempfile::tempdir().unwrap());
        let mut command = bare(program, temporary.path());
        change(&mut command, &certificate);
        let mut child = command.spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        let sink = log.clone();
        tokio::spawn(async move {
            while let Ok(Some(line)) = stderr.next_line().await {
                *sink.lock().unwrap() += &(line + "\n");
            }
        });
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        soon(stdout.read_line(&mut line)).await.unwrap();
        Plugin {
            child,
            stdout,
            line: line.trim_end_matches('\n').to_owned(),
            log,
            certificate,
            temporary,
        }
    }

    pub fn fields(&self) -> Vec<&str> {
        self.line.split('|').collect()
    }

    pub fn place(&self) -> Place {
        let fields = self.fields();
        Place::new(fields[2], fields[3])
    }

    /// The certificate of the handshake line.
    pub fn server_certificate(&self) -> Vec<u8> {
        STANDARD_NO_PAD.decode(self.fields()[5]).unwrap()
    }

    pub async fn channel(&self) -> Channel {
        let config = config(self.server_certificate(), Some(&self.certificate));
        self.place().channel(Some(config)).await.unwrap()
    }

    pub async fn client(&self) -> ProviderClient<Channel> {
        ProviderClient::new(self.channel().await)
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until the log has a line with `text`.
    pub async fn logged(&self, text: &str) {
        let waited = tokio::time::timeout(PATIENCE, async {
            while !self.log().contains(text) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        if waited.await.is_err() {
            panic!("`{text}` is not in the log:\n{}", self.log());
        }
    }

    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    pub async fn ended(&mut self) -> ExitStatus {
        soon(self.child.wait()).await.unwrap()
    }

    /// What was written to stdout after the first line, until everyone closed it.
    pub async fn rest_of_stdout(&mut self) -> String {
        let mut rest = String::new();
        soon(self.stdout.read_to_string(&mut rest)).await.unwrap();
        rest
    }

    pub fn sockets(&self) -> usize {
        std::fs::read_dir(self.temporary.path()).unwrap().count()
    }
}

/// Waits for what must happen.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what)
        .await
        .expect("nothing happened")
}
