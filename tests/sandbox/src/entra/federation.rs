//! Workload identity federation: a token of a foreign issuer stands in for a
//! secret when a federated credential in ARM says so.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;

use super::errors::EntraError;
use crate::arm::Federation;
use crate::options::Issuer;

#[derive(Deserialize)]
struct Assertion {
    iss: String,
    sub: String,
    #[serde(default)]
    aud: Value,
}

impl Assertion {
    fn audiences(&self) -> Vec<&str> {
        match &self.aud {
            Value::String(one) => vec![one],
            Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

/// Judges an assertion: first its signature and validity, then whether a
/// credential of the identity matches it.
pub(super) fn check(
    assertion: &str,
    issuers: &[Issuer],
    credentials: &[Federation],
) -> Result<(), EntraError> {
    let malformed = || {
        EntraError::assertion(
            50027,
            "JWT token is invalid or malformed. The client assertion could not be read.",
        )
    };
    let unverified = unverified(assertion).ok_or_else(malformed)?;
    // Entra looks for the credential's issuer first: an assertion of an
    // issuer that nobody trusts says nothing about its signature.
    if !credentials.iter().any(|c| c.issuer == unverified.iss) {
        return Err(EntraError::assertion(
            700_211,
            format!(
                "No matching federated identity record found for presented assertion issuer '{}'. Please note that the matching is done using a case-sensitive comparison. Check your federated identity credential Subject, Audience and Issuer against the presented assertion.",
                unverified.iss
            ),
        ));
    }
    verify(assertion, &unverified.iss, issuers)?;
    let subjects: Vec<&Federation> = credentials
        .iter()
        .filter(|c| c.issuer == unverified.iss && c.subject == unverified.sub)
        .collect();
    if subjects.is_empty() {
        return Err(EntraError::assertion(
            700_213,
            format!(
                "No matching federated identity record found for presented assertion subject '{}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion.",
                unverified.sub
            ),
        ));
    }
    let audiences = unverified.audiences();
    let accepted = |c: &&Federation| c.audiences.iter().any(|a| audiences.contains(&a.as_str()));
    if !subjects.iter().any(accepted) {
        return Err(EntraError::assertion(
            700_212,
            format!(
                "No matching federated identity record found for presented assertion audience '{}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion.",
                audiences.join(",")
            ),
        ));
    }
    Ok(())
}

fn unverified(assertion: &str) -> Option<Assertion> {
    decode_header(assertion).ok()?;
    jsonwebtoken::dangerous::insecure_decode::<Assertion>(assertion)
        .ok()
        .map(|data| data.claims)
}

fn verify(assertion: &str, issuer: &str, issuers: &[Issuer]) -> Result<(), EntraError> {
    let unknown = || {
        EntraError::assertion(
            50166,
            format!("Request to External OIDC endpoint of issuer '{issuer}' failed."),
        )
    };
    let jwks = issuers
        .iter()
        .find(|known| known.issuer == issuer)
        .and_then(|known| serde_json::from_value::<JwkSet>(known.jwks.clone()).ok())
        .ok_or_else(unknown)?;
    let header = decode_header(assertion).map_err(|_| unknown())?;
    let signature = || {
        EntraError::assertion(
            7_000_272,
            "Client assertion failed signature validation. The key was not found or does not verify the assertion.",
        )
    };
    let key = match &header.kid {
        Some(kid) => jwks.find(kid),
        None => jwks.keys.first(),
    }
    .ok_or_else(signature)?;
    let key = DecodingKey::from_jwk(key).map_err(|_| signature())?;
    let mut validation = Validation::new(header.alg);
    validation.validate_aud = false;
    validation.validate_nbf = true;
    match decode::<Assertion>(assertion, &key, &validation) {
        Ok(_) => Ok(()),
        Err(error) => Err(match error.kind() {
            jsonwebtoken::errors::ErrorKind::ExpiredSignature
            | jsonwebtoken::errors::ErrorKind::ImmatureSignature => EntraError::assertion(
                700_024,
                "Client assertion is not within its valid time range. Current time is outside of it.",
            ),
            _ => signature(),
        }),
    }
}
