//! What is written is read back, and nothing that is read can bring the provider down.

use proptest::prelude::*;

use super::generate::{Unknowns, number, ty, typed};
use crate::schema::types::conforms;
use crate::schema::value::{Number, Type, Value};
use crate::schema::{json, msgpack};

proptest! {
    #[test]
    fn types_survive_json(ty in ty()) {
        prop_assert_eq!(Type::from_json(ty.to_json().as_bytes()), Ok(ty));
    }

    #[test]
    fn generated_values_conform((ty, value) in typed(Unknowns::Yes)) {
        prop_assert_eq!(conforms(&value, &ty), Ok(()));
    }

    #[test]
    fn numbers_survive_both_forms(number in number()) {
        let value = Value::Number(number.clone());
        let bytes = msgpack::encode(&value, &Type::Number);
        prop_assert_eq!(msgpack::decode(&bytes, &Type::Number), Ok(value.clone()));
        let text = json::encode(&value, &Type::Number);
        prop_assert_eq!(json::decode(text.as_bytes(), &Type::Number), Ok(value));
        prop_assert_eq!(Number::parse(number.as_str()), Some(number));
    }

    #[test]
    fn values_survive_messagepack((ty, value) in typed(Unknowns::Yes)) {
        let bytes = msgpack::encode(&value, &ty);
        prop_assert_eq!(msgpack::decode(&bytes, &ty), Ok(value));
    }

    #[test]
    fn values_survive_json((ty, value) in typed(Unknowns::No)) {
        let text = json::encode(&value, &ty);
        prop_assert_eq!(json::decode(text.as_bytes(), &ty), Ok(value));
    }

    #[test]
    fn random_bytes_never_panic(ty in ty(), bytes in any::<Vec<u8>>()) {
        if let Ok(value) = msgpack::decode(&bytes, &ty) {
            prop_assert_eq!(conforms(&value, &ty), Ok(()));
        }
        if let Ok(value) = json::decode(&bytes, &ty) {
            prop_assert_eq!(conforms(&value, &ty), Ok(()));
        }
        drop(Type::from_json(&bytes));
        drop(Number::parse(&String::from_utf8_lossy(&bytes)));
    }

    /// Bytes that are nearly right reach deeper than random ones.
    #[test]
    fn damaged_values_never_panic(
        (ty, value) in typed(Unknowns::Yes),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<bool>(),
    ) {
        let damage = |mut bytes: Vec<u8>| {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if cut {
                bytes.truncate(at + 1);
            }
            bytes
        };
        if let Ok(value) = msgpack::decode(&damage(msgpack::encode(&value, &ty)), &ty) {
            prop_assert_eq!(conforms(&value, &ty), Ok(()));
        }
        let text = damage(json::encode(&value, &ty).into_bytes());
        if let Ok(value) = json::decode(&text, &ty) {
            prop_assert_eq!(conforms(&value, &ty), Ok(()));
        }
    }

    /// A value in the place of another type must not bring the encoder down: core tells what is wrong.
    #[test]
    fn values_of_another_type_are_written_somehow(
        (_, value) in typed(Unknowns::Yes),
        other in ty(),
    ) {
        let bytes = msgpack::encode(&value, &other);
        prop_assert!(!bytes.is_empty());
        if conforms(&value, &other).is_err() && !matches!(value, Value::Map(_)) {
            prop_assert!(!json::encode(&value, &other).is_empty());
        }
    }
}
