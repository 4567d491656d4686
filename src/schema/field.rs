//! What is declared of a field beside its name and type: mode, default, rules. Built by the expressions inside [`object!`](crate::object).

use super::diagnostic::Path;
use super::value::{Type, Value};

/// Who gives an attribute its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Required,
    Optional,
    /// The user may set it; otherwise the provider does (every default is of this mode).
    OptionalComputed,
    Computed,
}

/// Where a computed value comes from, which decides what a plan may say of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Follows from the configuration: the plan computes it anew each time ([`Planner::derive`](super::plan)).
    Configuration,
    /// Chosen by a remote system once: unknown on create and on replacement, kept on update.
    Remote,
}

/// Says whether a known value is allowed; the error explains what is.
pub type Check = fn(&Value) -> Result<(), String>;

/// The declaration of one attribute.
#[derive(Clone, Debug)]
pub struct Attribute {
    pub mode: Mode,
    pub source: Source,
    /// The value when the configuration has none.
    pub default: Option<Value>,
    /// The default in words, when it is computed from other attributes.
    pub default_text: Option<&'static str>,
    pub checks: Vec<Check>,
    /// Allowed values, for checks and documentation.
    pub one_of: &'static [&'static str],
    /// A change makes a new resource.
    pub replace: bool,
    pub write_only: bool,
    pub deprecated: Option<&'static str>,
}

/// The declaration of one nested block; every one is a list block.
#[derive(Clone, Debug)]
pub struct NestedBlock {
    pub min_items: i64,
    /// 0: any number.
    pub max_items: i64,
    /// The attributes that identify an element of a repeated block between two plans, most significant first.
    pub key: &'static [&'static str],
    /// Adding or removing the block makes a new resource.
    pub replace: bool,
}

/// What the builder expressions build.
#[derive(Clone, Debug)]
pub enum Declaration {
    Attribute(Attribute),
    Block(NestedBlock),
}

/// A field with everything that is known of it.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: &'static str,
    /// The documentation, from the doc comment.
    pub description: String,
    pub kind: FieldKind,
}

#[derive(Clone, Debug)]
pub enum FieldKind {
    Attribute {
        ty: Type,
        sensitive: bool,
        attribute: Attribute,
    },
    Block {
        block: NestedBlock,
        description: String,
        fields: Vec<Field>,
    },
}

fn attribute(mode: Mode) -> Attribute {
    Attribute {
        mode,
        source: Source::Remote,
        default: None,
        default_text: None,
        checks: Vec::new(),
        one_of: &[],
        replace: false,
        write_only: false,
        deprecated: None,
    }
}

pub fn required() -> Attribute {
    attribute(Mode::Required)
}

pub fn optional() -> Attribute {
    attribute(Mode::Optional)
}

/// Computed, chosen by a remote system.
pub fn computed() -> Attribute {
    attribute(Mode::Computed)
}

/// Computed from the configuration, so that it is known at plan time.
pub fn derived() -> Attribute {
    Attribute {
        source: Source::Configuration,
        ..attribute(Mode::Computed)
    }
}

/// A block that may be written once.
pub fn block() -> NestedBlock {
    NestedBlock {
        min_items: 0,
        max_items: 1,
        key: &[],
        replace: false,
    }
}

/// A block that may be written several times, its elements told apart by `key`.
pub fn blocks(key: &'static [&'static str]) -> NestedBlock {
    NestedBlock {
        min_items: 0,
        max_items: 0,
        key,
        replace: false,
    }
}

impl Attribute {
    #[must_use]
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        self.mode = Mode::OptionalComputed;
        self.source = Source::Configuration;
        self.default = Some(value.into());
        self
    }

    #[must_use]
    pub fn default_int(self, value: i64) -> Self {
        self.default(Value::int(value))
    }

    /// The default follows from other attributes; the resource's derivation fills it in. `text` tells it to the reader.
    #[must_use]
    pub fn default_from(mut self, text: &'static str) -> Self {
        self.mode = Mode::OptionalComputed;
        self.source = Source::Configuration;
        self.default_text = Some(text);
        self
    }

    /// Optional, and chosen by a remote system when not set.
    #[must_use]
    pub fn or_computed(mut self, text: &'static str) -> Self {
        self.mode = Mode::OptionalComputed;
        self.source = Source::Remote;
        self.default_text = Some(text);
        self
    }

    #[must_use]
    pub fn check(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    #[must_use]
    pub fn one_of(mut self, values: &'static [&'static str]) -> Self {
        self.one_of = values;
        self
    }

    #[must_use]
    pub fn replace(mut self) -> Self {
        self.replace = true;
        self
    }

    #[must_use]
    pub fn write_only(mut self) -> Self {
        self.write_only = true;
        self
    }

    #[must_use]
    pub fn deprecated(mut self, message: &'static str) -> Self {
        self.deprecated = Some(message);
        self
    }

    pub fn is_computed(&self) -> bool {
        matches!(self.mode, Mode::Computed | Mode::OptionalComputed)
    }
}

impl NestedBlock {
    #[must_use]
    pub fn required(mut self) -> Self {
        self.min_items = 1;
        self
    }

    #[must_use]
    pub fn replace(mut self) -> Self {
        self.replace = true;
        self
    }
}

impl From<Attribute> for Declaration {
    fn from(attribute: Attribute) -> Self {
        Declaration::Attribute(attribute)
    }
}

impl From<NestedBlock> for Declaration {
    fn from(block: NestedBlock) -> Self {
        Declaration::Block(block)
    }
}

impl Field {
    /// The path of this field below `parent`.
    pub fn path(&self, parent: &Path) -> Path {
        parent.attribute(self.name)
    }
}
