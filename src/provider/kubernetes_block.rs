//! The provider's `kubernetes` block: a cluster that is reached without asking Azure.

use std::collections::BTreeMap;

use crate::kubernetes::{Exec as ExecSettings, Settings};
use crate::object;
use crate::schema::attr::{Attr, Block, NotKnown, Secret};
use crate::schema::field::{block, optional, required};

object! {
    /// A program that prints credentials.
    pub struct Exec {
        /// Version of the credential protocol, such as `client.authentication.k8s.io/v1`.
        api_version: Attr<String> => required(),
        /// Program to run.
        command: Attr<String> => required(),
        /// Its arguments.
        args: Attr<Vec<String>> => optional(),
        /// More environment variables for it.
        env: Attr<BTreeMap<String, String>> => optional(),
    }
}

object! {
    /// Access to the Kubernetes API. Takes the place of the credentials that otherwise come from Azure for `aks_cluster_id`.
    pub struct Kubernetes {
        /// Path of a kubeconfig.
        config_path: Attr<String> => optional(),
        /// Context of the kubeconfig. Default: its current one.
        config_context: Attr<String> => optional(),
        /// Address of the API server.
        host: Attr<String> => optional(),
        /// Bearer token.
        token: Attr<Secret<String>> => optional(),
        /// PEM certificate of the API server's authority.
        cluster_ca_certificate: Attr<String> => optional(),
        /// PEM certificate of the client.
        client_certificate: Attr<String> => optional(),
        /// PEM private key of the client.
        client_key: Attr<Secret<String>> => optional(),
        exec: Block<Exec> => block(),
    }
}

impl Kubernetes {
    pub fn settings(&self) -> Result<Settings, NotKnown> {
        let text = |attribute: &Attr<String>| -> Result<Option<String>, NotKnown> {
            Ok(attribute.get()?.cloned())
        };
        let secret = |attribute: &Attr<Secret<String>>| -> Result<Option<String>, NotKnown> {
            Ok(attribute.get()?.map(|secret| secret.expose().clone()))
        };
        let exec = match self.exec.get()? {
            Some(exec) => Some(ExecSettings {
                api_version: exec.api_version.require()?.clone(),
                command: exec.command.require()?.clone(),
                args: exec.args.get()?.cloned().unwrap_or_default(),
                env: exec.env.get()?.cloned().unwrap_or_default(),
            }),
            None => None,
        };
        Ok(Settings {
            config_path: text(&self.config_path)?,
            config_context: text(&self.config_context)?,
            host: text(&self.host)?,
            token: secret(&self.token)?,
            cluster_ca_certificate: text(&self.cluster_ca_certificate)?,
            client_certificate: text(&self.client_certificate)?,
            client_key: secret(&self.client_key)?,
            exec,
            ..Settings::default()
        })
    }
}
