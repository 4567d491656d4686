//! Ends a lab, whatever state it is in: processes, mounts, namespaces, control groups, files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::mount::{UnmountFlags, unmount};

use crate::paths::{NAMESPACE, NODES, Paths};
use crate::process::kill_marked;
use crate::progress::say;
use crate::shell::{command, run};

/// Stops everything and removes all state. Nothing there is fine.
pub fn down(paths: &Paths) -> Result<()> {
    kill_marked(|_| true)?;
    remove_state(paths)?;
    say("the lab is down");
    Ok(())
}

/// Removes what ended processes left: mounts, control groups, the namespace, directories.
pub fn remove_state(paths: &Paths) -> Result<()> {
    for node in 1..=NODES {
        remove_control_groups(paths, node);
    }
    unmount_below(&[&paths.root, &paths.run])?;
    if paths.namespace_file().exists() {
        run(&mut command("ip", ["netns", "delete", NAMESPACE]))
            .context("cannot remove the lab's network namespace")?;
    }
    for directory in [&paths.root, &paths.run] {
        remove(directory)?;
    }
    Ok(())
}

/// Removes what a killed node left, as a reboot would: mounts, control groups, runtime state. Its disks stay.
pub fn clear_node(paths: &Paths, node: u8) -> Result<()> {
    remove_control_groups(paths, node);
    unmount_below(&[&paths.node_run(node), &paths.node(node)])?;
    remove(&paths.node_run(node))?;
    let socket = paths.containerd_socket(node);
    let _ = fs::remove_file(socket);
    Ok(())
}

fn remove(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", directory.display()))
        }
        _ => Ok(()),
    }
}

fn unmount_below(directories: &[&Path]) -> Result<()> {
    let mounts = fs::read_to_string("/proc/self/mounts")?;
    for place in mounts_below(&mounts, directories) {
        // One that went with the mount below it is gone already.
        match unmount(&place, UnmountFlags::DETACH) {
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOENT) | Ok(()) => {}
            Err(error) => {
                return Err(error).with_context(|| format!("cannot unmount `{}`", place.display()));
            }
        }
    }
    Ok(())
}

/// Mount points in or below the directories, the last mounted first.
fn mounts_below(mounts: &str, directories: &[&Path]) -> Vec<PathBuf> {
    mounts
        .lines()
        .rev()
        .filter_map(|line| line.split(' ').nth(1))
        .map(|place| PathBuf::from(place.replace("\\040", " ")))
        .filter(|place| {
            directories
                .iter()
                .any(|directory| place.starts_with(directory))
        })
        .collect()
}

/// Control groups of containers whose shim was killed have nobody else to remove them.
fn remove_control_groups(paths: &Paths, node: u8) {
    let Ok(containers) = fs::read_dir(tasks(paths, node)) else {
        return;
    };
    let Ok(hierarchies) = fs::read_dir("/sys/fs/cgroup") else {
        return;
    };
    let mut roots: Vec<PathBuf> = hierarchies.flatten().map(|entry| entry.path()).collect();
    roots.push("/sys/fs/cgroup".into());
    for container in containers.flatten() {
        for root in &roots {
            let _ = fs::remove_dir(root.join("k8s.io").join(container.file_name()));
        }
    }
}

/// Where a node's containerd keeps one directory per running container.
pub fn tasks(paths: &Paths, node: u8) -> PathBuf {
    paths
        .node_run(node)
        .join("io.containerd.runtime.v2.task/k8s.io")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_of_the_lab_are_found_innermost_first() {
        let mounts = "proc /proc proc rw 0 0\n\
            tmpfs /run/lab tmpfs rw 0 0\n\
            overlay /run/lab/node1/a\\040b overlay rw 0 0\n\
            tmpfs /run/lab-other tmpfs rw 0 0\n\
            /dev/vda /var/lib/lab/node1/kubelet/pods/x ext4 rw 0 0\n";
        assert_eq!(
            mounts_below(mounts, &[Path::new("/run/lab"), Path::new("/var/lib/lab")]),
            [
                PathBuf::from("/var/lib/lab/node1/kubelet/pods/x"),
                PathBuf::from("/run/lab/node1/a b"),
                PathBuf::from("/run/lab")
            ]
        );
    }
}
