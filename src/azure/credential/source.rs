//! The kinds of credentials, their order, and how each is made from the settings.

use super::assertion::Assertion;
use super::certificate::SigningCertificate;
use crate::azure::Settings;
use crate::azure::cloud::Cloud;
use crate::azure::transport::Http;
use azure_core::cloud::CustomConfiguration;
use azure_core::credentials::{Secret as CoreSecret, TokenCredential};
use azure_core::http::{ClientOptions, ExponentialRetryOptions, RetryOptions};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, AzureDeveloperCliCredential,
    AzureDeveloperCliCredentialOptions, ClientAssertionCredential,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
};
use std::sync::Arc;
use std::time::Duration;

/// Repetitions of a token request; a command that cannot get a token should say so soon.
const RETRIES: u32 = 3;

/// Address at which a virtual machine finds its identity service.
const INSTANCE_METADATA: &str = "169.254.169.254:80";
/// Inside Azure the address answers at once; elsewhere it may never.
const INSTANCE_METADATA_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    ClientSecret,
    ClientCertificate,
    OidcToken,
    WorkloadIdentity,
    ManagedIdentity,
    AzureCli,
    AzureDeveloperCli,
}

impl Source {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ClientSecret => "client secret",
            Self::ClientCertificate => "client certificate",
            Self::OidcToken => "OIDC token",
            Self::WorkloadIdentity => "workload identity",
            Self::ManagedIdentity => "managed identity",
            Self::AzureCli => "Azure CLI",
            Self::AzureDeveloperCli => "Azure Developer CLI",
        }
    }
}

/// The credentials to try: what was given explicitly, else everything that needs no settings and
/// is not switched off.
pub(super) fn sources(settings: &Settings) -> Vec<Source> {
    use Source::*;
    let on = |flag: Option<bool>| flag == Some(true);
    let explicit = [
        (ClientSecret, settings.client_secret.is_some()),
        (
            ClientCertificate,
            settings.client_certificate_path.is_some(),
        ),
        (OidcToken, has_oidc_token(settings)),
        (WorkloadIdentity, on(settings.use_workload_identity)),
        (ManagedIdentity, on(settings.use_managed_identity)),
        (AzureCli, on(settings.use_cli)),
        (AzureDeveloperCli, on(settings.use_cli)),
    ];
    let ambient = [
        (WorkloadIdentity, settings.use_workload_identity),
        (ManagedIdentity, settings.use_managed_identity),
        (AzureCli, settings.use_cli),
        (AzureDeveloperCli, settings.use_cli),
    ];
    let chosen: Vec<Source> = explicit
        .into_iter()
        .filter(|(_, given)| *given)
        .map(|(source, _)| source)
        .collect();
    if !chosen.is_empty() {
        return chosen;
    }
    ambient
        .into_iter()
        .filter(|(_, flag)| *flag != Some(false))
        .map(|(source, _)| source)
        .collect()
}

fn has_oidc_token(settings: &Settings) -> bool {
    let requested = settings.use_oidc == Some(true);
    settings.oidc_token.is_some() || settings.oidc_token_file.is_some() || requested
}

/// Makes a credential, or says what it lacks.
pub(super) async fn build(
    source: Source,
    settings: &Settings,
    cloud: &Cloud,
    http: &Http,
) -> Result<Arc<dyn TokenCredential>, String> {
    match source {
        Source::ClientSecret => client_secret(settings, options(cloud, http).await?),
        Source::ClientCertificate => {
            let assertion = certificate_assertion(settings, cloud).await?;
            asserted(settings, assertion, options(cloud, http).await?)
        }
        Source::OidcToken => {
            let assertion = oidc_assertion(settings, http).await?;
            asserted(settings, assertion, options(cloud, http).await?)
        }
        Source::WorkloadIdentity => {
            let file = settings
                .federated_token_file
                .clone()
                .or(settings.oidc_token_file.clone());
            let file = file.ok_or(
                "`AZURE_FEDERATED_TOKEN_FILE` is not set: this is no pod with workload identity",
            )?;
            asserted(settings, Assertion::File(file), options(cloud, http).await?)
        }
        Source::ManagedIdentity => {
            if settings.identity_endpoint.is_none() {
                instance_metadata_answers().await?;
            }
            managed_identity(settings, options(cloud, http).await?)
        }
        Source::AzureCli => azure_cli(settings),
        Source::AzureDeveloperCli => azure_developer_cli(settings),
    }
}

async fn options(cloud: &Cloud, http: &Http) -> Result<ClientOptions, String> {
    let mut custom = CustomConfiguration::default();
    custom.authority_host.clone_from(&cloud.authority);
    Ok(ClientOptions {
        cloud: Some(Arc::new(custom.into())),
        transport: Some(
            http.transport()
                .await
                .map_err(|error| error.message.clone())?,
        ),
        retry: RetryOptions::exponential(ExponentialRetryOptions {
            max_retries: RETRIES,
            ..ExponentialRetryOptions::default()
        }),
        ..ClientOptions::default()
    })
}

fn required<'a>(name: &str, value: Option<&'a str>) -> Result<&'a str, String> {
    value
        .filter(|value| !value.is_empty())
        .ok_or_else(|| format!("`{name}` is not set"))
}

fn client_secret(
    settings: &Settings,
    client_options: ClientOptions,
) -> Result<Arc<dyn TokenCredential>, String> {
    let secret = settings
        .client_secret
        .as_ref()
        .map_or("", |secret| secret.expose());
    let credential = ClientSecretCredential::new(
        required("tenant_id", settings.tenant_id.as_deref())?,
        required("client_id", settings.client_id.as_deref())?.to_owned(),
        CoreSecret::new(secret.to_owned()),
        Some(ClientSecretCredentialOptions { client_options }),
    );
    credential
        .map(|credential| credential as _)
        .map_err(|error| error.to_string())
}

async fn certificate_assertion(settings: &Settings, cloud: &Cloud) -> Result<Assertion, String> {
    let path = required(
        "client_certificate_path",
        settings.client_certificate_path.as_deref(),
    )?;
    let tenant = required("tenant_id", settings.tenant_id.as_deref())?;
    let client_id = required("client_id", settings.client_id.as_deref())?.to_owned();
    let contents = tokio::fs::read(path)
        .await
        .map_err(|error| format!("`{path}`: {error}"))?;
    let password = settings.client_certificate_password.as_ref();
    let certificate = SigningCertificate::read(&contents, password)
        .map_err(|reason| format!("`{path}`: {reason}"))?;
    let audience = format!("{}/{tenant}/oauth2/v2.0/token", cloud.authority);
    Ok(Assertion::Certificate {
        certificate,
        client_id,
        audience,
    })
}

async fn oidc_assertion(settings: &Settings, http: &Http) -> Result<Assertion, String> {
    if let Some(token) = &settings.oidc_token {
        return Ok(Assertion::Token(token.clone()));
    }
    if let Some(file) = &settings.oidc_token_file {
        return Ok(Assertion::File(file.clone()));
    }
    match (&settings.oidc_request_url, &settings.oidc_request_token) {
        (Some(url), Some(token)) => {
            let pipeline = http
                .pipeline()
                .await
                .map_err(|error| error.message.clone())?
                .clone();
            Assertion::requested(url, token.clone(), pipeline)
        }
        _ => Err(
            "there is no `oidc_token`, no `oidc_token_file`, and the pipeline offers no \
                  `ACTIONS_ID_TOKEN_REQUEST_URL` and `ACTIONS_ID_TOKEN_REQUEST_TOKEN`"
                .to_owned(),
        ),
    }
}

fn asserted(
    settings: &Settings,
    assertion: Assertion,
    client_options: ClientOptions,
) -> Result<Arc<dyn TokenCredential>, String> {
    let credential = ClientAssertionCredential::new(
        required("tenant_id", settings.tenant_id.as_deref())?.to_owned(),
        required("client_id", settings.client_id.as_deref())?.to_owned(),
        assertion,
        Some(ClientAssertionCredentialOptions { client_options }),
    );
    credential
        .map(|credential| credential as _)
        .map_err(|error| error.to_string())
}

async fn instance_metadata_answers() -> Result<(), String> {
    let connection = tokio::net::TcpStream::connect(INSTANCE_METADATA);
    match tokio::time::timeout(INSTANCE_METADATA_TIMEOUT, connection).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(format!("`{INSTANCE_METADATA}` does not answer: {error}")),
        Err(_) => Err(format!(
            "`{INSTANCE_METADATA}` does not answer: this is no Azure machine"
        )),
    }
}

fn managed_identity(
    settings: &Settings,
    client_options: ClientOptions,
) -> Result<Arc<dyn TokenCredential>, String> {
    let credential = ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
        user_assigned_id: settings.client_id.clone().map(UserAssignedId::ClientId),
        client_options,
    }));
    credential
        .map(|credential| credential as _)
        .map_err(|error| error.to_string())
}

fn azure_cli(settings: &Settings) -> Result<Arc<dyn TokenCredential>, String> {
    let credential = AzureCliCredential::new(Some(AzureCliCredentialOptions {
        // The tool refuses to be told both.
        subscription: settings
            .subscription_id
            .clone()
            .filter(|_| settings.tenant_id.is_none()),
        tenant_id: settings.tenant_id.clone(),
        ..AzureCliCredentialOptions::default()
    }));
    credential
        .map(|credential| credential as _)
        .map_err(|error| error.to_string())
}

fn azure_developer_cli(settings: &Settings) -> Result<Arc<dyn TokenCredential>, String> {
    let credential = AzureDeveloperCliCredential::new(Some(AzureDeveloperCliCredentialOptions {
        tenant_id: settings.tenant_id.clone(),
        ..AzureDeveloperCliCredentialOptions::default()
    }));
    credential
        .map(|credential| credential as _)
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::Source::*;
    use super::*;

    #[test]
    fn with_nothing_set_the_ambient_credentials_are_tried_in_order() {
        let order = [
            WorkloadIdentity,
            ManagedIdentity,
            AzureCli,
            AzureDeveloperCli,
        ];
        assert_eq!(sources(&Settings::default()), order);
    }

    #[test]
    fn an_explicit_credential_is_not_replaced_by_an_ambient_one() {
        let settings = Settings {
            client_secret: Some("s".into()),
            ..Settings::default()
        };
        assert_eq!(sources(&settings), [ClientSecret]);
        let settings = Settings {
            use_cli: Some(true),
            ..settings
        };
        assert_eq!(
            sources(&settings),
            [ClientSecret, AzureCli, AzureDeveloperCli]
        );
    }

    #[test]
    fn a_flag_chooses_or_excludes() {
        let only = Settings {
            use_managed_identity: Some(true),
            ..Settings::default()
        };
        assert_eq!(sources(&only), [ManagedIdentity]);
        let without = Settings {
            use_cli: Some(false),
            ..Settings::default()
        };
        assert_eq!(sources(&without), [WorkloadIdentity, ManagedIdentity]);
    }
}
