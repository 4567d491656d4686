//! Checks of attributes that hold the id of an Azure resource, by the type of the resource.

use crate::schema::checks::arm_id;
use crate::schema::value::Value;

pub fn aks_cluster(value: &Value) -> Result<(), String> {
    arm_id(value, "Microsoft.ContainerService/managedClusters")
}

pub fn subnet(value: &Value) -> Result<(), String> {
    arm_id(value, "Microsoft.Network/virtualNetworks/subnets")
}

pub fn identity(value: &Value) -> Result<(), String> {
    arm_id(value, "Microsoft.ManagedIdentity/userAssignedIdentities")
}

pub fn storage_account(value: &Value) -> Result<(), String> {
    arm_id(value, "Microsoft.Storage/storageAccounts")
}

pub fn disk_encryption_set(value: &Value) -> Result<(), String> {
    arm_id(value, "Microsoft.Compute/diskEncryptionSets")
}

pub fn resource_group(value: &Value) -> Result<(), String> {
    arm_id(value, "Microsoft.Resources/resourceGroups")
}
