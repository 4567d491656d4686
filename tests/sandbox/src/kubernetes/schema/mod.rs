//! What the server knows about the shape of an object: one `Type` tree per kind,
//! made from the table of built-in types or from a CRD's OpenAPI schema.

pub mod cel;
pub mod crd;
pub mod fill;
pub mod strict;
pub mod table;
pub mod validate;

use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A node of a kind's schema.
#[derive(Debug, Clone, Default)]
pub struct Type {
    pub shape: Shape,
    pub default: Option<Value>,
    pub nullable: bool,
    pub rules: Rules,
}

#[derive(Debug, Clone, Default)]
pub enum Shape {
    /// Nothing is known: maps are merged by key, lists are replaced as a whole.
    #[default]
    Any,
    Scalar(Scalar),
    List {
        item: Arc<Type>,
        kind: ListKind,
    },
    Object(Object),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    String,
    Bytes,
    Time,
    Integer,
    Number,
    Boolean,
    /// Integer or string, quantity: any scalar will do.
    Untyped,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListKind {
    Atomic,
    Set,
    Map(Vec<String>),
}

#[derive(Debug, Clone, Default)]
pub struct Object {
    pub fields: BTreeMap<String, Arc<Type>>,
    /// The type of keys that are not fields; none are allowed when absent.
    pub other: Option<Arc<Type>>,
    pub required: Vec<String>,
    pub atomic: bool,
    /// Unknown keys are kept although `other` does not type them.
    pub preserve: bool,
}

impl Object {
    pub fn child(&self, key: &str) -> Option<&Arc<Type>> {
        self.fields.get(key).or(self.other.as_ref())
    }
}

/// Constraints of an OpenAPI schema.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    pub one_of: Vec<Value>,
    pub minimum: Option<f64>,
    pub maximum: Option<f64>,
    pub min_length: Option<usize>,
    pub max_length: Option<usize>,
    pub min_items: Option<usize>,
    pub max_items: Option<usize>,
    pub pattern: Option<String>,
    pub format: Option<String>,
    /// Transition and cross-field rules that the server evaluates as CEL: text and message.
    pub expressions: Vec<Expression>,
    pub int_or_string: bool,
}

#[derive(Debug, Clone)]
pub struct Expression {
    pub rule: String,
    pub message: String,
    /// The field below this node that a violation is reported at (`.x`), if any.
    pub field_path: Option<String>,
    pub reason: Option<String>,
}

impl Type {
    pub fn any() -> Self {
        Self::default()
    }

    pub fn scalar(scalar: Scalar) -> Self {
        Self {
            shape: Shape::Scalar(scalar),
            ..Self::default()
        }
    }

    pub fn object(object: Object) -> Self {
        Self {
            shape: Shape::Object(object),
            ..Self::default()
        }
    }

    /// The type at a dotted path of field names.
    pub fn at(&self, path: &[&str]) -> Option<&Type> {
        let Some((first, rest)) = path.split_first() else {
            return Some(self);
        };
        match &self.shape {
            Shape::Object(object) => object.child(first)?.at(rest),
            _ => None,
        }
    }
}
