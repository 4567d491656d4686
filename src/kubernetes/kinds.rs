//! The kinds this crate talks about: group, kind, plural name and scope.
//!
//! An explicit table replaces API discovery, which costs a request per group and fails while
//! one aggregated API of the cluster is down.

/// One kind of object as the API server addresses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Empty for the core group.
    pub group: &'static str,
    pub kind: &'static str,
    pub plural: &'static str,
    pub namespaced: bool,
}

const fn namespaced(group: &'static str, kind: &'static str, plural: &'static str) -> Kind {
    Kind {
        group,
        kind,
        plural,
        namespaced: true,
    }
}

const fn cluster(group: &'static str, kind: &'static str, plural: &'static str) -> Kind {
    Kind {
        group,
        kind,
        plural,
        namespaced: false,
    }
}

pub const CNPG: &str = "postgresql.cnpg.io";
pub const BARMAN: &str = "barmancloud.cnpg.io";

const ADMISSION: &str = "admissionregistration.k8s.io";
const ASO_POSTGRES: &str = "dbforpostgresql.azure.com";
const ASO_IDENTITY: &str = "managedidentity.azure.com";
const ASO_NETWORK: &str = "network.azure.com";
const AUTHORIZATION: &str = "authorization.k8s.io";
const AZURE_MONITOR: &str = "azmonitoring.coreos.com";
const CERT_MANAGER: &str = "cert-manager.io";
const PROMETHEUS: &str = "monitoring.coreos.com";
const RBAC: &str = "rbac.authorization.k8s.io";
const SNAPSHOT: &str = "snapshot.storage.k8s.io";
const STORAGE: &str = "storage.k8s.io";

/// Every kind we can address, by group.
pub const KINDS: &[Kind] = &[
    namespaced("", "ConfigMap", "configmaps"),
    namespaced("", "Endpoints", "endpoints"),
    namespaced("", "Event", "events"),
    namespaced("", "LimitRange", "limitranges"),
    cluster("", "Namespace", "namespaces"),
    cluster("", "Node", "nodes"),
    cluster("", "PersistentVolume", "persistentvolumes"),
    namespaced("", "PersistentVolumeClaim", "persistentvolumeclaims"),
    namespaced("", "Pod", "pods"),
    namespaced("", "ResourceQuota", "resourcequotas"),
    namespaced("", "Secret", "secrets"),
    namespaced("", "Service", "services"),
    namespaced("", "ServiceAccount", "serviceaccounts"),
    cluster(
        ADMISSION,
        "MutatingWebhookConfiguration",
        "mutatingwebhookconfigurations",
    ),
    cluster(
        ADMISSION,
        "ValidatingAdmissionPolicy",
        "validatingadmissionpolicies",
    ),
    cluster(
        ADMISSION,
        "ValidatingAdmissionPolicyBinding",
        "validatingadmissionpolicybindings",
    ),
    cluster(
        ADMISSION,
        "ValidatingWebhookConfiguration",
        "validatingwebhookconfigurations",
    ),
    cluster(
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        "customresourcedefinitions",
    ),
    cluster("apiregistration.k8s.io", "APIService", "apiservices"),
    namespaced("apps", "DaemonSet", "daemonsets"),
    namespaced("apps", "Deployment", "deployments"),
    namespaced("apps", "ReplicaSet", "replicasets"),
    namespaced("apps", "StatefulSet", "statefulsets"),
    cluster(
        AUTHORIZATION,
        "SelfSubjectAccessReview",
        "selfsubjectaccessreviews",
    ),
    namespaced(
        "autoscaling",
        "HorizontalPodAutoscaler",
        "horizontalpodautoscalers",
    ),
    namespaced("batch", "CronJob", "cronjobs"),
    namespaced("batch", "Job", "jobs"),
    namespaced(BARMAN, "ObjectStore", "objectstores"),
    namespaced(CERT_MANAGER, "Certificate", "certificates"),
    cluster(CERT_MANAGER, "ClusterIssuer", "clusterissuers"),
    namespaced(CERT_MANAGER, "Issuer", "issuers"),
    cluster(
        "cilium.io",
        "CiliumClusterwideNetworkPolicy",
        "ciliumclusterwidenetworkpolicies",
    ),
    namespaced("cilium.io", "CiliumNetworkPolicy", "ciliumnetworkpolicies"),
    namespaced("coordination.k8s.io", "Lease", "leases"),
    namespaced(ASO_POSTGRES, "FlexibleServer", "flexibleservers"),
    namespaced(
        ASO_POSTGRES,
        "FlexibleServersAdministrator",
        "flexibleserversadministrators",
    ),
    namespaced(
        ASO_POSTGRES,
        "FlexibleServersConfiguration",
        "flexibleserversconfigurations",
    ),
    namespaced(
        ASO_POSTGRES,
        "FlexibleServersDatabase",
        "flexibleserversdatabases",
    ),
    namespaced(
        ASO_POSTGRES,
        "FlexibleServersFirewallRule",
        "flexibleserversfirewallrules",
    ),
    namespaced(
        ASO_POSTGRES,
        "FlexibleServersVirtualEndpoint",
        "flexibleserversvirtualendpoints",
    ),
    namespaced("discovery.k8s.io", "EndpointSlice", "endpointslices"),
    namespaced(
        ASO_IDENTITY,
        "FederatedIdentityCredential",
        "federatedidentitycredentials",
    ),
    namespaced(
        ASO_IDENTITY,
        "UserAssignedIdentity",
        "userassignedidentities",
    ),
    namespaced(AZURE_MONITOR, "PodMonitor", "podmonitors"),
    namespaced(AZURE_MONITOR, "ServiceMonitor", "servicemonitors"),
    namespaced(PROMETHEUS, "PodMonitor", "podmonitors"),
    namespaced(PROMETHEUS, "PrometheusRule", "prometheusrules"),
    namespaced(PROMETHEUS, "ServiceMonitor", "servicemonitors"),
    namespaced(ASO_NETWORK, "PrivateEndpoint", "privateendpoints"),
    namespaced("networking.k8s.io", "Ingress", "ingresses"),
    namespaced("networking.k8s.io", "NetworkPolicy", "networkpolicies"),
    namespaced("policy", "PodDisruptionBudget", "poddisruptionbudgets"),
    namespaced(CNPG, "Backup", "backups"),
    namespaced(CNPG, "Cluster", "clusters"),
    cluster(CNPG, "ClusterImageCatalog", "clusterimagecatalogs"),
    namespaced(CNPG, "Database", "databases"),
    namespaced(CNPG, "DatabaseRole", "databaseroles"),
    namespaced(CNPG, "FailoverQuorum", "failoverquorums"),
    namespaced(CNPG, "ImageCatalog", "imagecatalogs"),
    namespaced(CNPG, "Pooler", "poolers"),
    namespaced(CNPG, "Publication", "publications"),
    namespaced(CNPG, "ScheduledBackup", "scheduledbackups"),
    namespaced(CNPG, "Subscription", "subscriptions"),
    cluster(RBAC, "ClusterRole", "clusterroles"),
    cluster(RBAC, "ClusterRoleBinding", "clusterrolebindings"),
    namespaced(RBAC, "Role", "roles"),
    namespaced(RBAC, "RoleBinding", "rolebindings"),
    namespaced("resources.azure.com", "ResourceGroup", "resourcegroups"),
    cluster("scheduling.k8s.io", "PriorityClass", "priorityclasses"),
    namespaced(SNAPSHOT, "VolumeSnapshot", "volumesnapshots"),
    cluster(SNAPSHOT, "VolumeSnapshotClass", "volumesnapshotclasses"),
    cluster(SNAPSHOT, "VolumeSnapshotContent", "volumesnapshotcontents"),
    cluster(STORAGE, "CSIDriver", "csidrivers"),
    cluster(STORAGE, "StorageClass", "storageclasses"),
    cluster(STORAGE, "VolumeAttachment", "volumeattachments"),
    cluster(STORAGE, "VolumeAttributesClass", "volumeattributesclasses"),
];

/// The group of an `apiVersion`: empty for the core group (`v1`).
pub fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// Looks a kind up by the group of `api_version` (the version does not matter) and its name.
pub fn find(api_version: &str, kind: &str) -> Option<&'static Kind> {
    let group = group(api_version);
    KINDS
        .iter()
        .find(|entry| entry.group == group && entry.kind == kind)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_kind_is_found_by_group_whatever_its_version() {
        let cluster = find("postgresql.cnpg.io/v1", "Cluster").unwrap();
        assert_eq!((cluster.plural, cluster.namespaced), ("clusters", true));
        assert_eq!(find("v1", "Node").unwrap().plural, "nodes");
        assert_eq!(
            find("storage.k8s.io/v1beta1", "VolumeAttributesClass")
                .unwrap()
                .plural,
            "volumeattributesclasses"
        );
        assert_eq!(find("apps/v1", "Cluster"), None);
    }

    #[test]
    fn no_kind_is_listed_twice() {
        let names: BTreeSet<_> = KINDS.iter().map(|kind| (kind.group, kind.kind)).collect();
        assert_eq!(names.len(), KINDS.len());
    }
}
