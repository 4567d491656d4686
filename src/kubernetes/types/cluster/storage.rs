//! Volumes of the instances.

use crate::kubernetes::types::common::ResourceRequirements;
use crate::kubernetes::types::object::object;

object! {
    StorageConfiguration {
        size: Option<String>,
        storage_class: Option<String>,
        resize_in_use_volumes: Option<bool>,
        pvc_template: Option<PersistentVolumeClaimSpec>,
    }

    PersistentVolumeClaimSpec {
        access_modes: Vec<String>,
        storage_class_name: Option<String>,
        volume_attributes_class_name: Option<String>,
        volume_mode: Option<String>,
        resources: Option<ResourceRequirements>,
    }

    Tablespace {
        name: String,
        storage: StorageConfiguration,
        owner: Option<TablespaceOwner>,
        temporary: Option<bool>,
    }

    TablespaceOwner {
        name: Option<String>,
    }
}
