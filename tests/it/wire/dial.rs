//! Connections to where a provider listens.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint};

pub trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}

#[derive(Clone, Debug)]
pub enum Place {
    Unix(PathBuf),
    Tcp(String),
}

impl Place {
    pub fn new(network: &str, address: &str) -> Self {
        match network {
            "unix" => Place::Unix(PathBuf::from(address)),
            "tcp" => Place::Tcp(address.to_owned()),
            other => panic!("the network is `{other}`"),
        }
    }

    async fn connect(&self) -> io::Result<Box<dyn Bytes>> {
        Ok(match self {
            Place::Unix(path) => Box::new(UnixStream::connect(path).await?),
            Place::Tcp(address) => Box::new(TcpStream::connect(address).await?),
        })
    }

    pub async fn tls(&self, config: ClientConfig) -> io::Result<TlsStream<Box<dyn Bytes>>> {
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(name, self.connect().await?)
            .await
    }

    /// A channel over one connection, with TLS when there is a `config`.
    pub async fn channel(
        &self,
        config: Option<ClientConfig>,
    ) -> Result<Channel, tonic::transport::Error> {
        let place = self.clone();
        let connect = tower::service_fn(move |_| {
            let (place, config) = (place.clone(), config.clone());
            async move {
                let stream: Box<dyn Bytes> = match config {
                    None => place.connect().await?,
                    Some(config) => Box::new(place.tls(config).await?),
                };
                Ok::<_, io::Error>(TokioIo::new(stream))
            }
        });
        Endpoint::from_static("http://localhost")
            .connect_with_connector(connect)
            .await
    }
}
