//! Values of a resource's identity.

use super::resource::IdentitySchema;
use super::value::Value;

/// The identity that a state (or a plan, then partly unknown) tells: the attributes of the same names.
pub fn identity_of(schema: &IdentitySchema, state: &Value) -> Value {
    let members = schema.attributes.iter().map(|attribute| {
        let value = state.member(attribute.name).clone();
        (attribute.name.to_owned(), value)
    });
    Value::Map(members.collect())
}

/// Whether `new` is still the object that `old` was: what was known must not change, as core demands.
pub fn is_same_identity(old: &Value, new: &Value) -> bool {
    let (Some(old), Some(new)) = (old.as_map(), new.as_map()) else {
        return true;
    };
    old.iter().all(|(name, old)| {
        let new = new.get(name).unwrap_or(&Value::Null);
        old.is_null() || old.is_unknown() || old == new
    })
}

/// The attributes that an import by identity must have and `given` has not.
pub fn missing_for_import(schema: &IdentitySchema, given: &Value) -> Vec<&'static str> {
    let attributes = schema.attributes.iter();
    attributes
        .filter(|attribute| attribute.required_for_import && given.member(attribute.name).is_null())
        .map(|attribute| attribute.name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::resource::IdentityAttribute;
    use crate::schema::value::Type;

    fn schema() -> IdentitySchema {
        let attribute = |name, required_for_import| IdentityAttribute {
            name,
            ty: Type::String,
            description: "",
            required_for_import,
        };
        IdentitySchema {
            version: 0,
            attributes: vec![attribute("name", true), attribute("cluster", false)],
        }
    }

    fn state(name: Value) -> Value {
        Value::Map(
            [
                ("name".to_owned(), name),
                ("size".to_owned(), Value::int(1)),
            ]
            .into(),
        )
    }

    #[test]
    fn an_identity_comes_from_the_state_and_does_not_change() {
        let identity = |name| identity_of(&schema(), &state(name));
        assert_eq!(identity("a".into()).as_map().map(|m| m.len()), Some(2));
        assert!(is_same_identity(
            &identity("a".into()),
            &identity("a".into())
        ));
        assert!(is_same_identity(
            &identity(Value::Unknown),
            &identity("a".into())
        ));
        assert!(!is_same_identity(
            &identity("a".into()),
            &identity("b".into())
        ));
        assert_eq!(
            missing_for_import(&schema(), &identity(Value::Null)),
            ["name"]
        );
        assert!(missing_for_import(&schema(), &identity("a".into())).is_empty());
    }
}
