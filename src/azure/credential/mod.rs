//! The credential chain: which credentials are tried, in which order, and what is said when all
//! of them fail.

mod assertion;
mod certificate;
mod source;

use super::cloud::Cloud;
use super::transport::Http;
use super::{Detail, Error, ErrorKind, Secret, Settings};
use azure_core::credentials::{AccessToken, TokenCredential};
use source::Source;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;

/// A token this close to its end is not used any more.
const MARGIN: Duration = Duration::from_secs(300);

/// Tokens from the first credential that gives one.
pub(super) struct Chain {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    chosen: Option<(Source, Arc<dyn TokenCredential>)>,
    tokens: HashMap<String, AccessToken>,
}

/// A credential that gave no token.
struct Refusal {
    source: Source,
    code: Option<String>,
    reason: String,
}

impl Chain {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State::default()),
        }
    }

    /// A token for the scope. Callers that come together wait for one request.
    pub(super) async fn token(
        &self,
        settings: &Settings,
        cloud: &Cloud,
        http: &Http,
        scope: &str,
    ) -> Result<Secret, Error> {
        let mut state = self.state.lock().await;
        if let Some(token) = state.tokens.get(scope).filter(|token| fresh(token)) {
            return Ok(Secret::new(token.token.secret()));
        }
        let token = match state.chosen.clone() {
            Some((source, credential)) => ask(settings, source, &credential, scope)
                .await
                .map_err(|refusal| all_refused(scope, vec![refusal]))?,
            None => {
                let (source, credential, token) = first(settings, cloud, http, scope).await?;
                tracing::debug!(credential = source.name(), "credential chosen");
                state.chosen = Some((source, credential));
                token
            }
        };
        let secret = Secret::new(token.token.secret());
        state.tokens.insert(scope.to_owned(), token);
        Ok(secret)
    }

    /// Drops tokens and credential, because ARM refused what they gave.
    pub(super) async fn forget(&self) {
        *self.state.lock().await = State::default();
    }
}

fn fresh(token: &AccessToken) -> bool {
    SystemTime::from(token.expires_on) > SystemTime::now() + MARGIN
}

async fn first(
    settings: &Settings,
    cloud: &Cloud,
    http: &Http,
    scope: &str,
) -> Result<(Source, Arc<dyn TokenCredential>, AccessToken), Error> {
    let mut refusals = Vec::new();
    for source in source::sources(settings) {
        let built = source::build(source, settings, cloud, http).await;
        let result = match built {
            Ok(credential) => ask(settings, source, &credential, scope)
                .await
                .map(|token| (source, credential, token)),
            Err(reason) => Err(Refusal {
                source,
                code: None,
                reason: settings.redact(&reason),
            }),
        };
        match result {
            Ok(found) => return Ok(found),
            Err(refusal) => refusals.push(refusal),
        }
    }
    Err(all_refused(scope, refusals))
}

async fn ask(
    settings: &Settings,
    source: Source,
    credential: &Arc<dyn TokenCredential>,
    scope: &str,
) -> Result<AccessToken, Refusal> {
    credential.get_token(&[scope], None).await.map_err(|error| {
        let text = settings.redact(&chain_of(&error));
        Refusal {
            source,
            code: entra_code(&text),
            reason: readable(&text),
        }
    })
}

/// The texts of an error and of what caused it, each once.
fn chain_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}

/// The `AADSTS` code in a text of Entra.
fn entra_code(text: &str) -> Option<String> {
    let rest = &text[text.find("AADSTS")?..];
    let digits = rest["AADSTS".len()..]
        .chars()
        .take_while(char::is_ascii_digit)
        .count();
    (digits > 0).then(|| rest[.."AADSTS".len() + digits].to_owned())
}

/// Entra's sentence without its trace ids, or the text as it is; one line, not endless.
fn readable(text: &str) -> String {
    let text = text.find("AADSTS").map_or(text, |start| &text[start..]);
    let end = [
        "Trace ID",
        "\\r\\n",
        "To troubleshoot, visit",
        "\", expected",
    ]
    .iter()
    .filter_map(|mark| text.find(mark))
    .min()
    .unwrap_or(text.len());
    let words: Vec<&str> = text[..end].split_whitespace().collect();
    words.join(" ").chars().take(600).collect()
}

fn all_refused(scope: &str, refusals: Vec<Refusal>) -> Error {
    let code = refusals
        .iter()
        .rev()
        .find_map(|refusal| refusal.code.clone());
    let message = if refusals.is_empty() {
        "every kind of credential is switched off".to_owned()
    } else {
        format!("no credential gave a token for `{scope}`; tried:")
    };
    let code = code.unwrap_or_else(|| "NoCredential".to_owned());
    let mut error = Error::new(ErrorKind::Unauthenticated, code, message);
    error.details = refusals
        .into_iter()
        .map(|refusal| Detail {
            code: refusal.source.name().to_owned(),
            message: refusal.reason,
            target: None,
        })
        .collect();
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRA: &str = "ClientSecretCredential authentication failed. invalid type: string \"AADSTS7000215: Invalid client secret provided.\\r\\nTrace ID: 0\", expected a borrowed string\nTo troubleshoot, visit https://x";

    #[test]
    fn the_code_of_entra_is_found_in_any_text() {
        assert_eq!(entra_code(ENTRA).as_deref(), Some("AADSTS7000215"));
        assert_eq!(entra_code("AADSTS without number"), None);
        assert_eq!(entra_code("nothing"), None);
    }

    #[test]
    fn the_sentence_of_entra_is_kept_without_its_wrapping() {
        assert_eq!(
            readable(ENTRA),
            "AADSTS7000215: Invalid client secret provided."
        );
        assert_eq!(readable("az was\n not found"), "az was not found");
    }

    #[test]
    fn a_failed_chain_names_every_credential_and_its_reason() {
        let refusal = |source, code: Option<&str>, reason: &str| Refusal {
            source,
            code: code.map(str::to_owned),
            reason: reason.to_owned(),
        };
        let error = all_refused(
            "https://arm/.default",
            vec![
                refusal(Source::ClientSecret, Some("AADSTS7000215"), "wrong secret"),
                refusal(Source::AzureCli, None, "not installed"),
            ],
        );
        assert_eq!(error.code, "AADSTS7000215");
        let text = error.to_string();
        assert!(text.contains("`client secret`: wrong secret"), "{text}");
        assert!(text.contains("`Azure CLI`: not installed"), "{text}");
    }
}
