//! Makes the containers of the simulated ARM in a real blob store, signing
//! requests with the account's shared key.

use anyhow::{Context, bail};
use async_trait::async_trait;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::hooks::{Container, Hooks};
use crate::options::BlobStore;

const VERSION: &str = "2021-08-06";

pub struct BlobContainers {
    store: BlobStore,
    client: reqwest::Client,
}

impl BlobContainers {
    pub fn new(store: BlobStore) -> Self {
        Self {
            store,
            client: reqwest::Client::new(),
        }
    }

    async fn send(&self, method: reqwest::Method, container: &Container) -> anyhow::Result<u16> {
        let Container { account, name } = container;
        let Some(key) = self.store.accounts.get(account) else {
            let known: Vec<&str> = self.store.accounts.keys().map(String::as_str).collect();
            bail!(
                "the blob store has no account `{account}`; it has `{}`",
                known.join("`, `")
            );
        };
        let url = format!(
            "{}/{account}/{name}?restype=container",
            self.store.endpoint.trim_end_matches('/')
        );
        let url: reqwest::Url = url.parse().context("address of the blob store")?;
        let date = jiff::Zoned::now()
            .with_time_zone(jiff::tz::TimeZone::UTC)
            .strftime("%a, %d %b %Y %H:%M:%S GMT")
            .to_string();
        let authorization = authorization((account, key), method.as_str(), url.path(), &date)?;
        let response = self
            .client
            .request(method, url)
            .header("x-ms-date", date)
            .header("x-ms-version", VERSION)
            .header("authorization", authorization)
            .header("content-length", "0")
            .send()
            .await
            .context("blob store")?;
        Ok(response.status().as_u16())
    }
}

/// Shared Key: an HMAC over the canonical form of the request.
fn authorization(
    (account, key): (&str, &str),
    method: &str,
    path: &str,
    date: &str,
) -> anyhow::Result<String> {
    let text = format!(
        "{method}\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:{VERSION}\n/{account}{path}\nrestype:container"
    );
    let key = STANDARD.decode(key).context("account key")?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let signature = STANDARD.encode(hmac::sign(&key, text.as_bytes()));
    Ok(format!("SharedKey {account}:{signature}"))
}

#[async_trait]
impl Hooks for BlobContainers {
    async fn container_created(&self, container: &Container) -> anyhow::Result<()> {
        match self.send(reqwest::Method::PUT, container).await? {
            201 | 409 => Ok(()),
            status => bail!(
                "the blob store answered {status} to creating container `{}`",
                container.name
            ),
        }
    }

    async fn container_removed(&self, container: &Container) {
        if let Err(error) = self.send(reqwest::Method::DELETE, container).await {
            tracing::warn!(%error, container = container.name, "container not removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    const KEY: &str = "c2FuZGJveA==";

    fn container(account: &str) -> Container {
        Container {
            account: account.to_owned(),
            name: "wal".to_owned(),
        }
    }

    /// A blob store that remembers requests as `METHOD URL AUTHORIZATION` and
    /// answers 201.
    async fn store() -> (BlobContainers, Arc<Mutex<Vec<String>>>) {
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let keep = seen.clone();
        let answer = move |request: axum::extract::Request| async move {
            let header = |name: &str| {
                let value = request.headers().get(name).and_then(|v| v.to_str().ok());
                value.unwrap_or_default().to_owned()
            };
            let (method, path) = (request.method().as_str(), request.uri().path());
            let signed = authorization(("one", KEY), method, path, &header("x-ms-date"));
            assert_eq!(header("authorization"), signed.expect("signature"));
            let line = format!("{method} {}", request.uri());
            keep.lock().unwrap_or_else(|e| e.into_inner()).push(line);
            axum::http::StatusCode::CREATED
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("port");
        let endpoint = format!("http://{}/", listener.local_addr().expect("address"));
        let router = axum::Router::new().fallback(answer);
        tokio::spawn(async move {
            let builder =
                hyper_util::server::conn::auto::Builder::new(hyper_util::rt::TokioExecutor::new());
            while let Ok((stream, _)) = listener.accept().await {
                let service = hyper_util::service::TowerToHyperService::new(router.clone());
                let stream = hyper_util::rt::TokioIo::new(stream);
                drop(builder.serve_connection(stream, service).await);
            }
        });
        let accounts = [("one".to_owned(), KEY.to_owned())].into();
        let containers = BlobContainers::new(BlobStore { endpoint, accounts });
        (containers, seen)
    }

    #[tokio::test]
    async fn containers_are_made_below_their_account() {
        let (containers, seen) = store().await;
        let made = containers.container_created(&container("one")).await;
        made.expect("made");
        let seen = seen.lock().expect("requests").clone();
        assert_eq!(seen, ["PUT /one/wal?restype=container"]);
    }

    #[tokio::test]
    async fn an_account_that_the_store_lacks_is_named() {
        let (containers, seen) = store().await;
        let refused = containers.container_created(&container("two")).await;
        let error = refused.expect_err("must fail").to_string();
        assert!(error.contains("no account `two`; it has `one`"), "{error}");
        assert!(seen.lock().expect("requests").is_empty());
    }
}
