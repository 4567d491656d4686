//! From nothing to a ready cluster.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::mount::{MountPropagationFlags, mount_change};

use super::processes::{self, itself};
use super::record::{Record, fingerprint};
use super::{config, images, network, operator, pki, teardown};
use crate::artefact::build;
use crate::kubectl::Kubectl;
use crate::paths::{NODES, Paths, text};
use crate::process::{Process, running};
use crate::progress::say;
use crate::shell::{tail, wait_until};

/// What `up` was asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// With CloudNativePG and the barman plugin.
    pub operator: bool,
    /// A new lab even if one is there.
    pub fresh: bool,
}

/// Makes sure that a healthy lab of these versions runs.
pub fn up(paths: &Paths, options: Options) -> Result<()> {
    build::build(paths, false)?;
    let _lock = build::lock("/run/tpp-lab.lock".as_ref())?;
    if !options.fresh {
        match unhealthy(paths)? {
            None => return complete(paths, options),
            Some(reason) => say(format!("starting a lab: {reason}")),
        }
    }
    teardown::down(paths)?;
    prepare(paths)?;
    let kubectl = Kubectl::new(paths);
    start(paths, &kubectl)?;
    fs::write(
        paths.jwks(),
        kubectl.run(["get", "--raw", "/openid/v1/jwks"])?,
    )?;
    Record {
        fingerprint: fingerprint(paths),
        operator: false,
    }
    .write(paths)?;
    say(format!("Kubernetes is up with {NODES} nodes"));
    complete(paths, options)
}

/// Adds the operator to a running lab if it was asked for and is missing.
fn complete(paths: &Paths, options: Options) -> Result<()> {
    let mut record =
        Record::read(paths).context("the lab has no record of itself; run `up --fresh`")?;
    if options.operator && !record.operator {
        operator::install(paths)?;
        record.operator = true;
        record.write(paths)?;
    }
    let with = if record.operator {
        " with CloudNativePG and the barman plugin"
    } else {
        ""
    };
    say(format!(
        "the lab is up{with}: KUBECONFIG={}, run commands in it with `exec`",
        text(paths.kubeconfig())
    ));
    Ok(())
}

/// Why the running lab will not do, if so.
pub fn unhealthy(paths: &Paths) -> Result<Option<String>> {
    let Some(record) = Record::read(paths) else {
        return Ok(Some("none is running".into()));
    };
    if record.fingerprint != fingerprint(paths) {
        return Ok(Some(
            "the running one has other versions or settings".into(),
        ));
    }
    let running = running()?;
    let all = processes::all(paths, &itself()?);
    if let Some(missing) = all
        .iter()
        .find(|process| !running.contains_key(&process.name))
    {
        return Ok(Some(format!(
            "`{}` of the running one has ended",
            missing.name
        )));
    }
    Ok(match Kubectl::new(paths).ready_nodes() {
        Err(error) => Some(format!("the running one does not answer: {error}")),
        Ok(ready) if ready < NODES.into() => Some(format!(
            "only {ready} of {NODES} nodes of the running one are ready"
        )),
        Ok(_) => None,
    })
}

/// Namespace, keys and configuration files.
fn prepare(paths: &Paths) -> Result<()> {
    // Volumes that kubelet mounts must be seen by containers that run already.
    mount_change(
        "/",
        MountPropagationFlags::SHARED | MountPropagationFlags::REC,
    )
    .context("cannot make mounts shared; is this a container without that right?")?;
    for directory in ["log", "cni", "azurite", "volumes"] {
        fs::create_dir_all(paths.root.join(directory))?;
    }
    // Pods reach their disks through mounts; nobody else needs to look inside.
    fs::set_permissions(&paths.root, fs::Permissions::from_mode(0o711))?;
    fs::create_dir_all(&paths.run)?;
    network::create(paths)?;
    pki::create(paths)?;
    fs::write(
        paths.root.join("cni/10-lab.conflist"),
        config::cni(paths).to_string(),
    )?;
    fs::write(paths.root.join("Corefile"), config::coredns(paths))?;
    for node in 1..=NODES {
        fs::create_dir_all(paths.node(node).join("kubelet"))?;
        fs::write(
            paths.node(node).join("containerd.toml"),
            config::containerd(paths, node),
        )?;
        fs::write(
            paths.node(node).join("kubelet.json"),
            config::kubelet(paths, node).to_string(),
        )?;
    }
    Ok(())
}

/// Starts all processes in the order in which they need each other.
fn start(paths: &Paths, kubectl: &Kubectl) -> Result<()> {
    let all = processes::all(paths, &itself()?);
    let (kubelets, others): (Vec<&Process>, Vec<&Process>) = all
        .iter()
        .partition(|process| process.name.starts_with("kubelet"));
    let (control, rest): (Vec<&Process>, Vec<&Process>) = others
        .into_iter()
        .partition(|process| ["etcd", "apiserver"].contains(&process.name.as_str()));
    let (containerds, rest): (Vec<&Process>, Vec<&Process>) = rest
        .into_iter()
        .partition(|process| process.name.starts_with("containerd"));
    for process in control.iter().chain(&containerds) {
        process.start(paths)?;
    }
    let silent = |node: &u8| UnixStream::connect(paths.containerd_socket(*node)).is_err();
    wait_for(paths, "containerd listens on every node", || {
        Ok((1..=NODES)
            .find(silent)
            .map(|node| format!("node{node} does not")))
    })?;
    say("importing images");
    images::import(paths)?;
    wait_for(paths, "the API server is ready", || {
        Ok(kubectl
            .run(["get", "--raw", "/readyz", "--request-timeout=5s"])
            .err()
            .map(|error| error.to_string()))
    })?;
    kubectl.apply(&config::storage_objects().to_string())?;
    say("starting nodes and controllers");
    for process in kubelets.iter().chain(&rest) {
        process.start(paths)?;
    }
    wait_for(paths, "all nodes are ready", || {
        let ready = kubectl.ready_nodes()?;
        Ok((ready < NODES.into()).then(|| format!("{ready} of {NODES} are")))
    })?;
    wait_for(paths, "every node has the disk driver", || {
        let drivers = kubectl.run([
            "get",
            "csinodes",
            "-o",
            "jsonpath={.items[*].spec.drivers[*].name}",
        ])?;
        let count = drivers.split_whitespace().count();
        Ok((count < NODES.into()).then(|| format!("{count} of {NODES} have")))
    })
}

/// Waits, and gives up early when a daemon has ended, with the end of its log.
fn wait_for(
    paths: &Paths,
    what: &str,
    mut done: impl FnMut() -> Result<Option<String>>,
) -> Result<()> {
    let mut started = Vec::new();
    wait_until(what, Duration::from_secs(180), || {
        let running: Vec<String> = running()?.into_keys().collect();
        if let Some(ended) = started
            .iter()
            .find(|name: &&String| !running.contains(name))
        {
            let log = fs::read_to_string(paths.log(ended)).unwrap_or_default();
            bail!(
                "`{ended}` ended while the lab waited ({what}); its log ends with:\n{}",
                tail(&log)
            );
        }
        started = running;
        done()
    })
}

/// Containerd and kubelet of one node, to start them again.
pub fn node_processes(paths: &Paths, node: u8) -> [Process; 2] {
    processes::node_processes(paths, node)
}
