//! `metadata.managedFields`: who owns which fields.

use super::set::Set;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Who acted. Appliers are one manager whatever version they speak.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Manager {
    pub operation: Operation,
    pub name: String,
    pub api_version: String,
    pub subresource: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    Apply,
    Update,
}

impl Manager {
    /// As conflict messages name it.
    pub fn show(&self) -> String {
        let mut text = Value::from(self.name.as_str()).to_string();
        if !self.subresource.is_empty() {
            text += &format!(" with subresource {:?}", self.subresource);
        }
        if self.operation == Operation::Update {
            text += &format!(" using {}", self.api_version);
        }
        text
    }
}

#[derive(Debug, Clone, Default)]
pub struct Entry {
    pub set: Set,
    pub time: String,
}

pub type Managers = BTreeMap<Manager, Entry>;

pub fn decode(object: &Value) -> Managers {
    let entries = object["metadata"]["managedFields"].as_array();
    entries
        .into_iter()
        .flatten()
        .map(|entry| {
            let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
            let operation = match entry["operation"].as_str() {
                Some("Apply") => Operation::Apply,
                _ => Operation::Update,
            };
            let manager = Manager {
                operation,
                name: text("manager"),
                api_version: text("apiVersion"),
                subresource: text("subresource"),
            };
            let set = Set::from_fields_v1(&entry["fieldsV1"]);
            (
                manager,
                Entry {
                    set,
                    time: text("time"),
                },
            )
        })
        .collect()
}

pub fn encode(managers: &Managers) -> Option<Value> {
    let mut entries: Vec<(&Manager, &Entry)> = managers.iter().collect();
    entries.sort_by(|(left, a), (right, b)| {
        let key = |manager: &Manager, entry: &Entry| {
            (
                manager.operation,
                entry.time.clone(),
                manager.name.clone(),
                manager.api_version.clone(),
                manager.subresource.clone(),
            )
        };
        key(left, a).cmp(&key(right, b))
    });
    let list: Vec<Value> = entries
        .into_iter()
        .map(|(manager, entry)| encode_entry(manager, entry))
        .collect();
    (!list.is_empty()).then_some(Value::Array(list))
}

fn encode_entry(manager: &Manager, entry: &Entry) -> Value {
    let operation = match manager.operation {
        Operation::Apply => "Apply",
        Operation::Update => "Update",
    };
    let mut map = Map::new();
    map.insert("manager".into(), manager.name.clone().into());
    map.insert("operation".into(), operation.into());
    map.insert("apiVersion".into(), manager.api_version.clone().into());
    if !entry.time.is_empty() {
        map.insert("time".into(), entry.time.clone().into());
    }
    map.insert("fieldsType".into(), json!("FieldsV1"));
    map.insert("fieldsV1".into(), entry.set.to_fields_v1());
    if !manager.subresource.is_empty() {
        map.insert("subresource".into(), manager.subresource.clone().into());
    }
    Value::Object(map)
}
