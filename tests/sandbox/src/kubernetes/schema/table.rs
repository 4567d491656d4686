//! Reads the table of built-in types (`core.types`) into `Type` trees.

use super::{ListKind, Object, Scalar, Shape, Type};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

static TABLE: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    include_str!("core.types")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(": "))
        .collect()
});

/// The type of a built-in kind, or of a type that one uses (`ObjectMeta`).
pub fn builtin(name: &str) -> Option<Arc<Type>> {
    let atomic_name = format!("{name}!");
    let (fields, atomic) = match TABLE.get(name) {
        Some(fields) => (fields, false),
        None => (TABLE.get(atomic_name.as_str())?, true),
    };
    let mut object = Object {
        atomic,
        ..Object::default()
    };
    for field in fields.split(' ').filter(|field| !field.is_empty()) {
        let Some((key, text)) = field.split_once(':') else {
            continue;
        };
        let name = key.trim_end_matches('*');
        if key.ends_with('*') {
            object.required.push(name.to_owned());
        }
        object.fields.insert(name.to_owned(), Arc::new(parse(text)));
    }
    Some(Arc::new(Type::object(object)))
}

/// One type expression; the grammar is told at the head of the table.
fn parse(text: &str) -> Type {
    let (mut node, rest) = parse_prefix(text);
    if let Some(default) = rest.strip_prefix('=') {
        node.default = serde_json::from_str(default).ok();
    }
    node
}

fn parse_prefix(text: &str) -> (Type, &str) {
    let (mut node, mut rest) = if let Some(inner) = text.strip_prefix('[') {
        parse_list(inner)
    } else if let Some(inner) = text.strip_prefix('{') {
        let (item, rest) = parse_element(inner, '}');
        let object = Object {
            other: Some(Arc::new(item)),
            ..Object::default()
        };
        (Type::object(object), rest)
    } else {
        let end = text.find(['!', '=', ']', '}']).unwrap_or(text.len());
        (named(&text[..end]), &text[end..])
    };
    if let Some(after) = rest.strip_prefix('!') {
        if let Shape::Object(object) = &mut node.shape {
            object.atomic = true;
        }
        rest = after;
    }
    (node, rest)
}

/// An element type up to its closing bracket; an element's default is read and kept.
fn parse_element(text: &str, close: char) -> (Type, &str) {
    let (mut item, mut rest) = parse_prefix(text);
    if rest.starts_with('=') {
        let end = rest.find(close).unwrap_or(rest.len());
        item.default = serde_json::from_str(&rest[1..end]).ok();
        rest = &rest[end..];
    }
    (item, rest.strip_prefix(close).unwrap_or(rest))
}

fn parse_list(inner: &str) -> (Type, &str) {
    let (item, rest) = parse_element(inner, ']');
    let (kind, rest) = match rest.strip_prefix('@') {
        None => (ListKind::Atomic, rest),
        Some(after) => {
            let end = after.find(['!', '=', ']', '}']).unwrap_or(after.len());
            let keys: Vec<String> = after[..end]
                .split(',')
                .filter(|key| !key.is_empty())
                .map(str::to_owned)
                .collect();
            let kind = if keys.is_empty() {
                ListKind::Set
            } else {
                ListKind::Map(keys)
            };
            (kind, &after[end..])
        }
    };
    let shape = Shape::List {
        item: Arc::new(item),
        kind,
    };
    (
        Type {
            shape,
            ..Type::default()
        },
        rest,
    )
}

fn named(name: &str) -> Type {
    match name {
        "str" => Type::scalar(Scalar::String),
        "byte" => Type::scalar(Scalar::Bytes),
        "time" => Type::scalar(Scalar::Time),
        "int" => Type::scalar(Scalar::Integer),
        "num" => Type::scalar(Scalar::Number),
        "bool" => Type::scalar(Scalar::Boolean),
        "any1" => Type::scalar(Scalar::Untyped),
        "any" => Type::any(),
        _ => builtin(name).map_or_else(Type::any, |found| (*found).clone()),
    }
}

/// `apiVersion`, `kind` and `metadata` of every object, for kinds whose schema leaves them out.
pub fn envelope() -> BTreeMap<String, Arc<Type>> {
    let text = || Arc::new(Type::scalar(Scalar::String));
    let metadata = builtin("ObjectMeta").unwrap_or_default();
    BTreeMap::from([
        ("apiVersion".to_owned(), text()),
        ("kind".to_owned(), text()),
        ("metadata".to_owned(), metadata),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(path: &[&str], root: &str) -> ListKind {
        let root = builtin(root).unwrap();
        match &root.at(path).unwrap().shape {
            Shape::List { kind, .. } => kind.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn lists_merge_as_the_api_says() {
        assert_eq!(
            kind_of(&["spec", "ports"], "Service"),
            ListKind::Map(vec!["port".into(), "protocol".into()])
        );
        assert_eq!(kind_of(&["metadata", "finalizers"], "Pod"), ListKind::Set);
        assert_eq!(kind_of(&["spec", "tolerations"], "Pod"), ListKind::Atomic);
    }

    #[test]
    fn every_name_in_the_table_is_defined() {
        for fields in TABLE.values() {
            for field in fields.split(' ') {
                let text = field.split_once(':').unwrap().1;
                let name = text
                    .split('=')
                    .next()
                    .unwrap()
                    .split('@')
                    .next()
                    .unwrap()
                    .trim_matches(['[', ']', '{', '}', '!']);
                let known = ["str", "byte", "time", "int", "num", "bool", "any1", "any"];
                assert!(
                    known.contains(&name) || builtin(name).is_some(),
                    "`{name}` in `{field}` has no line of its own"
                );
            }
        }
    }
}
