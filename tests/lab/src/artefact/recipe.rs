//! Recipes as data: whatever determines an artefact is a field here, so that the stamp covers it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::digest;

/// To be raised when the code behind a recipe builds something else from the same data.
const REVISION: u32 = 1;

/// One thing to build. `needs` names artefacts that its recipe takes files from.
#[derive(Clone, Debug, Serialize)]
pub struct Artefact {
    pub name: &'static str,
    pub needs: Vec<&'static str>,
    pub recipe: Recipe,
}

#[derive(Clone, Debug, Serialize)]
pub enum Recipe {
    Go(GoModule),
    Image(Image),
    Npm {
        package: &'static str,
        version: &'static str,
    },
}

/// Programs of one Go module, built from the module proxy.
#[derive(Clone, Debug, Serialize)]
pub struct GoModule {
    pub go: &'static str,
    pub module: &'static str,
    /// Without the leading `v`.
    pub version: String,
    pub replace: Vec<String>,
    /// Kubernetes' own go.mod points at directories of its repository: the version of the published modules instead.
    pub staging: Option<String>,
    pub ldflags: String,
    /// Name of the program and its package.
    pub programs: Vec<(&'static str, String)>,
    pub manifest: Option<Manifest>,
}

/// A release manifest that the module contains.
#[derive(Clone, Debug, Serialize)]
pub struct Manifest {
    pub path: String,
    /// Text to be found exactly once or more often, and what stands there afterwards.
    pub edits: Vec<(&'static str, &'static str)>,
}

/// A container image, kept as an archive that `ctr images import` takes.
#[derive(Clone, Debug, Serialize)]
pub struct Image {
    pub tags: Vec<String>,
    pub user: &'static str,
    pub entrypoint: &'static [&'static str],
    pub env: Vec<String>,
    pub layer: Layer,
}

#[derive(Clone, Debug, Serialize)]
pub enum Layer {
    /// A tree of Debian packages.
    Debian(Debian),
    /// Nothing but a program of another artefact, under `path`, with links to it.
    Program {
        from: &'static str,
        program: &'static str,
        path: &'static str,
        links: Vec<(&'static str, &'static str)>,
    },
    /// Nothing but one small Go program, as `/name`.
    Source {
        name: &'static str,
        source: &'static str,
    },
}

#[derive(Clone, Debug, Serialize)]
pub struct Debian {
    pub suite: &'static str,
    pub packages: Vec<String>,
    /// User and group of this name get this id; files of the id they had are handed over.
    pub accounts: Vec<(&'static str, u32)>,
    /// Run inside the tree, with network.
    pub script: String,
    pub links: Vec<(&'static str, &'static str)>,
    /// Program of another artefact and its place in the tree.
    pub programs: Vec<(&'static str, &'static str, &'static str)>,
    /// Further tags made of the upstream version of an installed package: package and `name:{}suffix` patterns.
    pub version_tags: Option<(String, Vec<String>)>,
}

/// The stamp of every artefact: a checksum over its recipe and the stamps of what it needs.
pub fn stamps(artefacts: &[Artefact]) -> BTreeMap<&'static str, String> {
    let mut stamps = BTreeMap::new();
    for artefact in artefacts {
        let needs: Vec<&String> = artefact
            .needs
            .iter()
            .filter_map(|need| stamps.get(need))
            .collect();
        let text =
            serde_json::json!({ "revision": REVISION, "artefact": artefact, "needs": needs })
                .to_string();
        stamps.insert(artefact.name, digest::text(&text));
    }
    stamps
}
