//! What a resource type has to say for itself. A new type is one file that
//! implements [`ResourceType`] and one line in `types::all`.

use std::time::Duration;

use serde_json::Value;

use super::errors::ArmError;
use super::ids::Id;
use super::store::{Resource, State};
use crate::options::Options;

/// How a write reports that it goes on after the answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Style {
    /// It does not: the answer is final.
    Immediate,
    /// Body with a running `provisioningState`, `Azure-AsyncOperation`.
    AsyncOperation,
    /// 202 without a body and `Location`.
    Location,
}

#[derive(Clone, Copy, Debug)]
pub struct Timing {
    pub status: u16,
    pub style: Style,
    /// Simulated seconds.
    pub seconds: u64,
}

impl Timing {
    pub const fn immediate(status: u16) -> Self {
        Self {
            status,
            style: Style::Immediate,
            seconds: 0,
        }
    }

    pub const fn long(status: u16, style: Style, seconds: u64) -> Self {
        Self {
            status,
            style,
            seconds,
        }
    }
}

/// Which running operations refuse another write.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Busy {
    Never,
    /// One on the same resource, refused with this code.
    Itself(&'static str),
    /// Any on the resource's top-level parent or its children.
    Family,
}

/// The fixed facts of a type.
pub struct Kind {
    pub name: &'static str,
    pub versions: &'static [&'static str],
    /// `location` is required and cannot change.
    pub located: bool,
    pub immutable_code: &'static str,
    /// JSON pointers that cannot change once set.
    pub immutable: &'static [&'static str],
    pub create: Timing,
    pub update: Timing,
    pub delete: Timing,
    pub updating_state: &'static str,
    pub busy: Busy,
    /// Writes under one parent must not overlap; they take this long.
    pub exclusive: bool,
    pub unwrapped_errors: bool,
    /// Ids come back with `resourcegroups` in lower case.
    pub lower_case_ids: bool,
    /// ETags are kept and If-Match is honoured.
    pub etag: Option<&'static str>,
    /// How the type's own path continues that of another resource.
    pub child: bool,
    pub deletable: bool,
    /// The code for one that does not exist.
    pub missing_code: &'static str,
    /// Azure's names for the polling addresses.
    pub operations: &'static str,
    pub results: &'static str,
}

impl Kind {
    /// A tracked resource without long-running operations.
    pub const fn plain(name: &'static str, versions: &'static [&'static str]) -> Self {
        Self {
            name,
            versions,
            located: true,
            immutable_code: "PropertyChangeNotAllowed",
            immutable: &[],
            create: Timing::immediate(201),
            update: Timing::immediate(200),
            delete: Timing::immediate(200),
            updating_state: "Updating",
            busy: Busy::Never,
            exclusive: false,
            unwrapped_errors: false,
            lower_case_ids: false,
            etag: None,
            child: false,
            deletable: true,
            missing_code: "ResourceNotFound",
            operations: "operations",
            results: "operationresults",
        }
    }

    /// A child resource without location and long-running operations.
    pub const fn child(name: &'static str, versions: &'static [&'static str]) -> Self {
        let mut kind = Self::plain(name, versions);
        kind.located = false;
        kind.child = true;
        kind
    }

    pub fn namespace(&self) -> &'static str {
        self.name.split('/').next().unwrap_or_default()
    }
}

/// A write in progress: everything a type may look at.
pub struct Draft<'a> {
    pub state: &'a State,
    pub options: &'a Options,
    pub world: &'a Surroundings,
    pub id: &'a Id,
    pub existing: Option<&'a Resource>,
    pub body: Value,
    pub now: Duration,
    pub stamp: String,
}

/// Addresses that resources report.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    pub kubernetes_host: String,
    pub cluster_issuer: String,
    pub ca_pem: String,
    pub kubernetes_token: String,
    pub blob_endpoint: Option<String>,
}

impl Draft<'_> {
    /// A GUID that depends on the resource and how often it was made.
    pub fn guid(&self, label: &str) -> String {
        let generation = self
            .existing
            .map_or_else(|| self.state.generation(self.id) + 1, |r| r.generation);
        self.state
            .guid(&format!("{}|{generation}|{label}", self.id.key()))
    }

    pub fn set_default(&mut self, pointer: &str, value: Value) {
        if get(&self.body, pointer).is_null() {
            put(&mut self.body, pointer, value);
        }
    }

    pub fn set(&mut self, pointer: &str, value: Value) {
        put(&mut self.body, pointer, value);
    }

    /// Takes over what is there already, or else a new value.
    pub fn keep_or(&mut self, pointer: &str, value: Value) {
        let kept = self
            .existing
            .map(|r| get(&r.body, pointer).clone())
            .filter(|v| !v.is_null());
        put(&mut self.body, pointer, kept.unwrap_or(value));
    }

    pub fn text(&self, pointer: &str) -> Option<&str> {
        get(&self.body, pointer).as_str()
    }
}

/// The value at a JSON pointer, or null.
pub fn get<'v>(value: &'v Value, pointer: &str) -> &'v Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

/// Sets the value at a pointer through objects, which are made as needed.
pub fn put(target: &mut Value, pointer: &str, value: Value) {
    let mut at = target;
    for name in pointer.split('/').skip(1) {
        if !at.is_object() {
            *at = Value::Object(serde_json::Map::new());
        }
        at = &mut at[name];
    }
    *at = value;
}

/// RFC 7396.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    for (name, value) in fields {
        match value {
            Value::Null => {
                if let Some(object) = target.as_object_mut() {
                    object.remove(name);
                }
            }
            value => merge(&mut target[name.as_str()], value),
        }
    }
}

/// What a successful action or special read answers.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Option<Value>,
    pub headers: Vec<(&'static str, String)>,
}

impl Answer {
    pub fn ok(body: Value) -> Self {
        Self::with(200, Some(body))
    }

    pub fn with(status: u16, body: Option<Value>) -> Self {
        Self {
            status,
            body,
            headers: Vec::new(),
        }
    }
}

/// An action or a GET that is not about one stored resource.
pub struct Query<'a> {
    pub state: &'a State,
    pub options: &'a Options,
    pub world: &'a Surroundings,
    pub parameters: &'a std::collections::BTreeMap<String, String>,
    pub body: &'a Value,
    pub now: Duration,
}

pub trait ResourceType: Sync {
    fn kind(&self) -> &'static Kind;

    fn name(&self, name: &str) -> Result<(), ArmError>;

    /// Refuses a body that the service would refuse.
    fn check(&self, _draft: &Draft<'_>) -> Result<(), ArmError> {
        Ok(())
    }

    /// Adds what the service fills in.
    fn fill(&self, _draft: &mut Draft<'_>) {}

    /// The body that a PATCH leads to.
    fn patch(&self, _current: &Value, _patch: &Value) -> Result<Value, ArmError> {
        Err(ArmError::method("PATCH"))
    }

    /// Follow-up in other resources once a write is stored.
    fn stored(&self, _state: &mut State, _id: &Id, _sent: &Value, _now: Duration) {}

    fn check_delete(&self, _state: &State, _resource: &Resource) -> Result<(), ArmError> {
        Ok(())
    }

    /// DELETE answers with what was deleted.
    fn returns_deleted(&self) -> bool {
        false
    }

    fn removed(&self, _state: &mut State, _resource: &Resource, _now: Duration) {}

    /// A long-running write has ended well.
    fn ready(&self, _state: &mut State, _key: &str) {}

    /// A resource that exists without having been made (`blobServices/default`).
    fn implicit(&self, _id: &Id, _state: &State) -> Option<Value> {
        None
    }

    fn action(
        &self,
        _name: &str,
        _resource: &Resource,
        _query: &Query<'_>,
    ) -> Option<Result<Answer, ArmError>> {
        None
    }

    fn render(&self, _state: &State, _resource: &Resource, _body: &mut Value) {}

    /// Whether a list at a scope (in lower case) holds a resource.
    fn listed(&self, resource: &Resource, scope: &str, _query: &Query<'_>) -> bool {
        resource.id.key().starts_with(&format!("{scope}/"))
    }
}
