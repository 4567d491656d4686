//! What a provider offers, as Terraform sees it: resources, data sources, ephemeral resources and functions.
//!
//! The plugin layer calls these traits and knows nothing of what stands behind them.

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::diagnostic::{Diagnostics, Path};
use super::field::Field;
use super::value::{Type, Value};

/// The schema of one resource, data source, ephemeral resource or of the provider itself.
#[derive(Clone, Debug)]
pub struct Schema {
    pub version: i64,
    pub description: String,
    pub fields: Vec<Field>,
}

/// One attribute of a resource's identity.
#[derive(Clone, Debug)]
pub struct IdentityAttribute {
    pub name: &'static str,
    pub ty: Type,
    pub description: &'static str,
    /// Otherwise optional for import.
    pub required_for_import: bool,
}

/// How a resource is told apart from every other one for the whole of its life.
#[derive(Clone, Debug)]
pub struct IdentitySchema {
    pub version: i64,
    pub attributes: Vec<IdentityAttribute>,
}

/// What every call carries.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// Cancelled when core asks the provider to stop.
    pub cancel: CancellationToken,
    /// False for a core that would store write-only values.
    pub write_only_attributes_allowed: bool,
}

#[derive(Clone, Debug)]
pub struct ReadRequest {
    pub current: Value,
    pub private: Vec<u8>,
    pub identity: Option<Value>,
}

#[derive(Clone, Debug, Default)]
pub struct ReadResponse {
    /// Null: the resource is gone.
    pub new: Value,
    pub private: Vec<u8>,
    pub identity: Option<Value>,
    pub diagnostics: Diagnostics,
}

#[derive(Clone, Debug)]
pub struct PlanRequest {
    /// Null: create.
    pub prior: Value,
    /// Null: destroy.
    pub proposed: Value,
    pub config: Value,
    pub prior_private: Vec<u8>,
    pub prior_identity: Option<Value>,
}

#[derive(Clone, Debug, Default)]
pub struct PlanResponse {
    pub planned: Value,
    pub requires_replace: Vec<Path>,
    pub planned_private: Vec<u8>,
    pub planned_identity: Option<Value>,
    pub diagnostics: Diagnostics,
}

#[derive(Clone, Debug)]
pub struct ApplyRequest {
    pub prior: Value,
    pub planned: Value,
    pub config: Value,
    pub planned_private: Vec<u8>,
    pub planned_identity: Option<Value>,
}

#[derive(Clone, Debug, Default)]
pub struct ApplyResponse {
    pub new: Value,
    pub private: Vec<u8>,
    pub identity: Option<Value>,
    pub diagnostics: Diagnostics,
}

/// By id or by identity, never both.
#[derive(Clone, Debug)]
pub enum ImportRequest {
    Id(String),
    Identity(Value),
}

#[derive(Clone, Debug, Default)]
pub struct ImportResponse {
    /// A stub that read completes; `None` with errors only.
    pub state: Option<Value>,
    pub private: Vec<u8>,
    pub identity: Option<Value>,
    pub diagnostics: Diagnostics,
}

#[derive(Clone, Debug)]
pub struct MoveRequest {
    pub source_provider_address: String,
    pub source_type_name: String,
    pub source_schema_version: i64,
    /// JSON of the source's state.
    pub source_state: Vec<u8>,
    pub source_private: Vec<u8>,
}

#[derive(Clone, Debug, Default)]
pub struct MoveResponse {
    /// Null with errors only.
    pub target: Value,
    pub private: Vec<u8>,
    pub identity: Option<Value>,
    pub diagnostics: Diagnostics,
}

/// A managed resource. Values in and out conform to the schema; the plugin layer and core take care of that.
#[async_trait]
pub trait ManagedResource: Send + Sync {
    fn schema(&self) -> Schema;

    fn identity_schema(&self) -> Option<IdentitySchema>;

    /// Everything that the configuration alone can tell. Unknown values are valid.
    fn validate(&self, call: &Call, config: &Value) -> Diagnostics;

    /// Brings JSON of an older schema version to the current form. Equal versions are handled by the plugin layer.
    fn upgrade(&self, version: i64, state: serde_json::Value) -> Result<serde_json::Value, String>;

    async fn read(&self, call: &Call, request: ReadRequest) -> ReadResponse;

    async fn plan(&self, call: &Call, request: PlanRequest) -> PlanResponse;

    async fn apply(&self, call: &Call, request: ApplyRequest) -> ApplyResponse;

    async fn import(&self, call: &Call, request: ImportRequest) -> ImportResponse;

    async fn move_state(&self, call: &Call, request: MoveRequest) -> MoveResponse;
}

/// A data source.
#[async_trait]
pub trait DataSource: Send + Sync {
    fn schema(&self) -> Schema;

    fn validate(&self, config: &Value) -> Diagnostics;

    async fn read(&self, call: &Call, config: Value) -> (Value, Diagnostics);
}

/// The result of opening or renewing an ephemeral resource.
#[derive(Clone, Debug, Default)]
pub struct Opened {
    pub result: Value,
    /// Seconds since the epoch at which core should renew.
    pub renew_at: Option<i64>,
    pub private: Option<Vec<u8>>,
    pub diagnostics: Diagnostics,
}

/// A value that lives for one run only.
#[async_trait]
pub trait EphemeralResource: Send + Sync {
    fn schema(&self) -> Schema;

    fn validate(&self, config: &Value) -> Diagnostics;

    async fn open(&self, call: &Call, config: Value) -> Opened;

    async fn renew(&self, call: &Call, private: Option<Vec<u8>>) -> Opened;

    async fn close(&self, call: &Call, private: Option<Vec<u8>>) -> Diagnostics;
}

#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: &'static str,
    pub ty: Type,
    pub description: &'static str,
    pub allow_null: bool,
}

#[derive(Clone, Debug)]
pub struct Signature {
    pub summary: &'static str,
    pub description: &'static str,
    pub parameters: Vec<Parameter>,
    pub returns: Type,
}

/// An error of a function, with the argument that it is about.
#[derive(Clone, Debug)]
pub struct FunctionError {
    pub text: String,
    pub argument: Option<usize>,
}

/// A pure function.
pub trait Function: Send + Sync {
    fn signature(&self) -> Signature;

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError>;
}

/// A provider: its own configuration and everything that it offers, by type name and in a fixed order.
#[async_trait]
pub trait Provider: Send + Sync {
    fn schema(&self) -> Schema;

    fn validate(&self, config: &Value) -> Diagnostics;

    async fn configure(&self, call: &Call, config: Value) -> Diagnostics;

    fn resources(&self) -> &[(&'static str, std::sync::Arc<dyn ManagedResource>)];

    fn data_sources(&self) -> &[(&'static str, std::sync::Arc<dyn DataSource>)];

    fn ephemeral_resources(&self) -> &[(&'static str, std::sync::Arc<dyn EphemeralResource>)];

    fn functions(&self) -> &[(&'static str, std::sync::Arc<dyn Function>)];
}
