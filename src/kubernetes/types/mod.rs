//! Objects of CloudNativePG and its barman plugin, as far as we own or read them.
//!
//! A type holds the fields we may set (server-side apply wants no others) and the part of the
//! status that we read. Fields that are not set are not written.

pub mod backup;
pub mod cluster;
pub mod common;
pub mod database;
mod object;
pub mod object_store;
pub mod pooler;
pub mod scheduled_backup;

#[cfg(test)]
mod tests;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub use backup::Backup;
pub use cluster::Cluster;
pub use common::{IntOrString, ObjectMeta};
pub use database::Database;
pub use object_store::ObjectStore;
pub use pooler::Pooler;
pub use scheduled_backup::ScheduledBackup;

use super::Reference;

/// A kind of object with its metadata.
pub trait Resource: Serialize + DeserializeOwned {
    const API_VERSION: &'static str;
    const KIND: &'static str;

    fn metadata(&self) -> &ObjectMeta;

    /// The whole object as JSON, with API version and kind.
    fn to_value(&self) -> Value {
        // Serialising these types cannot fail: all keys are strings.
        let mut object = serde_json::to_value(self).unwrap_or_default();
        if let Value::Object(fields) = &mut object {
            fields.insert("apiVersion".to_owned(), json!(Self::API_VERSION));
            fields.insert("kind".to_owned(), json!(Self::KIND));
        }
        object
    }

    /// Reads an object; fields that the type does not have are ignored.
    fn from_value(object: &Value) -> Result<Self, serde_json::Error> {
        Self::deserialize(object)
    }

    fn reference(&self) -> Reference {
        let metadata = self.metadata();
        Reference {
            api_version: Self::API_VERSION.to_owned(),
            kind: Self::KIND.to_owned(),
            namespace: metadata.namespace.clone(),
            name: metadata.name.clone(),
        }
    }
}

macro_rules! resource {
    ($name:ident, $api_version:literal) => {
        impl crate::kubernetes::types::Resource for $name {
            const API_VERSION: &'static str = $api_version;
            const KIND: &'static str = stringify!($name);

            fn metadata(&self) -> &crate::kubernetes::types::ObjectMeta {
                &self.metadata
            }
        }
    };
}

use resource;
