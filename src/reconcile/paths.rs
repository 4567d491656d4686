//! Leaf paths of JSON documents, as users read them: `spec.plugins[0].name`, `metadata.labels["a/b"]`.
//!
//! A list counts as its elements and its length (`spec.plugins[]`), so that an element that was added is seen too.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// One step of a parsed path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Member(String),
    Index(usize),
    Length,
}

fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '$')
}

fn member(parent: &str, name: &str) -> String {
    match (parent.is_empty(), is_plain(name)) {
        (true, true) => name.to_owned(),
        (false, true) => format!("{parent}.{name}"),
        (_, false) => format!("{parent}[{}]", Json::String(name.to_owned())),
    }
}

/// Every leaf below `document` with its path.
pub fn leaves(document: &Json) -> BTreeMap<String, Json> {
    let mut found = BTreeMap::new();
    collect(document, String::new(), &mut found);
    found
}

fn collect(value: &Json, path: String, found: &mut BTreeMap<String, Json>) {
    match value {
        Json::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                collect(value, member(&path, name), found);
            }
        }
        Json::Array(elements) => {
            found.insert(format!("{path}[]"), elements.len().into());
            for (index, value) in elements.iter().enumerate() {
                collect(value, format!("{path}[{index}]"), found);
            }
        }
        leaf => {
            found.insert(path, leaf.clone());
        }
    }
}

fn parse(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("[]") {
            steps.push(Step::Length);
            rest = after;
        } else if rest.starts_with("[\"") {
            let mut names = serde_json::Deserializer::from_str(&rest[1..]).into_iter::<String>();
            let Some(Ok(name)) = names.next() else {
                return Vec::new();
            };
            rest = rest.get(1 + names.byte_offset() + 1..).unwrap_or_default();
            steps.push(Step::Member(name));
        } else if let Some(after) = rest.strip_prefix('[') {
            let (index, after) = after.split_once(']').unwrap_or((after, ""));
            steps.push(Step::Index(index.parse().unwrap_or(usize::MAX)));
            rest = after;
        } else {
            rest = rest.strip_prefix('.').unwrap_or(rest);
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            steps.push(Step::Member(rest[..end].to_owned()));
            rest = &rest[end..];
        }
    }
    steps
}

/// The value at `path`; `None` when there is none. The length of a list that is missing is 0.
pub fn at(document: &Json, path: &str) -> Option<Json> {
    let mut value = document;
    for step in parse(path) {
        value = match step {
            Step::Member(name) => value.get(name)?,
            Step::Index(index) => value.get(index)?,
            Step::Length => return Some(value.as_array().map_or(0, Vec::len).into()),
        };
    }
    Some(value.clone())
}

/// Sets the value at a path of members only, making the objects on the way.
pub fn set(document: &mut Json, path: &str, new: Json) {
    let mut value = document;
    for step in parse(path) {
        let Step::Member(name) = step else { return };
        if !value.is_object() {
            *value = Json::Object(serde_json::Map::new());
        }
        let Some(object) = value.as_object_mut() else {
            return;
        };
        value = object.entry(name).or_insert(Json::Null);
    }
    *value = new;
}

/// True when `path` is `ancestor` or lies below it.
pub fn is_below(path: &str, ancestor: &str) -> bool {
    path.strip_prefix(ancestor)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// A path as it is shown: the length of a list stands for the list.
pub fn shown(path: &str) -> &str {
    path.strip_suffix("[]").unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_leaf_can_be_found_again() {
        let document = json!({
            "metadata": {"labels": {"app.kubernetes.io/name": "a", "plain": "b"}, "empty": {}},
            "spec": {"plugins": [{"name": "x", "args": ["1", "2"]}], "n": 3, "none": null, "list": []},
        });
        let leaves = leaves(&document);
        assert_eq!(
            leaves.keys().map(String::as_str).collect::<Vec<_>>(),
            [
                "metadata.empty",
                "metadata.labels.plain",
                "metadata.labels[\"app.kubernetes.io/name\"]",
                "spec.list[]",
                "spec.n",
                "spec.none",
                "spec.plugins[0].args[0]",
                "spec.plugins[0].args[1]",
                "spec.plugins[0].args[]",
                "spec.plugins[0].name",
                "spec.plugins[]",
            ]
        );
        for (path, leaf) in leaves {
            assert_eq!(at(&document, &path), Some(leaf), "{path}");
        }
    }

    #[test]
    fn a_missing_list_has_no_elements() {
        assert_eq!(at(&json!({"spec": {}}), "spec.plugins[]"), None);
        assert_eq!(
            at(&json!({"spec": {"plugins": null}}), "spec.plugins[]"),
            Some(json!(0))
        );
    }

    #[test]
    fn below_means_a_whole_step() {
        assert!(is_below("spec.size", "spec"));
        assert!(is_below("spec[\"a\"]", "spec"));
        assert!(!is_below("specification", "spec"));
    }
}
