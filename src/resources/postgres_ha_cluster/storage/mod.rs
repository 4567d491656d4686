//! The `storage` block: the disks of each instance, and the StorageClass and VolumeAttributesClasses that make them.

mod limits;

use serde_json::{Value as Json, json};

use super::PostgresHaCluster;
use crate::object;
use crate::reconcile::object::{Address, Desired, Live, Outputs, Write};
use crate::reconcile::part::{Defaults, Fill, Part, Query};
use crate::resources::azure_ids;
use crate::schema::attr::{Attr, Block, NotKnown};
use crate::schema::checks;
use crate::schema::diagnostic::{Diagnostics, Path};
use crate::schema::field::{block, optional, required};
use limits::{disk_limits, refuse_shrinking};

pub const PROVISIONER: &str = "disk.csi.azure.com";
const CLASS_API: &str = "storage.k8s.io/v1";

/// Kinds of disks.
const TYPES: [&str; 4] = ["premium_v2", "premium", "premium_zrs", "class"];

object! {
    /// A disk of its own for the write-ahead log of each instance. Once made it cannot be taken away.
    pub struct Wal {
        /// Size of the disk, as a Kubernetes quantity such as `32Gi`. It can grow, not shrink.
        size: Attr<String> => required().check(checks::quantity),
        /// Input and output operations per second (Premium SSD v2 only). Default: the 3,000 that cost nothing.
        iops: Attr<i64> => optional().check(checks::positive),
        /// Throughput in MB/s (Premium SSD v2 only). Default: the 125 that cost nothing.
        throughput: Attr<i64> => optional().check(checks::positive),
    }
}

object! {
    /// The disks of each instance.
    pub struct Storage {
        /// Kind of disk: `premium_v2` (Premium SSD v2), `premium` (Premium SSD, zonal), `premium_zrs` (Premium SSD, three zones), or
        /// `class` for the StorageClass named by `class_name`.
        r#type: Attr<String> => optional().default("premium_v2").one_of(&TYPES).replace(),
        /// Name of an existing StorageClass, with `type = "class"`.
        class_name: Attr<String> => optional().replace(),
        /// Size of the data disk, as a Kubernetes quantity such as `64Gi`. It can grow, not shrink.
        size: Attr<String> => required().check(checks::quantity),
        /// Input and output operations per second of the data disk (Premium SSD v2 only). Changed in place through a
        /// VolumeAttributesClass, which needs Kubernetes 1.34 or newer; Azure allows four changes in 24 hours. Default: the 3,000
        /// that cost nothing. At most 500 per GiB (not below 3,000) and 80,000.
        iops: Attr<i64> => optional().check(checks::positive),
        /// Throughput of the data disk in MB/s (Premium SSD v2 only). Changed like `iops`. Default: the 125 that cost nothing. At most
        /// a quarter of `iops` (not below 125) and 2,000.
        throughput: Attr<i64> => optional().check(checks::positive),
        /// What becomes of a disk whose claim is deleted.
        reclaim_policy: Attr<String> => optional().default("Retain").one_of(&["Retain", "Delete"]),
        /// Id of the disk encryption set for the disks. Default: Azure's own keys.
        disk_encryption_set_id: Attr<String> => optional().check(azure_ids::disk_encryption_set).replace(),
        wal: Block<Wal> => block(),
    }
}

impl Storage {
    fn is_class(&self) -> Result<bool, NotKnown> {
        Ok(self.r#type.require()? == "class")
    }

    fn parameters(&self) -> Result<Json, NotKnown> {
        let mut parameters = match self.r#type.require()?.as_str() {
            "premium_v2" => json!({"skuName": "PremiumV2_LRS", "cachingMode": "None"}),
            "premium_zrs" => json!({"skuName": "Premium_ZRS", "cachingMode": "ReadOnly"}),
            _ => json!({"skuName": "Premium_LRS", "cachingMode": "ReadOnly"}),
        };
        if let Some(id) = self.disk_encryption_set_id.get()? {
            parameters["diskEncryptionSetID"] = id.clone().into();
        }
        Ok(parameters)
    }
}

/// The name of the VolumeAttributesClass for these settings; `None` when the disk's own will do.
fn attributes_class(
    base: &str,
    iops: &Attr<i64>,
    throughput: &Attr<i64>,
) -> Result<Option<String>, NotKnown> {
    let (iops, throughput) = (iops.get()?, throughput.get()?);
    if iops.is_none() && throughput.is_none() {
        return Ok(None);
    }
    Ok(Some(format!(
        "{base}-{}-{}",
        iops.copied().unwrap_or(3000),
        throughput.copied().unwrap_or(125)
    )))
}

fn claim(size: &Attr<String>, class: &str, attributes: Option<String>) -> Result<Json, NotKnown> {
    let mut claim =
        json!({"size": size.require()?, "storageClass": class, "resizeInUseVolumes": true});
    if let Some(attributes) = attributes {
        claim["pvcTemplate"] = json!({"volumeAttributesClassName": attributes});
    }
    Ok(claim)
}

impl PostgresHaCluster {
    /// The members `storage` and `walStorage` of the Cluster.
    pub fn storage_fields(&self) -> Result<Json, NotKnown> {
        let Some(storage) = self.storage.get()? else {
            return Err(NotKnown);
        };
        let class = self.storage_class_name.require()?;
        let base = self.scoped_name()?;
        let attributes = attributes_class(&base, &storage.iops, &storage.throughput)?;
        let mut fields = json!({"storage": claim(&storage.size, class, attributes)?});
        if let Some(wal) = storage.wal.get()? {
            let attributes = attributes_class(&base, &wal.iops, &wal.throughput)?;
            fields["walStorage"] = claim(&wal.size, class, attributes)?;
        }
        Ok(fields)
    }
}

pub struct StoragePart;

impl StoragePart {
    fn attributes(&self, model: &PostgresHaCluster) -> Result<Vec<(String, Json)>, NotKnown> {
        let Some(storage) = model.storage.get()? else {
            return Ok(Vec::new());
        };
        let base = model.scoped_name()?;
        let mut classes = std::collections::BTreeMap::new();
        let mut settings = vec![(&storage.iops, &storage.throughput)];
        if let Some(wal) = storage.wal.get()? {
            settings.push((&wal.iops, &wal.throughput));
        }
        for (iops, throughput) in settings {
            if let Some(name) = attributes_class(&base, iops, throughput)? {
                let mut parameters = json!({});
                if let Some(iops) = iops.get()? {
                    parameters["DiskIOPSReadWrite"] = iops.to_string().into();
                }
                if let Some(throughput) = throughput.get()? {
                    parameters["DiskMBpsReadWrite"] = throughput.to_string().into();
                }
                classes.insert(name, parameters);
            }
        }
        Ok(classes.into_iter().collect())
    }
}

impl Part<PostgresHaCluster> for StoragePart {
    fn name(&self) -> &'static str {
        "storage"
    }

    fn validate(&self, model: &PostgresHaCluster, diagnostics: &mut Diagnostics) {
        let Some(storage) = model.storage.present() else {
            return;
        };
        let path = Path::root().attribute("storage").index(0);
        let kind = storage.r#type.known().map_or("premium_v2", String::as_str);
        let named = !storage.class_name.is_null();
        if !storage.r#type.is_unknown() && (kind == "class") != named {
            diagnostics.error(
                path.attribute("class_name"),
                "StorageClass and type do not fit",
                "`class_name` goes with `type = \"class\"`, and that type needs it.",
            );
        }
        disk_limits(
            kind,
            &storage.size,
            &storage.iops,
            &storage.throughput,
            &path,
            diagnostics,
        );
        if let Some(wal) = storage.wal.present() {
            let path = path.attribute("wal").index(0);
            disk_limits(
                kind,
                &wal.size,
                &wal.iops,
                &wal.throughput,
                &path,
                diagnostics,
            );
        }
    }

    fn derive(
        &self,
        _defaults: &Defaults,
        _prior: Option<&PostgresHaCluster>,
        model: &mut PostgresHaCluster,
    ) {
        let name = model.storage.get().and_then(|storage| {
            let storage = storage.ok_or(NotKnown)?;
            if storage.is_class()? {
                storage.class_name.require().cloned()
            } else {
                model.scoped_name()
            }
        });
        model.storage_class_name.derive(name);
    }

    fn addresses(&self, model: &PostgresHaCluster) -> Result<Vec<Address>, NotKnown> {
        let Some(storage) = model.storage.get()? else {
            return Ok(Vec::new());
        };
        let mut addresses = Vec::new();
        if !storage.is_class()? {
            addresses.push(Address::kubernetes(
                CLASS_API,
                "StorageClass",
                None,
                model.scoped_name()?,
            ));
        }
        for (name, _) in self.attributes(model)? {
            addresses.push(Address::kubernetes(
                CLASS_API,
                "VolumeAttributesClass",
                None,
                name,
            ));
        }
        Ok(addresses)
    }

    fn desired(
        &self,
        model: &PostgresHaCluster,
        _outputs: &Outputs,
    ) -> Result<Vec<Desired>, NotKnown> {
        let Some(storage) = model.storage.get()? else {
            return Ok(Vec::new());
        };
        let labels = model.object_labels()?;
        let mut desired = Vec::new();
        if !storage.is_class()? {
            let address =
                Address::kubernetes(CLASS_API, "StorageClass", None, model.scoped_name()?);
            let mut class = Desired::kubernetes(
                address,
                labels.clone(),
                json!({
                    "provisioner": PROVISIONER,
                    "parameters": storage.parameters()?,
                    "reclaimPolicy": storage.reclaim_policy.require()?,
                    "volumeBindingMode": "WaitForFirstConsumer",
                    "allowVolumeExpansion": true,
                }),
            );
            class.write = Write::Recreate;
            desired.push(class);
        }
        for (name, parameters) in self.attributes(model)? {
            let address = Address::kubernetes(CLASS_API, "VolumeAttributesClass", None, name);
            let members = json!({"driverName": PROVISIONER, "parameters": parameters});
            desired.push(Desired::kubernetes(address, labels.clone(), members));
        }
        Ok(desired)
    }

    fn observed(&self, live: &Live, fill: Fill, model: &mut PostgresHaCluster) {
        let Address::Kubernetes { kind, .. } = &live.address else {
            return;
        };
        let Some(storage) = model.storage.present_mut() else {
            return;
        };
        match kind.as_str() {
            "StorageClass" => {
                if let Some(policy) = live.body["reclaimPolicy"].as_str() {
                    storage.reclaim_policy = policy.into();
                }
                if fill == Fill::All {
                    storage.r#type = kind_of(&live.body).into();
                    storage.class_name = Attr::Null;
                }
            }
            _ if fill == Fill::All => {
                let number = |name: &str| {
                    live.body["parameters"][name]
                        .as_str()
                        .and_then(|text| text.parse().ok())
                        .map_or(Attr::Null, Attr::Known)
                };
                storage.iops = number("DiskIOPSReadWrite");
                storage.throughput = number("DiskMBpsReadWrite");
            }
            _ => {}
        }
    }

    fn announce(
        &self,
        prior: &PostgresHaCluster,
        planned: &PostgresHaCluster,
        diagnostics: &mut Diagnostics,
    ) {
        let (Some(before), Some(after)) = (prior.storage.present(), planned.storage.present())
        else {
            return;
        };
        let path = Path::root().attribute("storage").index(0);
        refuse_shrinking(&before.size, &after.size, &path, diagnostics);
        match (before.wal.present(), after.wal.present()) {
            (Some(before), Some(after)) => {
                refuse_shrinking(&before.size, &after.size, &path.attribute("wal").index(0), diagnostics);
            }
            (Some(_), None) => diagnostics.error(
                path,
                "The disk of the write-ahead log cannot be taken away",
                "CloudNativePG refuses to remove `wal` from a running cluster. Write the block again, or move the data to a new cluster.",
            ),
            _ => {}
        }
    }

    fn discover(&self, model: &PostgresHaCluster, outputs: &Outputs) -> Vec<Query> {
        let names = [
            ("StorageClass", model.storage_class_name.known().cloned()),
            (
                "VolumeAttributesClass",
                outputs
                    .get(super::cluster::ATTRIBUTES_CLASS)
                    .ok()
                    .map(str::to_owned),
            ),
        ];
        names
            .into_iter()
            .filter_map(|(kind, name)| {
                Some(Query::Get(Address::kubernetes(
                    CLASS_API, kind, None, name?,
                )))
            })
            .collect()
    }

    /// A class of someone else is used by its name and not owned.
    fn belongs(&self, live: &Live, model: &PostgresHaCluster) -> bool {
        let name = live.body["metadata"]["name"].as_str().unwrap_or_default();
        model
            .scoped_name()
            .is_ok_and(|base| name == base || name.starts_with(&format!("{base}-")))
    }
}

fn kind_of(class: &Json) -> &'static str {
    match class["parameters"]["skuName"].as_str() {
        Some("PremiumV2_LRS") => "premium_v2",
        Some("Premium_ZRS") => "premium_zrs",
        _ => "premium",
    }
}
