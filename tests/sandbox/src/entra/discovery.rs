//! OpenID Connect discovery and the signing keys.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::errors::EntraError;
use crate::world::World;

pub(super) async fn configuration(
    State(world): State<Arc<World>>,
    Path(tenant): Path<String>,
) -> Response {
    if tenant != world.options.tenant_id {
        return EntraError::unknown_tenant(&tenant).respond(&world);
    }
    let base = format!("{}{tenant}", world.endpoints.authority_host);
    Json(json!({
        "issuer": format!("{base}/v2.0"),
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }))
    .into_response()
}

pub(super) async fn keys(State(world): State<Arc<World>>, Path(tenant): Path<String>) -> Response {
    if tenant != world.options.tenant_id {
        return EntraError::unknown_tenant(&tenant).respond(&world);
    }
    Json(world.signing_key.jwks()).into_response()
}
