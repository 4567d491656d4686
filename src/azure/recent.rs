//! What this process wrote a moment ago. ARM's regions see new resources one after the other, so
//! a "not found" about the parent of a request says nothing while the parent is that young.

use super::ids;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a new resource may stay invisible to some of ARM's machines.
const YOUNG: Duration = Duration::from_secs(120);

#[derive(Default)]
pub(super) struct Recent {
    written: Mutex<HashMap<String, Instant>>,
}

impl Recent {
    pub(super) fn wrote(&self, id: &str) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.retain(|_, when| when.elapsed() < YOUNG);
        written.insert(ids::canonical(id), Instant::now());
    }

    pub(super) fn deleted(&self, id: &str) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.remove(&ids::canonical(id));
    }

    /// Whether something that `path` lies in was written a moment ago.
    pub(super) fn parent_is_young(&self, path: &str) -> bool {
        let path = ids::canonical(path);
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.iter().any(|(id, when)| {
            when.elapsed() < YOUNG
                && path
                    .strip_prefix(id.as_str())
                    .is_some_and(|rest| rest.starts_with('/'))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ancestors_written_just_now_count() {
        let recent = Recent::default();
        recent.wrote("/subscriptions/S/resourceGroups/Rg");
        assert!(recent.parent_is_young("/subscriptions/s/resourcegroups/rg/providers/x/y/z"));
        assert!(!recent.parent_is_young("/subscriptions/s/resourcegroups/rg"));
        assert!(!recent.parent_is_young("/subscriptions/s/resourcegroups/rg2/providers/x"));
        recent.deleted("/subscriptions/s/resourceGroups/rg/");
        assert!(!recent.parent_is_young("/subscriptions/s/resourcegroups/rg/providers/x/y/z"));
    }
}
