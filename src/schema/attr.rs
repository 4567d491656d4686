//! The three states of a configured value in typed form.
//!
//! Terraform plans with values that are not known yet. Code that maps a model to remote objects asks for a value with `?` and so says by
//! itself which inputs it needs: what depends on something unknown stays unknown, everything else is planned.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::value::{Number, Type, Value};

/// A value that was asked for is not known before apply, or not set at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotKnown;

/// An attribute's value.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Attr<T> {
    #[default]
    Null,
    Unknown,
    Known(T),
}

impl<T> Attr<T> {
    /// `None` when not set.
    pub fn get(&self) -> Result<Option<&T>, NotKnown> {
        match self {
            Attr::Null => Ok(None),
            Attr::Unknown => Err(NotKnown),
            Attr::Known(value) => Ok(Some(value)),
        }
    }

    /// The value of an attribute that is required or has a default.
    pub fn require(&self) -> Result<&T, NotKnown> {
        match self {
            Attr::Known(value) => Ok(value),
            Attr::Null | Attr::Unknown => Err(NotKnown),
        }
    }

    /// The value if there is one now, for checks that are skipped otherwise.
    pub fn known(&self) -> Option<&T> {
        match self {
            Attr::Known(value) => Some(value),
            Attr::Null | Attr::Unknown => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Attr::Null)
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self, Attr::Unknown)
    }

    /// Takes what a derivation yields: unknown when one of its inputs is.
    pub fn derive(&mut self, value: Result<T, NotKnown>) {
        *self = value.map_or(Attr::Unknown, Attr::Known);
    }
}

impl<T> From<T> for Attr<T> {
    fn from(value: T) -> Self {
        Attr::Known(value)
    }
}

impl From<&str> for Attr<String> {
    fn from(value: &str) -> Self {
        Attr::Known(value.to_owned())
    }
}

/// A block that may be written once.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Block<T> {
    #[default]
    Absent,
    Unknown,
    Present(T),
}

impl<T> Block<T> {
    pub fn get(&self) -> Result<Option<&T>, NotKnown> {
        match self {
            Block::Absent => Ok(None),
            Block::Unknown => Err(NotKnown),
            Block::Present(block) => Ok(Some(block)),
        }
    }

    pub fn present(&self) -> Option<&T> {
        match self {
            Block::Present(block) => Some(block),
            Block::Absent | Block::Unknown => None,
        }
    }

    pub fn present_mut(&mut self) -> Option<&mut T> {
        match self {
            Block::Present(block) => Some(block),
            Block::Absent | Block::Unknown => None,
        }
    }
}

/// A block that may be written several times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blocks<T> {
    Unknown,
    List(Vec<T>),
}

impl<T> Default for Blocks<T> {
    fn default() -> Self {
        Blocks::List(Vec::new())
    }
}

impl<T> Blocks<T> {
    pub fn get(&self) -> Result<&[T], NotKnown> {
        match self {
            Blocks::Unknown => Err(NotKnown),
            Blocks::List(blocks) => Ok(blocks),
        }
    }

    pub fn known(&self) -> &[T] {
        self.get().unwrap_or_default()
    }

    pub fn known_mut(&mut self) -> &mut [T] {
        match self {
            Blocks::Unknown => &mut [],
            Blocks::List(blocks) => blocks,
        }
    }
}

/// A value that must not be seen: it redacts itself, and the schema marks its attribute sensitive because of this type.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    pub fn new(value: T) -> Self {
        Secret(value)
    }

    /// The one way to the value; each use should be able to say where it goes.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// A Rust type that an attribute can hold.
pub trait Leaf: Sized + Clone {
    const SENSITIVE: bool = false;

    fn ty() -> Type;

    /// The typed form of a value that is neither null nor unknown. The error says what was expected.
    fn from_value(value: &Value) -> Result<Self, String>;

    fn to_value(&self) -> Value;
}

impl Leaf for String {
    fn ty() -> Type {
        Type::String
    }

    fn from_value(value: &Value) -> Result<Self, String> {
        value
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| "a string is required".to_owned())
    }

    fn to_value(&self) -> Value {
        Value::String(self.clone())
    }
}

impl Leaf for bool {
    fn ty() -> Type {
        Type::Bool
    }

    fn from_value(value: &Value) -> Result<Self, String> {
        value
            .as_bool()
            .ok_or_else(|| "true or false is required".to_owned())
    }

    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }
}

impl Leaf for i64 {
    fn ty() -> Type {
        Type::Number
    }

    fn from_value(value: &Value) -> Result<Self, String> {
        value
            .as_i64()
            .ok_or_else(|| "a whole number is required".to_owned())
    }

    fn to_value(&self) -> Value {
        Value::int(*self)
    }
}

impl Leaf for Number {
    fn ty() -> Type {
        Type::Number
    }

    fn from_value(value: &Value) -> Result<Self, String> {
        match value {
            Value::Number(number) => Ok(number.clone()),
            _ => Err("a number is required".to_owned()),
        }
    }

    fn to_value(&self) -> Value {
        Value::Number(self.clone())
    }
}

fn elements<T: Leaf>(value: &Value) -> Result<Vec<T>, String> {
    let elements = value.as_list().ok_or("a list is required")?;
    elements
        .iter()
        .map(|element| match element {
            Value::Null => Err("null elements are not allowed".to_owned()),
            other => T::from_value(other),
        })
        .collect()
}

impl<T: Leaf> Leaf for Vec<T> {
    const SENSITIVE: bool = T::SENSITIVE;

    fn ty() -> Type {
        Type::list(T::ty())
    }

    fn from_value(value: &Value) -> Result<Self, String> {
        elements(value)
    }

    fn to_value(&self) -> Value {
        Value::List(self.iter().map(Leaf::to_value).collect())
    }
}

impl<T: Leaf + Ord> Leaf for BTreeSet<T> {
    const SENSITIVE: bool = T::SENSITIVE;

    fn ty() -> Type {
        Type::set(T::ty())
    }

    fn from_value(value: &Value) -> Result<Self, String> {
        elements(value).map(BTreeSet::from_iter)
    }

    fn to_value(&self) -> Value {
        Value::List(self.iter().map(Leaf::to_value).collect())
    }
}

impl<T: Leaf> Leaf for BTreeMap<String, T> {
    const SENSITIVE: bool = T::SENSITIVE;

    fn ty() -> Type {
        Type::map(T::ty())
    }

    fn from_value(value: &Value) -> Result<Self, String> {
        let members = value.as_map().ok_or("a map is required")?;
        members
            .iter()
            .map(|(key, member)| match member {
                Value::Null => Err(format!("the value of `{key}` is null")),
                other => T::from_value(other).map(|leaf| (key.clone(), leaf)),
            })
            .collect()
    }

    fn to_value(&self) -> Value {
        Value::Map(
            self.iter()
                .map(|(key, leaf)| (key.clone(), leaf.to_value()))
                .collect(),
        )
    }
}

impl<T: Leaf> Leaf for Secret<T> {
    const SENSITIVE: bool = true;

    fn ty() -> Type {
        T::ty()
    }

    fn from_value(value: &Value) -> Result<Self, String> {
        T::from_value(value).map(Secret)
    }

    fn to_value(&self) -> Value {
        self.0.to_value()
    }
}
