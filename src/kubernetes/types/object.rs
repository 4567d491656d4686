//! How the types are declared: only what is set is written, what is absent reads as unset.

use std::collections::BTreeMap;

use serde_json::Value;

/// Whether a field is left out of the JSON. Required fields never are.
pub(super) trait Unset {
    fn is_unset(&self) -> bool {
        false
    }
}

pub(super) fn unset<T: Unset>(field: &T) -> bool {
    field.is_unset()
}

impl Unset for String {}
impl Unset for i64 {}
impl Unset for bool {}

impl<T> Unset for Option<T> {
    fn is_unset(&self) -> bool {
        self.is_none()
    }
}

impl<T> Unset for Vec<T> {
    fn is_unset(&self) -> bool {
        self.is_empty()
    }
}

impl<T> Unset for BTreeMap<String, T> {
    fn is_unset(&self) -> bool {
        self.is_empty()
    }
}

/// Objects that we only pass on; null when unset.
impl Unset for Value {
    fn is_unset(&self) -> bool {
        self.is_null()
    }
}

/// Declares structs whose fields are camelCase in JSON and optional unless they are plain
/// strings, numbers, flags or structs.
macro_rules! object {
    ($( $(#[$meta:meta])* $name:ident { $( $(#[$field_meta:meta])* $field:ident: $type:ty, )* } )*) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        pub struct $name {
            $(
                $(#[$field_meta])*
                #[serde(skip_serializing_if = "crate::kubernetes::types::object::unset")]
                pub $field: $type,
            )*
        }

        impl crate::kubernetes::types::object::Unset for $name {}

        #[cfg(test)]
        impl crate::kubernetes::types::tests::Full for $name {
            fn full() -> Self {
                Self { $( $field: crate::kubernetes::types::tests::Full::full(), )* }
            }
        }
    )* };
}

pub(super) use object;
