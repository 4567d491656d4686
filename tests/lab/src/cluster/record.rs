//! What is known about the lab that came up: with it the next `up` tells whether that lab will do.

use std::fs;
use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{config, processes};
use crate::artefact::{catalogue::catalogue, stamps};
use crate::paths::{NODES, Paths};
use crate::pins::PINS;

/// Written when a lab is ready, rewritten when the operator has been installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Checksum over versions, command lines and configuration.
    pub fingerprint: String,
    pub operator: bool,
}

impl Record {
    pub fn read(paths: &Paths) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(paths.record()).ok()?).ok()
    }

    pub fn write(&self, paths: &Paths) -> Result<()> {
        Ok(fs::write(
            paths.record(),
            serde_json::to_string_pretty(self)?,
        )?)
    }
}

/// Everything that distinguishes one lab from another, as a checksum.
pub fn fingerprint(paths: &Paths) -> String {
    // The driver's executable moves with the build directory, which makes no difference.
    let processes = processes::all(paths, Path::new("lab"));
    let nodes: Vec<_> = (1..=NODES)
        .map(|node| {
            json!([
                config::kubelet(paths, node),
                config::containerd(paths, node)
            ])
        })
        .collect();
    let all = json!({
        "artefacts": stamps(&catalogue(&PINS)),
        "processes": processes,
        "nodes": nodes,
        "cni": config::cni(paths),
        "dns": config::coredns(paths),
        "storage": config::storage_objects(),
    });
    crate::artefact::checksum(&all.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_survives_and_the_fingerprint_depends_on_the_paths() {
        let directory = tempfile::tempdir().unwrap();
        let paths = |root: &str| Paths {
            cache: "/c".into(),
            root: directory.path().join(root),
            run: "/r".into(),
        };
        let (one, two) = (paths("one"), paths("two"));
        assert_eq!(fingerprint(&one), fingerprint(&one));
        assert_ne!(fingerprint(&one), fingerprint(&two));
        fs::create_dir_all(&one.root).unwrap();
        let record = Record {
            fingerprint: fingerprint(&one),
            operator: true,
        };
        record.write(&one).unwrap();
        assert_eq!(Record::read(&one), Some(record));
        assert_eq!(Record::read(&two), None);
    }
}
