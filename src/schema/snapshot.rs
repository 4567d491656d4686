//! A schema as short stable text: the golden file in which a reviewer sees what changes for users.

use super::field::{Attribute, Field, FieldKind, Mode, NestedBlock};
use super::json;
use super::resource::Schema;
use super::value::Type;

/// One line per field, blocks indented. Descriptions are left out: they are in the documentation pages.
pub fn snapshot(name: &str, schema: &Schema) -> String {
    let mut out = format!("{name} v{}\n", schema.version);
    write_fields(&schema.fields, 1, &mut out);
    out
}

fn write_fields(fields: &[Field], depth: usize, out: &mut String) {
    for field in fields {
        let indent = "  ".repeat(depth);
        match &field.kind {
            FieldKind::Attribute {
                ty,
                sensitive,
                attribute,
            } => {
                let facts = attribute_facts(ty, *sensitive, attribute);
                out.push_str(&format!("{indent}{} = {facts}\n", field.name));
            }
            FieldKind::Block { block, fields, .. } => {
                out.push_str(&format!(
                    "{indent}{} {{ {}\n",
                    field.name,
                    block_facts(block)
                ));
                write_fields(fields, depth + 1, out);
                out.push_str(&format!("{indent}}}\n"));
            }
        }
    }
}

fn attribute_facts(ty: &Type, sensitive: bool, attribute: &Attribute) -> String {
    let mode = match attribute.mode {
        Mode::Required => "required",
        Mode::Optional => "optional",
        Mode::OptionalComputed => "optional+computed",
        Mode::Computed => "computed",
    };
    let mut facts = vec![ty.to_json(), mode.to_owned()];
    if let Some(default) = &attribute.default {
        facts.push(format!("default={}", json::encode(default, ty)));
    }
    if !attribute.one_of.is_empty() {
        facts.push(format!("one_of={}", attribute.one_of.join("|")));
    }
    let flags = [
        (
            attribute.is_computed(),
            match attribute.source {
                super::field::Source::Configuration => "derived",
                super::field::Source::Remote => "remote",
            },
        ),
        (attribute.replace, "replace"),
        (sensitive, "sensitive"),
        (attribute.write_only, "write-only"),
        (attribute.deprecated.is_some(), "deprecated"),
    ];
    facts.extend(
        flags
            .iter()
            .filter(|(set, _)| *set)
            .map(|(_, flag)| (*flag).to_owned()),
    );
    facts.join(" ")
}

fn block_facts(block: &NestedBlock) -> String {
    let most = match block.max_items {
        0 => "*".to_owned(),
        most => most.to_string(),
    };
    let mut facts = format!("{}..{most}", block.min_items);
    if !block.key.is_empty() {
        facts.push_str(&format!(" key={}", block.key.join(",")));
    }
    if block.replace {
        facts.push_str(" replace");
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object;
    use crate::schema::attr::{Attr, Blocks, Secret};
    use crate::schema::field::{blocks, computed, optional, required};
    use crate::schema::object::Object;

    object! {
        /// A role.
        struct Role {
            /// Name.
            name: Attr<String> => required().replace(),
            /// Password.
            password_wo: Attr<Secret<String>> => optional().write_only(),
        }
    }

    object! {
        /// A server.
        struct Server {
            /// Identifier.
            id: Attr<String> => computed(),
            /// Mode.
            mode: Attr<String> => optional().default("fast").one_of(&["fast", "safe"]),
            /// Zones.
            zones: Attr<Vec<i64>> => optional(),
            /// Roles.
            role: Blocks<Role> => blocks(&["name"]),
        }
    }

    #[test]
    fn a_snapshot_shows_everything_that_users_depend_on() {
        let schema = Schema {
            version: 2,
            description: String::new(),
            fields: Server::fields(),
        };
        assert_eq!(
            snapshot("postgres_server", &schema),
            r#"postgres_server v2
  id = "string" computed remote
  mode = "string" optional+computed default="fast" one_of=fast|safe derived
  zones = ["list","number"] optional
  role { 0..* key=name
    name = "string" required replace
    password_wo = "string" optional sensitive write-only
  }
"#
        );
    }
}
