//! The front of ARM: authentication, throttling, and the way from a path to
//! the type that answers for it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State as Shared};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::errors::ArmError;
use super::ids::{Id, Target, parse};
use super::kind::Answer;
use super::request::{Call, authenticate};
use super::store::State;
use super::throttle::Class;
use super::{lookups, reads, types, versions, writes};
use crate::hooks;
use crate::world::World;

pub fn router(world: Arc<World>) -> Router {
    Router::new().fallback(handle).with_state(world)
}

async fn handle(Shared(world): Shared<Arc<World>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX)
        .await
        .unwrap_or_default();
    let mut headers = identification(&world, &parts);
    let result = serve(&world, &parts, &bytes, &mut headers).await;
    respond(result, headers, parts.method == "HEAD")
}

type Headers = Vec<(&'static str, String)>;

fn identification(world: &World, parts: &Parts) -> Headers {
    let request = world.arm.next_request_id();
    let given = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .map(str::to_owned)
    };
    let correlation = given("x-ms-correlation-request-id").unwrap_or_else(|| request.clone());
    let stamp = world.clock.stamp(world.clock.now());
    let mut headers = vec![
        ("cache-control", "no-cache".to_owned()),
        (
            "x-ms-routing-request-id",
            format!(
                "{}:{stamp}:{request}",
                world.options.location.to_uppercase()
            ),
        ),
        ("x-ms-request-id", request),
        ("x-ms-correlation-request-id", correlation),
    ];
    if let Some(id) = given("x-ms-client-request-id") {
        headers.push(("x-ms-client-request-id", id));
    }
    headers
}

async fn serve(
    world: &Arc<World>,
    parts: &Parts,
    bytes: &Bytes,
    headers: &mut Headers,
) -> Result<Answer, ArmError> {
    if let Some(answer) = lookups::anonymous(world, parts.uri.path()) {
        return Ok(answer);
    }
    let author = authenticate(world, &parts.headers)?;
    let class = Class::of(parts.method.as_str());
    let left = world.arm.throttle.take(
        &author.name,
        class,
        world.clock.now(),
        world.options.behaviour.throttle,
        |seconds| world.clock.retry_after(seconds),
    )?;
    headers.push((class.header(), left.to_string()));
    let call = Call::read(parts, bytes, author, world)?;
    let _occupied = occupy(world, &call).await?;
    let (result, events) = {
        // One lock for both: nobody else may take this request's events.
        let mut state = world.arm.state();
        let result = dispatch(world, &mut state, &call);
        (result, std::mem::take(&mut state.events))
    };
    hooks::dispatch(&world.options.hooks, events)
        .await
        .map_err(|error| ArmError::new(500, "InternalServerError", format!("{error:#}")))?;
    result
}

/// Releases an occupied parent, also when the client goes away.
struct Occupied(Arc<Mutex<BTreeSet<String>>>, String);

impl Drop for Occupied {
    fn drop(&mut self) {
        let mut parents = self.0.lock().unwrap_or_else(|e| e.into_inner());
        parents.remove(&self.1);
    }
}

/// Holds a write open that must not overlap with another under its parent.
async fn occupy(world: &Arc<World>, call: &Call) -> Result<Option<Occupied>, ArmError> {
    if !matches!(call.method.as_str(), "PUT" | "DELETE") {
        return Ok(None);
    }
    let Ok(Target::Resource { id, kind }) = parse(&call.path) else {
        return Ok(None);
    };
    if !types::find(&kind).is_some_and(|t| t.kind().exclusive) {
        return Ok(None);
    }
    let parent = id.parent().key();
    let parents = world.arm.occupied.clone();
    let free = parents
        .lock()
        .unwrap_or_else(|e| e.into_inner())
        .insert(parent.clone());
    if !free {
        return Err(ArmError::conflict(
            "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
            "Too many Federated Identity Credentials are written concurrently for the managed identity. Concurrent Federated Identity Credentials writes under the same managed identity are not supported.",
        ));
    }
    let occupied = Occupied(parents, parent);
    world
        .clock
        .hold(world.options.behaviour.federation_write)
        .await;
    Ok(Some(occupied))
}

fn dispatch(world: &World, state: &mut State, call: &Call) -> Result<Answer, ArmError> {
    lookups::subscription_exists(world, call)?;
    if let Some(answer) = lookups::find(world, state, call) {
        return answer;
    }
    match parse(&call.path)? {
        Target::Other => Err(ArmError::new(
            404,
            "InvalidRequestUri",
            format!("The request path '{}' addresses nothing.", call.path),
        )),
        Target::Resource { id, kind } => {
            let kind = known(world, &kind, call)?;
            match call.method.as_str() {
                "GET" => reads::get(world, state, call, kind, &id),
                "HEAD" => reads::head(state, kind, &id),
                "PUT" => writes::put(world, state, call, kind, &id),
                "PATCH" => writes::patch(world, state, call, kind, &id),
                "DELETE" => writes::delete(world, state, call, kind, &id),
                other => Err(ArmError::method(other)),
            }
        }
        Target::Below { scope, kind, last } => match call.method.as_str() {
            "GET" => {
                let kind = known(world, &kind, call)?;
                reads::list(world, state, call, kind, &scope)
            }
            "POST" => {
                let owner = kind.rsplit_once('/').map_or("", |(owner, _)| owner);
                let kind = known(world, owner, call)?;
                reads::action(world, state, call, kind, &Id::new(scope), &last)
            }
            other => Err(ArmError::method(other)),
        },
    }
}

/// The type behind a name, for a version that it has.
fn known(
    world: &World,
    kind: &str,
    call: &Call,
) -> Result<&'static dyn super::kind::ResourceType, ArmError> {
    let version = call.version();
    let Some(found) = types::find(kind) else {
        let namespace = kind.split('/').next().unwrap_or_default();
        return Err(match version {
            None => versions::check(kind, &[], None, "").err(),
            Some(version) => Some(versions::unknown_type(
                kind,
                types::knows_namespace(namespace),
                version,
            )),
        }
        .unwrap_or_else(|| ArmError::method(&call.method)));
    };
    let facts = found.kind();
    versions::check(facts.name, facts.versions, version, &world.options.location)?;
    Ok(found)
}

fn respond(result: Result<Answer, ArmError>, mut headers: Headers, head: bool) -> Response {
    let (status, body, more) = match result {
        Ok(answer) => (answer.status, answer.body, answer.headers),
        Err(error) => {
            headers.push(("x-ms-failure-cause", "gateway".to_owned()));
            (error.status, Some(error.body()), error.headers)
        }
    };
    headers.extend(more);
    let bytes = match body {
        Some(body) if !head => Body::from(body.to_string()),
        _ => Body::empty(),
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, bytes).into_response();
    headers.push(("content-type", "application/json; charset=utf-8".to_owned()));
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    response
}
