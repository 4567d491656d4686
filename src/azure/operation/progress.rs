//! What an answer says about the progress of an operation.

use crate::azure::request::Response;
use crate::azure::{Error, ErrorKind, decode, error_table};
use serde_json::Value;

#[derive(Debug)]
pub(super) enum Progress {
    /// Still at it, in the state of that name.
    Pending(String),
    Ended,
    Failed(Error),
}

/// The body of an `Azure-AsyncOperation` address: any word but the terminal ones means that the
/// work goes on, and no word at all that it is done.
pub(super) fn of_operation(response: &Response, body: &Value) -> Progress {
    match status(body).or_else(|| provisioning_state(body)) {
        Some(word) => of_word(response, body, word),
        None if response.status == 202 => Progress::Pending("Accepted".to_owned()),
        None => of_error(response, body),
    }
}

/// The answer of a `Location` address: 202 until it is done, though some services answer 200 and
/// tell in the body.
pub(super) fn of_location(response: &Response, body: &Value) -> Progress {
    let word = provisioning_state(body).or_else(|| status(body).filter(|word| is_operation(word)));
    match word {
        Some(word) if ended(word) && response.status == 202 => Progress::Pending(word.to_owned()),
        Some(word) => of_word(response, body, word),
        None if response.status == 202 => Progress::Pending("Accepted".to_owned()),
        None => of_error(response, body),
    }
}

/// A resource: done when its `provisioningState` is terminal or absent.
pub(super) fn of_resource(response: &Response, body: &Value) -> Progress {
    match provisioning_state(body) {
        Some(word) => of_word(response, body, word),
        None => Progress::Ended,
    }
}

/// A success whose body holds nothing but an error.
pub(super) fn refused_in_success(response: &Response, body: &Value) -> Option<Error> {
    let failed = status(body).is_some_and(failed_word) && body.get("error").is_some();
    let error_only = body.as_object().is_some_and(|body| body.len() == 1)
        && body.get("error").is_some_and(Value::is_object);
    (failed || error_only).then(|| failure(response, body, "Failed"))
}

fn status(body: &Value) -> Option<&str> {
    body["status"].as_str().filter(|word| !word.is_empty())
}

fn provisioning_state(body: &Value) -> Option<&str> {
    body["properties"]["provisioningState"]
        .as_str()
        .filter(|word| !word.is_empty())
}

fn ended(word: &str) -> bool {
    word.eq_ignore_ascii_case("Succeeded")
}

fn failed_word(word: &str) -> bool {
    ["Failed", "Canceled", "Cancelled"]
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known))
}

/// A `status` in the result of an action may mean something else entirely, so only these words
/// are read as the state of an operation.
fn is_operation(word: &str) -> bool {
    let known = [
        "InProgress",
        "Running",
        "Accepted",
        "Pending",
        "Started",
        "Succeeded",
    ];
    failed_word(word) || known.iter().any(|known| word.eq_ignore_ascii_case(known))
}

fn of_word(response: &Response, body: &Value, word: &str) -> Progress {
    if ended(word) {
        Progress::Ended
    } else if failed_word(word) {
        Progress::Failed(failure(response, body, word))
    } else {
        Progress::Pending(word.to_owned())
    }
}

fn of_error(response: &Response, body: &Value) -> Progress {
    match refused_in_success(response, body) {
        Some(error) => Progress::Failed(error),
        None => Progress::Ended,
    }
}

fn failure(response: &Response, body: &Value, word: &str) -> Error {
    let stated = [&body["error"], &body["properties"]["error"]]
        .into_iter()
        .find_map(decode::of_json)
        .filter(|failure| !failure.code.is_empty() || !failure.message.is_empty());
    let mut error = match stated {
        Some(stated) => {
            let code = if stated.code.is_empty() {
                word.to_owned()
            } else {
                stated.code
            };
            let mut error = Error::new(kind(&code, &stated.message), code, stated.message);
            error.details = stated.details;
            error
        }
        None => {
            let message = format!("the operation ended as `{word}` and gave no reason");
            Error::new(ErrorKind::OperationFailed, word, message)
        }
    };
    error.request_id = response.request_id();
    error.correlation_id = response
        .header("x-ms-correlation-request-id")
        .map(str::to_owned);
    error
}

/// The operation is over, so what would be a passing fault of a request is final here.
fn kind(code: &str, message: &str) -> ErrorKind {
    match error_table::of_code(code, message) {
        Some(
            ErrorKind::Transient
            | ErrorKind::Throttled
            | ErrorKind::NotFound
            | ErrorKind::Unauthenticated,
        )
        | None => ErrorKind::OperationFailed,
        Some(kind) => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_core::http::headers::Headers;
    use bytes::Bytes;
    use serde_json::json;

    type Read = fn(&Response, &Value) -> Progress;

    fn read(read: Read, status: u16, body: Value) -> String {
        let response = Response {
            status,
            headers: Headers::new(),
            body: Bytes::new(),
        };
        match read(&response, &body) {
            Progress::Pending(word) => format!("pending {word}"),
            Progress::Ended => "ended".to_owned(),
            Progress::Failed(error) => format!("{:?} {}", error.kind, error.code),
        }
    }

    #[test]
    fn an_operation_tells_its_state_by_its_status() {
        let cases = [
            (200, json!({"status": "InProgress"}), "pending InProgress"),
            (
                200,
                json!({"status": "ProvisionControlPlane", "properties": {"provisioningState": ""}}),
                "pending ProvisionControlPlane",
            ),
            (200, json!({"status": "succeeded"}), "ended"),
            (
                200,
                json!({"properties": {"provisioningState": "Updating"}}),
                "pending Updating",
            ),
            (200, Value::Null, "ended"),
            (202, Value::Null, "pending Accepted"),
            (
                200,
                json!({"status": "Failed", "error": {"code": "InternalServerError", "message": "m"}}),
                "OperationFailed InternalServerError",
            ),
            (
                200,
                json!({"status": "Failed", "error": {"code": "RetryableError", "message": "m"}}),
                "Busy RetryableError",
            ),
            (
                200,
                json!({"status": "Cancelled"}),
                "OperationFailed Cancelled",
            ),
            (
                200,
                json!({"error": {"code": "QuotaExceeded", "message": "m"}}),
                "Quota QuotaExceeded",
            ),
        ];
        for (status, body, expected) in cases {
            assert_eq!(
                read(of_operation, status, body.clone()),
                expected,
                "{status} {body}"
            );
        }
    }

    #[test]
    fn a_location_is_done_when_it_stops_answering_202() {
        let cases = [
            (202, Value::Null, "pending Accepted"),
            (202, json!({"status": "Succeeded"}), "pending Succeeded"),
            (200, json!({"status": "InProgress"}), "pending InProgress"),
            (200, json!({"status": "Active", "value": 1}), "ended"),
            (
                200,
                json!({"properties": {"provisioningState": "Creating"}}),
                "pending Creating",
            ),
            (
                200,
                json!({"status": "Failed", "error": {"code": "X", "message": "m"}}),
                "OperationFailed X",
            ),
            (204, Value::Null, "ended"),
        ];
        for (status, body, expected) in cases {
            assert_eq!(
                read(of_location, status, body.clone()),
                expected,
                "{status} {body}"
            );
        }
    }

    #[test]
    fn a_resource_without_state_is_ready() {
        let state = |word| json!({"id": "/x", "properties": {"provisioningState": word}});
        assert_eq!(read(of_resource, 200, json!({"id": "/x"})), "ended");
        assert_eq!(
            read(of_resource, 200, state("Creating")),
            "pending Creating"
        );
        assert_eq!(
            read(of_resource, 200, state("Failed")),
            "OperationFailed Failed"
        );
    }
}
