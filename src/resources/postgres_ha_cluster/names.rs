//! Names that follow from configuration, so that nothing has to be looked up to find an object again.

use super::PostgresHaCluster;
use crate::schema::attr::NotKnown;

pub const CLUSTER_API: &str = "postgresql.cnpg.io/v1";
pub const OBJECT_STORE_API: &str = "barmancloud.cnpg.io/v1";
pub const PLUGIN: &str = "barman-cloud.cloudnative-pg.io";

impl PostgresHaCluster {
    pub fn cluster_name(&self) -> Result<&str, NotKnown> {
        self.name.require().map(String::as_str)
    }

    pub fn namespace_name(&self) -> Result<&str, NotKnown> {
        self.namespace.require().map(String::as_str)
    }

    /// The name of cluster-scoped objects.
    pub fn scoped_name(&self) -> Result<String, NotKnown> {
        Ok(format!(
            "{}-{}",
            self.namespace_name()?,
            self.cluster_name()?
        ))
    }

    /// The ServiceAccount of the instances: the operator's, unless one is named.
    pub fn service_account_name(&self) -> Result<&str, NotKnown> {
        match self.service_account_name.get()? {
            Some(name) => Ok(name),
            None => self.cluster_name(),
        }
    }

    /// The id of the AKS cluster, which parts in Azure need.
    pub fn aks_id(&self) -> Result<&str, NotKnown> {
        self.aks_cluster_id.require().map(String::as_str)
    }

    /// The resource group that new Azure objects go to unless they say otherwise: that of the AKS cluster.
    pub fn resource_group_id(&self) -> Result<String, NotKnown> {
        let id = self.aks_id()?;
        let end = id.to_lowercase().find("/providers/").unwrap_or(id.len());
        Ok(id[..end].to_owned())
    }
}

/// The subscription of an Azure id, as the start of an id.
pub fn subscription(id: &str) -> String {
    id.split('/').take(3).collect::<Vec<_>>().join("/")
}
