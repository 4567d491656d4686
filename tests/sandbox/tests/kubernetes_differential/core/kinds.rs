//! What is particular to a built-in kind.

use crate::step::*;
use crate::{Sequence, sequence};
use serde_json::json;

pub fn sequences() -> Vec<Sequence> {
    let mut all = namespaced();
    all.extend(cluster_wide());
    all.extend(workloads());
    all
}

fn namespaced() -> Vec<Sequence> {
    vec![
        sequence(
            "secret",
            [
                post(
                    core("secrets"),
                    object(
                        "v1",
                        "Secret",
                        "s",
                        json!({"stringData": {"a": "b"}, "data": {"c": "ZA=="}}),
                    ),
                ),
                apply(
                    format!("{}?fieldManager=m", core("secrets/t")),
                    object("v1", "Secret", "t", json!({"stringData": {"a": "b"}})),
                ),
                apply(
                    format!("{}?fieldManager=m", core("secrets/t")),
                    object("v1", "Secret", "t", json!({"stringData": {"a": "b"}})),
                ),
                apply(
                    format!("{}?fieldManager=m", core("secrets/u")),
                    object(
                        "v1",
                        "Secret",
                        "u",
                        json!({"type": "kubernetes.io/basic-auth", "data": {"username": "YQ==", "password": "Yg=="}}),
                    ),
                ),
                merge(core("secrets/s"), json!({"type": "other"})),
                merge(core("secrets/s"), json!({"immutable": true})),
                merge(core("secrets/s"), json!({"data": {"a": "eA=="}})),
                get(format!("{}?fieldSelector=type%3DOpaque", core("secrets"))),
                post(
                    core("secrets"),
                    object("v1", "Secret", "v", json!({"data": {"a": "!!"}})),
                ),
                post(
                    core("secrets"),
                    object(
                        "v1",
                        "Secret",
                        "v",
                        json!({"type": "kubernetes.io/basic-auth"}),
                    ),
                ),
            ],
        ),
        sequence(
            "immutable config map",
            [
                post(
                    core("configmaps"),
                    config_map("a", json!({"immutable": true, "data": {"a": "b"}})),
                ),
                merge(core("configmaps/a"), json!({"data": {"a": "c"}})),
                merge(core("configmaps/a"), json!({"immutable": false})),
                merge(
                    core("configmaps/a"),
                    json!({"metadata": {"labels": {"a": "b"}}}),
                ),
            ],
        ),
        sequence(
            "service account",
            [
                apply(
                    format!("{}?fieldManager=m", core("serviceaccounts/s")),
                    object(
                        "v1",
                        "ServiceAccount",
                        "s",
                        json!({"metadata": {"annotations": {"a": "b"}}}),
                    ),
                ),
                merge(
                    core("serviceaccounts/s"),
                    json!({"automountServiceAccountToken": false, "imagePullSecrets": [{"name": "x"}]}),
                ),
                apply(
                    format!("{}?fieldManager=m", core("serviceaccounts/s")),
                    object(
                        "v1",
                        "ServiceAccount",
                        "s",
                        json!({"imagePullSecrets": [{"name": "y"}]}),
                    ),
                ),
                delete(core("serviceaccounts/s")),
            ],
        ),
        sequence(
            "service",
            [
                post(
                    core("services"),
                    object(
                        "v1",
                        "Service",
                        "s",
                        json!({"spec": {"ports": [{"port": 80}], "selector": {"a": "b"}}}),
                    ),
                ),
                merge(
                    core("services/s"),
                    json!({"spec": {"type": "LoadBalancer", "allocateLoadBalancerNodePorts": false}}),
                ),
                merge(core("services/s"), json!({"spec": {"type": "ClusterIP"}})),
                post(
                    core("services"),
                    object(
                        "v1",
                        "Service",
                        "h",
                        json!({"spec": {"clusterIP": "None", "selector": {"a": "b"}}}),
                    ),
                ),
                post(
                    core("services"),
                    object(
                        "v1",
                        "Service",
                        "e",
                        json!({"spec": {"type": "ExternalName", "externalName": "x.example"}}),
                    ),
                ),
                post(
                    core("services"),
                    object("v1", "Service", "n", json!({"spec": {}})),
                ),
                merge(
                    format!("{}/status", core("services/s")),
                    json!({"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}),
                ),
                delete(core("services/s")),
            ],
        ),
        sequence(
            "network policy",
            [
                apply(
                    "/apis/networking.k8s.io/v1/namespaces/$ns/networkpolicies/n?fieldManager=m",
                    object(
                        "networking.k8s.io/v1",
                        "NetworkPolicy",
                        "n",
                        json!({"spec": {"podSelector": {}, "ingress": [{"from": [{"podSelector": {"matchLabels": {"a": "b"}}}], "ports": [{"port": 5432, "protocol": "TCP"}]}]}}),
                    ),
                ),
                merge(
                    "/apis/networking.k8s.io/v1/namespaces/$ns/networkpolicies/n",
                    json!({"spec": {"egress": [{}], "policyTypes": ["Ingress", "Egress"]}}),
                ),
            ],
        ),
        sequence(
            "disruption budget",
            [
                apply(
                    "/apis/policy/v1/namespaces/$ns/poddisruptionbudgets/p?fieldManager=m",
                    object(
                        "policy/v1",
                        "PodDisruptionBudget",
                        "p",
                        json!({"spec": {"minAvailable": 1, "selector": {"matchLabels": {"a": "b"}}}}),
                    ),
                ),
                apply(
                    "/apis/policy/v1/namespaces/$ns/poddisruptionbudgets/p?fieldManager=m",
                    object(
                        "policy/v1",
                        "PodDisruptionBudget",
                        "p",
                        json!({"spec": {"minAvailable": "50%", "selector": {"matchLabels": {"a": "b"}}}}),
                    ),
                ),
            ],
        ),
        sequence(
            "lease",
            [
                post(
                    "/apis/coordination.k8s.io/v1/namespaces/$ns/leases",
                    object(
                        "coordination.k8s.io/v1",
                        "Lease",
                        "l",
                        json!({"spec": {"holderIdentity": "x", "leaseDurationSeconds": 15}}),
                    ),
                ),
                merge(
                    "/apis/coordination.k8s.io/v1/namespaces/$ns/leases/l",
                    json!({"spec": {"holderIdentity": "y"}}),
                ),
            ],
        ),
    ]
}

fn cluster_wide() -> Vec<Sequence> {
    let classes = "/apis/storage.k8s.io/v1/storageclasses";
    vec![
        sequence(
            "namespace",
            [
                apply(
                    "/api/v1/namespaces/$ns-x?fieldManager=m",
                    object(
                        "v1",
                        "Namespace",
                        "$ns-x",
                        json!({"metadata": {"labels": {"a": "b"}}}),
                    ),
                ),
                apply(
                    "/api/v1/namespaces/$ns-x?fieldManager=m",
                    object("v1", "Namespace", "$ns-x", json!({})),
                ),
                delete("/api/v1/namespaces/$ns-x"),
                post(
                    "/api/v1/namespaces/$ns-x/configmaps",
                    config_map("a", json!({})),
                ),
                apply(
                    "/api/v1/namespaces/$ns-x/configmaps/a?fieldManager=m",
                    config_map("a", json!({})),
                ),
                get("/api/v1/namespaces/$ns-x"),
            ],
        ),
        sequence(
            "storage class",
            [
                apply(
                    format!("{classes}/$ns?fieldManager=m"),
                    object(
                        "storage.k8s.io/v1",
                        "StorageClass",
                        "$ns",
                        json!({"provisioner": "disk.csi.azure.com", "parameters": {"skuName": "PremiumV2_LRS"}, "allowVolumeExpansion": true, "volumeBindingMode": "WaitForFirstConsumer"}),
                    ),
                ),
                apply(
                    format!("{classes}/$ns?fieldManager=m"),
                    object(
                        "storage.k8s.io/v1",
                        "StorageClass",
                        "$ns",
                        json!({"provisioner": "x", "parameters": {"skuName": "y"}, "reclaimPolicy": "Retain"}),
                    ),
                ),
                merge(
                    format!("{classes}/$ns"),
                    json!({"parameters": {"other": "z"}}),
                ),
                merge(
                    format!("{classes}/$ns"),
                    json!({"allowVolumeExpansion": false}),
                ),
                post(
                    classes,
                    object(
                        "storage.k8s.io/v1",
                        "StorageClass",
                        "$ns",
                        json!({"provisioner": "x"}),
                    ),
                ),
                post(
                    classes,
                    object("storage.k8s.io/v1", "StorageClass", "$ns-2", json!({})),
                ),
                delete(format!("{classes}/$ns")),
            ],
        ),
        sequence(
            "volume attributes class",
            [
                post(
                    "/apis/storage.k8s.io/v1/volumeattributesclasses",
                    object(
                        "storage.k8s.io/v1",
                        "VolumeAttributesClass",
                        "$ns",
                        json!({"driverName": "disk.csi.azure.com", "parameters": {"DiskIOPSReadWrite": "5000"}}),
                    ),
                ),
                merge(
                    "/apis/storage.k8s.io/v1/volumeattributesclasses/$ns",
                    json!({"parameters": {"DiskIOPSReadWrite": "6000"}}),
                ),
                delete("/apis/storage.k8s.io/v1/volumeattributesclasses/$ns"),
            ],
        ),
        sequence(
            "priority class",
            [
                apply(
                    "/apis/scheduling.k8s.io/v1/priorityclasses/$ns?fieldManager=m",
                    object(
                        "scheduling.k8s.io/v1",
                        "PriorityClass",
                        "$ns",
                        json!({"value": 1000, "globalDefault": false, "description": "d"}),
                    ),
                ),
                merge(
                    "/apis/scheduling.k8s.io/v1/priorityclasses/$ns",
                    json!({"value": 1001}),
                ),
                delete("/apis/scheduling.k8s.io/v1/priorityclasses/$ns"),
            ],
        ),
        sequence(
            "roles",
            [
                apply(
                    "/apis/rbac.authorization.k8s.io/v1/namespaces/$ns/roles/r?fieldManager=m",
                    object(
                        "rbac.authorization.k8s.io/v1",
                        "Role",
                        "r",
                        json!({"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}),
                    ),
                ),
                apply(
                    "/apis/rbac.authorization.k8s.io/v1/namespaces/$ns/rolebindings/b?fieldManager=m",
                    object(
                        "rbac.authorization.k8s.io/v1",
                        "RoleBinding",
                        "b",
                        json!({"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"}, "subjects": [{"kind": "ServiceAccount", "name": "s", "namespace": "$ns"}]}),
                    ),
                ),
                merge(
                    "/apis/rbac.authorization.k8s.io/v1/namespaces/$ns/rolebindings/b",
                    json!({"subjects": [{"kind": "User", "name": "u"}]}),
                ),
            ],
        ),
    ]
}

fn workloads() -> Vec<Sequence> {
    let pod = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "x:1", "env": [{"name": "A", "value": "1"}], "ports": [{"containerPort": 80}]}]}});
    let deployments = "/apis/apps/v1/namespaces/$ns/deployments";
    let spec = json!({"spec": {"selector": {"matchLabels": {"a": "b"}}, "template": pod}});
    vec![
        sequence(
            "deployment",
            [
                apply(
                    format!("{deployments}/d?fieldManager=m"),
                    object("apps/v1", "Deployment", "d", spec),
                ),
                merge(format!("{deployments}/d"), json!({"spec": {"replicas": 3}})),
                strategic(
                    format!("{deployments}/d"),
                    json!({"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "x:2"}]}}}}),
                ),
                merge(
                    format!("{deployments}/d/status"),
                    json!({"status": {"readyReplicas": 1, "replicas": 1}}),
                ),
            ],
        ),
        sequence(
            "volume claim",
            [
                post(
                    core("persistentvolumeclaims"),
                    object(
                        "v1",
                        "PersistentVolumeClaim",
                        "p",
                        json!({"spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "none", "resources": {"requests": {"storage": "1Gi"}}}}),
                    ),
                ),
                merge(
                    format!("{}/status", core("persistentvolumeclaims/p")),
                    json!({"status": {"phase": "Bound", "capacity": {"storage": "1Gi"}}}),
                ),
            ],
        ),
    ]
}
