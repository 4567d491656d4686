//! The HTTP face: authentication, paths to targets, verbs to calls, answers to responses.

use super::Kubernetes;
use super::api::patch::PatchKind;
use super::api::read::ListOptions;
use super::api::{Reply, Target};
use super::discovery;
use super::query::{Query, decode_path};
use super::selectors::Selector;
use super::status::{Answer, Failure};
use super::strategy::decode;
use super::watch::{self, WatchOptions};
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::Response;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// The largest body that the real server takes.
const BODY_LIMIT: usize = 3 * 1024 * 1024;

/// Who is let in may do everything.
const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

pub fn router(server: Arc<Kubernetes>) -> axum::Router {
    axum::Router::new().fallback(handle).with_state(server)
}

async fn handle(State(server): State<Arc<Kubernetes>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    if !is_public(&path) && !is_authenticated(&server, &parts.headers) {
        return refused(&Failure::unauthorized());
    }
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else {
        let message = format!("limit is {BODY_LIMIT}");
        return refused(&Failure::new(413, "RequestEntityTooLarge", message));
    };
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    let call = Call {
        server,
        method: parts.method,
        headers: parts.headers,
        query,
        body,
    };
    call.answer(&path)
        .unwrap_or_else(|failure| refused(&failure))
}

fn is_public(path: &str) -> bool {
    ["/healthz", "/livez", "/readyz", "/version"].contains(&path)
}

fn is_authenticated(server: &Kubernetes, headers: &HeaderMap) -> bool {
    let text = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let token = text.and_then(|text| text.strip_prefix("Bearer "));
    (server.options().authenticate)(token.unwrap_or_default())
}

struct Call {
    server: Arc<Kubernetes>,
    method: Method,
    headers: HeaderMap,
    query: Query,
    body: Bytes,
}

impl Call {
    fn answer(&self, path: &str) -> Answer<Response> {
        if is_public(path) && path != "/version" {
            return Ok(text(200, "ok"));
        }
        if let Some(body) = discovery::answer(&self.server, path, self.header(header::ACCEPT)) {
            return Ok(json(200, &body, &[]));
        }
        if self.method == Method::POST && path == REVIEWS {
            let mut review: Value = serde_json::from_slice(&self.body)
                .map_err(|error| Failure::bad_request(error.to_string()))?;
            review["status"] = serde_json::json!({"allowed": true});
            return Ok(json(201, &review, &[]));
        }
        let target = self.server.target_at(path)?;
        if target.name.is_empty() {
            self.collection(target)
        } else {
            self.object(&target)
        }
    }

    fn header(&self, name: header::HeaderName) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }

    fn selector(&self, target: &Target) -> Answer<Selector> {
        Selector::parse(
            &target.kind,
            self.query.get("labelSelector"),
            self.query.get("fieldSelector"),
        )
    }

    fn collection(&self, target: Target) -> Answer<Response> {
        match self.method {
            Method::GET if self.query.flag("watch") => self.watch(target),
            Method::GET => {
                let options = ListOptions {
                    selector: self.selector(&target)?,
                    limit: self
                        .query
                        .number("limit")
                        .and_then(|n| usize::try_from(n).ok())
                        .unwrap_or_default(),
                    token: self.query.get("continue").to_owned(),
                };
                Ok(json(200, &self.server.list(&target, &options)?, &[]))
            }
            Method::POST if !target.kind.namespaced || !target.namespace.is_empty() => {
                let object = self.object_body(&target)?;
                let options = self.query.write_options(self.header(header::USER_AGENT))?;
                Ok(reply(&self.server.create(&target, object, &options)?))
            }
            Method::DELETE => {
                let options = self.query.delete_options(&self.body)?;
                let selector = self.selector(&target)?;
                let gone = self
                    .server
                    .delete_collection(&target, &selector, &options)?;
                Ok(json(200, &gone, &[]))
            }
            _ => Err(Failure::method_not_allowed()),
        }
    }

    fn object(&self, target: &Target) -> Answer<Response> {
        match self.method {
            Method::GET => Ok(json(200, &self.server.get(target)?, &[])),
            Method::PUT | Method::PATCH if target.subresource == "scale" => {
                let scale = decode::parse(&self.body, &target.kind)?;
                let options = self.query.write_options(self.header(header::USER_AGENT))?;
                Ok(reply(&self.server.set_scale(target, &scale, &options)?))
            }
            Method::PUT => {
                let object = self.object_body(target)?;
                let options = self.query.write_options(self.header(header::USER_AGENT))?;
                Ok(reply(&self.server.replace(target, object, &options)?))
            }
            Method::PATCH => {
                let form = self.patch_kind(target)?;
                let options = self.query.write_options(self.header(header::USER_AGENT))?;
                Ok(reply(
                    &self.server.patch(target, form, &self.body, &options)?,
                ))
            }
            Method::DELETE if target.subresource.is_empty() => {
                let options = self.query.delete_options(&self.body)?;
                Ok(json(200, &self.server.delete(target, &options)?, &[]))
            }
            _ => Err(Failure::method_not_allowed()),
        }
    }

    fn media_type(&self) -> &str {
        let text = self.header(header::CONTENT_TYPE);
        text.split(';').next().unwrap_or_default().trim()
    }

    fn object_body(&self, target: &Target) -> Answer<Value> {
        match self.media_type() {
            "" | "application/json" | "application/yaml" => decode::parse(&self.body, &target.kind),
            _ => Err(Failure::unsupported_media()),
        }
    }

    fn patch_kind(&self, target: &Target) -> Answer<PatchKind> {
        match self.media_type() {
            "application/apply-patch+yaml" => Ok(PatchKind::Apply),
            "application/merge-patch+json" => Ok(PatchKind::Merge),
            "application/json-patch+json" => Ok(PatchKind::Json),
            "application/strategic-merge-patch+json" if !target.kind.custom => {
                Ok(PatchKind::Strategic)
            }
            _ => Err(Failure::unsupported_patch(target.kind.custom)),
        }
    }

    fn watch(&self, target: Target) -> Answer<Response> {
        let options = WatchOptions {
            selector: self.selector(&target)?,
            version: self.query.get("resourceVersion").to_owned(),
            bookmarks: self.query.flag("allowWatchBookmarks"),
            initial_events: self.query.flag("sendInitialEvents"),
            timeout: self.query.number("timeoutSeconds").map(Duration::from_secs),
        };
        let stream = watch::stream(Arc::clone(&self.server), target, options);
        let mut response = Response::new(Body::from_stream(stream));
        set_type(&mut response, "application/json");
        Ok(response)
    }
}

impl Kubernetes {
    /// What a path is about: `/api/v1/...` and `/apis/<group>/<version>/...`.
    pub fn target_at(&self, path: &str) -> Answer<Target> {
        let parts: Vec<String> = path.split('/').skip(1).map(decode_path).collect();
        let parts: Vec<&str> = parts
            .iter()
            .map(String::as_str)
            .filter(|part| !part.is_empty())
            .collect();
        let (group, version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return Err(Failure::no_route()),
        };
        let (namespace, rest) = match rest {
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() && !is_subresource(rest) => {
                (*namespace, rest)
            }
            rest => ("", rest),
        };
        let (plural, name, subresource) = match rest {
            [plural] => (*plural, "", ""),
            [plural, name] => (*plural, *name, ""),
            [plural, name, subresource] => (*plural, *name, *subresource),
            _ => return Err(Failure::no_route()),
        };
        let store = self.store();
        let builtin = store
            .kinds
            .iter()
            .any(|kind| kind.group == group && !kind.custom);
        let missing = || match builtin {
            true => Failure::no_resource(),
            false => Failure::no_route(),
        };
        let kind = store.kind(group, version, plural).ok_or_else(missing)?;
        if kind.custom
            && ["status", "scale"].contains(&subresource)
            && kind.scale.is_none()
            && !kind.status
        {
            return Err(Failure::not_found(&kind, name));
        }
        let served = match subresource {
            "" => true,
            "status" => kind.status,
            "scale" => kind.scale.is_some(),
            _ => false,
        };
        if !served || (kind.namespaced && namespace.is_empty() && !name.is_empty()) {
            return Err(missing());
        }
        Ok(Target {
            kind,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            subresource: subresource.to_owned(),
        })
    }
}

fn is_subresource(rest: &[&str]) -> bool {
    matches!(rest, ["status" | "finalize"])
}

fn set_type(response: &mut Response, media: &'static str) {
    let value = header::HeaderValue::from_static(media);
    response.headers_mut().insert(header::CONTENT_TYPE, value);
}

fn reply(reply: &Reply) -> Response {
    json(reply.code, &reply.body, &reply.warnings)
}

fn json(code: u16, body: &Value, warnings: &[String]) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    set_type(&mut response, "application/json");
    *response.status_mut() = axum::http::StatusCode::from_u16(code).unwrap_or_default();
    for warning in warnings {
        let text = format!("299 - {}", Value::from(warning.as_str()));
        if let Ok(value) = header::HeaderValue::from_str(&text) {
            response.headers_mut().append(header::WARNING, value);
        }
    }
    response
}

fn text(code: u16, body: &str) -> Response {
    let mut response = Response::new(Body::from(body.to_owned()));
    set_type(&mut response, "text/plain; charset=utf-8");
    *response.status_mut() = axum::http::StatusCode::from_u16(code).unwrap_or_default();
    response
}

fn refused(failure: &Failure) -> Response {
    if failure.plain {
        return text(failure.code, &failure.message);
    }
    json(failure.code, &failure.body(), &[])
}
