//! Type constraints: their JSON form, the type that a schema implies, and whether a value is of a type.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::codec::{MAX_DEPTH, Place};
use super::diagnostic::Path;
use super::field::{Field, FieldKind};
use super::resource::IdentitySchema;
use super::value::{Number, Type, Value};

impl Type {
    /// The form that Terraform reads: `"string"`, `["list","bool"]`, `["object",{"a":"number"},["a"]]`.
    pub fn to_json(&self) -> String {
        self.json().to_string()
    }

    fn json(&self) -> Json {
        match self {
            Type::Bool => "bool".into(),
            Type::Number => "number".into(),
            Type::String => "string".into(),
            Type::Dynamic => "dynamic".into(),
            Type::List(element) => Json::Array(vec!["list".into(), element.json()]),
            Type::Set(element) => Json::Array(vec!["set".into(), element.json()]),
            Type::Map(element) => Json::Array(vec!["map".into(), element.json()]),
            Type::Tuple(elements) => Json::Array(vec![
                "tuple".into(),
                elements.iter().map(Type::json).collect(),
            ]),
            Type::Object {
                attributes,
                optional,
            } => {
                let members = attributes
                    .iter()
                    .map(|(name, ty)| (name.clone(), ty.json()))
                    .collect();
                let mut parts = vec!["object".into(), Json::Object(members)];
                if !optional.is_empty() {
                    parts.push(optional.iter().cloned().collect());
                }
                Json::Array(parts)
            }
        }
    }

    pub fn from_json(text: &[u8]) -> Result<Self, String> {
        let json = serde_json::from_slice(text)
            .map_err(|error| format!("the type is not valid JSON: {error}"))?;
        parse(&json, 0)
    }

    /// The type of a value as it stands, for values whose place does not tell it.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null | Value::Unknown => Type::Dynamic,
            Value::Bool(_) => Type::Bool,
            Value::Number(_) => Type::Number,
            Value::String(_) => Type::String,
            Value::List(elements) => Type::Tuple(elements.iter().map(Type::of).collect()),
            Value::Map(members) => Type::Object {
                attributes: members
                    .iter()
                    .map(|(name, member)| (name.clone(), Type::of(member)))
                    .collect(),
                optional: BTreeSet::new(),
            },
            Value::Typed(typed) => typed.0.clone(),
        }
    }

    /// As a reader knows it: `list of string`.
    pub fn describe(&self) -> String {
        match self {
            Type::Bool => "bool".to_owned(),
            Type::Number => "number".to_owned(),
            Type::String => "string".to_owned(),
            Type::Dynamic => "any type".to_owned(),
            Type::List(element) => format!("list of {}", element.describe()),
            Type::Set(element) => format!("set of {}", element.describe()),
            Type::Map(element) => format!("map of {}", element.describe()),
            Type::Tuple(_) => "tuple".to_owned(),
            Type::Object { .. } => "object".to_owned(),
        }
    }
}

fn parse(json: &Json, depth: usize) -> Result<Type, String> {
    if depth > MAX_DEPTH {
        return Err(format!("the type is nested deeper than {MAX_DEPTH} levels"));
    }
    match json {
        Json::String(name) => match name.as_str() {
            "bool" => Ok(Type::Bool),
            "number" => Ok(Type::Number),
            "string" => Ok(Type::String),
            "dynamic" => Ok(Type::Dynamic),
            other => Err(format!("`{other}` is not a type")),
        },
        Json::Array(parts) => parse_compound(parts, depth),
        _ => Err("a type is a name or an array".to_owned()),
    }
}

fn parse_compound(parts: &[Json], depth: usize) -> Result<Type, String> {
    match parts {
        [Json::String(kind), element] => match (kind.as_str(), element) {
            ("list", element) => parse(element, depth + 1).map(Type::list),
            ("set", element) => parse(element, depth + 1).map(Type::set),
            ("map", element) => parse(element, depth + 1).map(Type::map),
            ("tuple", Json::Array(elements)) => elements
                .iter()
                .map(|element| parse(element, depth + 1))
                .collect::<Result<_, _>>()
                .map(Type::Tuple),
            ("object", Json::Object(_)) => parse_object(element, &[], depth),
            _ => Err(format!("`{kind}` is not a compound type")),
        },
        [Json::String(kind), members, Json::Array(optional)] if kind == "object" => {
            parse_object(members, optional, depth)
        }
        _ => Err("a compound type is an array of its kind and its element type".to_owned()),
    }
}

fn parse_object(members: &Json, optional: &[Json], depth: usize) -> Result<Type, String> {
    let members = members
        .as_object()
        .ok_or("the members of an object type are a JSON object")?;
    let attributes = members
        .iter()
        .map(|(name, ty)| parse(ty, depth + 1).map(|ty| (name.clone(), ty)))
        .collect::<Result<BTreeMap<_, _>, _>>()?;
    let optional = optional
        .iter()
        .map(|name| match name.as_str() {
            Some(name) if attributes.contains_key(name) => Ok(name.to_owned()),
            _ => Err("an optional member is not a member".to_owned()),
        })
        .collect::<Result<_, _>>()?;
    Ok(Type::Object {
        attributes,
        optional,
    })
}

/// The type of a resource, a block or a provider configuration: one member per field, blocks as lists of objects.
pub fn implied_type(fields: &[Field]) -> Type {
    let attributes = fields
        .iter()
        .map(|field| {
            let ty = match &field.kind {
                FieldKind::Attribute { ty, .. } => ty.clone(),
                FieldKind::Block { fields, .. } => Type::list(implied_type(fields)),
            };
            (field.name.to_owned(), ty)
        })
        .collect();
    Type::Object {
        attributes,
        optional: BTreeSet::new(),
    }
}

/// The type of a resource's identity.
pub fn identity_type(schema: &IdentitySchema) -> Type {
    Type::Object {
        attributes: schema
            .attributes
            .iter()
            .map(|attribute| (attribute.name.to_owned(), attribute.ty.clone()))
            .collect(),
        optional: BTreeSet::new(),
    }
}

/// Whether `value` is of type `ty`; otherwise where it is not, and what is expected there.
pub fn conforms(value: &Value, ty: &Type) -> Result<(), (Path, String)> {
    conforms_at(value, ty, &Place::Root)
}

fn conforms_at(value: &Value, ty: &Type, place: &Place<'_>) -> Result<(), (Path, String)> {
    let mismatch = || Err((place.path(), format!("a {} is required", ty.describe())));
    match (ty, value) {
        (_, Value::Null | Value::Unknown)
        | (Type::Bool, Value::Bool(_))
        | (Type::String, Value::String(_)) => Ok(()),
        (Type::Number, Value::Number(number)) if Number::parse(number.as_str()).is_some() => Ok(()),
        (Type::Dynamic, Value::Typed(typed)) => conforms_at(&typed.1, &typed.0, place),
        (Type::List(element), Value::List(elements)) => {
            elements.iter().enumerate().try_for_each(|(index, value)| {
                conforms_at(value, element, &Place::Index(place, index))
            })
        }
        (Type::Set(element), Value::List(elements)) => elements
            .iter()
            .try_for_each(|value| conforms_at(value, element, &Place::Element(place))),
        (Type::Map(element), Value::Map(members)) => members
            .iter()
            .try_for_each(|(key, value)| conforms_at(value, element, &Place::Key(place, key))),
        (Type::Tuple(types), Value::List(elements)) if types.len() == elements.len() => elements
            .iter()
            .zip(types)
            .enumerate()
            .try_for_each(|(index, (value, ty))| {
                conforms_at(value, ty, &Place::Index(place, index))
            }),
        (Type::Object { attributes, .. }, Value::Map(members)) => {
            object_conforms(members, attributes, place)
        }
        _ => mismatch(),
    }
}

fn object_conforms(
    members: &BTreeMap<String, Value>,
    attributes: &BTreeMap<String, Type>,
    place: &Place<'_>,
) -> Result<(), (Path, String)> {
    if let Some(extra) = members.keys().find(|name| !attributes.contains_key(*name)) {
        return Err((place.path(), format!("there is no attribute `{extra}`")));
    }
    attributes.iter().try_for_each(|(name, ty)| {
        let place = Place::Attribute(place, name);
        match members.get(name) {
            Some(member) => conforms_at(member, ty, &place),
            None => Err((place.path(), "the attribute is missing".to_owned())),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_written_as_core_reads_them() {
        let mut ty = Type::object([
            ("a", Type::list(Type::String)),
            ("b", Type::Tuple(vec![Type::Bool, Type::Dynamic])),
        ]);
        assert_eq!(
            ty.to_json(),
            r#"["object",{"a":["list","string"],"b":["tuple",["bool","dynamic"]]}]"#
        );
        if let Type::Object { optional, .. } = &mut ty {
            optional.insert("b".to_owned());
        }
        let json = ty.to_json();
        assert_eq!(
            json,
            r#"["object",{"a":["list","string"],"b":["tuple",["bool","dynamic"]]},["b"]]"#
        );
        assert_eq!(Type::from_json(json.as_bytes()), Ok(ty));
    }

    #[test]
    fn text_that_is_no_type_is_refused() {
        let nested = format!("{}\"bool\"{}", "[\"list\",".repeat(100), "]".repeat(100));
        for text in [
            "",
            "1",
            r#""text""#,
            "[]",
            r#"["list"]"#,
            r#"["object",[]]"#,
            r#"["object",{},["x"]]"#,
            r#"["list","string",[]]"#,
            nested.as_str(),
        ] {
            assert!(Type::from_json(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn conformance_names_the_place() {
        let ty = Type::object([("a", Type::map(Type::list(Type::Number)))]);
        let value = |leaf: Value| {
            Value::Map(BTreeMap::from([(
                "a".to_owned(),
                Value::Map(BTreeMap::from([("k".to_owned(), Value::List(vec![leaf]))])),
            )]))
        };
        assert_eq!(conforms(&value(Value::int(1)), &ty), Ok(()));
        let (path, message) = conforms(&value("x".into()), &ty).unwrap_err();
        assert_eq!(path.to_string(), "a[\"k\"][0]");
        assert_eq!(message, "a number is required");
        let (path, _) = conforms(&Value::Map(BTreeMap::new()), &ty).unwrap_err();
        assert_eq!(path.to_string(), "a");
    }
}
