//! Credential plugins (client-go exec plugins): run once, and again when the credential ends.

use std::process::{Output, Stdio};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use kube::config::{Cluster, ExecConfig, ExecInteractiveMode};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::Result;
use super::client::TokenSource;
use super::error::Error;

/// A token that ends within this time is renewed.
const MARGIN: Duration = Duration::from_secs(60);
const DEFAULT_API_VERSION: &str = "client.authentication.k8s.io/v1";

#[derive(Deserialize)]
struct ExecCredential {
    status: Option<Credential>,
}

/// What a plugin printed.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Credential {
    pub token: Option<String>,
    /// PEM.
    pub client_certificate_data: Option<String>,
    /// PEM.
    pub client_key_data: Option<String>,
    expiration_timestamp: Option<Timestamp>,
}

impl Credential {
    fn ends_soon(&self) -> bool {
        self.expiration_timestamp
            .is_some_and(|end| Timestamp::now() + MARGIN >= end)
    }
}

/// A plugin of a kubeconfig and the cluster it is for.
pub(super) struct Plugin {
    pub config: ExecConfig,
    pub cluster: Cluster,
}

impl Plugin {
    /// Runs the plugin. Neither its arguments nor its output appear in an error.
    pub async fn run(&self) -> Result<Credential> {
        let command = self.config.command.as_deref().unwrap_or_default();
        if command.is_empty() {
            return Err(Error::configuration(
                "the credential plugin has no `command`",
            ));
        }
        if self.config.interactive_mode == Some(ExecInteractiveMode::Always) {
            return Err(Error::configuration(format!(
                "the credential plugin `{command}` wants to talk to a person"
            )));
        }
        let output = self.output(command).await.map_err(|error| {
            let hint = self.config.install_hint.as_deref().unwrap_or_default();
            Error::configuration(format!(
                "the credential plugin `{command}` cannot be started: {error}"
            ))
            .explained(hint.trim())
        })?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let text = format!(
                "the credential plugin `{command}` failed with {}: {}",
                output.status,
                said.trim()
            );
            return Err(Error::configuration(text));
        }
        match serde_json::from_slice::<ExecCredential>(&output.stdout) {
            Ok(ExecCredential {
                status: Some(credential),
            }) => Ok(credential),
            _ => Err(Error::configuration(format!(
                "the credential plugin `{command}` printed no ExecCredential"
            ))),
        }
    }

    async fn output(&self, command: &str) -> std::io::Result<Output> {
        let mut process = tokio::process::Command::new(command);
        process
            .args(self.config.args.iter().flatten())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        for variable in self.config.env.iter().flatten() {
            if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
                process.env(name, value);
            }
        }
        process
            .env("KUBERNETES_EXEC_INFO", self.information().to_string())
            .output()
            .await
    }

    fn information(&self) -> Value {
        let mut spec = json!({"interactive": false});
        if self.config.provide_cluster_info {
            let authority = self.cluster.certificate_authority_data.clone().or_else(|| {
                let file = self.cluster.certificate_authority.as_ref()?;
                std::fs::read(file).ok().map(|pem| STANDARD.encode(pem))
            });
            spec["cluster"] = json!({
                "server": self.cluster.server,
                "certificate-authority-data": authority,
                "insecure-skip-tls-verify": self.cluster.insecure_skip_tls_verify.unwrap_or_default(),
                "tls-server-name": self.cluster.tls_server_name,
                "proxy-url": self.cluster.proxy_url,
            });
        }
        let api_version = self
            .config
            .api_version
            .as_deref()
            .unwrap_or(DEFAULT_API_VERSION);
        json!({"apiVersion": api_version, "kind": "ExecCredential", "spec": spec})
    }
}

/// Tokens of a plugin, kept until they end.
pub(super) struct PluginTokens {
    plugin: Plugin,
    held: Mutex<Credential>,
}

impl PluginTokens {
    pub fn new(plugin: Plugin, first: Credential) -> Self {
        Self {
            plugin,
            held: Mutex::new(first),
        }
    }
}

#[async_trait]
impl TokenSource for PluginTokens {
    async fn token(&self) -> Result<String, String> {
        let mut held = self.held.lock().await;
        if held.token.is_none() || held.ends_soon() {
            *held = self
                .plugin
                .run()
                .await
                .map_err(|error| error.message.clone())?;
        }
        held.token
            .clone()
            .ok_or_else(|| "the credential plugin gave no token".to_owned())
    }

    async fn rejected(&self, token: &str) {
        let mut held = self.held.lock().await;
        if held.token.as_deref() == Some(token) {
            held.token = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(script: &str) -> Plugin {
        let config = ExecConfig {
            command: Some("sh".into()),
            args: Some(vec!["-c".into(), script.into()]),
            ..ExecConfig::default()
        };
        Plugin {
            config,
            cluster: Cluster {
                server: Some("https://aks".into()),
                ..Cluster::default()
            },
        }
    }

    /// Prints a token that counts how often the plugin ran.
    fn counting(folder: &tempfile::TempDir, end: &str) -> Plugin {
        let file = folder.path().join("runs").display().to_string();
        plugin(&format!(
            "echo x >> {file}; n=$(grep -c x {file}); \
             echo '{{\"status\":{{\"token\":\"t'$n'\",\"expirationTimestamp\":\"{end}\"}}}}'"
        ))
    }

    async fn tokens(plugin: Plugin) -> PluginTokens {
        let first = plugin.run().await.unwrap();
        PluginTokens::new(plugin, first)
    }

    #[tokio::test]
    async fn a_plugin_runs_once_until_its_token_ends_or_is_rejected() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = tokens(counting(&folder, "2999-01-01T00:00:00Z")).await;
        assert_eq!(tokens.token().await.unwrap(), "t1");
        assert_eq!(tokens.token().await.unwrap(), "t1");
        tokens.rejected("another").await;
        assert_eq!(tokens.token().await.unwrap(), "t1");
        tokens.rejected("t1").await;
        assert_eq!(tokens.token().await.unwrap(), "t2");
    }

    #[tokio::test]
    async fn an_ended_token_is_renewed() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = tokens(counting(&folder, "2020-01-01T00:00:00Z")).await;
        assert_eq!(tokens.token().await.unwrap(), "t2");
    }

    #[tokio::test]
    async fn a_plugin_is_told_about_the_cluster_when_it_asks() {
        let mut plugin = plugin(
            "printf '{\"status\":{\"token\":\"%s\"}}' \"$(echo $KUBERNETES_EXEC_INFO | grep -c https://aks)\"",
        );
        assert_eq!(plugin.run().await.unwrap().token.as_deref(), Some("0"));
        plugin.config.provide_cluster_info = true;
        assert_eq!(plugin.run().await.unwrap().token.as_deref(), Some("1"));
    }

    #[tokio::test]
    async fn a_failing_plugin_says_why_and_no_secret() {
        let error = plugin("echo s3cret; echo expired >&2; exit 3")
            .run()
            .await
            .err()
            .unwrap();
        assert_eq!(
            error.message,
            "the credential plugin `sh` failed with exit status: 3: expired"
        );
        let error = plugin("echo s3cret").run().await.err().unwrap();
        assert_eq!(
            error.message,
            "the credential plugin `sh` printed no ExecCredential"
        );
    }
}
