//! Generated types and values.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use crate::schema::value::{Number, Type, Value};

/// Whether unknown values may be among the generated ones.
#[derive(Clone, Copy, PartialEq)]
pub enum Unknowns {
    Yes,
    No,
}

pub fn name() -> impl Strategy<Value = String> {
    "[a-z]{1,4}"
}

pub fn ty() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![
        Just(Type::Bool),
        Just(Type::Number),
        Just(Type::String),
        Just(Type::Dynamic),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::set),
            inner.clone().prop_map(Type::map),
            vec(inner.clone(), 0..3).prop_map(Type::Tuple),
            btree_map(name(), (inner, any::<bool>()), 0..3).prop_map(|members| Type::Object {
                optional: members
                    .iter()
                    .filter(|(_, (_, optional))| *optional)
                    .map(|(name, _)| name.clone())
                    .collect(),
                attributes: members
                    .into_iter()
                    .map(|(name, (ty, _))| (name, ty))
                    .collect(),
            }),
        ]
    })
}

pub fn number() -> impl Strategy<Value = Number> {
    let float = any::<f64>().prop_filter_map("finite", Number::from_f64);
    let text = "-?[0-9]{1,45}(\\.[0-9]{1,45})?(e-?[0-9]{1,3})?"
        .prop_filter_map("a number", |text| Number::parse(&text));
    prop_oneof![any::<i64>().prop_map(Number::from), float, text]
}

/// Any value of the type, null and unknown included.
pub fn value(ty: &Type, unknowns: Unknowns) -> BoxedStrategy<Value> {
    let weight = u32::from(unknowns == Unknowns::Yes);
    prop_oneof![
        1 => Just(Value::Null),
        weight => Just(Value::Unknown),
        6 => present(ty, unknowns),
    ]
    .boxed()
}

/// A value that is neither null nor unknown itself.
pub fn present(ty: &Type, unknowns: Unknowns) -> BoxedStrategy<Value> {
    match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Number => number().prop_map(Value::Number).boxed(),
        Type::String => any::<String>().prop_map(Value::String).boxed(),
        Type::Dynamic => self::ty()
            .prop_filter("a type of its own", |ty| *ty != Type::Dynamic)
            .prop_flat_map(move |ty| {
                let inner = present(&ty, unknowns);
                (Just(ty), inner).prop_map(|pair| Value::Typed(Box::new(pair)))
            })
            .boxed(),
        Type::List(element) | Type::Set(element) => vec(value(element, unknowns), 0..3)
            .prop_map(Value::List)
            .boxed(),
        Type::Map(element) => btree_map(any::<String>(), value(element, unknowns), 0..3)
            .prop_map(Value::Map)
            .boxed(),
        Type::Tuple(types) => {
            let elements: Vec<_> = types.iter().map(|ty| value(ty, unknowns)).collect();
            elements.prop_map(Value::List).boxed()
        }
        Type::Object { attributes, .. } => {
            let members: Vec<_> = attributes
                .iter()
                .map(|(name, ty)| (Just(name.clone()), value(ty, unknowns)))
                .collect();
            members
                .prop_map(|members| Value::Map(members.into_iter().collect()))
                .boxed()
        }
    }
}

pub fn typed(unknowns: Unknowns) -> impl Strategy<Value = (Type, Value)> {
    ty().prop_flat_map(move |ty| {
        let value = value(&ty, unknowns);
        (Just(ty), value)
    })
}
