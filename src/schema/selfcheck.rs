//! Rules for our own schemas: those by which core refuses a whole provider, and ours for documentation and defaults. Run by a test.

use super::diagnostic::Path;
use super::field::{Attribute, Field, FieldKind, Mode, NestedBlock, Source};
use super::resource::Schema;
use super::types::conforms;
use super::value::{Type, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Provider,
    Resource,
    DataSource,
    Ephemeral,
}

/// One schema to check, with the name of its type.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'s> {
    pub kind: Kind,
    pub name: &'s str,
    pub schema: &'s Schema,
}

/// Names that core keeps for itself at the root of every block, and of the provider block.
const RESERVED: [&str; 7] = [
    "connection",
    "count",
    "depends_on",
    "for_each",
    "lifecycle",
    "provider",
    "provisioner",
];
const RESERVED_FOR_PROVIDERS: [&str; 2] = ["alias", "version"];

/// The broken rules. Type names start with the provider's name, except for the listed `exceptions`.
pub fn check_schemas(provider: &str, exceptions: &[&str], entries: &[Entry<'_>]) -> Vec<String> {
    let mut problems = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let mut check = Checker {
            entry: *entry,
            problems: &mut problems,
        };
        let prefixed = entry
            .name
            .strip_prefix(provider)
            .is_some_and(|rest| rest.starts_with('_'));
        if entry.kind != Kind::Provider && !prefixed && !exceptions.contains(&entry.name) {
            check.add(
                &Path::root(),
                &format!("its name does not start with `{provider}_`"),
            );
        }
        if !is_name(entry.name) {
            check.add(&Path::root(), "a name has only `a-z`, `0-9` and `_`");
        }
        let same = |other: &Entry<'_>| (other.kind, other.name) == (entry.kind, entry.name);
        if entries[..index].iter().any(same) {
            check.add(&Path::root(), "it is there twice");
        }
        check.documented(&Path::root(), &entry.schema.description);
        check.root_names(&entry.schema.fields);
        check.fields(&entry.schema.fields, &Path::root());
    }
    problems
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

struct Checker<'a> {
    entry: Entry<'a>,
    problems: &'a mut Vec<String>,
}

impl Checker<'_> {
    fn add(&mut self, path: &Path, problem: &str) {
        let (kind, name) = (self.entry.kind, self.entry.name);
        let place = if path.is_root() {
            String::new()
        } else {
            format!(" `{path}`")
        };
        self.problems
            .push(format!("{kind:?} `{name}`{place}: {problem}"));
    }

    fn require(&mut self, holds: bool, path: &Path, problem: &str) {
        if !holds {
            self.add(path, problem);
        }
    }

    fn documented(&mut self, path: &Path, text: &str) {
        let starts = text.starts_with(|first: char| first.is_uppercase());
        self.require(
            starts,
            path,
            "its description must start with an uppercase letter",
        );
        self.require(
            text.ends_with('.'),
            path,
            "its description must end with a full stop",
        );
    }

    fn root_names(&mut self, fields: &[Field]) {
        for field in fields {
            let reserved = match self.entry.kind {
                Kind::Provider => RESERVED_FOR_PROVIDERS.contains(&field.name),
                _ => RESERVED.contains(&field.name),
            };
            self.require(
                !reserved,
                &field.path(&Path::root()),
                "the name is reserved",
            );
        }
    }

    fn fields(&mut self, fields: &[Field], parent: &Path) {
        for (index, field) in fields.iter().enumerate() {
            let path = field.path(parent);
            self.require(
                is_name(field.name),
                &path,
                "a name has only `a-z`, `0-9` and `_`",
            );
            let twice = fields[..index].iter().any(|other| other.name == field.name);
            self.require(!twice, &path, "the name is there twice");
            self.documented(&path, &field.description);
            match &field.kind {
                FieldKind::Attribute { ty, attribute, .. } => {
                    self.attribute(ty, attribute, &path);
                    self.default(ty, attribute, &path);
                }
                FieldKind::Block { block, fields, .. } => {
                    self.block(block, fields, &path);
                    self.fields(fields, &path);
                }
            }
        }
    }

    fn attribute(&mut self, ty: &Type, attribute: &Attribute, path: &Path) {
        if attribute.write_only {
            let resource = self.entry.kind == Kind::Resource;
            self.require(resource, path, "only resources have write-only attributes");
            let given = !attribute.is_computed();
            self.require(given, path, "a write-only attribute cannot be computed");
        }
        let texts = match ty {
            Type::List(element) | Type::Set(element) => **element == Type::String,
            other => *other == Type::String,
        };
        let listed = attribute.one_of.is_empty() || texts;
        self.require(listed, path, "only strings have a list of allowed values");
        let told = attribute
            .deprecated
            .is_none_or(|message| !message.is_empty());
        self.require(told, path, "a deprecation must say what to use instead");
        let replaceable = !attribute.replace
            || attribute.mode != Mode::Computed
            || attribute.source == Source::Configuration;
        self.require(
            replaceable,
            path,
            "a remote value cannot demand a replacement",
        );
    }

    fn default(&mut self, ty: &Type, attribute: &Attribute, path: &Path) {
        let Some(default) = &attribute.default else {
            return;
        };
        let computed = attribute.mode == Mode::OptionalComputed;
        self.require(
            computed,
            path,
            "an attribute with a default is optional and computed",
        );
        if let Err((_, expected)) = conforms(default, ty) {
            self.add(path, &format!("its default does not fit: {expected}"));
        }
        let texts = match default {
            Value::List(elements) => elements.iter().filter_map(Value::as_str).collect(),
            other => Vec::from_iter(other.as_str()),
        };
        let listed =
            attribute.one_of.is_empty() || texts.iter().all(|text| attribute.one_of.contains(text));
        self.require(listed, path, "its default is not one of the allowed values");
        for check in &attribute.checks {
            if let Err(reason) = check(default) {
                self.add(path, &format!("its default is refused: {reason}"));
            }
        }
    }

    fn block(&mut self, block: &NestedBlock, fields: &[Field], path: &Path) {
        let bounded = block.min_items >= 0
            && block.max_items >= 0
            && (block.max_items == 0 || block.min_items <= block.max_items);
        self.require(
            bounded,
            path,
            "the least number of blocks is above the greatest",
        );
        for name in block.key {
            let found = fields.iter().find(|field| field.name == *name);
            let stable = found.is_some_and(|field| match &field.kind {
                FieldKind::Attribute { attribute, .. } => {
                    let chosen_remotely =
                        attribute.is_computed() && attribute.source == Source::Remote;
                    !attribute.write_only && !chosen_remotely
                }
                FieldKind::Block { .. } => false,
            });
            let problem = format!("its key `{name}` is no attribute that the configuration tells");
            self.require(stable, path, &problem);
        }
        let keyed = block.max_items == 1 || !block.key.is_empty() || !any_remote(fields);
        self.require(
            keyed,
            path,
            "a repeated block with remote values needs a key",
        );
    }
}

fn any_remote(fields: &[Field]) -> bool {
    fields.iter().any(|field| match &field.kind {
        FieldKind::Attribute { attribute, .. } => {
            attribute.is_computed() && attribute.source == Source::Remote
        }
        FieldKind::Block { fields, .. } => any_remote(fields),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::field::{blocks, computed, optional, required};

    fn field(name: &'static str, attribute: Attribute) -> Field {
        Field {
            name,
            description: "A field.".to_owned(),
            kind: FieldKind::Attribute {
                ty: Type::String,
                sensitive: false,
                attribute,
            },
        }
    }

    fn problems(kind: Kind, name: &str, fields: Vec<Field>) -> Vec<String> {
        let schema = Schema {
            version: 0,
            description: "A thing.".to_owned(),
            fields,
        };
        let entry = Entry {
            kind,
            name,
            schema: &schema,
        };
        let found = check_schemas("postgres", &["managed_database"], &[entry]);
        let prefix = format!("{kind:?} `{name}`");
        found
            .into_iter()
            .map(|text| text.replacen(&prefix, "", 1))
            .collect()
    }

    fn of_field(field: Field) -> Vec<String> {
        problems(Kind::Resource, "postgres_x", vec![field])
    }

    #[test]
    fn a_good_schema_has_no_problems() {
        assert!(of_field(field("a", required())).is_empty());
        assert!(problems(Kind::Resource, "managed_database", Vec::new()).is_empty());
        assert_eq!(
            problems(Kind::Resource, "other_x", Vec::new()),
            [": its name does not start with `postgres_`"]
        );
    }

    #[test]
    fn names_are_checked() {
        assert_eq!(
            of_field(field("count", required())),
            [" `count`: the name is reserved"]
        );
        assert!(problems(Kind::Provider, "postgres", vec![field("count", required())]).is_empty());
        assert_eq!(
            of_field(field("A", required())),
            [" `A`: a name has only `a-z`, `0-9` and `_`"]
        );
        let twice = vec![field("a", required()), field("a", required())];
        assert_eq!(problems(Kind::Resource, "postgres_x", twice).len(), 1);
    }

    #[test]
    fn attributes_are_checked() {
        let number = optional().default_int(1);
        assert_eq!(
            of_field(field("a", number)),
            [" `a`: its default does not fit: a string is required"]
        );
        let other = optional().default("z").one_of(&["x", "y"]);
        assert_eq!(
            of_field(field("a", other)),
            [" `a`: its default is not one of the allowed values"]
        );
        assert_eq!(of_field(field("a", computed().write_only())).len(), 1);
        let data = vec![field("a", optional().write_only())];
        assert_eq!(problems(Kind::DataSource, "postgres_x", data).len(), 1);
        let mut silent = field("a", required());
        silent.description = "no".to_owned();
        assert_eq!(of_field(silent).len(), 2);
    }

    #[test]
    fn repeated_blocks_with_remote_values_have_a_key() {
        let nested = |key: &'static [&'static str]| Field {
            name: "b",
            description: "A block.".to_owned(),
            kind: FieldKind::Block {
                block: blocks(key),
                description: String::new(),
                fields: vec![field("name", required()), field("id", computed())],
            },
        };
        assert!(of_field(nested(&["name"])).is_empty());
        assert_eq!(
            of_field(nested(&[])),
            [" `b`: a repeated block with remote values needs a key"]
        );
        assert_eq!(of_field(nested(&["id"])).len(), 1);
        assert_eq!(of_field(nested(&["gone"])).len(), 1);
    }
}
