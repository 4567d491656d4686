//! One list instead of many reads: reads of items of one collection that come within a moment are
//! gathered, and three or more of them become a list call.

use super::ids::{self, ResourceId};
use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// From this number of different items on, a list is cheaper.
pub(super) const ENOUGH: usize = 3;

/// Types whose lists show less than their items do, or items of other scopes too.
const UNLIKE_THEIR_LIST: [&str; 3] = [
    "microsoft.authorization/roleassignments",
    "microsoft.authorization/roledefinitions",
    "microsoft.storage/storageaccounts/blobservices/containers",
];

/// The items of a collection by canonical id; none when they have to be read one by one.
pub(super) type Listing = Option<Arc<HashMap<String, Value>>>;

type Work = BoxFuture<'static, Listing>;

struct Group {
    asked: HashSet<String>,
    work: WeakShared<Work>,
}

/// Where reads gather.
#[derive(Default)]
pub(super) struct Gatherer {
    open: Mutex<HashMap<String, Group>>,
    unlistable: Mutex<HashSet<String>>,
}

/// The list that an item can be read from.
pub(super) struct Collection {
    pub path: String,
    pub item: String,
}

impl Collection {
    /// The collection of an id, when its list can stand in for reads.
    pub(super) fn of(id: &str) -> Option<Self> {
        let parsed = ResourceId::parse(id).ok().filter(|_| !id.contains('?'))?;
        let kind = parsed.resource_type().to_lowercase();
        let listable = !UNLIKE_THEIR_LIST.contains(&kind.as_str()) && parsed.parent().is_some();
        listable.then(|| Self {
            path: parsed.collection(),
            item: ids::canonical(id),
        })
    }
}

impl Gatherer {
    /// Joins the open group of the key, or opens one with the work that `start` makes. None when
    /// the list of that path is known to fail.
    pub(super) fn join(
        &self,
        key: &str,
        path: &str,
        item: &str,
        start: impl FnOnce() -> Work,
    ) -> Option<Shared<Work>> {
        if lock(&self.unlistable).contains(path) {
            return None;
        }
        let mut open = lock(&self.open);
        if let Some(group) = open.get_mut(key)
            && let Some(work) = group.work.upgrade()
        {
            group.asked.insert(item.to_owned());
            return Some(work);
        }
        let work = start().shared();
        let group = Group {
            asked: HashSet::from([item.to_owned()]),
            work: work.downgrade()?,
        };
        open.insert(key.to_owned(), group);
        Some(work)
    }

    /// Closes the group and tells how many different items were asked for.
    pub(super) fn close(&self, key: &str) -> usize {
        lock(&self.open)
            .remove(key)
            .map_or(0, |group| group.asked.len())
    }

    /// Remembers that the collection of that path has to be read item by item.
    pub(super) fn give_up(&self, path: &str) {
        lock(&self.unlistable).insert(path.to_owned());
    }
}

/// The items of a list by canonical id.
pub(super) fn by_id(items: Vec<Value>) -> HashMap<String, Value> {
    items
        .into_iter()
        .filter_map(|item| Some((ids::canonical(item["id"].as_str()?), item)))
        .collect()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SERVER: &str =
        "/subscriptions/S/resourceGroups/Rg/providers/Microsoft.DBforPostgreSQL/flexibleServers/a";

    #[test]
    fn items_belong_to_the_collection_above_them() {
        let collection = Collection::of(SERVER).unwrap();
        assert_eq!(Some(collection.path.as_str()), SERVER.strip_suffix("/a"));
        assert_eq!(collection.item, SERVER.to_lowercase());
    }

    #[test]
    fn types_whose_list_differs_are_read_one_by_one() {
        let assignment = format!("{SERVER}/providers/Microsoft.Authorization/roleAssignments/g");
        for id in [
            assignment.as_str(),
            "/subscriptions/S",
            "not an id",
            &format!("{SERVER}?x=1"),
        ] {
            assert!(Collection::of(id).is_none(), "{id}");
        }
    }

    #[tokio::test]
    async fn a_group_counts_different_items_until_it_is_closed() {
        let gatherer = Gatherer::default();
        let start = || async { None }.boxed();
        let _work = gatherer.join("k", "/", "/a", start).unwrap();
        let _same = gatherer.join("k", "/", "/a", start).unwrap();
        let _other = gatherer.join("k", "/", "/b", start).unwrap();
        assert_eq!(gatherer.close("k"), 2);
        assert_eq!(gatherer.close("k"), 0);
        gatherer.give_up("/");
        assert!(gatherer.join("k", "/", "/a", start).is_none());
    }

    #[test]
    fn items_are_found_whatever_the_case_of_their_id() {
        let items = by_id(vec![json!({"id": "/A/B"}), json!({"name": "without id"})]);
        assert_eq!(items.keys().collect::<Vec<_>>(), ["/a/b"]);
    }
}
