//! The resource types that exist. [`all`] is the one list of them.

mod agent_pool;
mod blob_service;
mod container;
mod federated_credential;
mod identity;
mod kubeconfig;
mod managed_cluster;
mod management_policy;
mod names;
mod resource_group;
mod role_assignment;
mod storage_account;

pub use names::storage_account as storage_account_name;

use super::kind::ResourceType;

pub const GROUP: &str = "Microsoft.Resources/resourceGroups";
pub const CLUSTER: &str = "Microsoft.ContainerService/managedClusters";
pub const POOL: &str = "Microsoft.ContainerService/managedClusters/agentPools";
pub const IDENTITY: &str = "Microsoft.ManagedIdentity/userAssignedIdentities";
pub const FEDERATED_CREDENTIAL: &str =
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials";
pub const ROLE_ASSIGNMENT: &str = "Microsoft.Authorization/roleAssignments";
pub const STORAGE_ACCOUNT: &str = "Microsoft.Storage/storageAccounts";
pub const BLOB_SERVICE: &str = "Microsoft.Storage/storageAccounts/blobServices";
pub const CONTAINER: &str = "Microsoft.Storage/storageAccounts/blobServices/containers";
pub const MANAGEMENT_POLICY: &str = "Microsoft.Storage/storageAccounts/managementPolicies";

pub const GROUP_VERSIONS: &[&str] = &["2024-07-01", "2025-04-01"];
pub const AKS_VERSIONS: &[&str] = &["2024-09-01", "2026-05-01"];
pub const IDENTITY_VERSIONS: &[&str] = &["2023-01-31", "2024-11-30"];
pub const STORAGE_VERSIONS: &[&str] = &["2023-05-01", "2026-04-01"];
pub const AUTHORIZATION_VERSIONS: &[&str] = &["2022-04-01"];

/// Every type, parents before their children.
pub fn all() -> &'static [&'static dyn ResourceType] {
    &[
        &resource_group::ResourceGroup,
        &managed_cluster::ManagedCluster,
        &agent_pool::AgentPool,
        &identity::Identity,
        &federated_credential::FederatedCredential,
        &role_assignment::RoleAssignment,
        &storage_account::StorageAccount,
        &blob_service::BlobService,
        &container::Container,
        &management_policy::ManagementPolicy,
    ]
}

/// The type with this name, in any case.
pub fn find(name: &str) -> Option<&'static dyn ResourceType> {
    all()
        .iter()
        .copied()
        .find(|t| t.kind().name.eq_ignore_ascii_case(name))
}

/// The namespaces of the types and of the lookups.
pub fn namespaces() -> Vec<&'static str> {
    let mut namespaces: Vec<&str> = all().iter().map(|t| t.kind().namespace()).collect();
    namespaces.push("Microsoft.Compute");
    namespaces.sort_unstable();
    namespaces.dedup();
    namespaces
}

pub fn knows_namespace(name: &str) -> bool {
    namespaces().iter().any(|n| n.eq_ignore_ascii_case(name))
}
