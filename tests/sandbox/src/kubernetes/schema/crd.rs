//! A CustomResourceDefinition's OpenAPI v3 schema as a `Type` tree.

use super::table;
use super::{Expression, ListKind, Object, Rules, Scalar, Shape, Type};
use serde_json::Value;
use std::sync::Arc;

/// The type of a custom kind; the envelope comes from the built-in types.
pub fn root(schema: &Value) -> Type {
    let mut node = convert(schema);
    if let Shape::Object(object) = &mut node.shape {
        object.fields.extend(table::envelope());
    }
    node
}

fn convert(schema: &Value) -> Type {
    Type {
        shape: shape(schema),
        default: schema.get("default").cloned(),
        nullable: flag(schema, "nullable"),
        rules: rules(schema),
    }
}

fn shape(schema: &Value) -> Shape {
    if flag(schema, "x-kubernetes-int-or-string") {
        return Shape::Scalar(Scalar::Untyped);
    }
    match schema["type"].as_str() {
        Some("string") => Shape::Scalar(Scalar::String),
        Some("integer") => Shape::Scalar(Scalar::Integer),
        Some("number") => Shape::Scalar(Scalar::Number),
        Some("boolean") => Shape::Scalar(Scalar::Boolean),
        Some("array") => list(schema),
        Some("object") => object(schema),
        _ => Shape::Any,
    }
}

fn list(schema: &Value) -> Shape {
    let kind = match schema["x-kubernetes-list-type"].as_str() {
        Some("set") => ListKind::Set,
        Some("map") => ListKind::Map(texts(&schema["x-kubernetes-list-map-keys"])),
        _ => ListKind::Atomic,
    };
    Shape::List {
        item: Arc::new(convert(&schema["items"])),
        kind,
    }
}

fn object(schema: &Value) -> Shape {
    let preserve = flag(schema, "x-kubernetes-preserve-unknown-fields");
    let fields = schema["properties"].as_object();
    if preserve && fields.is_none() {
        return Shape::Any;
    }
    let other = match &schema["additionalProperties"] {
        Value::Object(_) => Some(Arc::new(convert(&schema["additionalProperties"]))),
        _ if preserve => Some(Arc::new(Type::any())),
        _ => None,
    };
    let fields = fields.into_iter().flatten();
    Shape::Object(Object {
        fields: fields
            .map(|(name, child)| (name.clone(), Arc::new(convert(child))))
            .collect(),
        other,
        required: texts(&schema["required"]),
        atomic: schema["x-kubernetes-map-type"] == "atomic",
        preserve,
    })
}

fn rules(schema: &Value) -> Rules {
    let size = |key: &str| schema[key].as_u64().and_then(|n| usize::try_from(n).ok());
    let expressions = schema["x-kubernetes-validations"].as_array();
    Rules {
        one_of: schema["enum"].as_array().cloned().unwrap_or_default(),
        minimum: schema["minimum"].as_f64(),
        maximum: schema["maximum"].as_f64(),
        min_length: size("minLength"),
        max_length: size("maxLength"),
        min_items: size("minItems"),
        max_items: size("maxItems"),
        pattern: schema["pattern"].as_str().map(str::to_owned),
        format: schema["format"].as_str().map(str::to_owned),
        expressions: expressions.into_iter().flatten().map(expression).collect(),
        int_or_string: flag(schema, "x-kubernetes-int-or-string"),
    }
}

fn expression(rule: &Value) -> Expression {
    let text = |key: &str| rule[key].as_str().map(str::to_owned);
    let source = text("rule").unwrap_or_default();
    Expression {
        message: text("message").unwrap_or_else(|| format!("failed rule: {source}")),
        rule: source.split_whitespace().collect::<Vec<_>>().join(" "),
        field_path: text("fieldPath"),
        reason: text("reason"),
    }
}

fn flag(schema: &Value, key: &str) -> bool {
    schema[key].as_bool().unwrap_or(false)
}

fn texts(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}
