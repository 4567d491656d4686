//! Requests and responses of ARM.

use super::{Error, decode};
use azure_core::http::Method as CoreMethod;
use azure_core::http::headers::{HeaderName, Headers};
use bytes::Bytes;
use serde_json::Value;
use std::time::Duration;
use url::form_urlencoded;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Put,
    Patch,
    Post,
    Delete,
}

impl Method {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }

    pub(super) fn core(self) -> CoreMethod {
        match self {
            Self::Get => CoreMethod::Get,
            Self::Put => CoreMethod::Put,
            Self::Patch => CoreMethod::Patch,
            Self::Post => CoreMethod::Post,
            Self::Delete => CoreMethod::Delete,
        }
    }
}

/// One request. `path` holds the query, api-version included.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub method: Method,
    pub path: String,
    pub body: Option<Bytes>,
    /// A poll reports the end of another request, so a refusal is an answer and not a reason to
    /// ask again.
    pub poll: bool,
}

impl Request {
    pub(super) fn get(path: String) -> Self {
        Self {
            method: Method::Get,
            path,
            body: None,
            poll: false,
        }
    }

    pub(super) fn poll(path: String) -> Self {
        Self {
            poll: true,
            ..Self::get(path)
        }
    }

    pub(super) fn new(method: Method, path: String, body: Option<&Value>) -> Self {
        let body = body
            .filter(|body| !body.is_null())
            .map(|body| Bytes::from(body.to_string()));
        Self {
            method,
            path,
            body,
            poll: false,
        }
    }

    /// Whether the request may be sent again when its effect is unknown: everything but actions,
    /// and of those the ones that only ask.
    pub(super) fn repeatable(&self) -> bool {
        let action = self
            .resource()
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_lowercase();
        let asks = ["list", "check", "validate", "get"];
        self.method != Method::Post || asks.iter().any(|word| action.starts_with(word))
    }

    /// The path without its query.
    pub(super) fn resource(&self) -> &str {
        resource(&self.path)
    }
}

pub(super) fn resource(path: &str) -> &str {
    path.split('?').next().unwrap_or(path)
}

/// `id` with the api-version, and a filter when there is one, added to its query.
pub(super) fn with_query(id: &str, api_version: &str, filter: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("api-version", api_version);
    if let Some(filter) = filter {
        query.append_pair("$filter", filter);
    }
    let separator = if id.contains('?') { '&' } else { '?' };
    let query = query.finish().replace('+', "%20");
    format!("{}{separator}{query}", id.trim_end_matches('/'))
}

/// One answer, successful or not.
#[derive(Clone, Debug)]
pub(super) struct Response {
    pub status: u16,
    pub headers: Headers,
    pub body: Bytes,
}

impl Response {
    pub(super) fn header(&self, name: &'static str) -> Option<&str> {
        self.headers
            .get_optional_str(&HeaderName::from_static(name))
    }

    /// The body; null when there is none.
    pub(super) fn json(&self) -> Result<Value, Error> {
        decode::json(&self.body)
            .map(Option::unwrap_or_default)
            .map_err(|error| {
                let mut error = Error::protocol(format!("the answer is not JSON: {error}"));
                error.status = Some(self.status);
                error.request_id = self.request_id();
                error
            })
    }

    pub(super) fn request_id(&self) -> Option<String> {
        self.header("x-ms-request-id").map(str::to_owned)
    }

    /// How long the service asks to wait.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let milliseconds = ["x-ms-retry-after-ms", "retry-after-ms"]
            .iter()
            .find_map(|name| self.header(name)?.trim().parse().ok())
            .map(Duration::from_millis);
        milliseconds.or_else(|| wait(self.header("retry-after")?.trim()))
    }

    pub(super) fn into_error(self) -> Error {
        let mut error = decode::failure(self.status, &self.body).into_error(self.status);
        error.request_id = self.request_id();
        error.correlation_id = self
            .header("x-ms-correlation-request-id")
            .map(str::to_owned);
        error
    }
}

/// Seconds or an HTTP date.
fn wait(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let then = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    let seconds = then.as_second() - jiff::Timestamp::now().as_second();
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(headers: &[(&'static str, &'static str)]) -> Response {
        let mut map = Headers::new();
        for (name, value) in headers {
            map.insert(*name, *value);
        }
        Response {
            status: 200,
            headers: map,
            body: Bytes::new(),
        }
    }

    #[test]
    fn the_query_is_added_once_and_encoded() {
        assert_eq!(
            with_query("/a/", "2025-01-01", None),
            "/a?api-version=2025-01-01"
        );
        assert_eq!(with_query("/a?x=1", "v", None), "/a?x=1&api-version=v");
        assert_eq!(
            with_query("/a", "v", Some("principalId eq 'p'")),
            "/a?api-version=v&%24filter=principalId%20eq%20%27p%27"
        );
    }

    #[test]
    fn a_wait_is_given_in_seconds_milliseconds_or_as_a_date() {
        let after = |headers: &[_]| response(headers).retry_after();
        assert_eq!(after(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        let both = [("retry-after", "7"), ("x-ms-retry-after-ms", "250")];
        assert_eq!(after(&both), Some(Duration::from_millis(250)));
        assert_eq!(
            after(&[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")]),
            Some(Duration::ZERO)
        );
        assert_eq!(after(&[("retry-after", "soon")]), None);
        assert_eq!(after(&[]), None);
    }

    #[test]
    fn only_actions_that_change_something_are_not_repeatable() {
        let post = |path: &str| Request::new(Method::Post, path.to_owned(), None).repeatable();
        assert!(post("/x/listKeys?api-version=v"));
        assert!(!post("/x/restart?api-version=v"));
        assert!(Request::new(Method::Put, "/x/restart".into(), None).repeatable());
    }

    #[test]
    fn null_is_no_body() {
        let body = |body| Request::new(Method::Put, "/x".into(), Some(&body)).body;
        assert_eq!(body(Value::Null), None);
        assert_eq!(body(serde_json::json!({})), Some(Bytes::from("{}")));
    }
}
