//! The error of every ARM call.

use std::fmt;
use std::ops::{Deref, DerefMut};

/// What kind of failure it is: decides about retries and what a caller can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Another operation holds the resource or its parent; passes by itself.
    Busy,
    /// Too many requests.
    Throttled,
    /// The resource, its parent or its group is not there.
    NotFound,
    /// The request contradicts what exists; repeating it does not help.
    Conflict,
    /// The resource changed since it was read.
    PreconditionFailed,
    /// The identity may not do this, or a policy or lock refuses it.
    Forbidden,
    /// A quota or the region's capacity is used up.
    Quota,
    /// The request itself is wrong.
    Invalid,
    /// Directory or access data made a moment ago is not visible everywhere yet.
    ReplicationLag,
    /// A passing fault of service or network.
    Transient,
    /// No token could be had, or ARM refused it.
    Unauthenticated,
    /// The subscription has not registered the resource provider.
    NotRegistered,
    /// An accepted operation ended without success.
    OperationFailed,
    /// The settings of the client cannot work.
    Configuration,
    /// The answer makes no sense.
    Protocol,
    /// Stopped on request.
    Canceled,
    /// The time allowed for the call is over.
    DeadlineExceeded,
}

/// One more cause, from the `details` of an ARM error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    pub code: String,
    pub message: String,
    pub target: Option<String>,
}

/// A failed call: what ARM said and which request it was. Holds no secrets. Its fields are those
/// of [`Report`], kept in a box so that results stay small.
#[derive(Clone, Debug)]
pub struct Error(Box<Report>);

/// What is known of a failed call.
#[derive(Clone, Debug)]
pub struct Report {
    pub kind: ErrorKind,
    /// ARM's code, or a name of our own when there was none.
    pub code: String,
    pub message: String,
    pub request_id: Option<String>,
    pub correlation_id: Option<String>,
    pub method: Option<&'static str>,
    pub path: Option<String>,
    pub status: Option<u16>,
    pub details: Vec<Detail>,
}

impl Error {
    pub(super) fn new(
        kind: ErrorKind,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self(Box::new(Report {
            kind,
            code: code.into(),
            message: message.into(),
            request_id: None,
            correlation_id: None,
            method: None,
            path: None,
            status: None,
            details: Vec::new(),
        }))
    }

    pub(super) fn configuration(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration, "InvalidConfiguration", message)
    }

    pub(super) fn protocol(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Protocol, "UnexpectedResponse", message)
    }

    /// Names the request, unless the error knows it already.
    #[must_use]
    pub(super) fn at(mut self, method: &'static str, path: &str) -> Self {
        self.method.get_or_insert(method);
        self.path.get_or_insert_with(|| path.to_owned());
        self
    }

    /// The same failure, seen when there is no time left for another try.
    #[must_use]
    pub(super) fn out_of_time(mut self) -> Self {
        self.kind = ErrorKind::DeadlineExceeded;
        self.message = format!(
            "time was up and the last answer was still: {}",
            self.message
        );
        self
    }

    fn write_request(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status.map(|status| format!("HTTP {status}"));
        let request = match (self.method, &self.path) {
            (Some(method), Some(path)) => Some(format!("{method} `{path}`")),
            _ => None,
        };
        let request_id = self
            .request_id
            .as_ref()
            .map(|id| format!("request id `{id}`"));
        let correlation = self
            .correlation_id
            .as_ref()
            .map(|id| format!("correlation id `{id}`"));
        let parts: Vec<String> = [status, request, request_id, correlation]
            .into_iter()
            .flatten()
            .collect();
        if parts.is_empty() {
            Ok(())
        } else {
            write!(f, " ({})", parts.join(", "))
        }
    }
}

impl Deref for Error {
    type Target = Report;

    fn deref(&self) -> &Report {
        &self.0
    }
}

impl DerefMut for Error {
    fn deref_mut(&mut self) -> &mut Report {
        &mut self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.code, self.message)?;
        self.write_request(f)?;
        for detail in &self.details {
            write!(f, "\n  - `{}`: {}", detail.code, detail.message)?;
            if let Some(target) = &detail.target {
                write!(f, " (target `{target}`)")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_gives_code_message_request_and_causes() {
        let mut error = Error::new(ErrorKind::Busy, "ServerIsBusy", "Try again later.")
            .at("PUT", "/subscriptions/s/x");
        error.status = Some(409);
        error.request_id = Some("r-1".into());
        error.details.push(Detail {
            code: "Inner".into(),
            message: "the cause".into(),
            target: Some("sku".into()),
        });
        assert_eq!(
            error.to_string(),
            "`ServerIsBusy`: Try again later. (HTTP 409, PUT `/subscriptions/s/x`, request id `r-1`)\n  \
             - `Inner`: the cause (target `sku`)"
        );
    }

    #[test]
    fn the_first_request_named_stays() {
        let error = Error::protocol("odd").at("GET", "/a").at("PUT", "/b");
        assert_eq!(
            (error.method, error.path.as_deref()),
            (Some("GET"), Some("/a"))
        );
    }
}
