//! The plan: what will be, as far as configuration tells it, without asking anyone (preflight does, and only when something changes).

use std::collections::BTreeMap;

use super::graph::Graph;
use super::object::Outputs;
use super::part::Defaults;
use super::record::{self, Record};
use super::resource::Resource;
use super::{compare, paths};
use crate::schema::diagnostic::{Diagnostics, Path};
use crate::schema::object::Object;
use crate::schema::plan::{Proposal, propose};
use crate::schema::value::Value;

pub const IN_SYNC: &str = "in sync";
pub const MISSING: &str = "missing";
const CHANGED: &str = "changed: ";
/// Shown after an import, until an apply marks the object as ours.
pub const OWNERSHIP: &str = "ownership";

/// How an object that is not what was last applied is shown.
pub fn changed(paths: &[String]) -> String {
    format!("{CHANGED}{}", paths.join(", "))
}

/// The paths of a shown entry.
pub fn changed_paths(entry: &str) -> Vec<String> {
    entry
        .strip_prefix(CHANGED)
        .map(|paths| paths.split(", ").map(str::to_owned).collect())
        .unwrap_or_default()
}

/// Plans a create or an update.
pub fn plan<R: Resource>(
    resource: &R,
    graph: &Graph<R::Model>,
    defaults: &Defaults,
    prior: &Value,
    config: &Value,
    record: &Record,
) -> Proposal<R::Model> {
    let derive = |prior: Option<&R::Model>, model: &mut R::Model| {
        resource.derive(defaults, prior, model);
        for part in graph.parts() {
            part.derive(defaults, prior, model);
        }
    };
    let mut proposal = propose::<R::Model>(prior, config, &derive);
    let mut objects = keys(graph, &proposal.model).map_or(Value::Unknown, |keys| {
        Value::Map(keys.into_iter().map(|key| (key, IN_SYNC.into())).collect())
    });
    if !prior.is_null() && proposal.requires_replace.is_empty() {
        let shown = prior.member("objects");
        let unchanged = without_objects(&proposal.planned) == without_objects(prior);
        let same_keys = objects.as_map().map(|map| map.keys().collect::<Vec<_>>())
            == shown.as_map().map(|map| map.keys().collect::<Vec<_>>());
        if unchanged && same_keys && !needs_repair(graph, prior, &proposal, record) {
            objects = shown.clone();
        }
    }
    if let Value::Map(members) = &mut proposal.planned {
        members.insert("objects".to_owned(), objects);
    }
    proposal
}

fn without_objects(value: &Value) -> Value {
    match value {
        Value::Map(members) => {
            let mut members = members.clone();
            members.remove("objects");
            Value::Map(members)
        }
        other => other.clone(),
    }
}

/// The keys of all objects, if every one of them is known.
fn keys<M>(graph: &Graph<M>, model: &M) -> Option<Vec<String>> {
    let mut keys = Vec::new();
    for part in graph.parts() {
        keys.extend(
            part.addresses(model)
                .ok()?
                .iter()
                .map(super::object::Address::key),
        );
    }
    Some(keys)
}

/// Whether an object that is shown as changed really would be written. A path whose drift stands in the state and which the
/// configuration now wants just so (`ignore_changes`) is no change.
fn needs_repair<M: Object>(
    graph: &Graph<M>,
    prior: &Value,
    proposal: &Proposal<M>,
    record: &Record,
) -> bool {
    let shown = prior
        .member("objects")
        .as_map()
        .cloned()
        .unwrap_or_default();
    let drifted: BTreeMap<_, _> = shown
        .iter()
        .filter(|(_, entry)| entry.as_str() != Some(IN_SYNC))
        .collect();
    if drifted.is_empty() {
        return false;
    }
    let wanted = digests(graph, &proposal.model);
    let stands = digests(graph, &super::run::decode::<M>(prior));
    drifted.iter().any(|(key, entry)| {
        let entry = entry.as_str().unwrap_or_default();
        let paths = changed_paths(entry);
        let applied = record.objects.get(*key).map(|entry| &entry.digests);
        paths.is_empty()
            || paths
                .iter()
                .any(|path| !settled(path, wanted.get(*key), stands.get(*key), applied))
    })
}

type Digests = BTreeMap<String, String>;

/// The state shows the drifted value at every leaf below `path`, and the plan wants that value.
fn settled(
    path: &str,
    wanted: Option<&Digests>,
    stands: Option<&Digests>,
    applied: Option<&Digests>,
) -> bool {
    let (Some(wanted), Some(stands), Some(applied)) = (wanted, stands, applied) else {
        return false;
    };
    let below = |digests: &Digests| -> Vec<(String, String)> {
        digests
            .iter()
            .filter(|(leaf, _)| paths::is_below(leaf, path))
            .map(|(leaf, digest)| (leaf.clone(), digest.clone()))
            .collect()
    };
    let (wanted, stands, applied) = (below(wanted), below(stands), below(applied));
    wanted == stands && stands != applied
}

fn digests<M>(graph: &Graph<M>, model: &M) -> BTreeMap<String, Digests> {
    let outputs = Outputs::default();
    let mut found = BTreeMap::new();
    for part in graph.parts() {
        for desired in part.desired(model, &outputs).unwrap_or_default() {
            let leaves = compare::leaves(&desired.address, &desired.body, desired.once);
            found.insert(
                desired.address.key(),
                leaves
                    .iter()
                    .map(|(path, value)| (path.clone(), record::digest(value)))
                    .collect(),
            );
        }
    }
    found
}

/// Refuses a plan that would delete what is protected.
pub fn refuse_deletion(
    type_name: &str,
    id: Option<&str>,
    why: &str,
    diagnostics: &mut Diagnostics,
) {
    let id = id.unwrap_or("(unknown)");
    diagnostics.error(
        Path::root().attribute("deletion_protection"),
        "The resource is protected against deletion",
        format!(
            "{why} would delete the {type_name} `{id}` and its data. If that is wanted, set `deletion_protection = false`, apply, \
             and then delete or replace it. What becomes of its disks and backups is decided by `on_destroy`."
        ),
    );
}
