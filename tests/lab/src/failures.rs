//! What a test breaks on purpose: nodes and postmasters.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::cluster::{clear_node, node_processes, tasks};
use crate::kubectl::Kubectl;
use crate::paths::{NODES, Paths};
use crate::process::{Process, Seen, all, kill, kill_marked, running, with_descendants};
use crate::progress::say;
use crate::shell::{tail, wait_until};

/// Kills kubelet, containerd and all containers of a node at once, as a power failure would. Its disks stay.
pub fn lose_node(paths: &Paths, node: u8) -> Result<()> {
    check(node)?;
    let names = node_processes(paths, node).map(|process| process.name);
    kill_marked(|mark| names.iter().any(|name| name == mark))?;
    clear_node(paths, node)?;
    say(format!("node{node} is lost"));
    Ok(())
}

/// Starts a lost node again and waits until it is ready. What runs of it stays as it is.
pub fn restore_node(paths: &Paths, node: u8) -> Result<()> {
    check(node)?;
    let processes = node_processes(paths, node);
    let kubectl = Kubectl::new(paths);
    let name = format!("node{node}");
    wait_until(
        &format!("`{name}` is ready"),
        Duration::from_secs(120),
        || {
            // As on a real machine, what ends is started again: kubelet does when containerd is not ready for it yet.
            let started = start_missing(paths, &processes)?;
            Ok(match kubectl.json(["get", "node", &name]) {
                _ if !started.is_empty() => Some(format!("`{}` did not run", started.join("`, `"))),
                Err(error) => Some(error.to_string()),
                Ok(node) => not_ready(&node),
            })
        },
    )
    .with_context(|| {
        format!(
            "the log of kubelet ends with:\n{}",
            log_end(paths, &format!("kubelet{node}"))
        )
    })?;
    say(format!("{name} is back"));
    Ok(())
}

/// Starts the processes that do not run and returns their names.
fn start_missing(paths: &Paths, processes: &[Process]) -> Result<Vec<String>> {
    let running = running()?;
    let missing: Vec<&Process> = processes
        .iter()
        .filter(|process| !running.contains_key(&process.name))
        .collect();
    missing
        .iter()
        .try_for_each(|process| process.start(paths))?;
    Ok(missing.iter().map(|process| process.name.clone()).collect())
}

fn log_end(paths: &Paths, process: &str) -> String {
    tail(&fs::read_to_string(paths.log(process)).unwrap_or_default())
}

fn check(node: u8) -> Result<()> {
    if (1..=NODES).contains(&node) {
        return Ok(());
    }
    bail!("there is no node {node}: the lab has the nodes 1 to {NODES}")
}

/// Why a node is not ready. What a lost node's kubelet said last counts until the controllers notice, so its taint is
/// looked at too.
fn not_ready(node: &Value) -> Option<String> {
    let conditions = node["status"]["conditions"].as_array();
    let ready =
        conditions.and_then(|all| all.iter().find(|condition| condition["type"] == "Ready"));
    let status = ready.map_or("unknown", |condition| {
        condition["status"].as_str().unwrap_or("unknown")
    });
    let taints = node["spec"]["taints"].as_array();
    let tainted = taints.is_some_and(|taints| {
        taints.iter().any(|taint| {
            taint["key"]
                .as_str()
                .is_some_and(|key| key.starts_with("node.kubernetes.io/"))
        })
    });
    match (status, tainted) {
        ("True", false) => None,
        ("True", true) => Some("it still carries a taint".into()),
        _ => Some(format!("its condition Ready is {status}")),
    }
}

/// Kills the postmaster in a pod: the pod stays, PostgreSQL has crashed.
pub fn kill_postmaster(paths: &Paths, namespace: &str, pod: &str) -> Result<()> {
    let object = Kubectl::new(paths).json(["--namespace", namespace, "get", "pod", pod])?;
    let (node, container) = postgres_container(&object).with_context(|| {
        format!("the pod `{namespace}/{pod}` has no running container `postgres`")
    })?;
    let file = tasks(paths, node).join(&container).join("init.pid");
    let text = fs::read_to_string(&file)
        .with_context(|| format!("`{}` names no process", file.display()))?;
    let init = text
        .trim()
        .parse()
        .with_context(|| format!("`{}` names no process", file.display()))?;
    let postmaster = postmaster(&all()?, init)
        .with_context(|| format!("PostgreSQL does not run in `{namespace}/{pod}`"))?;
    kill(postmaster)?;
    say(format!(
        "killed the postmaster of {namespace}/{pod} (process {postmaster} of this machine)"
    ));
    Ok(())
}

/// Number of the node and id of the container that PostgreSQL runs in.
fn postgres_container(pod: &Value) -> Option<(u8, String)> {
    let node = pod["spec"]["nodeName"]
        .as_str()?
        .strip_prefix("node")?
        .parse()
        .ok()?;
    let containers = pod["status"]["containerStatuses"].as_array()?;
    let container = containers
        .iter()
        .find(|container| container["name"] == "postgres")?;
    container["state"]["running"].as_object()?;
    let id = container["containerID"]
        .as_str()?
        .strip_prefix("containerd://")?;
    Some((node, id.into()))
}

/// The process named postgres, below `init`, whose parent is none.
fn postmaster(processes: &[Seen], init: i32) -> Option<i32> {
    let inside = with_descendants(processes, |process| process.pid == init);
    let servers: Vec<&Seen> = processes
        .iter()
        .filter(|process| inside.contains(&process.pid) && process.command == "postgres")
        .collect();
    servers
        .iter()
        .find(|one| !servers.iter().any(|other| other.pid == one.parent))
        .map(|server| server.pid)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_postmaster_is_the_uppermost_postgres_of_its_container() {
        let seen = |pid, parent, command: &str| Seen {
            pid,
            parent,
            command: command.into(),
            mark: None,
        };
        let processes = [
            seen(10, 1, "manager"),
            seen(12, 11, "postgres"),
            seen(11, 10, "postgres"),
            seen(20, 1, "manager"),
            seen(21, 20, "postgres"),
        ];
        assert_eq!(postmaster(&processes, 10), Some(11));
        assert_eq!(postmaster(&processes, 20), Some(21));
        assert_eq!(postmaster(&processes, 30), None);
    }

    #[test]
    fn only_a_running_container_is_taken() {
        let pod = |state: &str| {
            json!({
                "spec": { "nodeName": "node2" },
                "status": { "containerStatuses": [
                    { "name": "plugin-barman-cloud", "containerID": "containerd://b", "state": { "running": {} } },
                    { "name": "postgres", "containerID": "containerd://a", "state": { state: {} } },
                ] },
            })
        };
        assert_eq!(postgres_container(&pod("running")), Some((2, "a".into())));
        assert_eq!(postgres_container(&pod("waiting")), None);
    }

    #[test]
    fn a_node_is_back_only_without_the_taint_of_its_loss() {
        let node = |status: &str, taints: Value| {
            json!({
                "spec": { "taints": taints },
                "status": { "conditions": [{ "type": "Ready", "status": status }] },
            })
        };
        assert_eq!(not_ready(&node("True", json!(null))), None);
        assert!(not_ready(&node("Unknown", json!(null))).is_some());
        assert!(
            not_ready(&node(
                "True",
                json!([{ "key": "node.kubernetes.io/unreachable" }])
            ))
            .is_some()
        );
        assert_eq!(not_ready(&node("True", json!([{ "key": "sku" }]))), None);
    }

    #[test]
    fn nodes_that_do_not_exist_are_refused() {
        assert!(check(4).unwrap_err().to_string().contains("1 to 3"));
        assert!(check(0).is_err());
    }
}
