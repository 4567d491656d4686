//! Generated schemas, and configurations for them.

use proptest::collection::vec;
use proptest::prelude::*;

use super::generate::{Unknowns, present, value};
use crate::schema::field::{
    Attribute, Field, FieldKind, NestedBlock, Source, block, blocks, computed, derived, optional,
    required,
};
use crate::schema::value::{Type, Value};

const NAMES: [&str; 6] = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"];
const KEYS: [&str; 4] = ["one", "two", "three", "four"];

pub fn field(name: &'static str, kind: FieldKind) -> Field {
    Field {
        name,
        description: "A field.".to_owned(),
        kind,
    }
}

fn attribute_kind(ty: Type, attribute: Attribute) -> FieldKind {
    FieldKind::Attribute {
        ty,
        sensitive: false,
        attribute,
    }
}

fn leaf_type() -> impl Strategy<Value = Type> {
    prop_oneof![
        4 => Just(Type::String),
        2 => Just(Type::Number),
        1 => Just(Type::Bool),
        1 => Just(Type::set(Type::String)),
        1 => Just(Type::map(Type::String)),
        1 => Just(Type::list(Type::object([("a", Type::Number), ("b", Type::String)]))),
        1 => Just(Type::Dynamic),
    ]
}

/// `remote`: whether values chosen by a remote system are among them.
fn attribute(remote: bool) -> impl Strategy<Value = FieldKind> {
    (leaf_type(), 0..7, any::<bool>()).prop_flat_map(move |(ty, kind, replace)| {
        let declared = match kind {
            0 => Just(required()).boxed(),
            1 => Just(optional()).boxed(),
            2 => Just(optional().write_only()).boxed(),
            3 => present(&ty, Unknowns::No)
                .prop_map(|default| Attribute {
                    default: Some(default),
                    ..optional().default_from("text")
                })
                .boxed(),
            4 if remote => Just(computed()).boxed(),
            5 if remote => Just(optional().or_computed("text")).boxed(),
            6 => Just(derived()).boxed(),
            _ => Just(optional().default_from("text")).boxed(),
        };
        declared.prop_map(move |mut attribute| {
            attribute.replace = replace && attribute.source != Source::Remote;
            attribute_kind(ty.clone(), attribute)
        })
    })
}

fn nested(fields: Vec<Field>, kind: u8, replace: bool) -> FieldKind {
    let (mut block, fields): (NestedBlock, Vec<Field>) = match kind {
        0 => (block(), fields),
        1 => (blocks(&[]), fields),
        _ => {
            let mut fields = fields;
            fields.push(field("key", attribute_kind(Type::String, required())));
            (blocks(&["key"]), fields)
        }
    };
    block.replace = replace;
    FieldKind::Block {
        block,
        description: "A block.".to_owned(),
        fields,
    }
}

fn fields_of(depth: u32, remote: bool) -> BoxedStrategy<Vec<Field>> {
    let kind = if depth == 0 {
        attribute(remote).boxed()
    } else {
        let block = (0..3_u8, any::<bool>()).prop_flat_map(move |(kind, replace)| {
            fields_of(depth - 1, remote && kind != 1)
                .prop_map(move |fields| nested(fields, kind, replace && kind != 1))
        });
        prop_oneof![3 => attribute(remote), 1 => block].boxed()
    };
    vec(kind, 1..5)
        .prop_map(|kinds| {
            let named = NAMES.into_iter().zip(kinds);
            named.map(|(name, kind)| field(name, kind)).collect()
        })
        .boxed()
}

pub fn schema() -> BoxedStrategy<Vec<Field>> {
    fields_of(2, true)
}

/// A configuration that core could send.
pub fn config(fields: &[Field], unknowns: Unknowns) -> BoxedStrategy<Value> {
    let members: Vec<_> = fields
        .iter()
        .map(|field| {
            let value = match &field.kind {
                FieldKind::Attribute { ty, attribute, .. } => configured(ty, attribute, unknowns),
                FieldKind::Block { block, fields, .. } => configured_block(block, fields, unknowns),
            };
            (Just(field.name.to_owned()), value)
        })
        .collect();
    members
        .prop_map(|members| Value::Map(members.into_iter().collect()))
        .boxed()
}

fn configured(ty: &Type, attribute: &Attribute, unknowns: Unknowns) -> BoxedStrategy<Value> {
    use crate::schema::field::Mode;
    match attribute.mode {
        Mode::Computed => Just(Value::Null).boxed(),
        Mode::Required => value(ty, unknowns)
            .prop_filter("required", |value| !value.is_null())
            .boxed(),
        _ => prop_oneof![Just(Value::Null), value(ty, unknowns)].boxed(),
    }
}

fn configured_block(
    block: &NestedBlock,
    fields: &[Field],
    unknowns: Unknowns,
) -> BoxedStrategy<Value> {
    let most = if block.max_items == 1 { 1 } else { 3 };
    let elements = vec(config(fields, unknowns), 0..=most);
    let order = Just(KEYS.to_vec()).prop_shuffle();
    let hide = any::<bool>();
    let keyed = !block.key.is_empty();
    let list = (elements, order, hide).prop_map(move |(mut elements, keys, hide)| {
        for (index, (element, key)) in elements.iter_mut().zip(keys).enumerate() {
            if let (true, Value::Map(members)) = (keyed, element) {
                let hidden = hide && index == 0 && unknowns == Unknowns::Yes;
                let key = if hidden { Value::Unknown } else { key.into() };
                members.insert("key".to_owned(), key);
            }
        }
        Value::List(elements)
    });
    let weight = u32::from(unknowns == Unknowns::Yes);
    prop_oneof![8 => list, weight => Just(Value::Unknown)].boxed()
}

/// A value in place of every unknown one, as an apply or a finished dependency would give. `null_remote`: remote systems may also give none.
pub fn complete(fields: &[Field], value: &Value, null_remote: bool) -> Value {
    let Value::Map(members) = value else {
        return value.clone();
    };
    let members = fields.iter().filter_map(|field| {
        let member = members.get(field.name)?;
        let member = match &field.kind {
            FieldKind::Attribute { ty, attribute, .. } => {
                let remote = attribute.is_computed() && attribute.source == Source::Remote;
                if null_remote && remote && member.is_unknown() && field.name < "c" {
                    Value::Null
                } else {
                    known(ty, member, 0)
                }
            }
            FieldKind::Block { fields, .. } => match member {
                Value::List(elements) => {
                    let elements = elements.iter();
                    Value::List(elements.map(|e| complete(fields, e, null_remote)).collect())
                }
                _ => Value::List(Vec::new()),
            },
        };
        Some((field.name.to_owned(), member))
    });
    Value::Map(members.collect())
}

/// `value` with values instead of unknowns; `salt` keeps elements of sets apart.
pub fn known(ty: &Type, value: &Value, salt: i64) -> Value {
    match (ty, value) {
        (Type::Dynamic, Value::Unknown) => Value::Typed(Box::new((Type::String, "made".into()))),
        (Type::Dynamic, Value::Typed(typed)) => {
            Value::Typed(Box::new((typed.0.clone(), known(&typed.0, &typed.1, salt))))
        }
        (Type::Bool, Value::Unknown) => Value::Bool(true),
        (Type::Number, Value::Unknown) => Value::int(salt),
        (Type::String, Value::Unknown) => Value::String(format!("made {salt}")),
        (Type::Map(_), Value::Unknown) => Value::Map([].into()),
        (Type::Object { attributes, .. }, Value::Unknown) => Value::Map(
            attributes
                .keys()
                .map(|name| (name.clone(), Value::Null))
                .collect(),
        ),
        (Type::Tuple(types), Value::Unknown) => {
            Value::List(types.iter().map(|_| Value::Null).collect())
        }
        (Type::List(_) | Type::Set(_), Value::Unknown) => Value::List(Vec::new()),
        (Type::List(element) | Type::Set(element), Value::List(elements)) => {
            let elements = elements.iter().zip(1000..);
            Value::List(elements.map(|(e, salt)| known(element, e, salt)).collect())
        }
        (Type::Tuple(types), Value::List(elements)) => {
            let elements = elements.iter().zip(types);
            Value::List(elements.map(|(e, ty)| known(ty, e, salt)).collect())
        }
        (Type::Map(element), Value::Map(members)) => {
            let members = members.iter();
            Value::Map(
                members
                    .map(|(k, m)| (k.clone(), known(element, m, salt)))
                    .collect(),
            )
        }
        (Type::Object { attributes, .. }, Value::Map(members)) => Value::Map(
            members
                .iter()
                .map(|(name, member)| (name.clone(), known(&attributes[name], member, salt)))
                .collect(),
        ),
        (_, other) => other.clone(),
    }
}

/// A derivation that knows every value that follows from the configuration.
pub fn derive(fields: &[Field], base: &Value) -> Value {
    let Value::Map(members) = base else {
        return base.clone();
    };
    let mut derived = members.clone();
    for field in fields {
        let Some(member) = derived.get_mut(field.name) else {
            continue;
        };
        match (&field.kind, &*member) {
            (FieldKind::Attribute { ty, attribute, .. }, Value::Unknown)
                if attribute.is_computed() && attribute.source == Source::Configuration =>
            {
                *member = known(ty, member, 7);
            }
            (FieldKind::Block { fields, .. }, Value::List(elements)) => {
                let elements = elements.iter();
                *member = Value::List(elements.map(|e| derive(fields, e)).collect());
            }
            _ => {}
        }
    }
    Value::Map(derived)
}
