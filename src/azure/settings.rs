//! Where the client connects and who it is: plain data, filled from configuration and environment.

use super::Secret;
use uuid::Uuid;

/// Connection settings. Every field is optional; [`Settings::with_environment`] fills what the
/// configuration left open. The variables are azurerm's `ARM_*` first, then the `AZURE_*` ones
/// that Microsoft's own tools use.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Subscription to work in. `ARM_SUBSCRIPTION_ID`, `AZURE_SUBSCRIPTION_ID`.
    pub subscription_id: Option<String>,
    /// Directory of the identity. `ARM_TENANT_ID`, `AZURE_TENANT_ID`.
    pub tenant_id: Option<String>,
    /// Application or user-assigned identity. `ARM_CLIENT_ID`, `AZURE_CLIENT_ID`.
    pub client_id: Option<String>,
    /// `ARM_CLIENT_SECRET`, `AZURE_CLIENT_SECRET`.
    pub client_secret: Option<Secret>,
    /// PEM or PFX file with certificate and private key.
    /// `ARM_CLIENT_CERTIFICATE_PATH`, `AZURE_CLIENT_CERTIFICATE_PATH`.
    pub client_certificate_path: Option<String>,
    /// `ARM_CLIENT_CERTIFICATE_PASSWORD`, `AZURE_CLIENT_CERTIFICATE_PASSWORD`.
    pub client_certificate_password: Option<Secret>,
    /// A token of another issuer that Entra trusts. `ARM_OIDC_TOKEN`, `AZURE_OIDC_TOKEN`.
    pub oidc_token: Option<Secret>,
    /// File that holds such a token; read again for each exchange.
    /// `ARM_OIDC_TOKEN_FILE_PATH`, `AZURE_OIDC_TOKEN_FILE_PATH`.
    pub oidc_token_file: Option<String>,
    /// Ask the CI system for such a token. `ARM_USE_OIDC`, `AZURE_USE_OIDC`.
    pub use_oidc: Option<bool>,
    /// Where the CI system gives tokens. `ARM_OIDC_REQUEST_URL`, `ACTIONS_ID_TOKEN_REQUEST_URL`.
    pub oidc_request_url: Option<String>,
    /// What the CI system wants to see for that. `ARM_OIDC_REQUEST_TOKEN`,
    /// `ACTIONS_ID_TOKEN_REQUEST_TOKEN`.
    pub oidc_request_token: Option<Secret>,
    /// Token file of a pod's projected service account. `AZURE_FEDERATED_TOKEN_FILE`.
    pub federated_token_file: Option<String>,
    /// `ARM_USE_AKS_WORKLOAD_IDENTITY`, `AZURE_USE_WORKLOAD_IDENTITY`.
    pub use_workload_identity: Option<bool>,
    /// `ARM_USE_MSI`, `AZURE_USE_MANAGED_IDENTITY`.
    pub use_managed_identity: Option<bool>,
    /// Azure CLI and Azure Developer CLI. `ARM_USE_CLI`, `AZURE_USE_CLI`.
    pub use_cli: Option<bool>,
    /// Identity endpoint of a hosting service (App Service and the like). `IDENTITY_ENDPOINT`,
    /// `MSI_ENDPOINT`. When absent, the virtual machine's metadata address is asked.
    pub identity_endpoint: Option<String>,
    /// `public` (default), `usgovernment`, `china` or `custom`. `ARM_ENVIRONMENT`,
    /// `AZURE_ENVIRONMENT`.
    pub environment: Option<String>,
    /// Host that describes a custom cloud. `ARM_METADATA_HOSTNAME`, `ARM_METADATA_HOST`,
    /// `AZURE_METADATA_HOST`.
    pub metadata_host: Option<String>,
    /// Address of ARM in a custom cloud. `ARM_RESOURCE_MANAGER_ENDPOINT`,
    /// `AZURE_RESOURCE_MANAGER_ENDPOINT`.
    pub resource_manager_endpoint: Option<String>,
    /// Address of the token service in a custom cloud. `ARM_AUTHORITY_HOST`,
    /// `AZURE_AUTHORITY_HOST`.
    pub authority_host: Option<String>,
    /// Audience of ARM tokens; the endpoint itself when absent. `ARM_AUDIENCE`, `AZURE_AUDIENCE`.
    pub audience: Option<String>,
    /// PEM file of certificate authorities trusted besides the platform's. `SSL_CERT_FILE`.
    pub certificate_authority_file: Option<String>,
    /// Identifies this run in request ids; random when absent.
    pub run_id: Option<Uuid>,
}

impl Settings {
    /// Fills every open field from the environment. Empty variables count as unset.
    #[must_use]
    pub fn with_environment(mut self, env: &dyn Fn(&str) -> Option<String>) -> Self {
        let lookup = Lookup(env);
        for (field, names) in self.text_fields() {
            lookup.text(field, names);
        }
        for (field, names) in self.secret_fields() {
            lookup.secret(field, names);
        }
        for (field, names) in self.flag_fields() {
            lookup.flag(field, names);
        }
        self
    }

    fn text_fields(&mut self) -> [(&mut Option<String>, &'static [&'static str]); 14] {
        [
            (
                &mut self.subscription_id,
                &["ARM_SUBSCRIPTION_ID", "AZURE_SUBSCRIPTION_ID"],
            ),
            (&mut self.tenant_id, &["ARM_TENANT_ID", "AZURE_TENANT_ID"]),
            (&mut self.client_id, &["ARM_CLIENT_ID", "AZURE_CLIENT_ID"]),
            (
                &mut self.client_certificate_path,
                &[
                    "ARM_CLIENT_CERTIFICATE_PATH",
                    "AZURE_CLIENT_CERTIFICATE_PATH",
                ],
            ),
            (
                &mut self.oidc_token_file,
                &["ARM_OIDC_TOKEN_FILE_PATH", "AZURE_OIDC_TOKEN_FILE_PATH"],
            ),
            (
                &mut self.oidc_request_url,
                &["ARM_OIDC_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_URL"],
            ),
            (
                &mut self.federated_token_file,
                &["AZURE_FEDERATED_TOKEN_FILE"],
            ),
            (
                &mut self.identity_endpoint,
                &["IDENTITY_ENDPOINT", "MSI_ENDPOINT"],
            ),
            (
                &mut self.environment,
                &["ARM_ENVIRONMENT", "AZURE_ENVIRONMENT"],
            ),
            (
                &mut self.metadata_host,
                &[
                    "ARM_METADATA_HOSTNAME",
                    "ARM_METADATA_HOST",
                    "AZURE_METADATA_HOST",
                ],
            ),
            (
                &mut self.resource_manager_endpoint,
                &[
                    "ARM_RESOURCE_MANAGER_ENDPOINT",
                    "AZURE_RESOURCE_MANAGER_ENDPOINT",
                ],
            ),
            (
                &mut self.authority_host,
                &["ARM_AUTHORITY_HOST", "AZURE_AUTHORITY_HOST"],
            ),
            (&mut self.audience, &["ARM_AUDIENCE", "AZURE_AUDIENCE"]),
            (&mut self.certificate_authority_file, &["SSL_CERT_FILE"]),
        ]
    }

    fn secret_fields(&mut self) -> [(&mut Option<Secret>, &'static [&'static str]); 4] {
        [
            (
                &mut self.client_secret,
                &["ARM_CLIENT_SECRET", "AZURE_CLIENT_SECRET"],
            ),
            (
                &mut self.client_certificate_password,
                &[
                    "ARM_CLIENT_CERTIFICATE_PASSWORD",
                    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
                ],
            ),
            (
                &mut self.oidc_request_token,
                &["ARM_OIDC_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"],
            ),
            (
                &mut self.oidc_token,
                &["ARM_OIDC_TOKEN", "AZURE_OIDC_TOKEN"],
            ),
        ]
    }

    fn flag_fields(&mut self) -> [(&mut Option<bool>, &'static [&'static str]); 4] {
        [
            (&mut self.use_oidc, &["ARM_USE_OIDC", "AZURE_USE_OIDC"]),
            (
                &mut self.use_workload_identity,
                &[
                    "ARM_USE_AKS_WORKLOAD_IDENTITY",
                    "AZURE_USE_WORKLOAD_IDENTITY",
                ],
            ),
            (
                &mut self.use_managed_identity,
                &["ARM_USE_MSI", "AZURE_USE_MANAGED_IDENTITY"],
            ),
            (&mut self.use_cli, &["ARM_USE_CLI", "AZURE_USE_CLI"]),
        ]
    }

    /// `text` without any of the secrets that these settings hold.
    pub(super) fn redact(&self, text: &str) -> String {
        [
            &self.client_secret,
            &self.client_certificate_password,
            &self.oidc_token,
            &self.oidc_request_token,
        ]
        .into_iter()
        .flatten()
        .map(Secret::expose)
        .filter(|secret| !secret.is_empty())
        .fold(text.to_owned(), |text, secret| {
            text.replace(secret, "(redacted)")
        })
    }
}

/// Reads the first variable that has a value.
struct Lookup<'a>(&'a dyn Fn(&str) -> Option<String>);

impl Lookup<'_> {
    fn find(&self, names: &[&str]) -> Option<String> {
        names
            .iter()
            .find_map(|name| (self.0)(name).filter(|value| !value.is_empty()))
    }

    fn text(&self, field: &mut Option<String>, names: &[&str]) {
        if field.is_none() {
            *field = self.find(names);
        }
    }

    fn secret(&self, field: &mut Option<Secret>, names: &[&str]) {
        if field.is_none() {
            *field = self.find(names).map(Secret::from);
        }
    }

    fn flag(&self, field: &mut Option<bool>, names: &[&str]) {
        if field.is_none() {
            *field = self
                .find(names)
                .and_then(|value| match value.to_lowercase().as_str() {
                    "1" | "t" | "true" => Some(true),
                    "0" | "f" | "false" => Some(false),
                    _ => None,
                });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        let value = match name {
            "ARM_TENANT_ID" => "from-arm",
            "AZURE_TENANT_ID" => "from-azure",
            "ARM_CLIENT_ID" => "",
            "AZURE_CLIENT_ID" => "app",
            "ARM_CLIENT_SECRET" => "s3cret",
            "ARM_SUBSCRIPTION_ID" => "other",
            "ARM_USE_CLI" => "False",
            "ARM_USE_MSI" => "maybe",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn configuration_wins_over_arm_variables_over_azure_variables() {
        let settings = Settings {
            subscription_id: Some("mine".into()),
            ..Settings::default()
        }
        .with_environment(&environment);
        assert_eq!(settings.subscription_id.as_deref(), Some("mine"));
        assert_eq!(settings.tenant_id.as_deref(), Some("from-arm"));
        assert_eq!(
            settings.client_id.as_deref(),
            Some("app"),
            "an empty variable is unset"
        );
        assert_eq!(settings.use_cli, Some(false));
        assert_eq!(
            settings.use_managed_identity, None,
            "an unreadable flag is unset"
        );
    }

    #[test]
    fn secrets_are_neither_printed_nor_kept_in_texts() {
        let settings = Settings::default().with_environment(&environment);
        assert!(!format!("{settings:?}").contains("s3cret"));
        assert_eq!(settings.redact("bad s3cret given"), "bad (redacted) given");
    }
}
