//! The command lines of all daemons.

use std::path::Path;

use anyhow::Result;

use super::config::node_labels;
use super::network::{HOST, PODS, SERVICES, node_address};
use super::storage_accounts::azurite_accounts;
use crate::paths::{NODES, Paths, text};
use crate::process::Process;

/// Everything that runs in a whole lab, in the order of its start. `itself` is the executable with the disk driver.
pub fn all(paths: &Paths, itself: &Path) -> Vec<Process> {
    let mut processes = vec![
        etcd(paths),
        api_server(paths),
        controllers(paths),
        scheduler(paths),
    ];
    for node in 1..=NODES {
        processes.extend(node_processes(paths, node));
    }
    processes.extend([
        proxy(paths),
        coredns(paths),
        disks(paths, itself),
        azurite(paths),
    ]);
    processes
}

/// What a node consists of: containerd, then kubelet.
pub fn node_processes(paths: &Paths, node: u8) -> [Process; 2] {
    [containerd(paths, node), kubelet(paths, node)]
}

/// The executable of this very program, which is also the disk driver.
pub fn itself() -> Result<std::path::PathBuf> {
    Ok(std::env::current_exe()?)
}

fn kube(paths: &Paths, name: &str, program: &str, args: Vec<String>) -> Process {
    Process::new(name, paths.bin().join(program), args)
}

fn etcd(paths: &Paths) -> Process {
    let args = [
        format!("--data-dir={}", text(paths.root.join("etcd"))),
        "--listen-client-urls=http://127.0.0.1:2379".into(),
        "--advertise-client-urls=http://127.0.0.1:2379".into(),
        "--listen-peer-urls=http://127.0.0.1:2380".into(),
        // Nothing here outlives the machine.
        "--unsafe-no-fsync".into(),
        "--log-level=warn".into(),
    ];
    kube(paths, "etcd", "etcd", args.into())
}

fn api_server(paths: &Paths) -> Process {
    let pki = |file: &str| text(paths.pki(file));
    let args = vec![
        "--etcd-servers=http://127.0.0.1:2379".into(),
        format!("--advertise-address={HOST}"),
        "--bind-address=0.0.0.0".into(),
        "--secure-port=6443".into(),
        "--allow-privileged".into(),
        "--authorization-mode=Node,RBAC".into(),
        format!("--service-cluster-ip-range={SERVICES}"),
        format!("--client-ca-file={}", pki("ca.crt")),
        format!("--tls-cert-file={}", pki("apiserver.crt")),
        format!("--tls-private-key-file={}", pki("apiserver.key")),
        "--service-account-issuer=https://kubernetes.default.svc".into(),
        format!("--service-account-key-file={}", pki("service-accounts.pub")),
        format!(
            "--service-account-signing-key-file={}",
            pki("service-accounts.key")
        ),
        format!("--kubelet-certificate-authority={}", pki("ca.crt")),
        format!("--kubelet-client-certificate={}", pki("admin.crt")),
        format!("--kubelet-client-key={}", pki("admin.key")),
        "--kubelet-preferred-address-types=InternalIP".into(),
        "--enable-priority-and-fairness=false".into(),
        "--v=1".into(),
    ];
    kube(paths, "apiserver", "kube-apiserver", args)
}

fn controllers(paths: &Paths) -> Process {
    let args = vec![
        format!(
            "--kubeconfig={}",
            text(paths.root.join("controllers.kubeconfig"))
        ),
        "--use-service-account-credentials".into(),
        format!(
            "--service-account-private-key-file={}",
            text(paths.pki("service-accounts.key"))
        ),
        format!("--root-ca-file={}", text(paths.pki("ca.crt"))),
        format!("--cluster-signing-cert-file={}", text(paths.pki("ca.crt"))),
        format!("--cluster-signing-key-file={}", text(paths.pki("ca.key"))),
        "--leader-elect=false".into(),
        // A lost node is noticed soon, so that failover tests need not wait for it.
        "--node-monitor-grace-period=20s".into(),
    ];
    kube(paths, "controllers", "kube-controller-manager", args)
}

fn scheduler(paths: &Paths) -> Process {
    let kubeconfig = format!(
        "--kubeconfig={}",
        text(paths.root.join("scheduler.kubeconfig"))
    );
    kube(
        paths,
        "scheduler",
        "kube-scheduler",
        vec![kubeconfig, "--leader-elect=false".into()],
    )
}

fn containerd(paths: &Paths, node: u8) -> Process {
    let config = text(paths.node(node).join("containerd.toml"));
    Process::new(
        &format!("containerd{node}"),
        "containerd".into(),
        ["--config".to_string(), config],
    )
}

fn kubelet(paths: &Paths, node: u8) -> Process {
    let labels: Vec<String> = node_labels(node)
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let args = vec![
        format!("--config={}", text(paths.node(node).join("kubelet.json"))),
        format!(
            "--kubeconfig={}",
            text(paths.root.join(format!("node{node}.kubeconfig")))
        ),
        format!("--root-dir={}", text(paths.node(node).join("kubelet"))),
        format!("--hostname-override=node{node}"),
        format!("--node-ip={}", node_address(node)),
        format!("--node-labels={}", labels.join(",")),
    ];
    kube(paths, &format!("kubelet{node}"), "kubelet", args)
}

/// One for all nodes, since they share a network namespace. It belongs to no node, so that losing one leaves Services.
fn proxy(paths: &Paths) -> Process {
    let args = vec![
        format!("--kubeconfig={}", text(paths.root.join("proxy.kubeconfig"))),
        "--proxy-mode=nftables".into(),
        format!("--cluster-cidr={PODS}"),
        "--hostname-override=node1".into(),
        "--conntrack-max-per-core=0".into(),
    ];
    kube(paths, "proxy", "kube-proxy", args)
}

fn coredns(paths: &Paths) -> Process {
    kube(
        paths,
        "coredns",
        "coredns",
        vec![format!("-conf={}", text(paths.root.join("Corefile")))],
    )
}

fn disks(paths: &Paths, itself: &Path) -> Process {
    let mut process = Process::new("disks", itself.into(), ["disks"]);
    process.env = vec![("KUBECONFIG".into(), text(paths.kubeconfig()))];
    process
}

fn azurite(paths: &Paths) -> Process {
    let script = paths
        .artefact("azurite")
        .join("node_modules/.bin/azurite-blob");
    let mut process = Process::new(
        "azurite",
        "node".into(),
        [
            text(script),
            "--blobHost".into(),
            HOST.into(),
            "--blobPort".into(),
            "10000".into(),
            "--location".into(),
            text(paths.root.join("azurite")),
            // Clients may be newer than it, and the account is in the path, since no name resolves to it.
            "--skipApiVersionCheck".into(),
            "--disableProductStyleUrl".into(),
            "--disableTelemetry".into(),
            "--silent".into(),
        ],
    );
    process.env = vec![("AZURITE_ACCOUNTS".into(), azurite_accounts())];
    process
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn paths() -> Paths {
        Paths {
            cache: "/cache".into(),
            root: "/root".into(),
            run: "/run/lab".into(),
        }
    }

    #[test]
    fn names_are_unique_and_nodes_come_in_pairs() {
        let processes = all(&paths(), Path::new("/lab"));
        let names: BTreeSet<&str> = processes
            .iter()
            .map(|process| process.name.as_str())
            .collect();
        assert_eq!(names.len(), processes.len());
        for node in 1..=NODES {
            let [containerd, kubelet] = node_processes(&paths(), node);
            assert!(processes.contains(&containerd) && processes.contains(&kubelet));
        }
    }

    #[test]
    fn tokens_are_issued_in_the_name_of_the_cluster() {
        let args = api_server(&paths()).args;
        assert!(
            args.contains(&"--service-account-issuer=https://kubernetes.default.svc".to_string()),
            "{args:?}"
        );
    }

    #[test]
    fn kubelets_register_with_their_labels() {
        let args = kubelet(&paths(), 3).args.join(" ");
        assert!(
            args.contains("topology.kubernetes.io/zone=westeurope-3,workload=postgres"),
            "{args}"
        );
        assert!(args.contains("--root-dir=/root/node3/kubelet"), "{args}");
    }

    #[test]
    fn azurite_serves_every_account() {
        let env = azurite(&paths()).env;
        assert!(env[0].1.contains("labbackups1:"), "{env:?}");
    }
}
