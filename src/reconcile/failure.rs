//! A failed step of a run, in one form for every system.

use crate::azure;
use crate::kubernetes;

/// What the engine decides by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    Canceled,
    DeadlineExceeded,
    /// Unreachable, throttled, 5xx: says nothing about the objects.
    Transient,
    /// The AKS cluster does not exist any more, and so nothing on it does.
    ClusterGone,
    /// Another field manager holds fields that we were not asked to take.
    Conflict,
    Other,
}

/// What went wrong, for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub kind: FailureKind,
    /// Short; becomes the summary of the diagnostic.
    pub summary: String,
    pub detail: String,
    /// Field paths that the server complained about, with its words.
    pub causes: Vec<(String, String)>,
}

impl Failure {
    pub fn other(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Failure {
            kind: FailureKind::Other,
            summary: summary.into(),
            detail: detail.into(),
            causes: Vec::new(),
        }
    }

    #[must_use]
    pub fn of_kind(mut self, kind: FailureKind) -> Self {
        self.kind = kind;
        self
    }

    /// Puts what was being done before what happened.
    #[must_use]
    pub fn while_doing(mut self, what: &str) -> Self {
        self.summary = what.to_owned();
        self
    }
}

impl From<kubernetes::Error> for Failure {
    fn from(error: kubernetes::Error) -> Self {
        use kubernetes::ErrorKind;
        let kind = match error.kind {
            ErrorKind::Canceled => FailureKind::Canceled,
            ErrorKind::DeadlineExceeded => FailureKind::DeadlineExceeded,
            ErrorKind::Throttled | ErrorKind::Transient | ErrorKind::WebhookUnavailable => {
                FailureKind::Transient
            }
            ErrorKind::Conflict if !error.conflicts.is_empty() => FailureKind::Conflict,
            _ => FailureKind::Other,
        };
        Failure {
            kind,
            summary: "Kubernetes refused a request".to_owned(),
            causes: error
                .causes
                .iter()
                .filter(|cause| !cause.field.is_empty())
                .map(|cause| (cause.field.clone(), cause.message.clone()))
                .collect(),
            detail: error.to_string(),
        }
    }
}

impl From<azure::Error> for Failure {
    fn from(error: azure::Error) -> Self {
        use azure::ErrorKind;
        let kind = match error.kind {
            ErrorKind::Canceled => FailureKind::Canceled,
            ErrorKind::DeadlineExceeded => FailureKind::DeadlineExceeded,
            ErrorKind::Busy | ErrorKind::Throttled | ErrorKind::Transient => FailureKind::Transient,
            _ => FailureKind::Other,
        };
        Failure {
            kind,
            summary: "Azure refused a request".to_owned(),
            detail: error.to_string(),
            causes: Vec::new(),
        }
    }
}
