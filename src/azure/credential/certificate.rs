//! Client certificates: reading PEM and PFX files and signing assertions with their key.

use crate::azure::Secret;
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde::Serialize;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// How long an assertion is good for.
const LIFETIME: Duration = Duration::from_secs(600);

/// A certificate with its RSA key.
pub(super) struct SigningCertificate {
    certificate: Vec<u8>,
    key: EncodingKey,
}

impl fmt::Debug for SigningCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningCertificate").finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    iss: &'a str,
    sub: &'a str,
    jti: String,
    nbf: u64,
    iat: u64,
    exp: u64,
}

impl SigningCertificate {
    /// Reads the contents of a PEM or PFX file.
    pub(super) fn read(contents: &[u8], password: Option<&Secret>) -> Result<Self, String> {
        if contents.windows(11).any(|window| window == b"-----BEGIN ") {
            Self::from_pem(contents)
        } else {
            Self::from_pfx(contents, password)
        }
    }

    fn from_pem(contents: &[u8]) -> Result<Self, String> {
        let certificate = CertificateDer::pem_slice_iter(contents)
            .next()
            .ok_or("the file holds no certificate")?
            .map_err(|error| format!("the certificate is not readable: {error}"))?;
        let key = PrivateKeyDer::from_pem_slice(contents).map_err(|error| {
            format!("no readable private key (it must not be encrypted): {error}")
        })?;
        let label = match key {
            PrivateKeyDer::Pkcs1(_) => "RSA PRIVATE KEY",
            _ => "PRIVATE KEY",
        };
        Self::with_key(certificate.to_vec(), label, key.secret_der())
    }

    fn from_pfx(contents: &[u8], password: Option<&Secret>) -> Result<Self, String> {
        let password = password.map_or("", Secret::expose);
        let store = KeyStore::from_pkcs12(contents, password, Pkcs12ImportPolicy::Relaxed)
            .map_err(|error| format!("not a PFX file, or the password is wrong: {error}"))?;
        let (_, chain) = store
            .private_key_chain()
            .ok_or("the file holds no private key")?;
        let certificate = chain
            .certs()
            .first()
            .ok_or("the file holds no certificate")?;
        Self::with_key(
            certificate.as_der().to_vec(),
            "PRIVATE KEY",
            chain.key().as_der(),
        )
    }

    fn with_key(certificate: Vec<u8>, label: &str, key: &[u8]) -> Result<Self, String> {
        let lines = STANDARD.encode(key);
        let pem = format!("-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n");
        let key = EncodingKey::from_rsa_pem(pem.as_bytes())
            .map_err(|error| format!("the private key is not an RSA key: {error}"))?;
        Ok(Self { certificate, key })
    }

    /// A signed statement that the holder of the certificate is this application.
    pub(super) fn assertion(&self, client_id: &str, audience: &str) -> Result<String, String> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_err(|error| format!("the clock stands before 1970: {error}"))?
            .as_secs();
        let mut header = Header::new(Algorithm::RS256);
        header.x5t = Some(self.thumbprint(&digest::SHA1_FOR_LEGACY_USE_ONLY));
        header.x5t_s256 = Some(self.thumbprint(&digest::SHA256));
        let claims = Claims {
            aud: audience,
            iss: client_id,
            sub: client_id,
            jti: Uuid::new_v4().to_string(),
            nbf: now,
            iat: now,
            exp: now + LIFETIME.as_secs(),
        };
        jsonwebtoken::encode(&header, &claims, &self.key)
            .map_err(|error| format!("the assertion cannot be signed: {error}"))
    }

    fn thumbprint(&self, algorithm: &'static digest::Algorithm) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(algorithm, &self.certificate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{DecodingKey, Validation};
    use p12_keystore::{Certificate, KeyStoreEntry, PrivateKey, PrivateKeyChain};
    use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};

    fn generate() -> (KeyPair, rcgen::Certificate) {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let certificate = CertificateParams::new(Vec::new())
            .unwrap()
            .self_signed(&key)
            .unwrap();
        (key, certificate)
    }

    /// Verifies an assertion as Entra would, with the certificate's public key.
    fn verify(read: &SigningCertificate, key: &KeyPair, certificate: &rcgen::Certificate) {
        let assertion = read.assertion("app", "https://login.local/token").unwrap();
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_audience(&["https://login.local/token"]);
        validation.set_issuer(&["app"]);
        let public = aws_lc_rs::signature::RsaKeyPair::from_pkcs8(&key.serialize_der()).unwrap();
        let public = aws_lc_rs::signature::KeyPair::public_key(&public);
        let public = DecodingKey::from_rsa_der(public.as_ref());
        let token =
            jsonwebtoken::decode::<serde_json::Value>(&assertion, &public, &validation).unwrap();
        assert_eq!(token.claims["sub"], "app");
        let thumbprint = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, certificate.der());
        assert_eq!(token.header.x5t, Some(URL_SAFE_NO_PAD.encode(thumbprint)));
    }

    #[test]
    fn a_pem_file_signs_assertions() {
        let (key, certificate) = generate();
        let pem = format!("{}\n{}", key.serialize_pem(), certificate.pem());
        let read = SigningCertificate::read(pem.as_bytes(), None).unwrap();
        verify(&read, &key, &certificate);
        assert!(!format!("{read:?}").contains("PRIVATE"));
    }

    #[test]
    fn a_pfx_file_signs_assertions_with_the_right_password_only() {
        let (key, certificate) = generate();
        let chain = PrivateKeyChain::new(
            vec![1],
            PrivateKey::from_der(&key.serialize_der()).unwrap(),
            vec![Certificate::from_der(certificate.der()).unwrap()],
        );
        let mut store = KeyStore::new();
        store.add_entry("app", KeyStoreEntry::PrivateKeyChain(chain));
        let pfx = store.writer("pass").write().unwrap();
        let read = SigningCertificate::read(&pfx, Some(&"pass".into())).unwrap();
        verify(&read, &key, &certificate);
        let error = SigningCertificate::read(&pfx, Some(&"wrong".into())).unwrap_err();
        assert!(error.contains("password"), "{error}");
    }

    #[test]
    fn a_file_without_key_or_certificate_says_so() {
        let (key, certificate) = generate();
        let error = |pem: String| SigningCertificate::read(pem.as_bytes(), None).unwrap_err();
        assert!(error(certificate.pem()).contains("private key"));
        assert!(error(key.serialize_pem()).contains("certificate"));
        let elliptic = KeyPair::generate().unwrap();
        let error = error(format!(
            "{}\n{}",
            elliptic.serialize_pem(),
            certificate.pem()
        ));
        assert!(error.contains("RSA"), "{error}");
    }
}
