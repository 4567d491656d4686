//! One step of a field path, and its two spellings: in messages and in FieldsV1.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Element {
    Field(String),
    /// An item of a keyed list: key names to their values as JSON text.
    Key(BTreeMap<String, String>),
    /// An item of a set: its value as JSON text.
    Value(String),
    Index(usize),
}

impl Element {
    pub fn field(name: &str) -> Self {
        Self::Field(name.to_owned())
    }

    /// The key of this element in FieldsV1 (`f:name`, `k:{...}`, `v:...`, `i:0`).
    pub fn encode(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Key(keys) => format!("k:{}", object_text(keys)),
            Self::Value(text) => format!("v:{text}"),
            Self::Index(index) => format!("i:{index}"),
        }
    }

    pub fn decode(text: &str) -> Option<Self> {
        let (tag, rest) = text.split_once(':')?;
        match tag {
            "f" => Some(Self::field(rest)),
            "k" => {
                let Ok(Value::Object(map)) = serde_json::from_str(rest) else {
                    return None;
                };
                let keys = map.into_iter().map(|(key, value)| (key, value.to_string()));
                Some(Self::Key(keys.collect()))
            }
            "v" => {
                let value: Value = serde_json::from_str(rest).ok()?;
                Some(Self::Value(value.to_string()))
            }
            "i" => rest.parse().ok().map(Self::Index),
            _ => None,
        }
    }
}

fn object_text(keys: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = keys
        .iter()
        .map(|(key, value)| format!("{}:{value}", Value::from(key.as_str())))
        .collect();
    format!("{{{}}}", pairs.join(","))
}

impl fmt::Display for Element {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(out, ".{name}"),
            Self::Key(keys) => {
                let pairs: Vec<String> = keys.iter().map(|(k, v)| format!("{k}={v}")).collect();
                write!(out, "[{}]", pairs.join(","))
            }
            Self::Value(text) => write!(out, "[={text}]"),
            Self::Index(index) => write!(out, "[{index}]"),
        }
    }
}

/// A path as messages show it: `.spec.ports[port=80,protocol="TCP"].name`.
pub fn show(path: &[Element]) -> String {
    path.iter().map(ToString::to_string).collect()
}
