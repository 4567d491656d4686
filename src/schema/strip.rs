//! What must not leave the provider: write-only values, and unknown values after apply.

use super::field::{Attribute, Field, FieldKind};
use super::value::Value;

/// `value` with every write-only attribute null.
pub fn without_write_only(fields: &[Field], value: Value) -> Value {
    map_leaves(fields, value, &|attribute, leaf| {
        if attribute.write_only {
            Value::Null
        } else {
            leaf
        }
    })
}

/// `value` with null where something is unknown (a block: empty), for the state after an apply that ended early. A collection that is partly
/// unknown is null as a whole.
pub fn without_unknown(fields: &[Field], value: Value) -> Value {
    map_leaves(fields, value, &|_, leaf| {
        if leaf.is_wholly_known() {
            leaf
        } else {
            Value::Null
        }
    })
}

fn map_leaves(
    fields: &[Field],
    value: Value,
    change: &dyn Fn(&Attribute, Value) -> Value,
) -> Value {
    let Value::Map(mut members) = value else {
        return value;
    };
    for field in fields {
        let Some(member) = members.remove(field.name) else {
            continue;
        };
        let changed = match (&field.kind, member) {
            (FieldKind::Attribute { attribute, .. }, leaf) => change(attribute, leaf),
            (FieldKind::Block { fields, .. }, Value::List(elements)) => {
                let elements = elements.into_iter();
                Value::List(elements.map(|e| map_leaves(fields, e, change)).collect())
            }
            (FieldKind::Block { .. }, Value::Unknown) => {
                match change(&super::field::optional(), Value::Unknown) {
                    Value::Null => Value::List(Vec::new()),
                    kept => kept,
                }
            }
            (FieldKind::Block { .. }, other) => other,
        };
        members.insert(field.name.to_owned(), changed);
    }
    Value::Map(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object;
    use crate::schema::attr::{Attr, Blocks};
    use crate::schema::field::{blocks, computed, optional, required};
    use crate::schema::object::Object;

    object! {
        /// A role.
        struct Role {
            /// Name.
            name: Attr<String> => required(),
            /// Password.
            password_wo: Attr<String> => optional().write_only(),
            /// Number.
            serial: Attr<String> => computed(),
        }
    }

    object! {
        /// A server.
        struct Server {
            /// Password.
            password_wo: Attr<String> => optional().write_only(),
            /// Roles.
            role: Blocks<Role> => blocks(&["name"]),
        }
    }

    #[test]
    fn secrets_and_unknowns_are_taken_out_at_every_depth() {
        let server = Server {
            password_wo: "a".into(),
            role: Blocks::List(vec![Role {
                name: "app".into(),
                password_wo: "b".into(),
                serial: Attr::Unknown,
            }]),
        };
        let fields = Server::fields();
        let bare = without_write_only(&fields, server.encode());
        assert!(bare.member("password_wo").is_null());
        let known = without_unknown(&fields, bare);
        let role = &known.member("role").as_list().unwrap()[0];
        assert_eq!(role.member("name"), &"app".into());
        assert!(role.member("password_wo").is_null() && role.member("serial").is_null());

        let unknown = Server {
            role: Blocks::Unknown,
            ..Server::default()
        };
        let known = without_unknown(&fields, unknown.encode());
        assert_eq!(known.member("role"), &Value::List(Vec::new()));
        let kept = without_write_only(&fields, unknown.encode());
        assert!(kept.member("role").is_unknown());
    }
}
