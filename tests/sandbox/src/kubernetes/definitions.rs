//! CustomResourceDefinitions: files installed at the start, and kinds that come and go with the objects.

use super::Kubernetes;
use super::api::{Options, Target};
use super::kinds::{self, Kind};
use super::status::Failure;
use super::store::{Key, Store};
use anyhow::{Context, anyhow};
use serde_json::Value;
use std::path::Path;

impl Kubernetes {
    /// Creates an object as the system itself.
    pub(crate) fn seed(
        &self,
        group: &str,
        kind: &str,
        namespace: &str,
        object: Value,
    ) -> anyhow::Result<()> {
        let kind = self.store().kind_named(group, kind);
        let kind = kind.ok_or_else(|| anyhow!("no such kind in group `{group}`"))?;
        let mut object = object;
        object["apiVersion"] = kind.api_version().into();
        object["kind"] = kind.kind.clone().into();
        let target = Target::object(&kind, namespace, "");
        match self.create(&target, object, &Options::by("kube-apiserver")) {
            Ok(_) => Ok(()),
            Err(Failure { code: 409, .. }) => Ok(()),
            Err(failure) => Err(anyhow!("{}", failure.message)),
        }
    }

    pub(crate) fn install_directory(&self, directory: &Path) -> anyhow::Result<()> {
        let entries = std::fs::read_dir(directory)
            .with_context(|| format!("reading CRD files in `{}`", directory.display()))?;
        let mut paths: Vec<_> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        // Newer versions sort last; the first definition of a kind wins.
        paths.sort();
        paths.reverse();
        for path in paths {
            if path.is_dir() {
                self.install_directory(&path)?;
            } else if path
                .extension()
                .is_some_and(|end| end == "yaml" || end == "yml")
            {
                self.install_file(&path)?;
            }
        }
        Ok(())
    }

    fn install_file(&self, path: &Path) -> anyhow::Result<()> {
        let text = std::fs::read_to_string(path)?;
        for document in serde_yaml_ng::Deserializer::from_str(&text) {
            let value: Value = serde::Deserialize::deserialize(document)
                .with_context(|| format!("parsing `{}`", path.display()))?;
            if value["kind"] == "CustomResourceDefinition" {
                self.seed(
                    "apiextensions.k8s.io",
                    "CustomResourceDefinition",
                    "",
                    value,
                )?;
            }
        }
        Ok(())
    }

    /// Serves what a stored definition defines.
    pub(crate) fn installed(&self, store: &mut Store, kind: &Kind, object: &Value) {
        if !kind.is("apiextensions.k8s.io", "CustomResourceDefinition") {
            return;
        }
        let served = kinds::of_definition(object);
        let same = |kind: &Kind| {
            kind.resource() == object["metadata"]["name"].as_str().unwrap_or_default()
        };
        store.kinds.retain(|kind| !same(kind));
        store.kinds.extend(served);
    }

    /// Stops serving it, and forgets its objects.
    pub(crate) fn uninstalled(&self, store: &mut Store, kind: &Kind, object: &Value) {
        if !kind.is("apiextensions.k8s.io", "CustomResourceDefinition") {
            return;
        }
        let resource = object["metadata"]["name"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let gone: Vec<Key> = store
            .objects
            .keys()
            .filter(|key| key.resource == resource)
            .cloned()
            .collect();
        for key in gone {
            store.remove(&key);
        }
        store.kinds.retain(|kind| kind.resource() != resource);
    }
}
