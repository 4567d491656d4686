//! What went wrong with a call, in the API server's words and in ours.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use super::Reference;
use super::error_table;

/// What a caller decides by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The object (or its namespace) does not exist.
    NotFound,
    /// The API server does not know the kind: its CRD is not installed.
    KindMissing,
    /// Another field manager owns the field (then `conflicts` is filled), or the object changed
    /// since it was read.
    Conflict,
    AlreadyExists,
    /// The object was refused for what it says; `causes` name the fields.
    Invalid,
    Forbidden,
    Unauthorized,
    /// An admission webhook did not answer; the next attempt may succeed.
    WebhookUnavailable,
    Throttled,
    /// The API server or the way to it failed; the next attempt may succeed.
    Transient,
    /// The connection settings are unusable.
    Configuration,
    Canceled,
    DeadlineExceeded,
    /// What was waited for cannot come.
    Terminal,
}

/// One field-level complaint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    pub reason: String,
    pub message: String,
    /// Without a leading dot, for example `spec.storage.size`; empty when not said.
    pub field: String,
}

/// A field that another manager owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    pub manager: String,
    /// As the API server prints it, without the leading dot.
    pub path: String,
}

/// The content of an [`Error`], which dereferences to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Details {
    pub kind: ErrorKind,
    /// The API server's one-word reason, for example `Invalid`; empty when there was none.
    pub reason: String,
    pub message: String,
    /// The HTTP status code, when the API server answered.
    pub status: Option<u16>,
    pub causes: Vec<Cause>,
    pub reference: Option<Reference>,
    /// `get`, `apply`, `delete`...; empty before it is known.
    pub verb: &'static str,
    pub conflicts: Vec<Conflict>,
    /// How long the server asked us to wait.
    pub retry_after: Option<Duration>,
    /// Whether the request certainly had no effect, so that even a create may be sent again.
    pub without_effect: bool,
}

/// A failed call.
#[derive(Clone, Debug, PartialEq)]
pub struct Error(Box<Details>);

impl Error {
    pub(super) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Details {
            kind,
            reason: String::new(),
            message: message.into(),
            status: None,
            causes: Vec::new(),
            reference: None,
            verb: "",
            conflicts: Vec::new(),
            retry_after: None,
            without_effect: false,
        }))
    }

    pub(super) fn from_details(details: Details) -> Self {
        Self(Box::new(details))
    }

    pub(super) fn canceled() -> Self {
        Self::new(ErrorKind::Canceled, "the run was canceled")
    }

    pub(super) fn deadline_exceeded() -> Self {
        Self::new(
            ErrorKind::DeadlineExceeded,
            "the time for this operation is over",
        )
    }

    pub(super) fn configuration(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration, message)
    }

    /// A request that we refuse to send.
    pub(super) fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    pub(super) fn on(mut self, verb: &'static str, reference: &Reference) -> Self {
        self.0.verb = verb;
        self.0.reference.get_or_insert_with(|| reference.clone());
        self
    }

    /// The same failure as another call met it.
    pub(super) fn about(mut self, verb: &'static str, reference: &Reference) -> Self {
        self.0.reference = None;
        self.on(verb, reference)
    }

    pub(super) fn during(mut self, verb: &'static str) -> Self {
        self.0.verb = verb;
        self
    }

    pub(super) fn certainly_unsent(mut self) -> Self {
        self.0.without_effect = true;
        self
    }

    /// Puts `text` after what the message already says.
    pub(super) fn explained(mut self, text: &str) -> Self {
        if !text.is_empty() {
            self.0.message = format!("{}\n{text}", self.0.message);
        }
        self
    }

    /// Whether the same call may succeed a little later.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::Throttled | ErrorKind::Transient | ErrorKind::WebhookUnavailable
        )
    }

    pub fn is_not_found(&self) -> bool {
        self.kind == ErrorKind::NotFound
    }
}

impl Deref for Error {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.verb.is_empty() {
            write!(out, "{}", self.verb)?;
            if let Some(reference) = &self.reference {
                write!(out, " of `{reference}`")?;
            }
            write!(out, " failed: ")?;
        }
        write!(out, "{}", self.message)?;
        match (self.status, self.reason.as_str()) {
            (Some(status), "") => write!(out, " (HTTP {status})")?,
            (Some(status), reason) => write!(out, " (HTTP {status}, {reason})")?,
            (None, _) => {}
        }
        for cause in self
            .causes
            .iter()
            .filter(|cause| !self.message.contains(&cause.message))
        {
            match cause.field.as_str() {
                "" => write!(out, "\n- {}", cause.message)?,
                field => write!(out, "\n- `{field}`: {}", cause.message)?,
            }
        }
        match error_table::advice(self) {
            Some(advice) => write!(out, "\n{advice}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
