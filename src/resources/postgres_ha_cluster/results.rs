//! The root of the resource: results that follow from configuration, rules across blocks, id and identity.

use std::collections::BTreeMap;

use super::{PostgresHaCluster, high_availability};
use crate::postgresql::catalogue;
use crate::postgresql::versions::{self, Version};
use crate::reconcile::part::Defaults;
use crate::schema::attr::{Attr, Block, NotKnown};
use crate::schema::diagnostic::{Diagnostics, Path};
use crate::schema::resource::IdentityAttribute;
use crate::schema::value::{Type, Value};

const PORT: i64 = 5432;
const DEFAULT_VERSION: &str = "17";
/// CloudNativePG's limit for the name of a Cluster.
const NAME_LENGTH: usize = 50;

pub fn short_name(value: &Value) -> Result<(), String> {
    let name = value.as_str().unwrap_or_default();
    (name.len() <= NAME_LENGTH).then_some(()).ok_or_else(|| {
        format!(
            "`{name}` has {} characters; CloudNativePG allows {NAME_LENGTH}",
            name.len()
        )
    })
}

pub fn version(value: &Value) -> Result<(), String> {
    let text = value.as_str().unwrap_or_default();
    let version: Version = text.parse()?;
    if version.major < 14 {
        return Err(format!(
            "PostgreSQL {} is older than what CloudNativePG runs: use 14 or newer",
            version.major
        ));
    }
    Ok(())
}

pub fn image(value: &Value) -> Result<(), String> {
    Version::of_image(value.as_str().unwrap_or_default()).map(|_| ())
}

/// Results and defaults that follow from the root and its blocks.
pub fn derive(defaults: &Defaults, model: &mut PostgresHaCluster) {
    let labels = defaults.labels.get().and_then(|given| {
        let mut labels = given.cloned().unwrap_or_default();
        labels.extend(model.labels.get()?.cloned().unwrap_or_default());
        Ok(labels)
    });
    model.effective_labels.derive(labels);
    let tags = defaults
        .tags
        .get()
        .map(|given| given.cloned().unwrap_or_default());
    model.effective_tags.derive(tags);
    if model.postgres_version.is_unknown()
        && model.image.is_null()
        && matches!(model.image_catalog, Block::Absent)
    {
        model.postgres_version = DEFAULT_VERSION.into();
    } else if model.postgres_version.is_unknown()
        && (!model.image.is_null() || model.image_catalog.present().is_some())
    {
        model.postgres_version = Attr::Null;
    }
    if model.on_destroy.is_unknown() {
        let choice = model.backup.get().map(|backup| {
            if backup.is_some() {
                "final_backup"
            } else {
                "retain_disks"
            }
            .to_owned()
        });
        model.on_destroy.derive(choice);
    }
    let instances = model.instances.clone();
    if let Some(block) = model.high_availability.present_mut() {
        high_availability::derive(block, &instances);
    }
    names(model);
    let parameters = model.parameters_in_effect();
    model.effective_parameters.derive(parameters);
}

fn names(model: &mut PostgresHaCluster) {
    let host = |model: &PostgresHaCluster, kind: &str| -> Result<String, NotKnown> {
        Ok(format!(
            "{}-{kind}.{}.svc",
            model.cluster_name()?,
            model.namespace_name()?
        ))
    };
    let (rw, ro, r) = (host(model, "rw"), host(model, "ro"), host(model, "r"));
    model.rw_host.derive(rw);
    model.ro_host.derive(ro);
    model.r_host.derive(r);
    model.port = Attr::Known(PORT);
    let secret = |ending: &str, model: &PostgresHaCluster| {
        model.cluster_name().map(|name| format!("{name}-{ending}"))
    };
    let (app, ca) = (secret("app", model), secret("ca", model));
    model.app_secret_name.derive(app);
    model.ca_secret_name.derive(ca);
    let (database, owner) = match model.database_and_owner() {
        Ok((database, owner)) => (Ok(database), Ok(owner)),
        Err(NotKnown) => (Err(NotKnown), Err(NotKnown)),
    };
    model.app_database.derive(database);
    model.app_user.derive(owner);
    let account = model.service_account_name().map(str::to_owned);
    model.service_account.derive(account);
}

/// What an import could not read and what follows from what it did.
pub fn imported(model: &mut PostgresHaCluster) {
    let live = model
        .effective_parameters
        .known()
        .cloned()
        .unwrap_or_default();
    derive(&Defaults::default(), model);
    // Fixed parameters are the operator's; the others count as configured.
    let own: BTreeMap<String, String> = live
        .into_iter()
        .filter(|(name, _)| catalogue::fixed(name).is_none())
        .collect();
    model.parameters = Attr::Known(own.clone());
    model.effective_parameters = Attr::Known(own);
    if model.node_pool.present().is_some() {
        model.node_selector = Attr::Null;
    }
    model.deletion_protection = true.into();
    model.on_create_failure = "keep".into();
    model.force_conflicts = false.into();
}

/// Rules across attributes of the root.
pub fn validate(model: &PostgresHaCluster, diagnostics: &mut Diagnostics) {
    let ways = [
        ("postgres_version", !model.postgres_version.is_null()),
        ("image", !model.image.is_null()),
        ("image_catalog", model.image_catalog.present().is_some()),
    ];
    let set: Vec<&str> = ways
        .iter()
        .filter(|(_, set)| *set)
        .map(|(name, _)| *name)
        .collect();
    if set.len() > 1 {
        diagnostics.error(
            Path::root().attribute(set[1]),
            "Several ways to choose the version",
            format!(
                "{} exclude each other: keep one.",
                set.iter()
                    .map(|name| format!("`{name}`"))
                    .collect::<Vec<_>>()
                    .join(" and ")
            ),
        );
    }
    if let Ok(major) = model.major() {
        announce_end_of_life(major, diagnostics);
    }
    if model
        .on_destroy
        .known()
        .is_some_and(|choice| choice == "final_backup")
        && matches!(model.backup, Block::Absent)
    {
        diagnostics.error(
            Path::root().attribute("on_destroy"),
            "There is nowhere to put a last backup",
            "`on_destroy = \"final_backup\"` needs a `backup` block.",
        );
    }
    if let Some(instances) = model.instances.known()
        && *instances == 1
    {
        diagnostics.warning(
            Path::root().attribute("instances"),
            "A single instance is not highly available",
            "With `instances = 1` there is no standby: a lost node stops the database until the disk is attached elsewhere.",
        );
    }
    for taint in model.tolerations.known().into_iter().flatten() {
        let effect = taint.rsplit_once(':').map(|(_, effect)| effect);
        if !matches!(
            effect,
            Some("NoSchedule" | "PreferNoSchedule" | "NoExecute")
        ) {
            diagnostics.error(
                Path::root().attribute("tolerations"),
                "Not a taint",
                format!("`{taint}`: write `key=value:Effect` or `key:Effect`, the effect being `NoSchedule`, `PreferNoSchedule` or `NoExecute`."),
            );
        }
    }
}

fn announce_end_of_life(major: u32, diagnostics: &mut Diagnostics) {
    if versions::release(major).is_none() && major > versions::newest() {
        diagnostics.warning(
            Path::root().attribute("postgres_version"),
            "A version that this provider does not know",
            format!("PostgreSQL {major} is newer than {}; parameters are checked against the nearest version known.", versions::newest()),
        );
    }
}

pub fn parse_id(id: &str) -> Result<Vec<(String, Value)>, String> {
    let wrong = || {
        format!(
            "`{id}` is not an id of this resource: write `<namespace>/<name>`, or `<AKS cluster id>/<namespace>/<name>` with an AKS cluster id \
             of the form `/subscriptions/.../managedClusters/<cluster>`"
        )
    };
    let (rest, name) = id.rsplit_once('/').ok_or_else(wrong)?;
    let (aks, namespace) = rest
        .rsplit_once('/')
        .map_or((None, rest), |(aks, namespace)| (Some(aks), namespace));
    if name.is_empty() || namespace.is_empty() {
        return Err(wrong());
    }
    let mut attributes = vec![
        ("namespace".to_owned(), namespace.into()),
        ("name".to_owned(), name.into()),
    ];
    if let Some(aks) = aks {
        let known = aks.to_lowercase();
        if !known.starts_with("/subscriptions/")
            || !known.contains("/providers/microsoft.containerservice/managedclusters/")
        {
            return Err(wrong());
        }
        attributes.push(("aks_cluster_id".to_owned(), aks.into()));
    }
    Ok(attributes)
}

pub fn identity() -> Vec<IdentityAttribute> {
    let attribute = |name, description, required_for_import| IdentityAttribute {
        name,
        ty: Type::String,
        description,
        required_for_import,
    };
    vec![
        attribute("aks_cluster_id", "Id of the AKS cluster.", false),
        attribute("namespace", "Namespace of the cluster.", true),
        attribute("name", "Name of the cluster.", true),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written() {
        let aks = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/aks";
        assert_eq!(
            parse_id(&format!("{aks}/ns/pg")).unwrap(),
            [("namespace", "ns"), ("name", "pg"), ("aks_cluster_id", aks)]
                .map(|(name, value)| (name.to_owned(), value.into()))
        );
        assert_eq!(parse_id("ns/pg").unwrap().len(), 2);
        for wrong in [
            "pg",
            "/pg",
            "ns/",
            "context/ns/pg",
            "/subscriptions/s/ns/pg",
        ] {
            assert!(parse_id(wrong).is_err(), "{wrong}");
        }
    }
}
