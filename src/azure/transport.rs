//! The one HTTP client that ARM and the token service share, built at its first use.

use super::Error;
use azure_core::http::{ClientOptions, Pipeline, RetryOptions, Transport};
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// Longer than ARM's own limit of 60 seconds for an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(90);

/// Where Unix systems keep the certificate authorities that they trust.
const SYSTEM_BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Connection pool and pipelines. Loading the trusted certificates takes a while, so nothing
/// happens before the first request.
pub(super) struct Http {
    certificate_authority_file: Option<String>,
    client: OnceCell<Connected>,
}

#[derive(Clone)]
struct Connected {
    transport: Transport,
    pipeline: Pipeline,
}

impl Http {
    pub(super) fn new(certificate_authority_file: Option<String>) -> Self {
        Self {
            certificate_authority_file,
            client: OnceCell::new(),
        }
    }

    /// The pipeline for ARM. It makes no retries of its own: `send` decides about them.
    pub(super) async fn pipeline(&self) -> Result<&Pipeline, Error> {
        self.connected().await.map(|connected| &connected.pipeline)
    }

    pub(super) async fn transport(&self) -> Result<Transport, Error> {
        self.connected()
            .await
            .map(|connected| connected.transport.clone())
    }

    async fn connected(&self) -> Result<&Connected, Error> {
        self.client
            .get_or_try_init(|| async {
                let file = self.certificate_authority_file.clone();
                tokio::task::spawn_blocking(move || connect(file.as_deref()))
                    .await
                    .map_err(|error| Error::configuration(format!("no HTTP client: {error}")))?
            })
            .await
    }
}

fn connect(certificate_authority_file: Option<&str>) -> Result<Connected, Error> {
    let mut builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .https_only(true);
    if let Some(file) = certificate_authority_file {
        builder = builder.tls_certs_merge(extra_roots(file)?);
    }
    let client = builder
        .build()
        .map_err(|error| Error::configuration(format!("TLS cannot be set up: {error}")))?;
    let transport = Transport::new(Arc::new(client));
    let options = ClientOptions {
        transport: Some(transport.clone()),
        retry: RetryOptions::none(),
        ..ClientOptions::default()
    };
    let pipeline = Pipeline::new(
        option_env!("CARGO_PKG_NAME"),
        option_env!("CARGO_PKG_VERSION"),
        options,
        Vec::new(),
        Vec::new(),
        None,
    );
    Ok(Connected {
        transport,
        pipeline,
    })
}

/// The authorities of the file and, because the variable that names it hides them from the
/// platform's own look-up on Unix, those of the system.
fn extra_roots(file: &str) -> Result<Vec<reqwest::Certificate>, Error> {
    let mut roots = bundle(Path::new(file)).map_err(|why| {
        Error::configuration(format!("`{file}` holds no certificate authorities: {why}"))
    })?;
    let system = SYSTEM_BUNDLES
        .iter()
        .find_map(|path| bundle(Path::new(path)).ok());
    roots.extend(system.into_iter().flatten());
    Ok(roots)
}

/// The certificates of a PEM file, without those that the TLS library cannot use as a root: one
/// of them would spoil all others.
fn bundle(path: &Path) -> Result<Vec<reqwest::Certificate>, String> {
    let pem = std::fs::read(path).map_err(|error| error.to_string())?;
    let usable: Vec<reqwest::Certificate> = CertificateDer::pem_slice_iter(&pem)
        .flatten()
        .filter(|certificate| RootCertStore::empty().add(certificate.clone()).is_ok())
        .filter_map(|certificate| reqwest::Certificate::from_der(&certificate).ok())
        .collect();
    if usable.is_empty() {
        Err("none of it is a readable certificate".to_owned())
    } else {
        Ok(usable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure::ErrorKind;

    #[tokio::test]
    async fn an_unreadable_authority_file_is_an_error_of_the_first_use_only() {
        let http = Http::new(Some("/nowhere/ca.pem".into()));
        let error = http.pipeline().await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Configuration);
        assert!(error.message.contains("/nowhere/ca.pem"), "{error}");
    }

    #[tokio::test]
    async fn an_unusable_certificate_does_not_spoil_the_others() {
        const UNUSABLE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let key = rcgen::KeyPair::generate().unwrap();
        let good = rcgen::CertificateParams::new(Vec::new())
            .unwrap()
            .self_signed(&key)
            .unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        let http = || Http::new(Some(file.path().display().to_string()));
        std::fs::write(file.path(), UNUSABLE).unwrap();
        let error = http().pipeline().await.unwrap_err();
        assert!(error.message.contains("none of it"), "{error}");
        std::fs::write(file.path(), format!("{UNUSABLE}{}", good.pem())).unwrap();
        assert!(http().pipeline().await.is_ok());
    }
}
