//! Remote objects as the engine sees them: where they are, what they should be, what they are.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::schema::attr::NotKnown;

/// Where a remote object is. Follows from configuration alone, so that a lost response loses nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Address {
    Kubernetes {
        api_version: String,
        kind: String,
        namespace: Option<String>,
        name: String,
    },
    Arm {
        id: String,
        api_version: String,
    },
}

impl Address {
    pub fn kubernetes(
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
        name: impl Into<String>,
    ) -> Self {
        Address::Kubernetes {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.map(str::to_owned),
            name: name.into(),
        }
    }

    pub fn arm(id: impl Into<String>, api_version: &str) -> Self {
        Address::Arm {
            id: id.into(),
            api_version: api_version.to_owned(),
        }
    }

    /// The key of the object in `objects`: kind and name, as `Cluster/pg` or `agentPools/postgres1a2b`.
    pub fn key(&self) -> String {
        match self {
            Address::Kubernetes { kind, name, .. } => format!("{kind}/{name}"),
            Address::Arm { id, .. } => {
                let mut segments = id.rsplit('/');
                let name = segments.next().unwrap_or_default();
                let kind = segments.next().unwrap_or_default();
                format!("{kind}/{name}")
            }
        }
    }
}

/// In full, for messages.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Kubernetes {
                kind,
                namespace: Some(namespace),
                name,
                ..
            } => write!(f, "{kind} `{namespace}/{name}`"),
            Address::Kubernetes { kind, name, .. } => write!(f, "{kind} `{name}`"),
            Address::Arm { id, .. } => write!(f, "`{id}`"),
        }
    }
}

/// How an object shows that it is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// By label and annotation (Kubernetes).
    Labels,
    /// By tags at this place of the body (ARM): `tags` or, for agent pools, `properties.tags`.
    Tags(&'static str),
    /// By its name, which is derived from what it is; such an object takes no mark.
    Name,
    /// Not at all: made when missing, otherwise left alone.
    Shared,
}

/// How the object is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// Server-side apply.
    Apply,
    /// PUT, which replaces: what is there is read and changed.
    ReadModifyPut,
    /// PUT of exactly this body.
    Put,
    /// An object that cannot be changed is deleted and made anew. For objects that nothing breaks without for a moment.
    Recreate,
}

/// An object as the configuration wants it.
#[derive(Clone, Debug, PartialEq)]
pub struct Desired {
    pub address: Address,
    /// Whole for Kubernetes (with `apiVersion`, `kind`, `metadata`), the request body for ARM. Holds only fields that we own.
    pub body: Json,
    pub ownership: Ownership,
    pub write: Write,
    /// The parent whose writes must not overlap (ARM).
    pub lock: Option<String>,
    /// Paths that count at creation only; afterwards the live value stays.
    pub once: &'static [&'static str],
}

impl Desired {
    /// An object that is written by server-side apply. `spec` holds the members beside `metadata`.
    pub fn kubernetes(address: Address, labels: Json, members: Json) -> Self {
        let mut body = members;
        if let (
            Json::Object(object),
            Address::Kubernetes {
                api_version,
                kind,
                namespace,
                name,
            },
        ) = (&mut body, &address)
        {
            let mut metadata = serde_json::Map::new();
            metadata.insert("name".into(), name.clone().into());
            if let Some(namespace) = namespace {
                metadata.insert("namespace".into(), namespace.clone().into());
            }
            if labels.as_object().is_some_and(|labels| !labels.is_empty()) {
                metadata.insert("labels".into(), labels);
            }
            object.insert("apiVersion".into(), api_version.clone().into());
            object.insert("kind".into(), kind.clone().into());
            merge(
                object
                    .entry("metadata")
                    .or_insert_with(|| Json::Object(serde_json::Map::new())),
                Json::Object(metadata),
            );
        }
        Desired {
            address,
            body,
            ownership: Ownership::Labels,
            write: Write::Apply,
            lock: None,
            once: &[],
        }
    }

    pub fn arm(address: Address, write: Write, ownership: Ownership, body: Json) -> Self {
        Desired {
            address,
            body,
            ownership,
            write,
            lock: None,
            once: &[],
        }
    }

    #[must_use]
    pub fn locked(mut self, parent: impl Into<String>) -> Self {
        self.lock = Some(parent.into());
        self
    }

    #[must_use]
    pub fn once(mut self, paths: &'static [&'static str]) -> Self {
        self.once = paths;
        self
    }

    #[must_use]
    pub fn owned_by(mut self, ownership: Ownership) -> Self {
        self.ownership = ownership;
        self
    }
}

/// Puts every member of `change` into `base`, object by object; anything else is replaced.
pub fn merge(base: &mut Json, change: Json) {
    match (base, change) {
        (Json::Object(base), Json::Object(change)) => {
            for (name, value) in change {
                merge(base.entry(name).or_insert(Json::Null), value);
            }
        }
        (base, change) => *base = change,
    }
}

/// An object as it really is.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    pub address: Address,
    pub body: Json,
}

/// Facts that one part learns from its live objects and others need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outputs(BTreeMap<&'static str, String>);

impl Outputs {
    pub fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.insert(name, value.into());
    }

    pub fn get(&self, name: &'static str) -> Result<&str, NotKnown> {
        self.0.get(name).map(String::as_str).ok_or(NotKnown)
    }

    pub fn extend(&mut self, other: Outputs) {
        self.0.extend(other.0);
    }
}
