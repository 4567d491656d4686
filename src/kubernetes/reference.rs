//! Which object: API version, kind, namespace and name.

use std::fmt;

use serde_json::Value;

use super::{Error, kinds};

/// Names one object of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    pub api_version: String,
    pub kind: String,
    /// `None` for cluster-scoped kinds.
    pub namespace: Option<String>,
    pub name: String,
}

impl Reference {
    pub fn namespaced(api_version: &str, kind: &str, namespace: &str, name: &str) -> Self {
        Self {
            namespace: Some(namespace.to_owned()),
            ..Self::cluster_scoped(api_version, kind, name)
        }
    }

    pub fn cluster_scoped(api_version: &str, kind: &str, name: &str) -> Self {
        Self {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: None,
            name: name.to_owned(),
        }
    }

    /// Reads the reference from an object; API version, kind and name are required.
    pub fn of(object: &Value) -> Result<Self, Error> {
        let text = |pointer: &str| {
            object
                .pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        match (text("/apiVersion"), text("/kind"), text("/metadata/name")) {
            (Some(api_version), Some(kind), Some(name)) => Ok(Self {
                api_version,
                kind,
                namespace: text("/metadata/namespace"),
                name,
            }),
            _ => Err(Error::invalid_request(
                "the object lacks `apiVersion`, `kind` or `metadata.name`",
            )),
        }
    }

    /// The API group; empty for the core group.
    pub fn group(&self) -> &str {
        kinds::group(&self.api_version)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(out, "{}/{}/{}", self.kind, namespace, self.name),
            None => write!(out, "{}/{}", self.kind, self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_itself_from_an_object_and_prints_short() {
        let cluster = json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster",
            "metadata": {"name": "pg", "namespace": "cnpg-database"}});
        let reference = Reference::of(&cluster).unwrap();
        assert_eq!(reference.to_string(), "Cluster/cnpg-database/pg");
        assert_eq!(reference.group(), "postgresql.cnpg.io");
        let node = Reference::cluster_scoped("v1", "Node", "n1");
        assert_eq!((node.to_string().as_str(), node.group()), ("Node/n1", ""));
    }

    #[test]
    fn an_object_without_a_name_has_no_reference() {
        assert!(
            Reference::of(&json!({"apiVersion": "v1", "kind": "Pod", "metadata": {}})).is_err()
        );
    }
}
