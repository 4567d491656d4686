//! The token endpoint: the client credentials grant.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::errors::EntraError;
use super::{AKS_SERVER, Claims, federation};
use crate::world::World;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Resources besides ARM that tokens are given for.
const RESOURCES: [&str; 3] = [
    AKS_SERVER,
    "https://storage.azure.com",
    "https://ossrdbms-aad.database.windows.net",
];

pub(super) async fn answer(
    State(world): State<Arc<World>>,
    Path(tenant): Path<String>,
    body: Bytes,
) -> Response {
    match grant(&world, &tenant, &form(&body)) {
        Ok(token) => Json(token).into_response(),
        Err(error) => error.respond(&world),
    }
}

fn grant(
    world: &World,
    tenant: &str,
    form: &BTreeMap<String, String>,
) -> Result<Value, EntraError> {
    if tenant != world.options.tenant_id {
        return Err(EntraError::unknown_tenant(tenant));
    }
    let need = |name: &str| {
        form.get(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| EntraError::missing_parameter(name))
    };
    let grant_type = need("grant_type")?;
    if grant_type != "client_credentials" {
        return Err(EntraError::unsupported_grant(grant_type));
    }
    let client = need("client_id")?;
    let scope = need("scope")?;
    let resource = scope
        .strip_suffix("/.default")
        .ok_or_else(|| EntraError::scope(scope))?;
    let known = |r: &str| same_resource(r, resource);
    if !RESOURCES.into_iter().any(known) && !known(&world.options.audience) {
        return Err(EntraError::unknown_resource(resource, tenant));
    }
    let object_id = authenticate(world, tenant, client, form)?;
    let issuer = format!("{}{tenant}/", world.endpoints.authority_host);
    let claims = Claims::new(
        resource,
        issuer,
        tenant,
        client,
        &object_id,
        world.token_generation(),
    );
    let token = world
        .signing_key
        .sign(&claims)
        .map_err(|error| EntraError::assertion(90033, error.to_string()))?;
    Ok(json!({
        "token_type": "Bearer",
        "expires_in": claims.lifetime(),
        "ext_expires_in": claims.lifetime(),
        "access_token": token,
    }))
}

/// The object id of the principal that the request proves to be.
fn authenticate(
    world: &World,
    tenant: &str,
    client: &str,
    form: &BTreeMap<String, String>,
) -> Result<String, EntraError> {
    let application = &world.options.application;
    let own = application.client_id.eq_ignore_ascii_case(client);
    if let Some(secret) = form.get("client_secret") {
        return match own {
            true if *secret == application.secret => Ok(application.object_id.clone()),
            true => Err(EntraError::wrong_secret(client)),
            false => Err(EntraError::unknown_application(client, tenant)),
        };
    }
    let Some(assertion) = form.get("client_assertion") else {
        return Err(EntraError::no_credential());
    };
    if form.get("client_assertion_type").map(String::as_str) != Some(JWT_BEARER) {
        return Err(EntraError::missing_parameter("client_assertion_type"));
    }
    let (object_id, credentials) = world
        .arm
        .federation(client)
        .or_else(|| own.then(|| (application.object_id.clone(), Vec::new())))
        .ok_or_else(|| EntraError::unknown_application(client, tenant))?;
    federation::check(assertion, &world.issuers(), &credentials)?;
    Ok(object_id)
}

/// Resources are the same with and without a final slash.
pub(crate) fn same_resource(a: &str, b: &str) -> bool {
    a.trim_end_matches('/')
        .eq_ignore_ascii_case(b.trim_end_matches('/'))
}

fn form(body: &[u8]) -> BTreeMap<String, String> {
    String::from_utf8_lossy(body)
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (unescape(name), unescape(value)))
        .collect()
}

/// Decodes one form or query component.
pub(crate) fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = (first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        rest = match escaped {
            Some(byte) => {
                bytes.push(byte);
                &tail[2..]
            }
            None => {
                bytes.push(if first == b'+' { b' ' } else { first });
                tail
            }
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::unescape;

    #[test]
    fn form_components_are_decoded() {
        assert_eq!(
            unescape("https%3A%2F%2Fx%2F.default+y"),
            "https://x/.default y"
        );
        assert_eq!(unescape("100%"), "100%");
    }
}
