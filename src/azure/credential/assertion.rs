//! What proves an application's identity in place of a client secret.

use super::certificate::SigningCertificate;
use crate::azure::Secret;
use azure_core::error::ErrorKind;
use azure_core::http::ClientMethodOptions;
use azure_identity::ClientAssertion;

/// A client assertion, made or read anew for each token request.
#[derive(Debug)]
pub(super) enum Assertion {
    /// A token given as it is.
    Token(Secret),
    /// A file whose owner renews it.
    File(String),
    /// A statement signed with the application's certificate.
    Certificate {
        certificate: SigningCertificate,
        client_id: String,
        audience: String,
    },
}

#[async_trait::async_trait]
impl ClientAssertion for Assertion {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        let refuse =
            |message: String| azure_core::Error::with_message(ErrorKind::Credential, message);
        match self {
            Self::Token(token) => Ok(token.expose().to_owned()),
            Self::File(path) => {
                let text = tokio::fs::read_to_string(path)
                    .await
                    .map_err(|error| refuse(format!("token file `{path}`: {error}")))?;
                let token = text.trim();
                if token.is_empty() {
                    return Err(refuse(format!("token file `{path}` is empty")));
                }
                Ok(token.to_owned())
            }
            Self::Certificate {
                certificate,
                client_id,
                audience,
            } => certificate.assertion(client_id, audience).map_err(refuse),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[tokio::test]
    async fn a_token_file_is_read_each_time_and_trimmed() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let assertion = Assertion::File(file.path().display().to_string());
        let error = assertion.secret(None).await.unwrap_err();
        assert!(error.to_string().contains("is empty"), "{error}");
        writeln!(file, "header.body.signature").unwrap();
        assert_eq!(
            assertion.secret(None).await.unwrap(),
            "header.body.signature"
        );
    }

    #[tokio::test]
    async fn a_missing_token_file_is_named() {
        let error = Assertion::File("/nowhere/token".into())
            .secret(None)
            .await
            .unwrap_err();
        assert!(error.to_string().contains("/nowhere/token"), "{error}");
    }
}
