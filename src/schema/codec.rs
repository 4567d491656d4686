//! What the codecs share.

use std::fmt;

use super::diagnostic::Path;

/// No schema nests deeper; bounds the stack that hostile input can use.
pub const MAX_DEPTH: usize = 64;

/// Input that does not hold a value of the expected type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecError {
    pub path: Path,
    pub message: String,
}

impl CodecError {
    pub fn new(path: &Path, message: impl Into<String>) -> Self {
        CodecError {
            path: path.clone(),
            message: message.into(),
        }
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_root() {
            f.write_str(&self.message)
        } else {
            write!(f, "`{}`: {}", self.path, self.message)
        }
    }
}

impl std::error::Error for CodecError {}

/// Where in a value a codec is; a linked list, so that the way is only written down when something fails.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    Root,
    Attribute(&'a Place<'a>, &'a str),
    Index(&'a Place<'a>, usize),
    Key(&'a Place<'a>, &'a str),
    /// Elements of sets have no address; errors in them are about the set.
    Element(&'a Place<'a>),
}

impl Place<'_> {
    pub(super) fn path(&self) -> Path {
        match self {
            Place::Root => Path::root(),
            Place::Attribute(parent, name) => parent.path().attribute(*name),
            Place::Index(parent, index) => parent.path().index(*index),
            Place::Key(parent, key) => parent.path().key(*key),
            Place::Element(parent) => parent.path(),
        }
    }

    pub(super) fn fail<T>(&self, message: impl Into<String>) -> Result<T, CodecError> {
        Err(CodecError::new(&self.path(), message))
    }
}
