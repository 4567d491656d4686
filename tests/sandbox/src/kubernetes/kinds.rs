//! The kinds that the server knows: an explicit table of the built-in ones, and those of CRDs.

use super::schema::{Type, crd, table};
use serde_json::Value;
use std::sync::Arc;

/// One served resource.
#[derive(Debug, Clone)]
pub struct Kind {
    pub group: String,
    pub version: String,
    pub kind: String,
    pub plural: String,
    pub singular: String,
    pub short: Vec<String>,
    pub namespaced: bool,
    pub status: bool,
    /// Where the scale subresource finds its replicas, when it has one.
    pub scale: Option<Scale>,
    pub custom: bool,
    /// Whether `metadata.generation` counts changes of the specification.
    pub counted: bool,
    pub schema: Arc<Type>,
}

#[derive(Debug, Clone)]
pub struct Scale {
    pub spec: Vec<String>,
    pub status: Vec<String>,
    pub selector: Option<Vec<String>>,
}

impl Kind {
    pub fn api_version(&self) -> String {
        match self.group.as_str() {
            "" => self.version.clone(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// `clusters.postgresql.cnpg.io`, as messages name it.
    pub fn resource(&self) -> String {
        match self.group.as_str() {
            "" => self.plural.clone(),
            group => format!("{}.{group}", self.plural),
        }
    }

    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.group == group && self.kind == kind
    }
}

const CLUSTER: bool = false;
const NAMESPACED: bool = true;

/// Group, kind, plural, short names, scope, has a status subresource, counts generations, name in the type table.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
    bool,
    bool,
    bool,
    &'static str,
);

#[rustfmt::skip]
const BUILTIN: &[Row] = &[
    ("", "ConfigMap", "configmaps", &["cm"], NAMESPACED, false, false, "ConfigMap"),
    ("", "Endpoints", "endpoints", &["ep"], NAMESPACED, false, false, "Endpoints"),
    ("", "Event", "events", &["ev"], NAMESPACED, false, false, "Event"),
    ("", "Namespace", "namespaces", &["ns"], CLUSTER, true, false, "Namespace"),
    ("", "Node", "nodes", &["no"], CLUSTER, true, false, "Node"),
    ("", "PersistentVolumeClaim", "persistentvolumeclaims", &["pvc"], NAMESPACED, true, false, "PersistentVolumeClaim"),
    ("", "PersistentVolume", "persistentvolumes", &["pv"], CLUSTER, true, false, "PersistentVolume"),
    ("", "Pod", "pods", &["po"], NAMESPACED, true, true, "Pod"),
    ("", "Secret", "secrets", &[], NAMESPACED, false, false, "Secret"),
    ("", "ServiceAccount", "serviceaccounts", &["sa"], NAMESPACED, false, false, "ServiceAccount"),
    ("", "Service", "services", &["svc"], NAMESPACED, true, false, "Service"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", &[], CLUSTER, false, true, "MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", &[], CLUSTER, false, true, "ValidatingWebhookConfiguration"),
    ("apiextensions.k8s.io", "CustomResourceDefinition", "customresourcedefinitions", &["crd", "crds"], CLUSTER, true, true, ""),
    ("apps", "Deployment", "deployments", &["deploy"], NAMESPACED, true, true, "Deployment"),
    ("batch", "Job", "jobs", &[], NAMESPACED, true, true, "Job"),
    ("coordination.k8s.io", "Lease", "leases", &[], NAMESPACED, false, false, "Lease"),
    ("events.k8s.io", "Event", "events", &["ev"], NAMESPACED, false, false, "eventsEvent"),
    ("networking.k8s.io", "NetworkPolicy", "networkpolicies", &["netpol"], NAMESPACED, false, true, "NetworkPolicy"),
    ("policy", "PodDisruptionBudget", "poddisruptionbudgets", &["pdb"], NAMESPACED, true, true, "PodDisruptionBudget"),
    ("rbac.authorization.k8s.io", "ClusterRole", "clusterroles", &[], CLUSTER, false, false, "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding", "clusterrolebindings", &[], CLUSTER, false, false, "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io", "Role", "roles", &[], NAMESPACED, false, false, "Role"),
    ("rbac.authorization.k8s.io", "RoleBinding", "rolebindings", &[], NAMESPACED, false, false, "RoleBinding"),
    ("scheduling.k8s.io", "PriorityClass", "priorityclasses", &["pc"], CLUSTER, false, true, "PriorityClass"),
    ("storage.k8s.io", "StorageClass", "storageclasses", &["sc"], CLUSTER, false, false, "StorageClass"),
    ("storage.k8s.io", "VolumeAttributesClass", "volumeattributesclasses", &["vac"], CLUSTER, false, false, "VolumeAttributesClass"),
];

pub fn builtin() -> Vec<Arc<Kind>> {
    BUILTIN.iter().map(|row| Arc::new(from_row(row))).collect()
}

fn from_row((group, kind, plural, short, namespaced, status, counted, name): &Row) -> Kind {
    let replicas = |place: &str| vec![place.to_owned(), "replicas".to_owned()];
    let scale = (*kind == "Deployment").then(|| Scale {
        spec: replicas("spec"),
        status: replicas("status"),
        selector: None,
    });
    Kind {
        group: (*group).to_owned(),
        version: "v1".to_owned(),
        kind: (*kind).to_owned(),
        plural: (*plural).to_owned(),
        singular: kind.to_lowercase(),
        short: short.iter().map(|name| (*name).to_owned()).collect(),
        namespaced: *namespaced,
        status: *status,
        scale,
        custom: false,
        counted: *counted,
        schema: table::builtin(name).unwrap_or_default(),
    }
}

/// CNPG and barman kinds, for a server that was given no CRD files: served without a schema.
const SCHEMALESS: &[(&str, &str, &str, bool)] = &[
    ("postgresql.cnpg.io", "Backup", "backups", NAMESPACED),
    ("postgresql.cnpg.io", "Cluster", "clusters", NAMESPACED),
    (
        "postgresql.cnpg.io",
        "ClusterImageCatalog",
        "clusterimagecatalogs",
        CLUSTER,
    ),
    ("postgresql.cnpg.io", "Database", "databases", NAMESPACED),
    (
        "postgresql.cnpg.io",
        "DatabaseRole",
        "databaseroles",
        NAMESPACED,
    ),
    (
        "postgresql.cnpg.io",
        "FailoverQuorum",
        "failoverquorums",
        NAMESPACED,
    ),
    (
        "postgresql.cnpg.io",
        "ImageCatalog",
        "imagecatalogs",
        NAMESPACED,
    ),
    ("postgresql.cnpg.io", "Pooler", "poolers", NAMESPACED),
    (
        "postgresql.cnpg.io",
        "Publication",
        "publications",
        NAMESPACED,
    ),
    (
        "postgresql.cnpg.io",
        "ScheduledBackup",
        "scheduledbackups",
        NAMESPACED,
    ),
    (
        "postgresql.cnpg.io",
        "Subscription",
        "subscriptions",
        NAMESPACED,
    ),
    (
        "barmancloud.cnpg.io",
        "ObjectStore",
        "objectstores",
        NAMESPACED,
    ),
];

pub fn schemaless() -> Vec<Arc<Kind>> {
    let kinds = SCHEMALESS.iter().map(|(group, kind, plural, namespaced)| {
        Arc::new(Kind {
            group: (*group).to_owned(),
            version: "v1".to_owned(),
            kind: (*kind).to_owned(),
            plural: (*plural).to_owned(),
            singular: kind.to_lowercase(),
            short: Vec::new(),
            namespaced: *namespaced,
            status: !kind.ends_with("ImageCatalog"),
            scale: None,
            custom: true,
            counted: true,
            schema: Arc::new(envelope_only()),
        })
    });
    kinds.collect()
}

/// A known envelope around unknown contents.
fn envelope_only() -> Type {
    Type::object(super::schema::Object {
        fields: table::envelope(),
        other: Some(Arc::new(Type::any())),
        preserve: true,
        ..super::schema::Object::default()
    })
}

/// The kinds that a CustomResourceDefinition serves, one per served version.
pub fn of_definition(definition: &Value) -> Vec<Arc<Kind>> {
    let spec = &definition["spec"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let texts = |value: &Value| -> Vec<String> {
        let items = value.as_array().into_iter().flatten();
        items.map(text).collect()
    };
    let versions = spec["versions"].as_array().into_iter().flatten();
    versions
        .filter(|version| version["served"] == true)
        .map(|version| {
            let schema = &version["schema"]["openAPIV3Schema"];
            Arc::new(Kind {
                group: text(&spec["group"]),
                version: text(&version["name"]),
                kind: text(&spec["names"]["kind"]),
                plural: text(&spec["names"]["plural"]),
                singular: text(&spec["names"]["singular"]),
                short: texts(&spec["names"]["shortNames"]),
                namespaced: spec["scope"] == "Namespaced",
                status: version["subresources"]["status"].is_object(),
                scale: scale(&version["subresources"]["scale"]),
                custom: true,
                counted: true,
                schema: Arc::new(crd::root(schema)),
            })
        })
        .collect()
}

fn scale(value: &Value) -> Option<Scale> {
    let path = |key: &str| -> Option<Vec<String>> {
        let text = value[key].as_str()?.trim_start_matches('.');
        Some(text.split('.').map(str::to_owned).collect())
    };
    Some(Scale {
        spec: path("specReplicasPath")?,
        status: path("statusReplicasPath")?,
        selector: path("labelSelectorPath"),
    })
}
