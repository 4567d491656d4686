//! Stubs of state for imports: read fills in the rest.

use super::field::{Field, FieldKind};
use super::value::Value;

/// A state in which everything is null but the given attributes.
pub fn stub<N: AsRef<str>>(fields: &[Field], attributes: &[(N, Value)]) -> Value {
    Value::Map(
        fields
            .iter()
            .map(|field| {
                let given = attributes
                    .iter()
                    .find(|(name, _)| name.as_ref() == field.name);
                let value = match (&field.kind, given) {
                    (_, Some((_, value))) => value.clone(),
                    (FieldKind::Block { .. }, None) => Value::List(Vec::new()),
                    (FieldKind::Attribute { .. }, None) => Value::Null,
                };
                (field.name.to_owned(), value)
            })
            .collect(),
    )
}
