//! The provider's `azure` block: which cloud, as whom.

use crate::azure::{Secret as AzureSecret, Settings};
use crate::object;
use crate::schema::attr::{Attr, NotKnown, Secret};
use crate::schema::checks;
use crate::schema::field::optional;

object! {
    /// Access to Azure. Each attribute falls back to azurerm's `ARM_*` environment variable, then to the `AZURE_*` one. With nothing set,
    /// workload identity, managed identity, Azure CLI and azd are tried in this order.
    pub struct Azure {
        /// Subscription to work in.
        subscription_id: Attr<String> => optional(),
        /// Directory (tenant) of the identity.
        tenant_id: Attr<String> => optional(),
        /// Client id of the application or of the user-assigned identity.
        client_id: Attr<String> => optional(),
        /// Secret of the application.
        client_secret: Attr<Secret<String>> => optional(),
        /// PEM or PFX file with the certificate and the private key of the application.
        client_certificate_path: Attr<String> => optional(),
        /// Password of the certificate file.
        client_certificate_password: Attr<Secret<String>> => optional(),
        /// Token of another issuer that Entra trusts for the application.
        oidc_token: Attr<Secret<String>> => optional(),
        /// File that holds such a token; it is read again for each exchange.
        oidc_token_file: Attr<String> => optional(),
        /// Whether the workload identity of the pod is used.
        use_workload_identity: Attr<bool> => optional(),
        /// Whether the managed identity of the machine is used.
        use_managed_identity: Attr<bool> => optional(),
        /// Whether the Azure CLI and azd are used.
        use_cli: Attr<bool> => optional(),
        /// Cloud: `public`, `usgovernment`, `china` or `custom`. Default `public`.
        environment: Attr<String> => optional().one_of(&["public", "usgovernment", "china", "custom"]),
        /// Host that describes a custom cloud.
        metadata_host: Attr<String> => optional(),
        /// Address of Azure Resource Manager in a custom cloud.
        resource_manager_endpoint: Attr<String> => optional().check(checks::url),
        /// Address of the token service in a custom cloud.
        authority_host: Attr<String> => optional().check(checks::url),
        /// Audience of tokens for Azure Resource Manager in a custom cloud. Default: its address.
        audience: Attr<String> => optional(),
    }
}

fn text(attribute: &Attr<String>) -> Result<Option<String>, NotKnown> {
    Ok(attribute.get()?.cloned())
}

fn secret(attribute: &Attr<Secret<String>>) -> Result<Option<AzureSecret>, NotKnown> {
    Ok(attribute
        .get()?
        .map(|secret| AzureSecret::new(secret.expose().clone())))
}

impl Azure {
    pub fn settings(&self) -> Result<Settings, NotKnown> {
        Ok(Settings {
            subscription_id: text(&self.subscription_id)?,
            tenant_id: text(&self.tenant_id)?,
            client_id: text(&self.client_id)?,
            client_secret: secret(&self.client_secret)?,
            client_certificate_path: text(&self.client_certificate_path)?,
            client_certificate_password: secret(&self.client_certificate_password)?,
            oidc_token: secret(&self.oidc_token)?,
            oidc_token_file: text(&self.oidc_token_file)?,
            use_workload_identity: self.use_workload_identity.get()?.copied(),
            use_managed_identity: self.use_managed_identity.get()?.copied(),
            use_cli: self.use_cli.get()?.copied(),
            environment: text(&self.environment)?,
            metadata_host: text(&self.metadata_host)?,
            resource_manager_endpoint: text(&self.resource_manager_endpoint)?,
            authority_host: text(&self.authority_host)?,
            audience: text(&self.audience)?,
            ..Settings::default()
        })
    }
}
