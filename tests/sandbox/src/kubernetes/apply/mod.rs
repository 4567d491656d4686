//! Field ownership: server-side apply, and the bookkeeping of every other write.

pub mod compare;
pub mod managers;
pub mod merge;
pub mod path;
pub mod set;
pub mod typed;

use crate::kubernetes::schema::Type;
use managers::{Entry, Manager, Managers};
use path::show;
use serde_json::Value;
use set::Set;

/// Fields of the envelope that nobody owns.
const UNOWNED: [&[&str]; 11] = [
    &["apiVersion"],
    &["kind"],
    &["metadata", "name"],
    &["metadata", "namespace"],
    &["metadata", "creationTimestamp"],
    &["metadata", "selfLink"],
    &["metadata", "uid"],
    &["metadata", "clusterName"],
    &["metadata", "generation"],
    &["metadata", "managedFields"],
    &["metadata", "resourceVersion"],
];

/// One write, as field ownership sees it.
pub struct Write<'a> {
    pub node: &'a Type,
    pub manager: Manager,
    pub now: String,
    /// Fields that the endpoint resets, so that nobody comes to own them through it.
    pub reset: &'a [&'a [&'a str]],
}

/// A field that another manager holds with another value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    pub manager: String,
    pub path: String,
}

pub enum Applied {
    /// Nothing but perhaps ownership changed.
    Same(Managers),
    Changed(Value, Managers),
}

impl Write<'_> {
    fn strip(&self, set: Set) -> Set {
        let mut stripped = set.without(&UNOWNED);
        if let Some(metadata) = stripped.children.get_mut(&path::Element::field("metadata")) {
            metadata.member = false;
            if metadata.is_empty() {
                stripped.children.remove(&path::Element::field("metadata"));
            }
        }
        stripped
    }

    /// Records a create, update or patch that is not an apply.
    pub fn update(&self, live: &Value, new: &Value) -> Managers {
        let managers = managers::decode(live);
        let (live, new) = (bare(live), bare(new));
        let comparison = compare::compare(self.node, &live, &new).without(self.reset);
        let touched = comparison.modified.union(&comparison.added);
        let mut kept: Managers = Managers::new();
        let previous = managers.get(&self.manager).cloned().unwrap_or_default();
        for (manager, entry) in managers {
            let set = entry
                .set
                .difference(&touched)
                .difference(&comparison.removed);
            if !set.is_empty() {
                kept.insert(manager, Entry { set, ..entry });
            }
        }
        let taken = self.strip(touched.clone());
        if !taken.is_empty() {
            let earlier = previous
                .set
                .difference(&touched)
                .difference(&comparison.removed);
            let entry = Entry {
                set: taken.union(&earlier),
                time: self.now.clone(),
            };
            kept.insert(self.manager.clone(), entry);
        }
        kept
    }

    /// Merges a configuration into the live object and takes ownership of its fields.
    pub fn apply(
        &self,
        live: &Value,
        config: &Value,
        force: bool,
    ) -> Result<Applied, Vec<Conflict>> {
        let mut managers = managers::decode(live);
        if managers.is_empty() {
            managers = self.before_first_apply(live);
        }
        let live = bare(live);
        let merged = merge::merge(self.node, Some(&live), Some(config)).unwrap_or_default();
        let wanted = typed::field_set(self.node, config).without(self.reset);
        let last = managers.get(&self.manager).cloned();
        let time = last
            .as_ref()
            .map_or_else(String::new, |entry| entry.time.clone());
        let entry = Entry { set: wanted, time };
        managers.insert(self.manager.clone(), entry);
        let new = match &last {
            Some(last) if !last.set.is_empty() => self.prune(&merged, &managers, &last.set),
            _ => merged,
        };
        self.take(&mut managers, &live, &new, force)?;
        if let Some(entry) = managers.get_mut(&self.manager) {
            entry.set = self.strip(std::mem::take(&mut entry.set));
        }
        managers.retain(|_, entry| !entry.set.is_empty());
        if new == live {
            return Ok(Applied::Same(managers));
        }
        if let Some(entry) = managers.get_mut(&self.manager) {
            entry.time.clone_from(&self.now);
        }
        Ok(Applied::Changed(new, managers))
    }

    /// An object that nobody owns yet belongs to a manager of that name.
    fn before_first_apply(&self, live: &Value) -> Managers {
        if live["metadata"]["uid"].is_null() {
            return Managers::new();
        }
        let earlier = Write {
            node: self.node,
            manager: Manager {
                operation: managers::Operation::Update,
                name: "before-first-apply".to_owned(),
                ..self.manager.clone()
            },
            now: self.now.clone(),
            reset: self.reset,
        };
        earlier.update(&serde_json::json!({}), live)
    }

    /// Takes changed fields from other managers, or says who holds them.
    fn take(
        &self,
        managers: &mut Managers,
        live: &Value,
        new: &Value,
        force: bool,
    ) -> Result<(), Vec<Conflict>> {
        let comparison = compare::compare(self.node, live, new).without(self.reset);
        let touched = comparison.modified.union(&comparison.added);
        let mut conflicts = Vec::new();
        for (manager, entry) in managers.iter_mut() {
            if *manager == self.manager {
                continue;
            }
            let lost = entry.set.intersection(&touched);
            conflicts.extend(lost.paths().iter().map(|path| Conflict {
                manager: manager.show(),
                path: show(path),
            }));
            entry.set = entry.set.difference(&lost).difference(&comparison.removed);
        }
        if !force && !conflicts.is_empty() {
            return Err(conflicts);
        }
        managers.retain(|_, entry| !entry.set.is_empty());
        Ok(())
    }

    /// Removes what this manager applied last time, applies no longer, and nobody else owns.
    fn prune(&self, merged: &Value, managers: &Managers, last: &Set) -> Value {
        let named = |set: &Set| set.with_named_fields(self.node);
        let pruned = merge::remove(self.node, merged, &named(last));
        let mut owned = Set::default();
        for entry in managers.values() {
            owned = owned.union(&entry.set);
        }
        let all = named(&typed::field_set(self.node, merged));
        let gone = |pruned: &Value| all.difference(&named(&typed::field_set(self.node, pruned)));
        let unowned = gone(&pruned).difference(&named(&owned));
        let pruned = merge::remove(self.node, merged, &unowned);
        let dangling = gone(&pruned).intersection(&named(last));
        merge::remove(self.node, merged, &dangling)
    }
}

/// The object without its bookkeeping, which takes no part in comparisons.
fn bare(object: &Value) -> Value {
    let mut copy = object.clone();
    if let Some(metadata) = copy["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    copy
}
