//! A provider of the test's own, served inside the test.

use std::sync::Arc;

use terraform_provider_postgres::plugin::proto::tfplugin5 as wire;
use terraform_provider_postgres::plugin::{Listener, Runs, services};
use terraform_provider_postgres::schema::msgpack;
use terraform_provider_postgres::schema::object::Object;
use terraform_provider_postgres::schema::resource::Provider;
use terraform_provider_postgres::schema::types::implied_type;
use terraform_provider_postgres::schema::value::{Type, Value};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::transport::Channel;

use super::dial::Place;
use super::fake::{Fake, Offer, Thing, Token};
use super::process::soon;

pub type Client = wire::provider_client::ProviderClient<Channel>;

pub struct Served {
    pub client: Client,
    place: Place,
    shutdown: DropGuard,
    serving: JoinHandle<()>,
    dir: tempfile::TempDir,
}

impl Served {
    pub async fn new(fake: Fake) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let listener = Listener::unix(path.clone()).unwrap();
        let provider: Arc<dyn Provider> = Arc::new(Offer::from(fake));
        let shutdown = CancellationToken::new();
        let serving = services(listener, None, provider, Runs::default(), shutdown.clone());
        let serving = tokio::spawn(async move { serving.await.unwrap() });
        let place = Place::Unix(path);
        Served {
            client: connect(&place).await,
            place,
            shutdown: shutdown.drop_guard(),
            serving,
            dir,
        }
    }

    /// Tells the server to end, waits until nobody can connect any more, and hands over what still goes on.
    pub async fn end(self) -> JoinHandle<()> {
        let Served {
            client,
            shutdown,
            serving,
            dir,
            ..
        } = self;
        drop((client, shutdown));
        soon(async {
            while dir.path().join("socket").exists() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        serving
    }

    /// Over a connection of its own.
    pub async fn another_client(&self) -> Client {
        connect(&self.place).await
    }
}

async fn connect(place: &Place) -> Client {
    Client::new(place.channel(None).await.unwrap())
}

pub fn thing_type() -> Type {
    implied_type(&Thing::fields())
}

pub fn token_type() -> Type {
    implied_type(&Token::fields())
}

pub fn sent_as(value: &Value, ty: &Type) -> Option<wire::DynamicValue> {
    Some(wire::DynamicValue {
        msgpack: msgpack::encode(value, ty),
        json: Vec::new(),
    })
}

/// A thing on the wire.
pub fn sent(value: &Value) -> Option<wire::DynamicValue> {
    sent_as(value, &thing_type())
}

pub fn got_as(dynamic: Option<wire::DynamicValue>, ty: &Type) -> Value {
    msgpack::decode(&dynamic.expect("there is a value").msgpack, ty).unwrap()
}

/// A thing from the wire.
pub fn got(dynamic: Option<wire::DynamicValue>) -> Value {
    got_as(dynamic, &thing_type())
}

pub fn identity_type() -> Type {
    Type::object([("name", Type::String)])
}

pub fn sent_identity(value: &Value) -> Option<wire::ResourceIdentityData> {
    Some(wire::ResourceIdentityData {
        identity_data: sent_as(value, &identity_type()),
    })
}

pub fn got_identity(data: Option<wire::ResourceIdentityData>) -> Value {
    let data = data.expect("there is an identity");
    got_as(data.identity_data, &identity_type())
}

/// Every diagnostic on a line.
pub fn told(diagnostics: &[wire::Diagnostic]) -> String {
    diagnostics
        .iter()
        .map(|diagnostic| format!("{}: {}\n", diagnostic.summary, diagnostic.detail))
        .collect()
}
