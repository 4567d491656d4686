//! Container images into the containerd of each node.

use std::thread;

use anyhow::{Result, anyhow};

use crate::artefact::{ARCHIVE, catalogue};
use crate::paths::{NODES, Paths};
use crate::pins::PINS;
use crate::shell::{command, run};

/// Imports all images on all nodes, one thread per node.
pub fn import(paths: &Paths) -> Result<()> {
    let images = catalogue::images(&catalogue::catalogue(&PINS));
    thread::scope(|scope| {
        let nodes: Vec<_> = (1..=NODES)
            .map(|node| {
                scope.spawn({
                    let images = &images;
                    move || import_on(paths, node, images)
                })
            })
            .collect();
        nodes.into_iter().try_for_each(|node| {
            node.join()
                .map_err(|_| anyhow!("an image import ended early"))?
        })
    })
}

fn import_on(paths: &Paths, node: u8, images: &[&str]) -> Result<()> {
    for image in images {
        let mut import = command("ctr", ["--address"]);
        import.arg(paths.containerd_socket(node)).args([
            "--namespace",
            "k8s.io",
            "images",
            "import",
        ]);
        run(import.arg(paths.artefact(image).join(ARCHIVE)))?;
    }
    Ok(())
}
