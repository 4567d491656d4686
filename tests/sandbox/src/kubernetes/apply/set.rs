//! Sets of field paths: the algebra that field ownership is computed with.

use super::path::Element;
use crate::kubernetes::schema::{Shape, Type};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A set of paths as a tree; a node says whether the path that ends there is a member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Set {
    pub member: bool,
    pub children: BTreeMap<Element, Set>,
}

impl Set {
    pub fn insert(&mut self, path: &[Element]) {
        match path.split_first() {
            None => self.member = true,
            Some((first, rest)) => self.children.entry(first.clone()).or_default().insert(rest),
        }
    }

    pub fn is_empty(&self) -> bool {
        !self.member && self.children.values().all(Set::is_empty)
    }

    pub fn union(&self, other: &Set) -> Set {
        let mut result = self.clone();
        result.member |= other.member;
        for (element, child) in &other.children {
            let slot = result.children.entry(element.clone()).or_default();
            *slot = slot.union(child);
        }
        result
    }

    pub fn difference(&self, other: &Set) -> Set {
        self.combine(other, |here, there| here && !there, true)
    }

    pub fn intersection(&self, other: &Set) -> Set {
        self.combine(other, |here, there| here && there, false)
    }

    /// Keeps our members by `rule`; children that `other` lacks are kept when `keep_unmatched`.
    fn combine(&self, other: &Set, rule: fn(bool, bool) -> bool, keep_unmatched: bool) -> Set {
        let mut result = Set {
            member: rule(self.member, other.member),
            children: BTreeMap::new(),
        };
        for (element, child) in &self.children {
            let combined = match other.children.get(element) {
                Some(theirs) => child.combine(theirs, rule, keep_unmatched),
                None if keep_unmatched => child.clone(),
                None => continue,
            };
            if !combined.is_empty() {
                result.children.insert(element.clone(), combined);
            }
        }
        result
    }

    /// Without the subtrees at these field paths.
    pub fn without(mut self, prefixes: &[&[&str]]) -> Set {
        for prefix in prefixes {
            self.cut(prefix);
        }
        self
    }

    fn cut(&mut self, prefix: &[&str]) {
        let Some((first, rest)) = prefix.split_first() else {
            return;
        };
        let element = Element::field(first);
        if rest.is_empty() {
            self.children.remove(&element);
        } else if let Some(child) = self.children.get_mut(&element) {
            child.cut(rest);
            if child.is_empty() {
                self.children.remove(&element);
            }
        }
    }

    /// The same set with every declared struct field on the way to a member made a member too,
    /// so that a struct which lost all its fields goes away.
    pub fn with_named_fields(&self, node: &Type) -> Set {
        let mut result = self.clone();
        for (element, child) in &mut result.children {
            let known = match (&node.shape, element) {
                (Shape::Object(object), Element::Field(name)) => {
                    child.member |= object.fields.contains_key(name);
                    object.child(name).map(AsRef::as_ref)
                }
                (Shape::List { item, .. }, _) => Some(item.as_ref()),
                _ => None,
            };
            let unknown = Type::any();
            *child = child.with_named_fields(known.unwrap_or(&unknown));
        }
        result
    }

    /// Every member, in the order of the tree.
    pub fn paths(&self) -> Vec<Vec<Element>> {
        let mut found = Vec::new();
        self.collect(&mut Vec::new(), &mut found);
        found
    }

    fn collect(&self, path: &mut Vec<Element>, found: &mut Vec<Vec<Element>>) {
        if self.member {
            found.push(path.clone());
        }
        for (element, child) in &self.children {
            path.push(element.clone());
            child.collect(path, found);
            path.pop();
        }
    }

    pub fn to_fields_v1(&self) -> Value {
        let mut map = Map::new();
        for (element, child) in &self.children {
            let mut inner = child.to_fields_v1();
            if let (Value::Object(fields), true) = (&mut inner, child.member)
                && !fields.is_empty()
            {
                fields.insert(".".to_owned(), Value::Object(Map::new()));
            }
            map.insert(element.encode(), inner);
        }
        Value::Object(map)
    }

    pub fn from_fields_v1(fields: &Value) -> Set {
        let mut set = Set::default();
        for (key, inner) in fields.as_object().into_iter().flatten() {
            let Some(element) = Element::decode(key) else {
                continue;
            };
            let mut child = Set::from_fields_v1(inner);
            let map = inner.as_object();
            child.member = map.is_none_or(|map| map.is_empty() || map.contains_key("."));
            set.children.insert(element, child);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn set(fields: Value) -> Set {
        Set::from_fields_v1(&fields)
    }

    #[test]
    fn fields_v1_survive_a_round_trip() {
        let fields = json!({"f:metadata": {"f:labels": {".": {}, "f:a": {}}},
            "f:spec": {"f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}},
                       "f:finalizers": {"v:\"x\"": {}}}});
        assert_eq!(set(fields.clone()).to_fields_v1(), fields);
    }

    #[test]
    fn difference_removes_members_but_not_what_lies_below() {
        let all = set(json!({"f:a": {".": {}, "f:b": {}}}));
        assert_eq!(
            all.difference(&set(json!({"f:a": {}}))),
            set(json!({"f:a": {"f:b": {}}}))
        );
        assert!(all.difference(&all).is_empty());
        assert_eq!(
            all.intersection(&set(json!({"f:a": {"f:b": {}}}))),
            set(json!({"f:a": {"f:b": {}}}))
        );
    }
}
