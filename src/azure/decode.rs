//! Error bodies, as the services really send them: wrapped or not, with a byte order mark, nested,
//! as JSON inside a message, as XML or as a gateway's HTML page.

use super::error_table;
use super::{Detail, Error, ErrorKind};
use serde_json::{Map, Value};

/// Code, message and causes of a failure.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Failure {
    pub code: String,
    pub message: String,
    pub details: Vec<Detail>,
    /// The body was not what an ARM service sends: a proxy or gateway may have answered.
    pub foreign: bool,
}

/// Longest text taken from a body that is not an ARM error.
const MAX_TEXT: usize = 300;
const MAX_DEPTH: usize = 8;

/// The JSON of a body; `None` when it is empty.
pub(super) fn json(body: &[u8]) -> Result<Option<Value>, serde_json::Error> {
    let body = without_mark(body);
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    serde_json::from_slice(body).map(Some)
}

/// Reads the body of a failed response.
pub(super) fn failure(status: u16, body: &[u8]) -> Failure {
    let mut failure = match json(body) {
        Ok(None) => Failure::default(),
        Ok(Some(value)) => of_json(&value).unwrap_or_else(|| foreign(&value.to_string())),
        Err(_) => of_text(&String::from_utf8_lossy(without_mark(body))),
    };
    if failure.code.is_empty() {
        failure.code = format!("HTTP{status}");
    }
    if failure.message.is_empty() {
        failure.message = http::StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or("no message")
            .to_owned();
    }
    failure
}

/// The failure that an operation's own body reports (`{status, error}` or a resource).
pub(super) fn of_json(value: &Value) -> Option<Failure> {
    let object = value.as_object()?;
    let error = ["error", "Error", "odata.error"]
        .iter()
        .find_map(|key| object.get(*key));
    match error {
        Some(Value::Object(error)) => of_object(error),
        Some(Value::String(code)) => Some(Failure {
            code: code.clone(),
            message: text(object, "error_description").unwrap_or_default(),
            ..Failure::default()
        }),
        _ => of_object(object),
    }
}

impl Failure {
    pub(super) fn into_error(self, status: u16) -> Error {
        let kind = match error_table::of_response(status, &self.code, &self.message) {
            // Only ARM can tell that something does not exist.
            ErrorKind::NotFound if self.foreign => ErrorKind::Protocol,
            kind => kind,
        };
        let mut error = Error::new(kind, self.code, self.message);
        error.status = Some(status);
        error.details = self.details;
        error
    }
}

fn of_object(error: &Map<String, Value>) -> Option<Failure> {
    let code = text(error, "code").or_else(|| text(error, "Code"));
    let message = text(error, "message").or_else(|| text(error, "Message"));
    if code.is_none() && message.is_none() {
        return None;
    }
    let mut details = Vec::new();
    let mut message = message.unwrap_or_default();
    if let Some(inner) = nested_in_message(&message) {
        details.push(Detail {
            code: inner.code.clone(),
            message: inner.message.clone(),
            target: None,
        });
        details.extend(inner.details);
        message = inner.message;
    }
    causes(error, &mut details, 0);
    details.dedup();
    Some(Failure {
        code: code.unwrap_or_default(),
        message,
        details,
        foreign: false,
    })
}

/// Some services put a whole error, as JSON text, into the message of another.
fn nested_in_message(message: &str) -> Option<Failure> {
    let value: Value = message
        .trim_start()
        .starts_with('{')
        .then(|| serde_json::from_str(message).ok())??;
    of_json(&value)
}

fn causes(error: &Map<String, Value>, found: &mut Vec<Detail>, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    if let Some(subcode) = text(error, "subcode") {
        found.push(Detail {
            code: subcode,
            message: "subcode".into(),
            target: None,
        });
    }
    for cause in error
        .get("details")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        if let Value::Object(cause) = cause {
            cause_itself(cause, found);
            causes(cause, found, depth + 1);
        }
    }
    for key in ["innererror", "innerError"] {
        if let Some(Value::Object(inner)) = error.get(key) {
            cause_itself(inner, found);
            causes(inner, found, depth + 1);
        }
    }
    for info in error
        .get("additionalInfo")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        found.extend(policy(info));
    }
}

fn cause_itself(cause: &Map<String, Value>, found: &mut Vec<Detail>) {
    let code = text(cause, "code");
    let message = text(cause, "message");
    if code.is_some() || message.is_some() {
        found.push(Detail {
            code: code.unwrap_or_default(),
            message: message.unwrap_or_default(),
            target: text(cause, "target"),
        });
    }
}

fn policy(info: &Value) -> Option<Detail> {
    let kind = info.get("type")?.as_str()?;
    let info = info.get("info")?.as_object()?;
    let assignment = text(info, "policyAssignmentDisplayName")
        .or_else(|| text(info, "policyAssignmentName"))
        .unwrap_or_default();
    let definition =
        text(info, "policyDefinitionDisplayName").or_else(|| text(info, "policyDefinitionName"))?;
    Some(Detail {
        code: kind.to_owned(),
        message: format!("policy `{definition}` of assignment `{assignment}`"),
        target: text(info, "policyAssignmentId"),
    })
}

/// A text field; OData wraps it as `{value}`.
fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    match object.get(key)? {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Object(wrapped) => wrapped.get("value")?.as_str().map(str::to_owned),
        _ => None,
    }
}

fn of_text(body: &str) -> Failure {
    if let Some(code) = element(body, "Code") {
        let message = element(body, "Message").unwrap_or_default();
        return Failure {
            code,
            message,
            ..Failure::default()
        };
    }
    let title = element(body, "title").or_else(|| element(body, "TITLE"));
    foreign(title.as_deref().unwrap_or(body))
}

fn foreign(text: &str) -> Failure {
    Failure {
        message: text.trim().chars().take(MAX_TEXT).collect(),
        foreign: true,
        ..Failure::default()
    }
}

/// The text of the first XML element of that name.
fn element(body: &str, name: &str) -> Option<String> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    let (content, _) = rest.split_once(&format!("</{name}>"))?;
    Some(content.trim().to_owned())
}

fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(body: &str) -> (String, String) {
        let failure = failure(409, body.as_bytes());
        (failure.code, failure.message)
    }

    #[test]
    fn every_shape_of_body_gives_code_and_message() {
        let cases = [
            (
                r#"{"error":{"code":"A","message":"m \"quoted\"\nline"}}"#,
                "A",
                "m \"quoted\"\nline",
            ),
            (r#"{"code":"A","message":"m","subcode":""}"#, "A", "m"),
            (
                "\u{feff}{\"error\":{\"code\":\"A\",\"message\":\"m\"}}",
                "A",
                "m",
            ),
            (
                r#"{"status":"Failed","error":{"code":"A","message":"m"}}"#,
                "A",
                "m",
            ),
            (
                r#"{"odata.error":{"code":"A","message":{"lang":"en","value":"m"}}}"#,
                "A",
                "m",
            ),
            (r#"{"error":"A","error_description":"m"}"#, "A", "m"),
            (
                "<?xml version=\"1.0\"?><Error><Code>A</Code><Message>m</Message></Error>",
                "A",
                "m",
            ),
            (
                "<html><head><title>502 Bad Gateway</title></head></html>",
                "HTTP409",
                "502 Bad Gateway",
            ),
            ("upstream closed", "HTTP409", "upstream closed"),
            ("", "HTTP409", "Conflict"),
        ];
        for (body, code, message) in cases {
            assert_eq!(pair(body), (code.to_owned(), message.to_owned()), "{body}");
        }
    }

    #[test]
    fn causes_are_collected_from_all_depths() {
        let body = r#"{"error":{"code":"DeploymentFailed","message":"m","details":[
            {"code":"Conflict","message":"outer","details":[{"code":"Deep","message":"real","target":"sku"}]}],
            "innererror":{"code":"Inner","message":"i"},
            "additionalInfo":[{"type":"PolicyViolation","info":{"policyDefinitionDisplayName":"No B-series","policyAssignmentName":"corp"}}]}}"#;
        let codes: Vec<String> = failure(400, body.as_bytes())
            .details
            .into_iter()
            .map(|d| d.code)
            .collect();
        assert_eq!(codes, ["Conflict", "Deep", "Inner", "PolicyViolation"]);
    }

    #[test]
    fn an_error_inside_a_message_is_unpacked() {
        let body =
            r#"{"code":"Outer","message":"{\"error\":{\"code\":\"Inner\",\"message\":\"why\"}}"}"#;
        let failure = failure(409, body.as_bytes());
        assert_eq!(
            (failure.code.as_str(), failure.message.as_str()),
            ("Outer", "why")
        );
        assert_eq!(failure.details[0].code, "Inner");
    }

    #[test]
    fn only_foreign_bodies_are_marked_foreign() {
        assert!(failure(404, b"<html><title>x</title></html>").foreign);
        assert!(failure(404, b"[1]").foreign);
        assert!(!failure(404, b"").foreign);
        assert!(!failure(404, br#"{"error":{"code":"ResourceNotFound"}}"#).foreign);
    }

    #[test]
    fn a_page_of_a_gateway_does_not_prove_that_something_is_gone() {
        let kind = |body: &[u8]| failure(404, body).into_error(404).kind;
        assert_eq!(
            kind(b"<html><title>404</title></html>"),
            ErrorKind::Protocol
        );
        assert_eq!(kind(b""), ErrorKind::NotFound);
    }

    #[test]
    fn the_error_keeps_status_and_kind() {
        let error = failure(409, br#"{"code":"ServerIsBusy","message":"m"}"#).into_error(409);
        assert_eq!((error.kind, error.status), (ErrorKind::Busy, Some(409)));
    }
}
