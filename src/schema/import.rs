//! What an import starts with: a state of nulls and the attributes that the id tells.

use super::field::{Field, FieldKind};
use super::value::Value;

/// A complete state with only `given` set, which read then fills. Names that the schema does not have are ignored.
pub fn stub(fields: &[Field], given: &[(&str, Value)]) -> Value {
    let members = fields.iter().map(|field| {
        let value = given.iter().find(|(name, _)| *name == field.name);
        let value = match (value, &field.kind) {
            (Some((_, value)), _) => value.clone(),
            (None, FieldKind::Attribute { .. }) => Value::Null,
            (None, FieldKind::Block { .. }) => Value::List(Vec::new()),
        };
        (field.name.to_owned(), value)
    });
    Value::Map(members.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object;
    use crate::schema::attr::{Attr, Block};
    use crate::schema::field::{block, computed, required};
    use crate::schema::object::Object;
    use crate::schema::types::{conforms, implied_type};

    object! {
        /// A disk.
        struct Disk {
            /// Size.
            size: Attr<i64> => required(),
        }
    }

    object! {
        /// A server.
        struct Server {
            /// Identifier.
            id: Attr<String> => computed(),
            /// Name.
            name: Attr<String> => required(),
            /// Disk.
            disk: Block<Disk> => block(),
        }
    }

    #[test]
    fn a_stub_is_complete() {
        let fields = Server::fields();
        let stub = stub(&fields, &[("id", "x".into()), ("gone", "y".into())]);
        assert_eq!(conforms(&stub, &implied_type(&fields)), Ok(()));
        assert_eq!(stub.member("id"), &"x".into());
        assert!(stub.member("name").is_null());
        assert_eq!(stub.member("disk"), &Value::List(Vec::new()));
    }
}
