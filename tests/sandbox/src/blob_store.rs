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
