//! The credential chain: which credentials are tried, in which order, and what is said when all
//! of them fail.

mod assertion;
mod certificate;
mod source;

use super::cloud::Cloud;
use super::transport::Http;
use super::{Detail, Error, ErrorKind, Secret, Settings};
use azure_core::credentials::{AccessToken, TokenCredential};
use azure_core::error::ErrorKind as CoreKind;
use source::Source;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::Mutex;

/// A token this close to its end is not used any more.
const MARGIN: Duration = Duration::from_secs(300);

/// For this long a failure is the answer to everyone who asks for the same, because a chain of
/// slow refusals must not be gone through once per resource.
const FAILURE_HOLDS: Duration = Duration::from_secs(10);

/// Tokens from the first credential that gives one.
pub(super) struct Chain {
    state: Mutex<State>,
    /// Counts how often everything was forgotten.
    generation: AtomicU64,
}

#[derive(Default)]
struct State {
    chosen: Option<(Source, Arc<dyn TokenCredential>)>,
    tokens: HashMap<String, AccessToken>,
    failure: Option<(Instant, String, Error)>,
}

/// A credential that gave no token.
struct Refusal {
    source: Source,
    code: Option<String>,
    reason: String,
    /// The token service did not answer.
    unreachable: bool,
}

impl Chain {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State::default()),
            generation: AtomicU64::new(0),
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
        if let Some((when, what, error)) = &state.failure
            && what == scope
            && when.elapsed() < FAILURE_HOLDS
        {
            return Err(error.clone());
        }
        match state.obtain(settings, cloud, http, scope).await {
            Ok(token) => {
                let secret = Secret::new(token.token.secret());
                state.tokens.insert(scope.to_owned(), token);
                Ok(secret)
            }
            Err(error) => {
                state.failure = Some((Instant::now(), scope.to_owned(), error.clone()));
                Err(error)
            }
        }
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Drops tokens and credential, because ARM refused what they gave; unless someone else did
    /// so since `generation`, as requests that were sent together are refused together.
    pub(super) async fn forget(&self, generation: u64) {
        let mut state = self.state.lock().await;
        if self.generation() == generation {
            self.generation.fetch_add(1, Ordering::SeqCst);
            *state = State::default();
        }
    }
}

impl State {
    async fn obtain(
        &mut self,
        settings: &Settings,
        cloud: &Cloud,
        http: &Http,
        scope: &str,
    ) -> Result<AccessToken, Error> {
        if let Some((source, credential)) = &self.chosen {
            let token = ask(settings, *source, credential, scope).await;
            return token.map_err(|refusal| all_refused(scope, vec![refusal]));
        }
        let (source, credential, token) = first(settings, cloud, http, scope).await?;
        tracing::debug!(credential = source.name(), "credential chosen");
        self.chosen = Some((source, credential));
        Ok(token)
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
                unreachable: false,
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
            unreachable: is_unreachable(&error),
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

fn is_unreachable(error: &(dyn std::error::Error + 'static)) -> bool {
    let itself = error
        .downcast_ref::<azure_core::Error>()
        .is_some_and(|error| matches!(error.kind(), CoreKind::Connection | CoreKind::Io));
    itself || error.source().is_some_and(is_unreachable)
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
    let unreachable = code.is_none() && refusals.iter().any(|refusal| refusal.unreachable);
    let (kind, own_code) = if unreachable {
        (ErrorKind::Transient, "TokenServiceUnreachable")
    } else {
        (ErrorKind::Unauthenticated, "NoCredential")
    };
    let mut error = Error::new(kind, code.unwrap_or_else(|| own_code.to_owned()), message);
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

    #[tokio::test]
    async fn requests_refused_together_forget_once() {
        let chain = Chain::new();
        let remember = || async {
            let token = AccessToken::new("t", SystemTime::now().into());
            chain
                .state
                .lock()
                .await
                .tokens
                .insert("scope".to_owned(), token);
        };
        let generation = chain.generation();
        remember().await;
        chain.forget(generation).await;
        assert!(chain.state.lock().await.tokens.is_empty());
        remember().await;
        chain.forget(generation).await;
        assert_eq!(
            chain.state.lock().await.tokens.len(),
            1,
            "the new token stays"
        );
    }

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
            unreachable: false,
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
