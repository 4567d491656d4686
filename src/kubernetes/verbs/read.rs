//! `get`, `list` and `logs`.

use http::Method;
use serde_json::Value;

use crate::kubernetes::request::{Request, list_path};
use crate::kubernetes::{Call, Client, Error, ErrorKind, Reference, Result};

/// Objects per page of a list.
const PAGE: &str = "500";
/// How often a list starts again because its continuation expired.
const RESTARTS: u32 = 3;

impl Client {
    /// The object, or `None` when it does not exist.
    ///
    /// A kind that the API server does not know is an error ([`ErrorKind::KindMissing`]).
    pub async fn get(&self, call: &Call, reference: &Reference) -> Result<Option<Value>> {
        let request = Request::on("get", Method::GET, reference)?;
        match self.send(call, &request).await {
            Ok(answer) => answer
                .json()
                .map(Some)
                .map_err(|error| error.on("get", reference)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All objects of a kind, in one namespace or (`None`) in all, that match the selector.
    pub async fn list(
        &self,
        call: &Call,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
        selector: Option<&str>,
    ) -> Result<Vec<Value>> {
        let path = list_path(api_version, kind, namespace)?;
        let mut request = Request::new("list", Method::GET, path).query("limit", PAGE);
        // Errors of a list name the kind and the namespace; no object is called `*`.
        request.reference = Some(Reference {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.map(str::to_owned),
            name: "*".to_owned(),
        });
        if let Some(selector) = selector {
            request = request.query("labelSelector", selector);
        }
        let mut restarts = 0;
        loop {
            match self.pages(call, &request).await {
                Err(error) if error.status == Some(410) && restarts < RESTARTS => restarts += 1,
                Ok(mut objects) => {
                    for object in &mut objects {
                        complete(object, api_version, kind);
                    }
                    return Ok(objects);
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn pages(&self, call: &Call, first: &Request) -> Result<Vec<Value>> {
        let mut objects = Vec::new();
        let mut request = first.clone();
        loop {
            let mut page = self.send(call, &request).await?.json()?;
            let next = page
                .pointer("/metadata/continue")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned();
            match page.get_mut("items").map(Value::take) {
                Some(Value::Array(items)) => objects.extend(items),
                Some(Value::Null) | None => {}
                Some(_) => {
                    return Err(Error::new(
                        ErrorKind::Transient,
                        "the list of the API server has no items",
                    ));
                }
            }
            if next.is_empty() {
                return Ok(objects);
            }
            request = first.clone().query("continue", next);
        }
    }

    /// The last `tail` lines that a container wrote.
    pub async fn logs(
        &self,
        call: &Call,
        namespace: &str,
        pod: &str,
        container: &str,
        tail: u32,
    ) -> Result<String> {
        let reference = Reference::namespaced("v1", "Pod", namespace, pod);
        let request = Request::on("logs", Method::GET, &reference)?
            .subresource(Some("log"))
            .query("container", container)
            .query("tailLines", tail.to_string());
        let answer = self.send(call, &request).await?;
        Ok(String::from_utf8_lossy(&answer.body).into_owned())
    }
}

/// Items of a list come without the API version and kind that a single object has.
fn complete(object: &mut Value, api_version: &str, kind: &str) {
    if let Value::Object(fields) = object {
        fields
            .entry("apiVersion")
            .or_insert_with(|| api_version.into());
        fields.entry("kind").or_insert_with(|| kind.into());
    }
}
