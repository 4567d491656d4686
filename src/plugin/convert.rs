//! Between Terraform's concepts and the wire types.

use std::collections::HashMap;

use super::proto::tfplugin5 as wire;
use crate::schema::diagnostic::{Diagnostics, Path, Severity, Step};
use crate::schema::field::{Attribute, Field, FieldKind, Mode, NestedBlock};
use crate::schema::resource::{FunctionError, IdentitySchema, Schema, Signature};
use crate::schema::value::{Type, Value};
use crate::schema::{json, msgpack};

/// A value from the wire; absent or empty means null.
pub fn value_in(dynamic: Option<&wire::DynamicValue>, ty: &Type) -> Result<Value, String> {
    let Some(dynamic) = dynamic else {
        return Ok(Value::Null);
    };
    let value = match (dynamic.msgpack.as_slice(), dynamic.json.as_slice()) {
        ([], []) => return Ok(Value::Null),
        ([], json) => json::decode(json, ty),
        (msgpack, _) => msgpack::decode(msgpack, ty),
    };
    value.map_err(|error| error.to_string())
}

/// Whether a value on the wire is null, whatever its type.
pub fn is_null(dynamic: Option<&wire::DynamicValue>) -> bool {
    const NIL: &[u8] = &[0xc0];
    let Some(dynamic) = dynamic else {
        return true;
    };
    match (dynamic.msgpack.as_slice(), dynamic.json.as_slice()) {
        ([], json) => json.is_empty() || json.trim_ascii() == b"null",
        (msgpack, _) => msgpack == NIL,
    }
}

pub fn value_out(value: &Value, ty: &Type) -> wire::DynamicValue {
    wire::DynamicValue {
        msgpack: msgpack::encode(value, ty),
        json: Vec::new(),
    }
}

pub fn path_out(path: &Path) -> wire::AttributePath {
    use wire::attribute_path::step::Selector;
    wire::AttributePath {
        steps: path
            .steps()
            .iter()
            .map(|step| wire::attribute_path::Step {
                selector: Some(match step {
                    Step::Attribute(name) => Selector::AttributeName(name.clone()),
                    Step::Index(index) => {
                        Selector::ElementKeyInt(i64::try_from(*index).unwrap_or(i64::MAX))
                    }
                    Step::Key(key) => Selector::ElementKeyString(key.clone()),
                }),
            })
            .collect(),
    }
}

pub fn diagnostics_out(diagnostics: Diagnostics) -> Vec<wire::Diagnostic> {
    diagnostics
        .into_iter()
        .map(|diagnostic| wire::Diagnostic {
            severity: match diagnostic.severity {
                Severity::Error => wire::diagnostic::Severity::Error,
                Severity::Warning => wire::diagnostic::Severity::Warning,
            }
            .into(),
            summary: diagnostic.summary,
            detail: diagnostic.detail,
            attribute: (!diagnostic.path.is_root()).then(|| path_out(&diagnostic.path)),
        })
        .collect()
}

fn attribute_out(
    name: &str,
    description: &str,
    ty: &Type,
    sensitive: bool,
    attribute: &Attribute,
) -> wire::schema::Attribute {
    wire::schema::Attribute {
        name: name.to_owned(),
        r#type: ty.to_json().into_bytes(),
        description: description.to_owned(),
        required: attribute.mode == Mode::Required,
        optional: matches!(attribute.mode, Mode::Optional | Mode::OptionalComputed),
        computed: attribute.is_computed(),
        sensitive,
        description_kind: wire::StringKind::Markdown.into(),
        deprecated: attribute.deprecated.is_some(),
        write_only: attribute.write_only,
        deprecation_message: attribute.deprecated.unwrap_or_default().to_owned(),
    }
}

fn nested_out(
    name: &str,
    block: &NestedBlock,
    description: &str,
    fields: &[Field],
) -> wire::schema::NestedBlock {
    wire::schema::NestedBlock {
        type_name: name.to_owned(),
        block: Some(block_out(description, fields)),
        nesting: wire::schema::nested_block::NestingMode::List.into(),
        min_items: block.min_items,
        max_items: block.max_items,
    }
}

fn block_out(description: &str, fields: &[Field]) -> wire::schema::Block {
    let mut block = wire::schema::Block {
        description: description.to_owned(),
        description_kind: wire::StringKind::Markdown.into(),
        ..Default::default()
    };
    for field in fields {
        match &field.kind {
            FieldKind::Attribute {
                ty,
                sensitive,
                attribute,
            } => block.attributes.push(attribute_out(
                field.name,
                &field.description,
                ty,
                *sensitive,
                attribute,
            )),
            FieldKind::Block {
                block: nested,
                description,
                fields,
            } => block
                .block_types
                .push(nested_out(field.name, nested, description, fields)),
        }
    }
    block
}

pub fn schema_out(schema: &Schema) -> wire::Schema {
    wire::Schema {
        version: schema.version,
        block: Some(block_out(&schema.description, &schema.fields)),
    }
}

pub fn identity_schema_out(schema: &IdentitySchema) -> wire::ResourceIdentitySchema {
    wire::ResourceIdentitySchema {
        version: schema.version,
        identity_attributes: schema
            .attributes
            .iter()
            .map(
                |attribute| wire::resource_identity_schema::IdentityAttribute {
                    name: attribute.name.to_owned(),
                    r#type: attribute.ty.to_json().into_bytes(),
                    required_for_import: attribute.required_for_import,
                    optional_for_import: !attribute.required_for_import,
                    description: attribute.description.to_owned(),
                },
            )
            .collect(),
    }
}

pub fn functions_out<'a>(
    signatures: impl Iterator<Item = (&'a str, Signature)>,
) -> HashMap<String, wire::Function> {
    signatures
        .map(|(name, signature)| {
            let parameters = signature
                .parameters
                .iter()
                .map(|parameter| wire::function::Parameter {
                    name: parameter.name.to_owned(),
                    r#type: parameter.ty.to_json().into_bytes(),
                    allow_null_value: parameter.allow_null,
                    allow_unknown_values: false,
                    description: parameter.description.to_owned(),
                    description_kind: wire::StringKind::Markdown.into(),
                })
                .collect();
            let function = wire::Function {
                parameters,
                variadic_parameter: None,
                r#return: Some(wire::function::Return {
                    r#type: signature.returns.to_json().into_bytes(),
                }),
                summary: signature.summary.to_owned(),
                description: signature.description.to_owned(),
                description_kind: wire::StringKind::Markdown.into(),
                deprecation_message: String::new(),
            };
            (name.to_owned(), function)
        })
        .collect()
}

pub fn function_error_out(error: FunctionError) -> wire::FunctionError {
    wire::FunctionError {
        text: error.text,
        function_argument: error.argument.and_then(|index| i64::try_from(index).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_value_is_null() {
        let empty = wire::DynamicValue::default();
        assert_eq!(value_in(None, &Type::String), Ok(Value::Null));
        assert_eq!(value_in(Some(&empty), &Type::String), Ok(Value::Null));
        assert!(is_null(None) && is_null(Some(&empty)));
        assert!(is_null(Some(&value_out(&Value::Null, &Type::String))));
        assert!(!is_null(Some(&value_out(&"".into(), &Type::String))));
    }

    #[test]
    fn json_is_read_when_there_is_no_msgpack() {
        let dynamic = wire::DynamicValue {
            msgpack: Vec::new(),
            json: b"\"a\"".to_vec(),
        };
        assert_eq!(value_in(Some(&dynamic), &Type::String), Ok("a".into()));
    }

    #[test]
    fn paths_keep_their_steps() {
        let path = Path::root()
            .attribute("storage")
            .index(0)
            .attribute("labels")
            .key("a/b");
        assert_eq!(path_out(&path).steps.len(), 4);
    }
}
