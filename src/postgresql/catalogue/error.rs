//! What is wrong with a parameter, in words that name the allowed values.

use std::fmt;

/// PostgreSQL would not start, or not reload, with this parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterError {
    /// The key cannot be a parameter name at all.
    Name { name: String },
    /// This major has no such parameter.
    Unknown {
        name: String,
        major: u32,
        hint: Option<String>,
    },
    /// The parameter exists but nobody can set it.
    ReadOnly { name: String, reason: &'static str },
    /// The value is not one that the parameter takes.
    Value {
        name: String,
        value: String,
        expected: String,
    },
}

impl ParameterError {
    /// A short title for a diagnostic.
    pub fn summary(&self) -> &'static str {
        match self {
            Self::Name { .. } => "Invalid parameter name",
            Self::Unknown { .. } => "Unknown PostgreSQL parameter",
            Self::ReadOnly { .. } => "Parameter cannot be set",
            Self::Value { .. } => "Invalid parameter value",
        }
    }
}

impl fmt::Display for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { name } => write!(
                f,
                "`{name}` is not a parameter name: letters, digits, `_` and `$`, not starting with a digit, \
                 with at most one `.` after the name of an extension."
            ),
            Self::Unknown { name, major, hint } => {
                write!(f, "PostgreSQL {major} has no parameter `{name}`.")?;
                hint.as_ref().map_or(Ok(()), |hint| write!(f, " {hint}"))
            }
            Self::ReadOnly { name, reason } => {
                write!(f, "`{name}` {reason}; remove it from the parameters.")
            }
            Self::Value {
                name,
                value,
                expected,
            } => write!(f, "`{name}` cannot be `{value}`: {expected}."),
        }
    }
}

impl std::error::Error for ParameterError {}

/// PostgreSQL takes the parameter, but the user may not get what was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning(pub String);

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
