//! A provider whose handlers are what a test says.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use terraform_provider_postgres::object;
use terraform_provider_postgres::schema::attr::{Attr, Blocks};
use terraform_provider_postgres::schema::diagnostic::{Diagnostics, Path};
use terraform_provider_postgres::schema::field::{blocks, computed, optional, required};
use terraform_provider_postgres::schema::object::Object;
use terraform_provider_postgres::schema::resource::*;
use terraform_provider_postgres::schema::value::{Type, Value};

object! {
    /// A part.
    pub struct Part {
        /// Key.
        key: Attr<String> => required(),
        /// Secret.
        secret_wo: Attr<String> => optional().write_only(),
    }
}

object! {
    /// A thing.
    pub struct Thing {
        /// Name.
        name: Attr<String> => required(),
        /// Secret.
        secret_wo: Attr<String> => optional().write_only(),
        /// Number.
        serial: Attr<String> => computed(),
        /// Labels.
        labels: Attr<BTreeMap<String, String>> => optional(),
        /// Parts.
        part: Blocks<Part> => blocks(&["key"]),
    }
}

object! {
    /// What is looked up.
    pub struct Token {
        /// Name.
        name: Attr<String> => required(),
        /// Token.
        token: Attr<String> => computed(),
    }
}

type On<Q, A> = Box<dyn Fn(Q) -> A + Send + Sync>;

/// What the handlers do. By default they answer what they are asked.
pub struct Fake {
    /// The handler that panics.
    pub panic_in: &'static str,
    pub read: On<ReadRequest, ReadResponse>,
    pub plan: On<PlanRequest, PlanResponse>,
    pub apply: On<(Call, ApplyRequest), BoxFuture<'static, ApplyResponse>>,
    pub import: On<ImportRequest, ImportResponse>,
    pub move_state: On<MoveRequest, MoveResponse>,
    pub token: On<Value, Value>,
    pub function: On<Vec<Value>, Result<Value, FunctionError>>,
}

impl Default for Fake {
    fn default() -> Self {
        Fake {
            panic_in: "",
            read: Box::new(|request| ReadResponse {
                new: request.current,
                private: request.private,
                identity: request.identity,
                ..Default::default()
            }),
            plan: Box::new(|request| PlanResponse {
                planned: request.proposed,
                planned_private: request.prior_private,
                planned_identity: request.prior_identity,
                ..Default::default()
            }),
            apply: applying(|request| ApplyResponse {
                new: request.planned,
                private: request.planned_private,
                identity: request.planned_identity,
                ..Default::default()
            }),
            import: Box::new(|_| ImportResponse::default()),
            move_state: Box::new(|_| MoveResponse::default()),
            token: Box::new(|config| config),
            function: Box::new(|_| Ok("done".into())),
        }
    }
}

impl Fake {
    pub fn panicking(handler: &'static str) -> Self {
        Fake {
            panic_in: handler,
            ..Fake::default()
        }
    }

    fn enter(&self, handler: &str) {
        if self.panic_in == handler {
            panic!("{handler}");
        }
    }
}

/// An apply without waiting.
pub fn applying(
    apply: impl Fn(ApplyRequest) -> ApplyResponse + Send + Sync + 'static,
) -> On<(Call, ApplyRequest), BoxFuture<'static, ApplyResponse>> {
    Box::new(move |(_, request)| std::future::ready(apply(request)).boxed())
}

pub fn failure(summary: &str) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    diagnostics.error(Path::root(), summary, "It is a test.");
    diagnostics
}

/// A thing of this name, as a state holds it.
pub fn thing(name: &str) -> Value {
    Thing {
        name: name.into(),
        serial: "1".into(),
        ..Thing::default()
    }
    .encode()
}

/// `value` with another member.
pub fn with(value: Value, member: &str, other: impl Into<Value>) -> Value {
    let Value::Map(mut members) = value else {
        panic!("{value:?} has no members");
    };
    members.insert(member.to_owned(), other.into());
    Value::Map(members)
}

pub fn identity(name: &str) -> Value {
    Value::Map(BTreeMap::from([("name".to_owned(), name.into())]))
}

struct Kind(Arc<Fake>);

#[async_trait]
impl ManagedResource for Kind {
    fn schema(&self) -> Schema {
        Schema {
            version: 2,
            description: Thing::description(),
            fields: Thing::fields(),
        }
    }

    fn identity_schema(&self) -> Option<IdentitySchema> {
        self.0.enter("identity_schema");
        Some(IdentitySchema {
            version: 0,
            attributes: vec![IdentityAttribute {
                name: "name",
                ty: Type::String,
                description: "Name.",
                required_for_import: true,
            }],
        })
    }

    fn validate(&self, _: &Call, _: &Value) -> Diagnostics {
        self.0.enter("validate");
        Diagnostics::new()
    }

    /// Version 1 called the name a title.
    fn upgrade(
        &self,
        version: i64,
        mut state: serde_json::Value,
    ) -> Result<serde_json::Value, String> {
        self.0.enter("upgrade");
        if version != 1 {
            return Err(format!("version {version} is not known"));
        }
        state["name"] = state["title"].take();
        Ok(state)
    }

    async fn read(&self, _: &Call, request: ReadRequest) -> ReadResponse {
        self.0.enter("read");
        (self.0.read)(request)
    }

    async fn plan(&self, _: &Call, request: PlanRequest) -> PlanResponse {
        self.0.enter("plan");
        (self.0.plan)(request)
    }

    async fn apply(&self, call: &Call, request: ApplyRequest) -> ApplyResponse {
        self.0.enter("apply");
        (self.0.apply)((call.clone(), request)).await
    }

    async fn import(&self, _: &Call, request: ImportRequest) -> ImportResponse {
        self.0.enter("import");
        (self.0.import)(request)
    }

    async fn move_state(&self, _: &Call, request: MoveRequest) -> MoveResponse {
        self.0.enter("move_state");
        (self.0.move_state)(request)
    }
}

fn token_schema() -> Schema {
    Schema {
        version: 0,
        description: Token::description(),
        fields: Token::fields(),
    }
}

#[async_trait]
impl DataSource for Kind {
    fn schema(&self) -> Schema {
        token_schema()
    }

    fn validate(&self, _: &Value) -> Diagnostics {
        self.0.enter("data_source.validate");
        Diagnostics::new()
    }

    async fn read(&self, _: &Call, config: Value) -> (Value, Diagnostics) {
        self.0.enter("data_source.read");
        ((self.0.token)(config), Diagnostics::new())
    }
}

#[async_trait]
impl EphemeralResource for Kind {
    fn schema(&self) -> Schema {
        token_schema()
    }

    fn validate(&self, _: &Value) -> Diagnostics {
        self.0.enter("ephemeral.validate");
        Diagnostics::new()
    }

    async fn open(&self, _: &Call, config: Value) -> Opened {
        self.0.enter("open");
        Opened {
            result: (self.0.token)(config),
            renew_at: Some(1_700_000_000),
            private: Some(b"opened".to_vec()),
            ..Opened::default()
        }
    }

    async fn renew(&self, _: &Call, private: Option<Vec<u8>>) -> Opened {
        self.0.enter("renew");
        Opened {
            renew_at: Some(1_700_000_060),
            private: private.map(|private| [private, b", renewed".to_vec()].concat()),
            ..Opened::default()
        }
    }

    async fn close(&self, _: &Call, private: Option<Vec<u8>>) -> Diagnostics {
        self.0.enter("close");
        let private = String::from_utf8(private.unwrap_or_default()).unwrap();
        let mut diagnostics = Diagnostics::new();
        diagnostics.warning(Path::root(), "Closed", private);
        diagnostics
    }
}

impl Function for Kind {
    fn signature(&self) -> Signature {
        self.0.enter("signature");
        let parameter = |name, ty| Parameter {
            name,
            ty,
            description: "",
            allow_null: true,
        };
        Signature {
            summary: "Joins",
            description: "Joins.",
            parameters: vec![parameter("a", Type::String), parameter("b", Type::Number)],
            returns: Type::String,
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        self.0.enter("call");
        (self.0.function)(arguments.to_vec())
    }
}

/// A provider with one of each.
pub struct Offer {
    fake: Arc<Fake>,
    resources: Vec<(&'static str, Arc<dyn ManagedResource>)>,
    data_sources: Vec<(&'static str, Arc<dyn DataSource>)>,
    ephemeral_resources: Vec<(&'static str, Arc<dyn EphemeralResource>)>,
    functions: Vec<(&'static str, Arc<dyn Function>)>,
}

impl From<Fake> for Offer {
    fn from(fake: Fake) -> Self {
        let fake = Arc::new(fake);
        let kind = Arc::new(Kind(fake.clone()));
        Offer {
            fake,
            resources: vec![("test_thing", kind.clone())],
            data_sources: vec![("test_token", kind.clone())],
            ephemeral_resources: vec![("test_token", kind.clone())],
            functions: vec![("join", kind)],
        }
    }
}

#[async_trait]
impl Provider for Offer {
    fn schema(&self) -> Schema {
        self.fake.enter("provider.schema");
        token_schema()
    }

    fn validate(&self, _: &Value) -> Diagnostics {
        self.fake.enter("provider.validate");
        Diagnostics::new()
    }

    async fn configure(&self, _: &Call, _: Value) -> Diagnostics {
        self.fake.enter("configure");
        Diagnostics::new()
    }

    fn resources(&self) -> &[(&'static str, Arc<dyn ManagedResource>)] {
        self.fake.enter("resources");
        &self.resources
    }

    fn data_sources(&self) -> &[(&'static str, Arc<dyn DataSource>)] {
        &self.data_sources
    }

    fn ephemeral_resources(&self) -> &[(&'static str, Arc<dyn EphemeralResource>)] {
        &self.ephemeral_resources
    }

    fn functions(&self) -> &[(&'static str, Arc<dyn Function>)] {
        &self.functions
    }
}
