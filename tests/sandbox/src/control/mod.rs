//! The side door: a test in another process sets faults, steps the clock,
//! reads the request log and changes resources behind the provider's back.
//! It speaks JSON over HTTPS with the sandbox's own CA, on a port of its own.

mod kubernetes;
mod views;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::arm::store::Doom;
use crate::arm::throttle::Class;
use crate::faults::Rule;
use crate::options::Issuer;
use crate::world::World;

type Shared = State<Arc<World>>;

pub fn router(world: Arc<World>) -> Router {
    let routes = Router::new()
        .route(
            "/faults",
            post(add_fault).get(list_faults).delete(clear_faults),
        )
        .route("/faults/{id}", delete(remove_fault))
        .route("/latency", put(set_latency))
        .route("/clock", get(clock).post(step))
        .route("/log", get(read_log).delete(clear_log))
        .route("/resources", get(resources).patch(change).delete(remove))
        .route("/arm/patch", post(change))
        .route("/operations/fail", post(fail_operation))
        .route("/throttle", post(drain))
        .route("/principals", post(add_principal))
        .route("/issuers", post(add_issuer))
        .route("/tokens/expire", post(expire_tokens))
        .merge(kubernetes::routes())
        .merge(views::routes());
    Router::new().nest("/sandbox", routes).with_state(world)
}

async fn add_fault(State(world): Shared, Json(rule): Json<Rule>) -> Response {
    match world.faults.add(rule) {
        Ok(id) => Json(json!({"id": id})).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}

async fn list_faults(State(world): Shared) -> Response {
    Json(world.faults.installed()).into_response()
}

async fn clear_faults(State(world): Shared) -> StatusCode {
    world.faults.clear();
    StatusCode::NO_CONTENT
}

async fn remove_fault(State(world): Shared, Path(id): Path<u64>) -> StatusCode {
    found(world.faults.remove(id))
}

fn found(there: bool) -> StatusCode {
    match there {
        true => StatusCode::NO_CONTENT,
        false => StatusCode::NOT_FOUND,
    }
}

#[derive(Deserialize)]
struct Latency {
    milliseconds: u64,
}

async fn set_latency(State(world): Shared, Json(latency): Json<Latency>) -> StatusCode {
    world
        .faults
        .set_latency(Duration::from_millis(latency.milliseconds));
    StatusCode::NO_CONTENT
}

fn clock_state(world: &World) -> Response {
    let now = world.clock.now();
    Json(json!({"now": world.clock.stamp(now), "elapsed_seconds": now.as_secs_f64()}))
        .into_response()
}

async fn clock(State(world): Shared) -> Response {
    clock_state(&world)
}

#[derive(Deserialize)]
struct Step {
    seconds: f64,
}

async fn step(State(world): Shared, Json(step): Json<Step>) -> Response {
    match Duration::try_from_secs_f64(step.seconds) {
        Ok(by) => {
            world.step(by).await;
            clock_state(&world)
        }
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}

async fn read_log(State(world): Shared) -> Response {
    Json(world.log.entries()).into_response()
}

async fn clear_log(State(world): Shared) -> StatusCode {
    world.log.clear();
    StatusCode::NO_CONTENT
}

async fn resources(State(world): Shared) -> Response {
    let all: Vec<Value> = world
        .arm
        .snapshot()
        .into_iter()
        .map(|(id, body)| json!({"id": id, "body": body}))
        .collect();
    Json(all).into_response()
}

#[derive(Deserialize)]
struct Change {
    id: String,
    /// Merged into the body (RFC 7396).
    patch: Value,
    #[serde(default = "somebody")]
    by: String,
}

fn somebody() -> String {
    "mallory@example.org".to_owned()
}

async fn change(State(world): Shared, Json(change): Json<Change>) -> StatusCode {
    found(world.arm.change(&change.id, &change.patch, &change.by))
}

#[derive(Deserialize)]
struct Target {
    id: String,
}

async fn remove(State(world): Shared, Json(target): Json<Target>) -> StatusCode {
    let there = world.arm.remove(&target.id);
    world.settle().await;
    found(there)
}

async fn fail_operation(State(world): Shared, Json(doom): Json<Doom>) -> StatusCode {
    world.arm.doom(doom);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Drain {
    class: String,
    tokens: u64,
}

async fn drain(State(world): Shared, Json(drain): Json<Drain>) -> StatusCode {
    let class = match drain.class.as_str() {
        "reads" => Class::Reads,
        "writes" => Class::Writes,
        "deletes" => Class::Deletes,
        _ => return StatusCode::BAD_REQUEST,
    };
    let client = &world.options.application.client_id;
    let now = world.clock.now();
    world.arm.throttle.drain(client, class, now, drain.tokens);
    StatusCode::NO_CONTENT
}

async fn add_principal(State(world): Shared, Json(target): Json<Target>) -> StatusCode {
    let id = target.id.to_lowercase();
    world.arm.state().principals.insert(id, Duration::ZERO);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct NewIssuer {
    issuer: String,
    jwks: Value,
}

async fn add_issuer(State(world): Shared, Json(new): Json<NewIssuer>) -> StatusCode {
    world.add_issuer(Issuer {
        issuer: new.issuer,
        jwks: new.jwks,
    });
    StatusCode::NO_CONTENT
}

async fn expire_tokens(State(world): Shared) -> StatusCode {
    world.expire_tokens();
    StatusCode::NO_CONTENT
}
