//! A scripted HTTPS server on loopback: it answers each route with the replies it was given, in
//! order, and knows nothing of ARM.

use super::backoff::Pacing;
use super::{Call, Client, Settings};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

pub(super) const TOKEN_ROUTE: &str = "POST /tenant/oauth2/v2.0/token";
pub(super) const SECRET: &str = "top-secret-value";

#[derive(Clone, Debug)]
pub(super) enum Reply {
    Answer {
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
    },
    /// Closes the connection without a word.
    Drop,
    /// Never answers.
    Hang,
}

pub(super) fn reply(status: u16, body: Value) -> Reply {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    Reply::Answer {
        status,
        headers: Vec::new(),
        body,
    }
}

pub(super) fn failure(status: u16, code: &str) -> Reply {
    reply(
        status,
        json!({"error": {"code": code, "message": format!("it is {code}")}}),
    )
}

impl Reply {
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    pub(super) fn text(status: u16, body: &str) -> Self {
        Self::Answer {
            status,
            headers: Vec::new(),
            body: body.to_owned(),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Received {
    /// Method and path without query.
    pub route: String,
    pub target: String,
    pub headers: HashMap<String, String>,
    pub body: String,
}

#[derive(Default)]
struct Script {
    routes: HashMap<String, VecDeque<Reply>>,
    received: Vec<Received>,
}

impl Script {
    /// The next reply of the route; its last one stays.
    fn answer(&mut self, received: Received) -> Reply {
        let route = received.route.clone();
        self.received.push(received);
        match self.routes.get_mut(&route) {
            Some(replies) if replies.len() > 1 => replies.pop_front().unwrap(),
            Some(replies) => replies[0].clone(),
            None => failure(400, "NotScripted"),
        }
    }
}

pub(super) struct Server {
    address: SocketAddr,
    authority: NamedTempFile,
    script: Arc<Mutex<Script>>,
}

impl Server {
    pub(super) async fn start() -> Self {
        let (acceptor, authority) = certificates();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::new(Mutex::new(Script::default()));
        let shared = script.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(acceptor.clone(), stream, shared.clone()));
            }
        });
        let server = Self {
            address,
            authority,
            script,
        };
        let token = json!({"token_type": "Bearer", "expires_in": 3600, "ext_expires_in": 3600, "access_token": "the-token"});
        server.on(TOKEN_ROUTE, vec![reply(200, token)]);
        server
    }

    pub(super) fn on(&self, route: &str, replies: Vec<Reply>) {
        self.script
            .lock()
            .unwrap()
            .routes
            .insert(route.to_owned(), replies.into());
    }

    pub(super) fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    pub(super) fn settings(&self) -> Settings {
        Settings {
            tenant_id: Some("tenant".into()),
            client_id: Some("app".into()),
            client_secret: Some(SECRET.into()),
            environment: Some("custom".into()),
            resource_manager_endpoint: Some(self.url()),
            authority_host: Some(self.url()),
            certificate_authority_file: Some(self.authority.path().display().to_string()),
            run_id: Some(Uuid::from_u128(1)),
            ..Settings::default()
        }
    }

    pub(super) fn client(&self) -> Client {
        self.client_of(self.settings())
    }

    /// A client that does not waste the time of tests.
    pub(super) fn client_of(&self, settings: Settings) -> Client {
        let pacing = Pacing {
            floor: Duration::from_millis(1),
            base: Duration::from_millis(1),
            retry_cap: Duration::from_millis(5),
            poll_default: Duration::from_millis(5),
            ..Pacing::default()
        };
        Client::paced(settings, pacing).unwrap()
    }

    pub(super) fn received(&self) -> Vec<Received> {
        self.script.lock().unwrap().received.clone()
    }

    /// The routes asked for so far, without those of tokens.
    pub(super) fn routes(&self) -> Vec<String> {
        let routes = self.received().into_iter().map(|received| received.route);
        routes.filter(|route| route != TOKEN_ROUTE).collect()
    }

    pub(super) fn count(&self, route: &str) -> usize {
        self.received()
            .iter()
            .filter(|received| received.route == route)
            .count()
    }
}

pub(super) fn call() -> Call {
    Call::within(Duration::from_secs(60))
}

fn certificates() -> (TlsAcceptor, NamedTempFile) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let root = authority.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(root.pem().as_bytes()).unwrap();
    (TlsAcceptor::from(Arc::new(config)), file)
}

async fn serve(acceptor: TlsAcceptor, stream: TcpStream, script: Arc<Mutex<Script>>) {
    let Ok(mut stream) = acceptor.accept(stream).await else {
        return;
    };
    let mut pending = Vec::new();
    while let Some(received) = receive(&mut stream, &mut pending).await {
        let answer = script.lock().unwrap().answer(received);
        match answer {
            Reply::Drop => return,
            Reply::Hang => std::future::pending::<()>().await,
            Reply::Answer {
                status,
                headers,
                body,
            } => {
                let mut text = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
                for (name, value) in headers {
                    text.push_str(&format!("{name}: {value}\r\n"));
                }
                text.push_str(&format!("\r\n{body}"));
                if stream.write_all(text.as_bytes()).await.is_err() {
                    return;
                }
                let _ = stream.flush().await;
            }
        }
    }
}

async fn receive(
    stream: &mut (impl AsyncReadExt + Unpin),
    pending: &mut Vec<u8>,
) -> Option<Received> {
    let end = loop {
        if let Some(end) = pending.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        read_more(stream, pending).await?;
    };
    let head = String::from_utf8(pending.drain(..end).collect()).ok()?;
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers
        .get("content-length")
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    while pending.len() < length {
        read_more(stream, pending).await?;
    }
    let body = String::from_utf8(pending.drain(..length).collect()).ok()?;
    let route = format!("{method} {}", target.split('?').next()?);
    Some(Received {
        route,
        target,
        headers,
        body,
    })
}

async fn read_more(stream: &mut (impl AsyncReadExt + Unpin), pending: &mut Vec<u8>) -> Option<()> {
    let mut chunk = [0; 4096];
    let read = stream
        .read(&mut chunk)
        .await
        .ok()
        .filter(|read| *read > 0)?;
    pending.extend_from_slice(&chunk[..read]);
    Some(())
}
