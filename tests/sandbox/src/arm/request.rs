//! A request to ARM, taken apart, and who sent it.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use serde_json::Value;

use super::errors::ArmError;
use super::store::Author;
use crate::entra::token::{same_resource, unescape};
use crate::world::World;

pub struct Call {
    pub method: String,
    pub path: String,
    /// Parameter names in lower case.
    pub query: BTreeMap<String, String>,
    pub headers: HeaderMap,
    pub body: Value,
    pub author: Author,
    pub now: Duration,
    pub stamp: String,
}

impl Call {
    pub fn read(
        parts: &Parts,
        bytes: &Bytes,
        author: Author,
        world: &World,
    ) -> Result<Self, ArmError> {
        let method = parts.method.to_string();
        let query = parts.uri.query().unwrap_or_default();
        let query = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (unescape(name).to_lowercase(), unescape(value)))
            .collect();
        let now = world.clock.now();
        Ok(Self {
            body: body(&method, &parts.headers, bytes)?,
            path: unescape(parts.uri.path()),
            headers: parts.headers.clone(),
            stamp: world.clock.stamp(now),
            method,
            query,
            author,
            now,
        })
    }

    pub fn version(&self) -> Option<&String> {
        self.query.get("api-version")
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }
}

fn body(method: &str, headers: &HeaderMap, bytes: &Bytes) -> Result<Value, ArmError> {
    let writes = matches!(method, "PUT" | "PATCH");
    if bytes.is_empty() {
        return match writes {
            true => Err(content(
                "The request content was empty and could not be deserialized.",
            )),
            false => Ok(Value::Null),
        };
    }
    let json = headers
        .get("content-type")
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.to_ascii_lowercase().starts_with("application/json"));
    if writes && !json {
        return Err(ArmError::new(
            415,
            "UnsupportedMediaType",
            "The content media type is not supported. Only 'application/json' is supported.",
        ));
    }
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        content(&format!(
            "The request content was invalid and could not be deserialized: '{error}'."
        ))
    })?;
    match value.is_object() {
        true => Ok(value),
        false => Err(content("The request content is not a JSON object.")),
    }
}

fn content(text: &str) -> ArmError {
    ArmError::bad_request("InvalidRequestContent", text)
}

/// Who a bearer token says the caller is.
pub fn authenticate(world: &World, headers: &HeaderMap) -> Result<Author, ArmError> {
    let tenant = &world.options.tenant_id;
    let challenge = |code: &str, text: &str| {
        ArmError::new(401, code, text).header(
            "www-authenticate",
            format!(
                "Bearer authorization_uri=\"{}{tenant}\", error=\"invalid_token\", error_description=\"{text}\"",
                world.endpoints.authority_host
            ),
        )
    };
    let Some(token) = headers
        .get("authorization")
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.strip_prefix("Bearer "))
    else {
        return Err(challenge(
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
        ));
    };
    let claims = world
        .signing_key
        .read(token)
        .map_err(|_| challenge("InvalidAuthenticationToken", "The access token is invalid."))?;
    if claims.tid != *tenant {
        return Err(challenge(
            "InvalidAuthenticationTokenTenant",
            "The access token is from the wrong issuer.",
        ));
    }
    if !same_resource(&claims.aud, &world.options.audience) {
        return Err(challenge(
            "InvalidAuthenticationTokenAudience",
            "The access token has been obtained for wrong audience or resource.",
        ));
    }
    if claims.is_expired() || claims.generation != world.token_generation() {
        return Err(challenge(
            "ExpiredAuthenticationToken",
            "The access token expiry UTC time is earlier than current UTC time.",
        ));
    }
    Ok(Author {
        name: claims.appid,
        kind: "Application".into(),
    })
}
