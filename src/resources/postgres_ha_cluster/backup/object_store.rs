//! The ObjectStore: tells the barman plugin where the archive is and how to get in.

use serde_json::{Value as Json, json};

use super::Backup;
use super::storage_account::BLOB_ENDPOINT;
use crate::reconcile::object::{Address, Desired, Live, Outputs};
use crate::reconcile::part::{Fill, Part, Query};
use crate::resources::postgres_ha_cluster::PostgresHaCluster;
use crate::resources::postgres_ha_cluster::cluster::OBJECT_STORE;
use crate::resources::postgres_ha_cluster::names::OBJECT_STORE_API;
use crate::schema::attr::{Attr, Block, NotKnown};

impl PostgresHaCluster {
    /// The destination of the archive below the address of an account.
    pub fn destination_path(&self, endpoint: &str) -> Result<String, NotKnown> {
        let Some(backup) = self.backup.get()? else {
            return Err(NotKnown);
        };
        let path = backup
            .path
            .get()?
            .map(|path| format!("/{}", path.trim_matches('/')))
            .unwrap_or_default();
        Ok(format!(
            "{}/{}{path}",
            endpoint.trim_end_matches('/'),
            backup.container.require()?
        ))
    }
}

fn credentials(backup: &Backup) -> Result<Json, NotKnown> {
    let secret = || -> Result<Json, NotKnown> {
        Ok(json!({"name": backup.secret_name.require()?, "key": backup.secret_key.require()?}))
    };
    Ok(match backup.credential.require()?.as_str() {
        "connection_string" => json!({"connectionString": secret()?}),
        // The account's name is no secret, but the plugin reads it from a Secret too: the same one, under `account`.
        "storage_key" => json!({
            "storageAccount": {"name": backup.secret_name.require()?, "key": "account"}, "storageKey": secret()?}),
        "sas_token" => json!({
            "storageAccount": {"name": backup.secret_name.require()?, "key": "account"}, "storageSasToken": secret()?}),
        _ => json!({"inheritFromAzureAD": true}),
    })
}

fn wal_and_data(backup: &Backup) -> Result<(Json, Json), NotKnown> {
    let mut wal = json!({"maxParallel": backup.max_parallel.require()?});
    let mut data = json!({"immediateCheckpoint": true});
    for (fields, compression) in [
        (&mut wal, &backup.wal_compression),
        (&mut data, &backup.data_compression),
    ] {
        if compression.require()? != "none" {
            fields["compression"] = compression.require()?.clone().into();
        }
    }
    Ok((wal, data))
}

pub struct ObjectStore;

impl Part<PostgresHaCluster> for ObjectStore {
    fn name(&self) -> &'static str {
        "object_store"
    }

    /// The operator does not go on without the store, and archiving fails without the role: both come first.
    fn needs(&self) -> &'static [&'static str] {
        &[
            "namespace",
            "container",
            "storage_account",
            "role_assignment",
            "federated_credential",
        ]
    }

    fn addresses(&self, model: &PostgresHaCluster) -> Result<Vec<Address>, NotKnown> {
        if model.backup.get()?.is_none() {
            return Ok(Vec::new());
        }
        let namespace = Some(model.namespace_name()?);
        Ok(vec![Address::kubernetes(
            OBJECT_STORE_API,
            "ObjectStore",
            namespace,
            model.cluster_name()?,
        )])
    }

    fn desired(
        &self,
        model: &PostgresHaCluster,
        outputs: &Outputs,
    ) -> Result<Vec<Desired>, NotKnown> {
        let Some(backup) = model.backup.get()? else {
            return Ok(Vec::new());
        };
        let destination = match model.backup_path.known() {
            Some(path) => path.clone(),
            None => model.destination_path(outputs.get(BLOB_ENDPOINT)?)?,
        };
        let (wal, data) = wal_and_data(backup)?;
        let mut configuration = json!({
            "destinationPath": destination,
            "azureCredentials": credentials(backup)?,
            "wal": wal,
            "data": data,
        });
        if let Some(ca) = backup.endpoint_ca.get()? {
            configuration["endpointCA"] =
                json!({"name": ca.secret_name.require()?, "key": ca.key.require()?});
        }
        let spec =
            json!({"configuration": configuration, "retentionPolicy": backup.retention.require()?});
        let labels = model.object_labels()?;
        Ok(self
            .addresses(model)?
            .into_iter()
            .map(|address| {
                Desired::kubernetes(address, labels.clone(), json!({"spec": spec.clone()}))
            })
            .collect())
    }

    fn observed(&self, live: &Live, fill: Fill, model: &mut PostgresHaCluster) {
        let spec = &live.body["spec"];
        if let Some(path) = spec["configuration"]["destinationPath"].as_str() {
            model.backup_path = path.into();
        }
        let Some(backup) = model.backup.present_mut() else {
            return;
        };
        let configuration = &spec["configuration"];
        let compression = |part: &str| {
            configuration[part]["compression"]
                .as_str()
                .unwrap_or("none")
                .into()
        };
        backup.wal_compression = compression("wal");
        backup.data_compression = compression("data");
        backup.max_parallel =
            Attr::Known(configuration["wal"]["maxParallel"].as_i64().unwrap_or(1));
        if let Some(retention) = spec["retentionPolicy"].as_str() {
            backup.retention = retention.into();
        }
        if fill == Fill::All {
            fill_location(backup, configuration);
        }
    }

    fn discover(&self, model: &PostgresHaCluster, outputs: &Outputs) -> Vec<Query> {
        let Ok(name) = outputs.get(OBJECT_STORE) else {
            return Vec::new();
        };
        let namespace = model.namespace.known().map(String::as_str);
        vec![Query::Get(Address::kubernetes(
            OBJECT_STORE_API,
            "ObjectStore",
            namespace,
            name,
        ))]
    }
}

/// Where an imported store keeps its archive.
fn fill_location(backup: &mut Backup, configuration: &Json) {
    let destination = configuration["destinationPath"]
        .as_str()
        .unwrap_or_default();
    let azurite = !destination.contains(".blob.");
    let mut segments = destination.splitn(if azurite { 6 } else { 5 }, '/');
    let endpoint: Vec<&str> = segments
        .by_ref()
        .take(if azurite { 4 } else { 3 })
        .collect();
    backup.container = segments.next().unwrap_or_default().into();
    backup.path = segments.next().map_or(Attr::Null, Attr::from);
    backup.storage_account = Block::Present(super::StorageAccount {
        endpoint: endpoint.join("/").as_str().into(),
        replication: "ZRS".into(),
        ..Default::default()
    });
    let credentials = &configuration["azureCredentials"];
    let secrets = [
        ("connectionString", "connection_string"),
        ("storageKey", "storage_key"),
        ("storageSasToken", "sas_token"),
    ];
    backup.credential = "inherit".into();
    for (field, credential) in secrets {
        if let Some(name) = credentials[field]["name"].as_str() {
            backup.credential = credential.into();
            backup.secret_name = name.into();
            backup.secret_key = credentials[field]["key"]
                .as_str()
                .map_or(Attr::Null, Attr::from);
        }
    }
}
