//! Turns an answer that is not a success into an [`Error`].

use std::time::Duration;

use http::{HeaderMap, header::RETRY_AFTER};
use serde::Deserialize;

use super::error::{Cause, Conflict, Details, Error, ErrorKind};
use super::error_table;
use super::reference::Reference;

/// `metav1.Status`, as far as we read it.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    message: String,
    reason: String,
    details: StatusDetails,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct StatusDetails {
    causes: Vec<StatusCause>,
    retry_after_seconds: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StatusCause {
    reason: String,
    message: String,
    field: String,
}

const FIELD_MANAGER_CONFLICT: &str = "FieldManagerConflict";
const LONGEST_TEXT: usize = 400;

/// Decodes an error answer. For a Secret the texts that may quote its values are withheld.
pub(super) fn decode(
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
    target: Option<&Reference>,
) -> Error {
    let answer = serde_json::from_slice::<Status>(body).unwrap_or_else(|_| Status {
        message: plain_text(body),
        ..Status::default()
    });
    let kind = error_table::classify(status, &answer.reason, &answer.message);
    let named = answer
        .details
        .causes
        .into_iter()
        .filter(|cause| cause.field != "<nil>");
    let mut causes: Vec<Cause> = named.map(cause).collect();
    if causes.is_empty() && kind == ErrorKind::Invalid {
        causes = causes_in(&answer.message);
    }
    let conflicts = causes
        .iter()
        .filter(|cause| cause.reason == FIELD_MANAGER_CONFLICT)
        .map(|cause| Conflict {
            manager: manager(&cause.message),
            path: cause.field.clone(),
        })
        .collect();
    let mut details = Details {
        kind,
        reason: answer.reason,
        message: if answer.message.is_empty() {
            "the API server gave no reason".to_owned()
        } else {
            answer.message
        },
        status: Some(status),
        causes,
        reference: target.cloned(),
        verb: "",
        conflicts,
        retry_after: retry_after(headers, answer.details.retry_after_seconds),
        without_effect: matches!(kind, ErrorKind::Throttled | ErrorKind::WebhookUnavailable),
    };
    if target.is_some_and(|target| target.kind == "Secret") && kind == ErrorKind::Invalid {
        withhold(&mut details);
    }
    Error::from_details(details)
}

fn withhold(details: &mut Details) {
    let text = "the text of the API server is withheld because it may quote the Secret's values";
    details.message = format!("the Secret is not valid; {text}");
    for cause in &mut details.causes {
        text.clone_into(&mut cause.message);
    }
}

fn plain_text(body: &[u8]) -> String {
    String::from_utf8_lossy(body)
        .trim()
        .chars()
        .take(LONGEST_TEXT)
        .collect()
}

fn cause(cause: StatusCause) -> Cause {
    Cause {
        reason: cause.reason,
        message: cause.message,
        field: cause.field.trim_start_matches('.').to_owned(),
    }
}

/// `conflict with "kubectl-edit" using postgresql.cnpg.io/v1`: the quoted name.
fn manager(message: &str) -> String {
    message.split('"').nth(1).unwrap_or("unknown").to_owned()
}

/// Field names in texts that come without causes: `.spec.nope: field not declared in schema`
/// of a server-side apply, `unknown field "spec.nope"` of strict decoding.
fn causes_in(message: &str) -> Vec<Cause> {
    let text = |reason: &str, message: &str, field: &str| Cause {
        reason: reason.to_owned(),
        message: message.to_owned(),
        field: field.trim_start_matches('.').to_owned(),
    };
    let undeclared = message
        .split([' ', '\n', ','])
        .zip(message.split([' ', '\n', ',']).skip(1));
    let mut causes: Vec<Cause> = undeclared
        .filter(|(word, next)| word.starts_with('.') && word.ends_with(':') && *next == "field")
        .map(|(word, _)| {
            text(
                "FieldUnknown",
                "field not declared in schema",
                word.trim_end_matches(':'),
            )
        })
        .collect();
    for part in message.split("unknown field ").skip(1) {
        if let Some(field) = part.split('"').nth(1) {
            causes.push(text("FieldUnknown", "unknown field", field));
        }
    }
    causes
}

fn retry_after(headers: &HeaderMap, seconds: u64) -> Option<Duration> {
    let header = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse().ok());
    header
        .or((seconds > 0).then_some(seconds))
        .map(Duration::from_secs)
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
