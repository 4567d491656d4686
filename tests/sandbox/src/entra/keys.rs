//! The tenant's signing key, and the access tokens it signs.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use rcgen::{KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde::{Deserialize, Serialize};

const LIFETIME_SECONDS: u64 = 3599;

/// What an access token says. Tokens live in real time, because clients
/// compare their expiry with the real clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claims {
    pub aud: String,
    pub iss: String,
    pub tid: String,
    pub oid: String,
    pub sub: String,
    pub appid: String,
    pub idtyp: String,
    pub ver: String,
    pub iat: u64,
    pub nbf: u64,
    pub exp: u64,
    /// The signing generation: see `World::expire_tokens`.
    pub generation: u64,
}

pub struct SigningKey {
    encoding: EncodingKey,
    decoding: DecodingKey,
    jwks: JwkSet,
    kid: String,
}

impl SigningKey {
    pub fn generate() -> anyhow::Result<Self> {
        let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
        let encoding = EncodingKey::from_rsa_pem(pair.serialize_pem().as_bytes())?;
        let mut jwk = Jwk::from_encoding_key(&encoding, Algorithm::RS256)?;
        let kid = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, pair.public_key_raw());
        let kid = kid.simple().to_string();
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(jsonwebtoken::jwk::PublicKeyUse::Signature);
        Ok(Self {
            decoding: DecodingKey::from_jwk(&jwk).context("signing key")?,
            encoding,
            jwks: JwkSet { keys: vec![jwk] },
            kid,
        })
    }

    pub fn jwks(&self) -> &JwkSet {
        &self.jwks
    }

    /// Signs any claims, for issuing tokens of other issuers in tests too.
    pub fn sign(&self, claims: &impl Serialize) -> anyhow::Result<String> {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(self.kid.clone());
        Ok(encode(&header, claims, &self.encoding)?)
    }

    /// The claims of a token signed with this key. Neither audience nor
    /// expiry is judged.
    pub(crate) fn read(&self, token: &str) -> Result<Claims, jsonwebtoken::errors::Error> {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        Ok(decode::<Claims>(token, &self.decoding, &validation)?.claims)
    }
}

impl Claims {
    pub(super) fn new(
        audience: &str,
        issuer: String,
        tenant: &str,
        client_id: &str,
        object_id: &str,
        generation: u64,
    ) -> Self {
        let now = unix_seconds();
        Self {
            aud: audience.to_owned(),
            iss: issuer,
            tid: tenant.to_owned(),
            oid: object_id.to_owned(),
            sub: object_id.to_owned(),
            appid: client_id.to_owned(),
            idtyp: "app".into(),
            ver: "1.0".into(),
            iat: now,
            nbf: now.saturating_sub(300),
            exp: now + LIFETIME_SECONDS,
            generation,
        }
    }

    pub(super) fn lifetime(&self) -> u64 {
        LIFETIME_SECONDS
    }

    pub(crate) fn is_expired(&self) -> bool {
        self.exp <= unix_seconds()
    }
}

fn unix_seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_secs())
}
