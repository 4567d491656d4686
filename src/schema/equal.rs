//! Equality as Terraform sees it: sets without order, numbers by value.

use std::collections::BTreeMap;

use super::value::{Number, Type, Value};

/// Whether two values of type `ty` are the same. Unknown is the same as unknown only.
pub fn equal(ty: &Type, left: &Value, right: &Value) -> bool {
    match (ty, left, right) {
        (_, Value::Number(left), Value::Number(right)) => same_number(left, right),
        (Type::Set(element), Value::List(left), Value::List(right)) => {
            contains_all(element, left, right) && contains_all(element, right, left)
        }
        (Type::List(element), Value::List(left), Value::List(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| equal(element, l, r))
        }
        (Type::Tuple(types), Value::List(left), Value::List(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .zip(types)
                    .all(|((l, r), ty)| equal(ty, l, r))
        }
        (Type::Map(element), Value::Map(left), Value::Map(right)) => {
            same_members(left, right, |_| Some(element))
        }
        (Type::Object { attributes, .. }, Value::Map(left), Value::Map(right)) => {
            same_members(left, right, |name| attributes.get(name))
        }
        (Type::Dynamic, Value::Typed(left), Value::Typed(right)) => {
            left.0 == right.0 && equal(&left.0, &left.1, &right.1)
        }
        (_, left, right) => left == right,
    }
}

fn same_number(left: &Number, right: &Number) -> bool {
    left == right
        || matches!(
            (Number::parse(left.as_str()), Number::parse(right.as_str())),
            (Some(left), Some(right)) if left == right
        )
}

fn contains_all(element: &Type, all: &[Value], some: &[Value]) -> bool {
    some.iter()
        .all(|wanted| all.iter().any(|have| equal(element, have, wanted)))
}

fn same_members<'t>(
    left: &BTreeMap<String, Value>,
    right: &BTreeMap<String, Value>,
    ty: impl Fn(&str) -> Option<&'t Type>,
) -> bool {
    left.len() == right.len()
        && left.iter().all(|(name, left)| {
            right.get(name).is_some_and(|right| match ty(name) {
                Some(ty) => equal(ty, left, right),
                None => left == right,
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_have_no_order_and_numbers_no_spelling() {
        let list = |texts: &[&str]| {
            let numbers = texts
                .iter()
                .map(|text| Value::Number(Number::from_text(*text)));
            Value::List(numbers.collect())
        };
        let (left, right) = (list(&["1", "2.0"]), list(&["2", "1", "1"]));
        assert!(equal(&Type::set(Type::Number), &left, &right));
        assert!(!equal(&Type::list(Type::Number), &left, &right));
        assert!(!equal(&Type::set(Type::Number), &left, &list(&["1"])));
        assert!(!equal(&Type::String, &Value::Unknown, &Value::Null));
    }
}
