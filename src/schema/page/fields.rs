//! The schema section: lists of what is required, optional and read-only, and one section per nested block.

use crate::schema::field::{Attribute, Field, FieldKind, Mode, NestedBlock};
use crate::schema::json;
use crate::schema::value::{Type, Value};

pub(super) fn schema_section(fields: &[Field]) -> String {
    let mut out = "\n## Schema\n".to_owned();
    let mut nested = Vec::new();
    push_lists(&mut out, fields, "", "### ", &mut nested);
    // A queue, so that the sections of a block's blocks follow its own.
    while !nested.is_empty() {
        let Nested {
            path,
            field,
            fields,
        } = nested.remove(0);
        let anchor = anchor(&path);
        out.push_str(&format!(
            "\n<a id=\"{anchor}\"></a>\n### Nested Schema for `{path}`\n"
        ));
        if !field.is_empty() {
            out.push_str(&format!("\n{field}\n"));
        }
        let mut inner = Vec::new();
        push_lists(&mut out, fields, &path, "", &mut inner);
        nested.splice(0..0, inner);
    }
    out
}

struct Nested<'f> {
    path: String,
    field: &'f str,
    fields: &'f [Field],
}

fn anchor(path: &str) -> String {
    format!("nestedblock--{}", path.replace('.', "--"))
}

fn group(field: &Field) -> &'static str {
    match &field.kind {
        FieldKind::Attribute { attribute, .. } => match attribute.mode {
            Mode::Required => "Required",
            Mode::Optional | Mode::OptionalComputed => "Optional",
            Mode::Computed => "Read-Only",
        },
        FieldKind::Block { block, .. } if block.min_items > 0 => "Required",
        FieldKind::Block { .. } => "Optional",
    }
}

fn push_lists<'f>(
    out: &mut String,
    fields: &'f [Field],
    parent: &str,
    heading: &str,
    nested: &mut Vec<Nested<'f>>,
) {
    for name in ["Required", "Optional", "Read-Only"] {
        let mut members: Vec<_> = fields.iter().filter(|field| group(field) == name).collect();
        members.sort_by_key(|field| field.name);
        if members.is_empty() {
            continue;
        }
        let end = if heading.is_empty() { ":" } else { "" };
        out.push_str(&format!("\n{heading}{name}{end}\n\n"));
        for field in members {
            out.push_str(&line(field, parent, nested));
        }
    }
}

fn line<'f>(field: &'f Field, parent: &str, nested: &mut Vec<Nested<'f>>) -> String {
    let name = field.name;
    // A paragraph break would end the list.
    let text = field.description.replace("\n\n", " ");
    match &field.kind {
        FieldKind::Attribute {
            ty,
            sensitive,
            attribute,
        } => {
            let label = attribute_label(ty, *sensitive, attribute);
            let notes = attribute_notes(ty, attribute);
            format!("- `{name}` ({label}) {text}{notes}\n")
        }
        FieldKind::Block {
            block,
            description,
            fields,
        } => {
            let path = match parent {
                "" => name.to_owned(),
                parent => format!("{parent}.{name}"),
            };
            let link = format!("(see [below for nested schema](#{}))", anchor(&path));
            let label = block_label(block);
            let notes = block_notes(block);
            nested.push(Nested {
                path,
                field: description,
                fields,
            });
            format!("- `{name}` ({label}) {text}{notes} {link}\n")
        }
    }
}

fn type_name(ty: &Type) -> String {
    match ty {
        Type::Bool => "Boolean".to_owned(),
        Type::Number => "Number".to_owned(),
        Type::String => "String".to_owned(),
        Type::Dynamic => "Dynamic".to_owned(),
        Type::List(element) => format!("List of {}", type_name(element)),
        Type::Set(element) => format!("Set of {}", type_name(element)),
        Type::Map(element) => format!("Map of {}", type_name(element)),
        Type::Tuple(_) => "Tuple".to_owned(),
        Type::Object { attributes, .. } => {
            let members = attributes.iter();
            let members: Vec<_> = members
                .map(|(name, ty)| format!("`{name}` {}", type_name(ty)))
                .collect();
            format!("Object with {}", members.join(", "))
        }
    }
}

fn attribute_label(ty: &Type, sensitive: bool, attribute: &Attribute) -> String {
    let mut label = type_name(ty);
    for (set, word) in [
        (sensitive, "Sensitive"),
        (attribute.write_only, "Write-only"),
        (attribute.deprecated.is_some(), "Deprecated"),
    ] {
        if set {
            label.push_str(", ");
            label.push_str(word);
        }
    }
    label
}

fn attribute_notes(ty: &Type, attribute: &Attribute) -> String {
    let mut notes = String::new();
    if !attribute.one_of.is_empty() {
        let values: Vec<_> = attribute
            .one_of
            .iter()
            .map(|value| format!("`{value}`"))
            .collect();
        notes.push_str(&format!(" Allowed: {}.", values.join(", ")));
    }
    match (&attribute.default, attribute.default_text) {
        (Some(Value::String(text)), _) => notes.push_str(&format!(" Default: `{text:?}`.")),
        (Some(default), _) => {
            notes.push_str(&format!(" Default: `{}`.", json::encode(default, ty)));
        }
        (None, Some(text)) => notes.push_str(&format!(" Default: {}.", text.trim_end_matches('.'))),
        (None, None) => {}
    }
    if attribute.replace {
        notes.push_str(" Changing this makes a new resource.");
    }
    if let Some(message) = attribute.deprecated {
        notes.push_str(&format!(" Deprecated: {message}"));
    }
    notes
}

fn block_label(block: &NestedBlock) -> String {
    let mut label = "Block List".to_owned();
    if block.min_items > 0 {
        label.push_str(&format!(", Min: {}", block.min_items));
    }
    if block.max_items > 0 {
        label.push_str(&format!(", Max: {}", block.max_items));
    }
    label
}

fn block_notes(block: &NestedBlock) -> String {
    let mut notes = String::new();
    if !block.key.is_empty() {
        let key: Vec<_> = block.key.iter().map(|name| format!("`{name}`")).collect();
        notes.push_str(&format!(
            " May be repeated, each with its own {}.",
            key.join(" and ")
        ));
    }
    if block.replace {
        notes.push_str(" Adding or removing it makes a new resource.");
    }
    notes
}
