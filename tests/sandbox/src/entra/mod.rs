//! Entra: discovery, signing keys and the token endpoint.

mod discovery;
mod errors;
mod federation;
mod keys;
pub(crate) mod token;

pub use keys::{Claims, SigningKey};

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::world::World;

/// The AKS server application; Kubernetes tokens are for this resource.
pub const AKS_SERVER: &str = "6dae42f8-4368-4678-94ff-3960e28e3630";

pub fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/{tenant}/oauth2/v2.0/token", post(token::answer))
        .route(
            "/{tenant}/v2.0/.well-known/openid-configuration",
            get(discovery::configuration),
        )
        .route("/{tenant}/discovery/v2.0/keys", get(discovery::keys))
        .with_state(world)
}
