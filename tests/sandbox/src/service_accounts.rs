//! The OIDC issuer of the sandbox's Kubernetes: discovery, keys, and tokens of
//! service accounts, which workload identity federation exchanges.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::entra::SigningKey;
use crate::kubernetes::status::Failure;
use crate::options::Issuer;
use crate::world::World;

const LIFETIME_SECONDS: u64 = 3600;

pub struct ServiceAccounts {
    key: SigningKey,
    issuer: String,
}

impl ServiceAccounts {
    pub fn new(issuer: String) -> anyhow::Result<Self> {
        Ok(Self {
            key: SigningKey::generate()?,
            issuer,
        })
    }

    /// What Entra needs to know to trust these tokens.
    pub fn issuer(&self) -> Issuer {
        Issuer {
            issuer: self.issuer.clone(),
            jwks: json!(self.key.jwks()),
        }
    }

    /// A projected token of a service account.
    pub fn token(&self, namespace: &str, name: &str, audiences: &[&str]) -> anyhow::Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        self.key.sign(&json!({
            "iss": self.issuer,
            "sub": format!("system:serviceaccount:{namespace}:{name}"),
            "aud": audiences,
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME_SECONDS,
            "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": name}},
        }))
    }

    fn discovery(&self) -> Value {
        json!({
            "issuer": self.issuer,
            "jwks_uri": format!("{}openid/v1/jwks", self.issuer),
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        })
    }
}

pub fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/openid/v1/jwks", get(jwks))
        .route(
            "/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token",
            post(request_token),
        )
        .with_state(world)
}

async fn discovery(State(world): State<Arc<World>>) -> Json<Value> {
    Json(world.service_accounts.discovery())
}

async fn jwks(State(world): State<Arc<World>>) -> Json<Value> {
    Json(world.service_accounts.issuer().jwks)
}

fn refused(failure: &Failure) -> Response {
    let status = StatusCode::from_u16(failure.code).unwrap_or(StatusCode::BAD_REQUEST);
    (status, Json(failure.body())).into_response()
}

/// The TokenRequest API.
async fn request_token(
    State(world): State<Arc<World>>,
    Path((namespace, name)): Path<(String, String)>,
    headers: HeaderMap,
    Json(mut request): Json<Value>,
) -> Response {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    if !token.is_some_and(|token| world.accepts_kubernetes_token(token)) {
        return refused(&Failure::unauthorized());
    }
    let server = &world.kubernetes;
    match server.target("", "ServiceAccount", &namespace, &name) {
        Err(failure) => return refused(&failure),
        Ok(target) if server.read(&target).is_none() => {
            return refused(&Failure::not_found(&target.kind, &name));
        }
        Ok(_) => {}
    }
    let audiences: Vec<&str> = request["spec"]["audiences"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    match world.service_accounts.token(&namespace, &name, &audiences) {
        Ok(token) => {
            request["status"] = json!({"token": token});
            (StatusCode::CREATED, Json(request)).into_response()
        }
        Err(error) => refused(&Failure::bad_request(error.to_string())),
    }
}
