//! The `identity` block: the managed identity as which the instances reach their backups, and what makes it theirs.

pub mod federated_credential;
pub mod role_assignment;

use serde_json::json;

use super::{PostgresHaCluster, aks_cluster};
use crate::object;
use crate::reconcile::object::{Address, Desired, Live, Outputs, Ownership, Write};
use crate::reconcile::part::{Defaults, Fill, Part, Query};
use crate::resources::azure_ids;
use crate::schema::attr::{Attr, Block, NotKnown};
use crate::schema::diagnostic::{Diagnostics, Path};
use crate::schema::field::optional;

pub const API_VERSION: &str = "2023-01-31";

object! {
    /// The user-assigned managed identity of the instances. Without this block one is made when `backup.credential` is
    /// `workload_identity`.
    pub struct Identity {
        /// Id of an existing user-assigned identity. Without it one is made.
        id: Attr<String> => optional().check(azure_ids::identity),
        /// Name of the identity that is made. Default `<namespace>-<name>`.
        name: Attr<String> => optional().default_from("`<namespace>-<name>`, unless `id` is set"),
        /// Id of the resource group of the identity that is made. Default: that of the AKS cluster.
        resource_group_id: Attr<String> => optional().check(azure_ids::resource_group),
    }
}

/// An identity that a model wants.
pub enum Wanted {
    Existing(String),
    Made(String),
}

impl Wanted {
    pub fn id(&self) -> &str {
        match self {
            Wanted::Existing(id) | Wanted::Made(id) => id,
        }
    }
}

impl PostgresHaCluster {
    /// The identity of the instances, if they have one.
    pub fn wanted_identity(&self) -> Result<Option<Wanted>, NotKnown> {
        let block = self.identity.get()?;
        let needed = self.uses_workload_identity()?;
        let Some(block) = block else {
            if !needed {
                return Ok(None);
            }
            return self.made_identity(&self.resource_group_id()?, &self.scoped_name()?);
        };
        if let Some(id) = block.id.get()? {
            return Ok(Some(Wanted::Existing(id.clone())));
        }
        let group = match block.resource_group_id.get()? {
            Some(group) => group.clone(),
            None => self.resource_group_id()?,
        };
        self.made_identity(&group, block.name.require()?)
    }

    fn made_identity(&self, group: &str, name: &str) -> Result<Option<Wanted>, NotKnown> {
        Ok(Some(Wanted::Made(format!(
            "{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
        ))))
    }
}

pub struct IdentityPart;

impl Part<PostgresHaCluster> for IdentityPart {
    fn name(&self) -> &'static str {
        "identity"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["aks_cluster"]
    }

    fn validate(&self, model: &PostgresHaCluster, diagnostics: &mut Diagnostics) {
        let Some(block) = model.identity.present() else {
            return;
        };
        let path = Path::root().attribute("identity").index(0);
        if !block.id.is_null() {
            for (name, set) in [
                ("name", !block.name.is_null()),
                ("resource_group_id", !block.resource_group_id.is_null()),
            ] {
                if set {
                    diagnostics.error(
                        path.attribute(name),
                        "Existing or new",
                        format!("`{name}` is for an identity that is made; `id` names an existing one. Leave one of them out."),
                    );
                }
            }
        }
        if model.aks_cluster_id.is_null() {
            diagnostics.error(
                path,
                "A managed identity needs an AKS cluster",
                "The identity trusts the tokens of an AKS cluster: set `aks_cluster_id`.",
            );
        }
    }

    fn derive(
        &self,
        _defaults: &Defaults,
        prior: Option<&PostgresHaCluster>,
        model: &mut PostgresHaCluster,
    ) {
        let scoped = model.scoped_name();
        if let Some(block) = model.identity.present_mut()
            && block.name.is_unknown()
        {
            if block.id.is_null() {
                block.name.derive(scoped);
            } else {
                block.name = Attr::Null;
            }
        }
        let id = |model: &PostgresHaCluster| {
            model
                .wanted_identity()
                .map(|wanted| wanted.map(|wanted| wanted.id().to_lowercase()))
        };
        let now = id(model);
        match (&now, prior.map(id)) {
            (Ok(None), _) => {
                model.identity_client_id = Attr::Null;
                model.identity_principal_id = Attr::Null;
            }
            (Ok(Some(_)), Some(before)) if before == now => {}
            _ => {
                model.identity_client_id = Attr::Unknown;
                model.identity_principal_id = Attr::Unknown;
            }
        }
    }

    fn lookups(&self, model: &PostgresHaCluster) -> Result<Vec<Address>, NotKnown> {
        Ok(match model.wanted_identity()? {
            Some(Wanted::Existing(id)) => vec![Address::arm(id, API_VERSION)],
            _ => Vec::new(),
        })
    }

    fn ownership(&self) -> Ownership {
        Ownership::Tags("tags")
    }

    fn addresses(&self, model: &PostgresHaCluster) -> Result<Vec<Address>, NotKnown> {
        Ok(match model.wanted_identity()? {
            Some(Wanted::Made(id)) => vec![Address::arm(id, API_VERSION)],
            _ => Vec::new(),
        })
    }

    fn desired(
        &self,
        model: &PostgresHaCluster,
        outputs: &Outputs,
    ) -> Result<Vec<Desired>, NotKnown> {
        let addresses = self.addresses(model)?;
        if addresses.is_empty() {
            return Ok(Vec::new());
        }
        let body = json!({
            "location": outputs.get(aks_cluster::LOCATION)?,
            "tags": model.effective_tags.get()?.cloned().unwrap_or_default(),
        });
        Ok(addresses
            .into_iter()
            .map(|address| Desired::arm(address, Write::Put, self.ownership(), body.clone()))
            .collect())
    }

    fn observed(&self, live: &Live, fill: Fill, model: &mut PostgresHaCluster) {
        let text = |name: &str| {
            live.body["properties"][name]
                .as_str()
                .map_or(Attr::Null, Attr::from)
        };
        model.identity_client_id = text("clientId");
        model.identity_principal_id = text("principalId");
        if fill == Fill::All
            && let Address::Arm { id, .. } = &live.address
        {
            model.identity = Block::Present(Identity {
                id: id.as_str().into(),
                ..Identity::default()
            });
        }
    }

    /// An import finds no identity of its own: whose it is cannot be told, so that it is named by `id`.
    fn discover(&self, _model: &PostgresHaCluster, _outputs: &Outputs) -> Vec<Query> {
        Vec::new()
    }
}
