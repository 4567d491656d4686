//! Where the lab keeps things: the cache of what was built, the state of the running lab.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The network namespace that holds the whole lab.
pub const NAMESPACE: &str = "tpp-lab";
/// Number of nodes; node `n` is in zone `westeurope-n`.
pub const NODES: u8 = 3;

/// All paths of one lab. Tests make their own; everything else uses [`Paths::standard`].
#[derive(Clone, Debug)]
pub struct Paths {
    /// Artefacts that outlive a lab.
    pub cache: PathBuf,
    /// State of the running lab.
    pub root: PathBuf,
    /// Sockets and container state of the running lab, on tmpfs.
    pub run: PathBuf,
}

impl Paths {
    /// `$LAB_CACHE` or `~/.cache/terraform-provider-postgres/lab`, and the fixed state directories.
    pub fn standard() -> Result<Self> {
        let cache = match std::env::var_os("LAB_CACHE") {
            Some(path) if !path.is_empty() => PathBuf::from(path),
            _ => PathBuf::from(
                std::env::var_os("HOME")
                    .context("`HOME` is not set: set it or `LAB_CACHE` to say where the lab may keep what it builds")?,
            )
            .join(".cache/terraform-provider-postgres/lab"),
        };
        let cache = std::path::absolute(cache)?;
        Ok(Self {
            cache,
            root: PathBuf::from("/var/lib/tpp-lab"),
            run: PathBuf::from("/run/tpp-lab"),
        })
    }

    /// Executables for people and tests: kubectl, tofu, kubectl-cnpg and the servers.
    pub fn bin(&self) -> PathBuf {
        self.cache.join("bin")
    }

    /// The directory of one finished artefact.
    pub fn artefact(&self, name: &str) -> PathBuf {
        self.cache.join("artefacts").join(name)
    }

    /// Where an artefact is built before it is taken.
    pub fn work(&self, name: &str) -> PathBuf {
        self.cache.join("work").join(name)
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.root.join("admin.kubeconfig")
    }

    pub fn pki(&self, file: &str) -> PathBuf {
        self.root.join("pki").join(file)
    }

    pub fn log(&self, process: &str) -> PathBuf {
        self.root.join("log").join(format!("{process}.log"))
    }

    /// Signing keys of service account tokens, as the API server publishes them.
    pub fn jwks(&self) -> PathBuf {
        self.root.join("jwks.json")
    }

    /// The record of a lab that came up.
    pub fn record(&self) -> PathBuf {
        self.root.join("lab.json")
    }

    pub fn volumes(&self) -> PathBuf {
        self.root.join("volumes")
    }

    pub fn node(&self, node: u8) -> PathBuf {
        self.root.join(format!("node{node}"))
    }

    /// State directory of a node's containerd.
    pub fn node_run(&self, node: u8) -> PathBuf {
        self.run.join(format!("node{node}"))
    }

    pub fn containerd_socket(&self, node: u8) -> PathBuf {
        self.run.join(format!("node{node}.sock"))
    }

    /// The namespace as a file that `nsenter` takes.
    pub fn namespace_file(&self) -> PathBuf {
        Path::new("/run/netns").join(NAMESPACE)
    }
}

/// A path as text; the lab only makes paths that are.
pub fn text(path: impl AsRef<Path>) -> String {
    path.as_ref().to_string_lossy().into_owned()
}
