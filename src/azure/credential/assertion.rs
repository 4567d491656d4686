//! What proves an application's identity in place of a client secret.

use super::certificate::SigningCertificate;
use crate::azure::Secret;
use azure_core::error::ErrorKind;
use azure_core::http::{
    ClientMethodOptions, Context, Method, Pipeline, PipelineSendOptions, Request, Url,
};
use azure_identity::ClientAssertion;
use serde_json::Value;

/// A client assertion, made or read anew for each token request.
#[derive(Debug)]
pub(super) enum Assertion {
    /// A token given as it is.
    Token(Secret),
    /// A file whose owner renews it.
    File(String),
    /// An address of the CI system that gives tokens.
    Requested {
        url: Url,
        token: Secret,
        pipeline: Pipeline,
    },
    /// A statement signed with the application's certificate.
    Certificate {
        certificate: SigningCertificate,
        client_id: String,
        audience: String,
    },
}

/// The audience that Entra wants to see in a foreign token.
const AUDIENCE: &str = "api://AzureADTokenExchange";

impl Assertion {
    /// The way to ask a CI system for tokens. Its token is sent over HTTPS only.
    pub(super) fn requested(url: &str, token: Secret, pipeline: Pipeline) -> Result<Self, String> {
        let invalid = |why: String| format!("`{url}` is no address to ask for a token: {why}");
        let mut url = Url::parse(url).map_err(|error| invalid(error.to_string()))?;
        if url.scheme() != "https" {
            return Err(invalid("it does not start with `https://`".to_owned()));
        }
        url.query_pairs_mut().append_pair("audience", AUDIENCE);
        Ok(Self::Requested {
            url,
            token,
            pipeline,
        })
    }
}

async fn request(url: &Url, token: &Secret, pipeline: &Pipeline) -> azure_core::Result<String> {
    let refuse = |message: String| azure_core::Error::with_message(ErrorKind::Credential, message);
    let mut request = Request::new(url.clone(), Method::Get);
    request.insert_header("authorization", format!("Bearer {}", token.expose()));
    request.insert_header("accept", "application/json");
    let options = PipelineSendOptions {
        skip_checks: true,
        ..PipelineSendOptions::default()
    };
    let answer = pipeline
        .send(&Context::new(), &mut request, Some(options))
        .await?;
    let status = u16::from(answer.status());
    let body: Option<Value> = serde_json::from_slice(answer.body()).ok();
    let value = body.as_ref().and_then(|body| body["value"].as_str());
    match value.filter(|_| status == 200) {
        Some(value) => Ok(value.to_owned()),
        None => Err(refuse(format!(
            "the CI system gave no token: HTTP {status}"
        ))),
    }
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
            Self::Requested {
                url,
                token,
                pipeline,
            } => request(url, token, pipeline).await,
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
