//! What people and operators do in Kubernetes behind the provider's back, on
//! objects named by their API path.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::Value;

use super::Shared;
use crate::kubernetes::Kubernetes;
use crate::kubernetes::api::Target;
use crate::kubernetes::status::{Answer, Failure};
use crate::world::World;

pub fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/kubernetes/patch", post(patch))
        .route("/kubernetes/delete", post(delete))
        .route("/kubernetes/failover", post(fail_over))
}

fn answer<T: IntoResponse>(answer: Answer<T>) -> Response {
    match answer {
        Ok(done) => done.into_response(),
        Err(failure) => {
            let status = StatusCode::from_u16(failure.code).unwrap_or(StatusCode::BAD_REQUEST);
            (status, Json(failure.body())).into_response()
        }
    }
}

/// A path has to name one object.
fn object(server: &Kubernetes, path: &str) -> Answer<Target> {
    let target = server.target_at(path)?;
    match target.name.is_empty() {
        true => Err(Failure::bad_request(format!("{path} names no object"))),
        false => Ok(target),
    }
}

#[derive(Deserialize)]
struct Patch {
    path: String,
    /// RFC 7396.
    patch: Value,
    #[serde(default = "editor")]
    manager: String,
}

fn editor() -> String {
    "kubectl-edit".to_owned()
}

async fn patch(State(world): Shared, Json(order): Json<Patch>) -> Response {
    let server = &world.kubernetes;
    let patched = object(server, &order.path)
        .and_then(|target| server.patch_as(&order.manager, &target, &order.patch));
    answer(patched.map(|reply| Json(reply.body)))
}

#[derive(Deserialize)]
struct Path {
    path: String,
}

async fn delete(State(world): Shared, Json(order): Json<Path>) -> Response {
    let server = &world.kubernetes;
    let deleted = object(server, &order.path).and_then(|target| server.delete_now(&target));
    answer(deleted.map(|_| StatusCode::NO_CONTENT))
}

#[derive(Deserialize)]
struct Cluster {
    namespace: String,
    cluster: String,
}

async fn fail_over(State(world): Shared, Json(order): Json<Cluster>) -> Response {
    let failed = world.kubernetes.fail_over(&order.namespace, &order.cluster);
    answer(failed.map(|()| StatusCode::NO_CONTENT))
}
