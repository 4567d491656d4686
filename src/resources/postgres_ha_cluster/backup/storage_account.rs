//! The `storage_account` block: an existing account by id, a new one by name, or an address alone.

use serde_json::json;

use super::Backup;
use crate::object;
use crate::reconcile::object::{Address, Desired, Live, Outputs, Ownership, Write};
use crate::reconcile::part::{Defaults, Fill, Part, Query, Readiness};
use crate::resources::azure_ids;
use crate::resources::postgres_ha_cluster::{PostgresHaCluster, aks_cluster};
use crate::schema::attr::{Attr, NotKnown};
use crate::schema::checks;
use crate::schema::diagnostic::{Diagnostics, Path};
use crate::schema::field::optional;
use crate::schema::value::Value;

pub const API_VERSION: &str = "2023-05-01";
/// Output: the address of the account's blobs.
pub const BLOB_ENDPOINT: &str = "blob_endpoint";

fn account_name(value: &Value) -> Result<(), String> {
    let name = value.as_str().unwrap_or_default();
    let fits = (3..=24).contains(&name.len())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    fits.then_some(())
        .ok_or_else(|| format!("`{name}` is not a name of a storage account: 3 to 24 lower-case letters and digits, unique in all of Azure"))
}

object! {
    /// The storage account of the backups: exactly one of `id`, `name` and `endpoint`.
    pub struct StorageAccount {
        /// Id of an existing storage account.
        id: Attr<String> => optional().check(azure_ids::storage_account),
        /// Name of a storage account that is made, with public blob access and shared keys off and TLS 1.2 or newer.
        name: Attr<String> => optional().check(account_name),
        /// Address of an account that Azure Resource Manager is not asked about, with the account's name as the last segment for
        /// Azurite. Needs a `credential` from a Secret or `inherit`.
        endpoint: Attr<String> => optional().check(checks::url),
        /// Id of the resource group of the account that is made. Default: that of the AKS cluster.
        resource_group_id: Attr<String> => optional().check(azure_ids::resource_group),
        /// Copies of the data of the account that is made: `ZRS` over three zones, `LRS` in one, `GZRS` and `GRS` in another region too.
        replication: Attr<String> => optional().default("ZRS").one_of(&["LRS", "ZRS", "GRS", "GZRS"]),
    }
}

impl PostgresHaCluster {
    fn storage_account_block(&self) -> Result<Option<&StorageAccount>, NotKnown> {
        match self.backup.get()? {
            Some(backup) => backup.storage_account.get(),
            None => Ok(None),
        }
    }

    /// The id of the account, when Azure Resource Manager knows it.
    pub fn wanted_storage_account(&self) -> Result<Option<String>, NotKnown> {
        let Some(account) = self.storage_account_block()? else {
            return Ok(None);
        };
        if let Some(id) = account.id.get()? {
            return Ok(Some(id.clone()));
        }
        let Some(name) = account.name.get()? else {
            return Ok(None);
        };
        let group = match account.resource_group_id.get()? {
            Some(group) => group.clone(),
            None => self.resource_group_id()?,
        };
        Ok(Some(format!(
            "{group}/providers/Microsoft.Storage/storageAccounts/{name}"
        )))
    }

    /// True when the account is made here.
    pub fn makes_storage_account(&self) -> Result<bool, NotKnown> {
        Ok(match self.storage_account_block()? {
            Some(account) => account.name.get()?.is_some(),
            None => false,
        })
    }
}

pub struct StorageAccountPart;

impl Part<PostgresHaCluster> for StorageAccountPart {
    fn name(&self) -> &'static str {
        "storage_account"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["aks_cluster"]
    }

    fn derive(
        &self,
        _defaults: &Defaults,
        prior: Option<&PostgresHaCluster>,
        model: &mut PostgresHaCluster,
    ) {
        let id = model.wanted_storage_account();
        match id {
            Ok(None) => model.storage_account_id = Attr::Null,
            id => model
                .storage_account_id
                .derive(id.and_then(|id| id.ok_or(NotKnown))),
        }
        derive_backup_path(prior, model);
    }

    fn lookups(&self, model: &PostgresHaCluster) -> Result<Vec<Address>, NotKnown> {
        if model.makes_storage_account()? {
            return Ok(Vec::new());
        }
        Ok(model
            .wanted_storage_account()?
            .map(|id| Address::arm(id, API_VERSION))
            .into_iter()
            .collect())
    }

    fn ownership(&self) -> Ownership {
        Ownership::Tags("tags")
    }

    fn addresses(&self, model: &PostgresHaCluster) -> Result<Vec<Address>, NotKnown> {
        if !model.makes_storage_account()? {
            return Ok(Vec::new());
        }
        Ok(model
            .wanted_storage_account()?
            .map(|id| Address::arm(id, API_VERSION))
            .into_iter()
            .collect())
    }

    fn desired(
        &self,
        model: &PostgresHaCluster,
        outputs: &Outputs,
    ) -> Result<Vec<Desired>, NotKnown> {
        let addresses = self.addresses(model)?;
        let Some(account) = model
            .storage_account_block()?
            .filter(|_| !addresses.is_empty())
        else {
            return Ok(Vec::new());
        };
        let keys = match model.backup.get()? {
            Some(backup) => matches!(
                backup.credential.require()?.as_str(),
                "connection_string" | "storage_key" | "sas_token"
            ),
            None => false,
        };
        let body = json!({
            "location": outputs.get(aks_cluster::LOCATION)?,
            "kind": "StorageV2",
            "sku": {"name": format!("Standard_{}", account.replication.require()?)},
            "tags": model.effective_tags.get()?.cloned().unwrap_or_default(),
            "properties": {
                "minimumTlsVersion": "TLS1_2",
                "supportsHttpsTrafficOnly": true,
                "allowBlobPublicAccess": false,
                "allowSharedKeyAccess": keys,
                "accessTier": "Hot",
            },
        });
        Ok(addresses
            .into_iter()
            .map(|address| {
                Desired::arm(
                    address,
                    Write::ReadModifyPut,
                    self.ownership(),
                    body.clone(),
                )
            })
            .collect())
    }

    fn observed(&self, live: &Live, fill: Fill, model: &mut PostgresHaCluster) {
        if fill == Fill::Present
            && let Some(account) = model
                .backup
                .present_mut()
                .and_then(|backup| backup.storage_account.present_mut())
            && account.name.known().is_some()
            && let Some(sku) = live.body["sku"]["name"].as_str()
        {
            account.replication = sku.strip_prefix("Standard_").unwrap_or(sku).into();
        }
    }

    fn outputs(&self, live: &Live, outputs: &mut Outputs) {
        if let Some(endpoint) = live.body["properties"]["primaryEndpoints"]["blob"].as_str() {
            outputs.set(BLOB_ENDPOINT, endpoint.trim_end_matches('/'));
        }
    }

    fn readiness(&self, _model: &PostgresHaCluster, live: &Live) -> Readiness {
        match live.body["properties"]["provisioningState"].as_str() {
            Some("Failed") => {
                Readiness::Failed("the account's provisioning state is `Failed`".to_owned())
            }
            _ => Readiness::Ready,
        }
    }

    fn discover(&self, _model: &PostgresHaCluster, _outputs: &Outputs) -> Vec<Query> {
        Vec::new()
    }

    fn outlives(&self, model: &PostgresHaCluster) -> bool {
        super::container::outlives(model)
    }
}

/// The path is known at plan when the address is; what Azure chooses is known after apply, and stays.
fn derive_backup_path(prior: Option<&PostgresHaCluster>, model: &mut PostgresHaCluster) {
    let inputs = |model: &PostgresHaCluster| {
        let block = model
            .backup
            .present()
            .map(|backup| (backup.container.clone(), backup.path.clone()));
        (
            model
                .wanted_storage_account()
                .ok()
                .flatten()
                .map(|id| id.to_lowercase()),
            block,
        )
    };
    if let Ok(None) = model.backup.get() {
        model.backup_path = Attr::Null;
        return;
    }
    let endpoint = model
        .storage_account_block()
        .and_then(|account| match account {
            Some(account) => account.endpoint.require().cloned(),
            None => Err(NotKnown),
        });
    match endpoint.and_then(|endpoint| model.destination_path(&endpoint)) {
        Ok(path) => model.backup_path = Attr::Known(path),
        Err(NotKnown) if prior.is_some_and(|prior| inputs(prior) == inputs(model)) => {}
        Err(NotKnown) => model.backup_path = Attr::Unknown,
    }
}

pub fn validate(
    model: &PostgresHaCluster,
    backup: &Backup,
    path: &Path,
    diagnostics: &mut Diagnostics,
) {
    let Some(account) = backup.storage_account.present() else {
        return;
    };
    let path = path.attribute("storage_account").index(0);
    let ways = [
        ("id", &account.id),
        ("name", &account.name),
        ("endpoint", &account.endpoint),
    ];
    let set: Vec<&str> = ways
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, _)| *name)
        .collect();
    if set.len() != 1 {
        diagnostics.error(
            path.clone(),
            "Which storage account?",
            format!(
                "Exactly one of `id`, `name` and `endpoint` is needed; found {}.",
                if set.is_empty() {
                    "none".to_owned()
                } else {
                    set.join(", ")
                }
            ),
        );
    }
    if !account.endpoint.is_null()
        && backup
            .credential
            .known()
            .is_some_and(|credential| credential == "workload_identity")
    {
        diagnostics.error(
            path.attribute("endpoint"),
            "Workload identity needs a known storage account",
            "A role is granted on an account that Azure Resource Manager knows: use `id` or `name`, or another `credential`.",
        );
    }
    if account.name.known().is_some()
        && model.aks_cluster_id.is_null()
        && account.resource_group_id.is_null()
    {
        diagnostics.error(
            path.attribute("resource_group_id"),
            "Where should the account be made?",
            "Without `aks_cluster_id` there is no default: set `resource_group_id`, or use an existing account.",
        );
    }
}
