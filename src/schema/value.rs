//! Values and types as Terraform knows them, independent of any wire form.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A type constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    Bool,
    Number,
    String,
    /// Any type; its values carry their own ([`Value::Typed`]).
    Dynamic,
    List(Box<Type>),
    Set(Box<Type>),
    Map(Box<Type>),
    Tuple(Vec<Type>),
    Object {
        attributes: BTreeMap<String, Type>,
        /// Members that a user may leave out; they arrive as null.
        optional: BTreeSet<String>,
    },
}

impl Type {
    pub fn list(element: Type) -> Self {
        Type::List(Box::new(element))
    }

    pub fn set(element: Type) -> Self {
        Type::Set(Box::new(element))
    }

    pub fn map(element: Type) -> Self {
        Type::Map(Box::new(element))
    }

    pub fn object<const N: usize>(attributes: [(&str, Type); N]) -> Self {
        Type::Object {
            attributes: attributes
                .into_iter()
                .map(|(name, ty)| (name.to_owned(), ty))
                .collect(),
            optional: BTreeSet::new(),
        }
    }
}

/// A number, kept as decimal text so that no precision is lost on the way through.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Number(String);

impl Number {
    /// `text` must be a decimal number; the codecs guarantee it.
    pub fn from_text(text: impl Into<String>) -> Self {
        Number(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    pub fn as_f64(&self) -> Option<f64> {
        self.0.parse().ok()
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Number(number.to_string())
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A value of some [`Type`]. Lists, sets and tuples share one form, as do maps, objects and blocks; the type tells them apart.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Value {
    #[default]
    Null,
    /// Known only after apply. Refinements of unknown values are dropped: a plan may always say less.
    Unknown,
    Bool(bool),
    Number(Number),
    String(String),
    List(Vec<Value>),
    Map(BTreeMap<String, Value>),
    /// A value in a place of type [`Type::Dynamic`].
    Typed(Box<(Type, Value)>),
}

impl Value {
    pub fn string(text: impl Into<String>) -> Self {
        Value::String(text.into())
    }

    pub fn int(number: i64) -> Self {
        Value::Number(number.into())
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self, Value::Unknown)
    }

    /// No unknown anywhere inside.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Value::Unknown => false,
            Value::List(elements) => elements.iter().all(Value::is_wholly_known),
            Value::Map(members) => members.values().all(Value::is_wholly_known),
            Value::Typed(inner) => inner.1.is_wholly_known(),
            _ => true,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(elements) => Some(elements),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&BTreeMap<String, Value>> {
        match self {
            Value::Map(members) => Some(members),
            _ => None,
        }
    }

    /// Member `name` of an object, map or block; null when there is none.
    pub fn member(&self, name: &str) -> &Value {
        const NULL: Value = Value::Null;
        self.as_map()
            .and_then(|members| members.get(name))
            .unwrap_or(&NULL)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::String(text.to_owned())
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Value::Bool(flag)
    }
}
