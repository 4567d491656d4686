//! The network namespace: one bridge for pods, one for the addresses of the nodes, nothing that leads out.

use anyhow::{Context, Result};

use crate::paths::{NAMESPACE, NODES, Paths};
use crate::shell::{command, run, run_with_input};

/// The control plane's address, and Azurite's.
pub const HOST: &str = "10.245.0.1";
pub const PODS: &str = "10.244.0.0/16";
pub const SERVICES: &str = "10.96.0.0/16";
/// First address of the range for services: the API server itself.
pub const API_SERVICE: &str = "10.96.0.1";

/// Address of a node.
pub fn node_address(node: u8) -> String {
    format!("10.245.0.1{node}")
}

/// Makes the namespace with its bridges and settings.
pub fn create(paths: &Paths) -> Result<()> {
    // A kernel that has it built in has no module to load.
    let _ = run(&mut command("modprobe", ["br_netfilter"]));
    let _ = run(&mut command("modprobe", ["overlay"]));
    run(&mut command("ip", ["netns", "add", NAMESPACE]))
        .context("cannot make the lab's network namespace")?;
    run_with_input(
        &mut command("ip", ["-netns", NAMESPACE, "-batch", "-"]),
        &links(),
    )?;
    let mut settings = command(
        "nsenter",
        [format!("--net={}", paths.namespace_file().display())],
    );
    settings.args(["sh", "-ec", &sysctls()]);
    run(&mut settings).context(
        "cannot set the namespace up for Kubernetes (is the kernel module `br_netfilter` available on this machine?)",
    )?;
    Ok(())
}

fn links() -> String {
    let mut lines = vec![
        "link set lo up".to_string(),
        "link add cni0 type bridge".into(),
        "addr add 10.244.0.1/16 dev cni0".into(),
        "link set cni0 up".into(),
        "link add nodes0 type bridge".into(),
        format!("addr add {HOST}/24 dev nodes0"),
    ];
    lines.extend((1..=NODES).map(|node| format!("addr add {}/24 dev nodes0", node_address(node))));
    lines.push("link set nodes0 up".into());
    // Services are reached by a route before their address is translated.
    lines.push("route add default dev nodes0".into());
    lines.join("\n") + "\n"
}

fn sysctls() -> String {
    let settings = [
        ("net/ipv4/ip_forward", 1),
        ("net/bridge/bridge-nf-call-iptables", 1),
        ("net/ipv4/conf/all/rp_filter", 0),
        ("net/ipv4/conf/all/route_localnet", 1),
    ];
    settings
        .iter()
        .map(|(name, value)| format!("echo {value} > /proc/sys/{name}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_node_has_an_address() {
        let links = links();
        for address in [
            "10.245.0.1/24",
            "10.245.0.11/24",
            "10.245.0.12/24",
            "10.245.0.13/24",
        ] {
            assert!(
                links.contains(&format!("addr add {address} dev nodes0\n")),
                "{links}"
            );
        }
    }
}
