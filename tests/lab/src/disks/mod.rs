//! Stands in for the Azure disk driver: the controller that makes, grows, changes and removes volumes, and the node
//! plugin that mounts them. A volume is a directory of this machine; sizes are kept, not enforced.

mod controller;
mod decide;
mod node;
mod quantity;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::paths::Paths;
use crate::progress::say;

/// The driver's name, which StorageClasses give as provisioner.
pub const DRIVER: &str = "disk.csi.azure.com";

/// Serves until it is killed.
pub fn run(paths: &Paths) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let served = paths.clone();
    runtime.spawn(async move {
        if let Err(error) = node::serve(&served).await {
            say(format!("the node plugin ended: {error:#}"));
            std::process::exit(1);
        }
    });
    controller::run(paths)
}

/// The directory of a volume, from its handle: the last part, as in the id of an Azure disk.
fn directory(paths: &Paths, handle: &str) -> Result<PathBuf> {
    let name = handle
        .rsplit('/')
        .next()
        .filter(|name| !name.is_empty() && *name != "." && *name != "..");
    let Some(name) = name else {
        bail!("`{handle}` is not the id of a disk")
    };
    Ok(paths.volumes().join(name))
}

/// Makes the directory that a new volume consists of.
fn make(paths: &Paths, handle: &str) -> Result<()> {
    let directory = directory(paths, handle)?;
    std::fs::create_dir_all(&directory)
        .with_context(|| format!("cannot make `{}`", directory.display()))
}

/// Removes a volume's directory; one that is gone is fine.
fn remove(paths: &Paths, handle: &str) -> Result<()> {
    let directory = directory(paths, handle)?;
    match std::fs::remove_dir_all(&directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", directory.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_never_lead_out_of_the_directory_of_volumes() {
        let paths = Paths {
            cache: "/c".into(),
            root: "/root".into(),
            run: "/r".into(),
        };
        let id = "/subscriptions/x/resourceGroups/y/providers/Microsoft.Compute/disks/pvc-1";
        assert_eq!(
            directory(&paths, id).unwrap(),
            PathBuf::from("/root/volumes/pvc-1")
        );
        assert_eq!(
            directory(&paths, "../../etc").unwrap(),
            PathBuf::from("/root/volumes/etc")
        );
        assert!(directory(&paths, "a/..").is_err());
        assert!(directory(&paths, "a/").is_err());
    }
}
