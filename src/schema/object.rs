//! Typed objects: a block of configuration as a Rust struct, declared once with [`object!`](crate::object).

use super::attr::{Attr, Block, Blocks, Leaf};
use super::diagnostic::{Diagnostics, Path};
use super::field::{Declaration, Field, FieldKind};
use super::value::Value;

/// A struct made by [`object!`](crate::object): a resource, a data source, a provider block or one nested block.
pub trait Object: Sized + Clone + Default {
    /// The documentation of the block.
    fn description() -> String;

    /// Every field in the order of its declaration.
    fn fields() -> Vec<Field>;

    /// Reads `value`, and adds every error with its path instead of stopping at the first.
    fn decode(value: &Value, path: &Path, diagnostics: &mut Diagnostics) -> Self;

    fn encode(&self) -> Value;
}

/// A Rust type that can stand for a field of an object.
pub trait FieldType: Sized {
    fn field(name: &'static str, description: String, declaration: Declaration) -> Field;

    fn decode(value: &Value, path: &Path, diagnostics: &mut Diagnostics) -> Self;

    fn encode(&self) -> Value;
}

impl<T: Leaf> FieldType for Attr<T> {
    fn field(name: &'static str, description: String, declaration: Declaration) -> Field {
        let Declaration::Attribute(attribute) = declaration else {
            unreachable!("`{name}` is an attribute and is declared as a block")
        };
        Field {
            name,
            description,
            kind: FieldKind::Attribute {
                ty: T::ty(),
                sensitive: T::SENSITIVE,
                attribute,
            },
        }
    }

    fn decode(value: &Value, path: &Path, diagnostics: &mut Diagnostics) -> Self {
        match value {
            Value::Null => Attr::Null,
            value if !value.is_wholly_known() => Attr::Unknown,
            value => match T::from_value(value) {
                Ok(leaf) => Attr::Known(leaf),
                Err(expected) => {
                    diagnostics.error(
                        path.clone(),
                        "Invalid value",
                        format!("`{path}`: {expected}."),
                    );
                    Attr::Null
                }
            },
        }
    }

    fn encode(&self) -> Value {
        match self {
            Attr::Null => Value::Null,
            Attr::Unknown => Value::Unknown,
            Attr::Known(leaf) => leaf.to_value(),
        }
    }
}

fn block_field<T: Object>(
    name: &'static str,
    description: String,
    declaration: Declaration,
) -> Field {
    let Declaration::Block(block) = declaration else {
        unreachable!("`{name}` is a block and is declared as an attribute")
    };
    let whole = T::description();
    Field {
        name,
        description: if description.is_empty() {
            whole.clone()
        } else {
            description
        },
        kind: FieldKind::Block {
            block,
            description: whole,
            fields: T::fields(),
        },
    }
}

impl<T: Object> FieldType for Block<T> {
    fn field(name: &'static str, description: String, declaration: Declaration) -> Field {
        block_field::<T>(name, description, declaration)
    }

    fn decode(value: &Value, path: &Path, diagnostics: &mut Diagnostics) -> Self {
        match value {
            Value::Unknown => Block::Unknown,
            Value::List(elements) => match elements.first() {
                None => Block::Absent,
                Some(element) => Block::Present(T::decode(element, &path.index(0), diagnostics)),
            },
            _ => Block::Absent,
        }
    }

    fn encode(&self) -> Value {
        match self {
            Block::Absent => Value::List(Vec::new()),
            Block::Unknown => Value::Unknown,
            Block::Present(block) => Value::List(vec![block.encode()]),
        }
    }
}

impl<T: Object> FieldType for Blocks<T> {
    fn field(name: &'static str, description: String, declaration: Declaration) -> Field {
        block_field::<T>(name, description, declaration)
    }

    fn decode(value: &Value, path: &Path, diagnostics: &mut Diagnostics) -> Self {
        match value {
            Value::Unknown => Blocks::Unknown,
            Value::List(elements) => Blocks::List(
                elements
                    .iter()
                    .enumerate()
                    .map(|(index, element)| T::decode(element, &path.index(index), diagnostics))
                    .collect(),
            ),
            _ => Blocks::List(Vec::new()),
        }
    }

    fn encode(&self) -> Value {
        match self {
            Blocks::Unknown => Value::Unknown,
            Blocks::List(blocks) => Value::List(blocks.iter().map(Object::encode).collect()),
        }
    }
}

/// The name in HCL of a field, which may be a raw identifier in Rust (`r#type`).
pub fn hcl_name(identifier: &'static str) -> &'static str {
    identifier.strip_prefix("r#").unwrap_or(identifier)
}

/// The text of doc comments as one paragraph per blank-line-separated block.
pub fn doc_text(lines: &[&str]) -> String {
    let mut text = String::new();
    for line in lines.iter().map(|line| line.trim()) {
        if line.is_empty() {
            text.push_str("\n\n");
        } else {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push(' ');
            }
            text.push_str(line);
        }
    }
    text.trim().to_owned()
}

/// Declares a block of configuration once: name, type, documentation and rules of each field.
///
/// ```
/// use terraform_provider_postgres::object;
/// use terraform_provider_postgres::schema::attr::Attr;
/// use terraform_provider_postgres::schema::field::{optional, required};
///
/// object! {
///     /// The disk of each instance.
///     pub struct Storage {
///         /// Size of the disk, a Kubernetes quantity such as `64Gi`.
///         size: Attr<String> => required(),
///         /// Kind of disk.
///         r#type: Attr<String> => optional().default("premium_v2"),
///     }
/// }
/// ```
#[macro_export]
macro_rules! object {
    (
        $(#[doc = $object_doc:literal])*
        $visibility:vis struct $object:ident {
            $(
                $(#[doc = $field_doc:literal])*
                $field:ident: $ty:ty => $declaration:expr
            ),* $(,)?
        }
    ) => {
        $(#[doc = $object_doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        $visibility struct $object {
            $( $(#[doc = $field_doc])* pub $field: $ty, )*
        }

        impl $crate::schema::object::Object for $object {
            fn description() -> String {
                $crate::schema::object::doc_text(&[$($object_doc),*])
            }

            fn fields() -> Vec<$crate::schema::field::Field> {
                vec![$(
                    <$ty as $crate::schema::object::FieldType>::field(
                        $crate::schema::object::hcl_name(stringify!($field)),
                        $crate::schema::object::doc_text(&[$($field_doc),*]),
                        ($declaration).into(),
                    )
                ),*]
            }

            fn decode(
                value: &$crate::schema::value::Value,
                path: &$crate::schema::diagnostic::Path,
                diagnostics: &mut $crate::schema::diagnostic::Diagnostics,
            ) -> Self {
                $object { $(
                    $field: {
                        let name = $crate::schema::object::hcl_name(stringify!($field));
                        $crate::schema::object::FieldType::decode(
                            value.member(name), &path.attribute(name), diagnostics,
                        )
                    }
                ),* }
            }

            fn encode(&self) -> $crate::schema::value::Value {
                $crate::schema::value::Value::Map([$(
                    (
                        $crate::schema::object::hcl_name(stringify!($field)).to_owned(),
                        $crate::schema::object::FieldType::encode(&self.$field),
                    )
                ),*].into_iter().collect())
            }
        }
    };
}
