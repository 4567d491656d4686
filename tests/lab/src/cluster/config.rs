//! Configuration files of the daemons, rendered from the paths.

use serde_json::{Value, json};

use super::network::{HOST, PODS, node_address};
use crate::machine::CNI_DIRECTORY;
use crate::paths::{Paths, text};
use crate::pins::PINS;

/// The region that the zones belong to, as Azure writes it.
pub const REGION: &str = "westeurope";

/// Labels of a node: its zone, and what the provider's node selectors ask for.
pub fn node_labels(node: u8) -> Vec<(&'static str, String)> {
    vec![
        ("topology.kubernetes.io/region", REGION.into()),
        ("topology.kubernetes.io/zone", zone(node)),
        ("workload", "postgres".into()),
        ("kubernetes.azure.com/agentpool", "postgres".into()),
    ]
}

/// Zone of a node.
pub fn zone(node: u8) -> String {
    format!("{REGION}-{node}")
}

/// kubelet's configuration. JSON is YAML too.
pub fn kubelet(paths: &Paths, node: u8) -> Value {
    let directory = paths.node(node);
    json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": node_address(node),
        "port": 10250,
        "healthzPort": 10300 + u16::from(node),
        "authentication": {
            "anonymous": { "enabled": false },
            "webhook": { "enabled": true },
            "x509": { "clientCAFile": paths.pki("ca.crt") },
        },
        "authorization": { "mode": "Webhook" },
        "tlsCertFile": paths.pki(&format!("node{node}.crt")),
        "tlsPrivateKeyFile": paths.pki(&format!("node{node}.key")),
        "containerRuntimeEndpoint": format!("unix://{}", text(paths.containerd_socket(node))),
        "volumePluginDir": directory.join("volume-plugins"),
        "clusterDNS": [HOST],
        "clusterDomain": "cluster.local",
        // The machine's resolver cannot be reached from inside.
        "resolvConf": "/dev/null",
        // Three kubelets share one tree of control groups, so none of them may manage it.
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": "/",
        "cgroupsPerQOS": false,
        "enforceNodeAllocatable": [],
        "failCgroupV1": false,
        "failSwapOn": false,
        "localStorageCapacityIsolation": false,
        "evictionHard": { "imagefs.available": "1%", "nodefs.available": "1%", "memory.available": "50Mi" },
        // An image that is collected cannot be pulled again.
        "imageGCHighThresholdPercent": 100,
        "syncFrequency": "5s",
    })
}

/// containerd's configuration, in its version 2, which all releases from 1.5 to 2.x read.
pub fn containerd(paths: &Paths, node: u8) -> String {
    let root = text(paths.node(node).join("containerd"));
    let state = text(paths.node_run(node));
    let socket = text(paths.containerd_socket(node));
    let cni = text(paths.root.join("cni"));
    let pause = PINS.pause;
    format!(
        r#"version = 2
root = "{root}"
state = "{state}"

[grpc]
address = "{socket}"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "registry.k8s.io/pause:{pause}"
# Machines that are containers themselves allow neither.
restrict_oom_score_adj = true
disable_apparmor = true
# Not under /run/netns, where another lab on the machine might clean up.
netns_mounts_under_state_dir = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{CNI_DIRECTORY}"
conf_dir = "{cni}"

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
"#
    )
}

/// The pod network: one bridge and one range of addresses for all nodes.
pub fn cni(paths: &Paths) -> Value {
    json!({
        "cniVersion": "1.0.0",
        "name": "lab",
        "plugins": [
            {
                "type": "bridge",
                "bridge": "cni0",
                "isDefaultGateway": true,
                "hairpinMode": true,
                "ipam": {
                    "type": "host-local",
                    "dataDir": paths.root.join("addresses"),
                    "ranges": [[{ "subnet": PODS, "rangeStart": "10.244.0.10" }]],
                },
            },
            { "type": "portmap", "capabilities": { "portMappings": true } },
        ],
    })
}

/// CoreDNS answers for the cluster only: there is nothing outside.
pub fn coredns(paths: &Paths) -> String {
    format!(
        ".:53 {{
    bind {HOST}
    kubernetes cluster.local in-addr.arpa {{
        kubeconfig {} lab
    }}
    cache 5
}}
",
        text(paths.kubeconfig())
    )
}

/// Storage as AKS has it after creation: the driver, and the classes that every cluster comes with.
pub fn storage_objects() -> Value {
    let class = |name: &str, sku: &str, default: bool| {
        json!({
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {
                "name": name,
                "annotations": { "storageclass.kubernetes.io/is-default-class": default.to_string() },
            },
            "provisioner": crate::disks::DRIVER,
            "parameters": { "skuname": sku },
            "reclaimPolicy": "Delete",
            "allowVolumeExpansion": true,
            "volumeBindingMode": "WaitForFirstConsumer",
        })
    };
    json!({
        "apiVersion": "v1",
        "kind": "List",
        "items": [
            {
                "apiVersion": "storage.k8s.io/v1",
                "kind": "CSIDriver",
                "metadata": { "name": crate::disks::DRIVER },
                "spec": { "attachRequired": false, "podInfoOnMount": false, "fsGroupPolicy": "File" },
            },
            class("default", "StandardSSD_LRS", true),
            class("managed-csi", "StandardSSD_LRS", false),
            class("managed-csi-premium", "Premium_LRS", false),
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths() -> Paths {
        Paths {
            cache: "/cache".into(),
            root: "/root".into(),
            run: "/run/lab".into(),
        }
    }

    #[test]
    fn nodes_are_spread_over_zones_and_fit_the_selectors() {
        let labels = node_labels(2);
        for label in [
            ("topology.kubernetes.io/zone", "westeurope-2"),
            ("workload", "postgres"),
            ("kubernetes.azure.com/agentpool", "postgres"),
        ] {
            assert!(
                labels.contains(&(label.0, label.1.to_string())),
                "{labels:?}"
            );
        }
    }

    #[test]
    fn kubelets_share_nothing() {
        let (one, two) = (kubelet(&paths(), 1), kubelet(&paths(), 2));
        for field in [
            "address",
            "healthzPort",
            "tlsCertFile",
            "containerRuntimeEndpoint",
            "volumePluginDir",
        ] {
            assert_ne!(one[field], two[field], "{field}");
        }
        assert_eq!(
            one["containerRuntimeEndpoint"],
            "unix:///run/lab/node1.sock"
        );
    }

    #[test]
    fn containerds_share_nothing() {
        let (one, two) = (containerd(&paths(), 1), containerd(&paths(), 2));
        assert!(one.contains(r#"root = "/root/node1/containerd""#), "{one}");
        assert!(one.contains(r#"state = "/run/lab/node1""#), "{one}");
        assert!(!two.contains("node1"), "{two}");
    }

    #[test]
    fn one_class_is_the_default() {
        let objects = storage_objects();
        let defaults: Vec<&Value> = objects["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|item| {
                item["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"]
                    == "true"
            })
            .collect();
        assert_eq!(defaults.len(), 1);
        assert_eq!(defaults[0]["metadata"]["name"], "default");
    }
}
