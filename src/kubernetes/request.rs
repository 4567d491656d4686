//! The HTTP request of a call: path, query, method, body.

use http::{HeaderValue, Method};
use serde_json::Value;

use super::kinds::{self, Kind};
use super::{Error, Reference, Result};

pub(super) const APPLY: &str = "application/apply-patch+yaml";
pub(super) const MERGE: &str = "application/merge-patch+json";
pub(super) const JSON_PATCH: &str = "application/json-patch+json";
pub(super) const JSON: &str = "application/json";

/// A request that can be sent again.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub verb: &'static str,
    pub method: Method,
    pub path: String,
    pub query: Vec<(&'static str, String)>,
    pub content_type: &'static str,
    pub body: Option<bytes::Bytes>,
    /// Whether sending it twice has the effect of sending it once.
    pub idempotent: bool,
    pub reference: Option<Reference>,
}

impl Request {
    pub fn new(verb: &'static str, method: Method, path: String) -> Self {
        Self {
            verb,
            method,
            path,
            query: Vec::new(),
            content_type: JSON,
            body: None,
            idempotent: true,
            reference: None,
        }
    }

    /// A request for one object.
    pub fn on(verb: &'static str, method: Method, reference: &Reference) -> Result<Self> {
        let path = object_path(reference).map_err(|error| error.on(verb, reference))?;
        Ok(Self {
            reference: Some(reference.clone()),
            ..Self::new(verb, method, path)
        })
    }

    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub fn body(mut self, content_type: &'static str, body: &Value) -> Self {
        self.content_type = content_type;
        self.body = Some(body.to_string().into());
        self
    }

    pub fn subresource(mut self, name: Option<&str>) -> Self {
        if let Some(name) = name {
            self.path = format!("{}/{name}", self.path);
        }
        self
    }

    pub fn not_idempotent(mut self) -> Self {
        self.idempotent = false;
        self
    }

    pub fn uri(&self) -> String {
        if self.query.is_empty() {
            return self.path.clone();
        }
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.query);
        format!("{}?{}", self.path, query.finish())
    }

    pub fn to_http<B>(
        &self,
        authorization: Option<HeaderValue>,
        body: impl Fn(bytes::Bytes) -> B,
    ) -> Result<http::Request<B>> {
        let mut request = http::Request::builder()
            .method(self.method.clone())
            .uri(self.uri())
            .header(http::header::ACCEPT, JSON)
            .header(http::header::CONTENT_TYPE, self.content_type)
            .body(body(self.body.clone().unwrap_or_default()))
            .map_err(|error| {
                Error::invalid_request(format!("the request cannot be built: {error}"))
            })?;
        if let Some(authorization) = authorization {
            request
                .headers_mut()
                .insert(http::header::AUTHORIZATION, authorization);
        }
        Ok(request)
    }
}

/// The path of all objects of a kind, in one namespace or in all.
pub(super) fn list_path(api_version: &str, kind: &str, namespace: Option<&str>) -> Result<String> {
    let kind = known(api_version, kind)?;
    let base = if api_version.contains('/') {
        "/apis"
    } else {
        "/api"
    };
    match namespace {
        Some(namespace) if kind.namespaced => Ok(format!(
            "{base}/{api_version}/namespaces/{}/{}",
            segment("namespace", namespace)?,
            kind.plural
        )),
        _ => Ok(format!("{base}/{api_version}/{}", kind.plural)),
    }
}

fn object_path(reference: &Reference) -> Result<String> {
    let kind = known(&reference.api_version, &reference.kind)?;
    if kind.namespaced && reference.namespace.is_none() {
        return Err(Error::invalid_request(format!(
            "a {} needs a namespace",
            reference.kind
        )));
    }
    let list = list_path(
        &reference.api_version,
        &reference.kind,
        reference.namespace.as_deref(),
    )?;
    Ok(format!("{list}/{}", segment("name", &reference.name)?))
}

fn known(api_version: &str, kind: &str) -> Result<&'static Kind> {
    kinds::find(api_version, kind).ok_or_else(|| {
        Error::invalid_request(format!(
            "this provider does not know the kind `{kind}` of `{api_version}`"
        ))
    })
}

/// Names become path segments; one that could change the path is refused, never escaped.
fn segment<'a>(what: &str, name: &'a str) -> Result<&'a str> {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':');
    if name.is_empty() || name == "." || name == ".." || !name.chars().all(safe) {
        return Err(Error::invalid_request(format!(
            "`{name}` is not a valid {what}"
        )));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_follow_group_scope_and_namespace() {
        let path = |reference: &Reference| object_path(reference).unwrap();
        let cluster = Reference::namespaced("postgresql.cnpg.io/v1", "Cluster", "db", "pg");
        assert_eq!(
            path(&cluster),
            "/apis/postgresql.cnpg.io/v1/namespaces/db/clusters/pg"
        );
        assert_eq!(
            path(&Reference::namespaced("v1", "Secret", "db", "s")),
            "/api/v1/namespaces/db/secrets/s"
        );
        assert_eq!(
            path(&Reference::cluster_scoped("v1", "Namespace", "db")),
            "/api/v1/namespaces/db"
        );
        assert_eq!(list_path("v1", "Pod", None).unwrap(), "/api/v1/pods");
    }

    #[test]
    fn a_name_cannot_leave_its_place_in_the_path() {
        for name in ["", "..", "a/b", "a?x=1", "a%2fb", "a b"] {
            let error = object_path(&Reference::namespaced("v1", "Pod", "db", name)).unwrap_err();
            assert_eq!(error.kind, crate::kubernetes::ErrorKind::Invalid, "{name}");
        }
        assert!(object_path(&Reference::cluster_scoped("v1", "Pod", "p")).is_err());
        assert!(object_path(&Reference::cluster_scoped("v1", "Nonsense", "p")).is_err());
    }

    #[test]
    fn the_query_is_encoded() {
        let request = Request::new("list", Method::GET, "/api/v1/pods".into())
            .query("labelSelector", "a=b,c in (d)");
        assert_eq!(
            request.uri(),
            "/api/v1/pods?labelSelector=a%3Db%2Cc+in+%28d%29"
        );
    }
}
