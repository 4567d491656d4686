//! Where a cluster is and who we are there, as plain data.

use std::collections::BTreeMap;
use std::fmt;

/// A credential plugin (client-go exec plugin) that prints an `ExecCredential`.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Exec {
    pub api_version: String,
    pub command: String,
    pub args: Vec<String>,
    pub env: BTreeMap<String, String>,
}

/// How to reach a cluster. Single fields override what the kubeconfig says.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Settings {
    /// A kubeconfig as text, as ARM hands it out. Wins over `config_path` and the environment.
    pub kubeconfig: Option<String>,
    pub config_path: Option<String>,
    /// Several kubeconfig files to merge, as `KUBECONFIG` names them.
    pub config_paths: Vec<String>,
    pub config_context: Option<String>,
    pub host: Option<String>,
    pub token: Option<String>,
    /// PEM.
    pub cluster_ca_certificate: Option<String>,
    /// PEM.
    pub client_certificate: Option<String>,
    /// PEM.
    pub client_key: Option<String>,
    pub insecure: bool,
    pub tls_server_name: Option<String>,
    pub exec: Option<Exec>,
    /// Used instead of whatever credential the kubeconfig names (its exec plugin is not run):
    /// an Entra token for the AKS server application, for example.
    pub bearer_token: Option<String>,
    pub proxy_url: Option<String>,
    /// Comma-separated hosts that are reached directly, as `NO_PROXY` lists them.
    pub no_proxy: Option<String>,
}

impl Settings {
    /// Fills what is not set from the environment variables that users of the `kubernetes`
    /// provider know. A kubeconfig given as text belongs to one cluster, so nothing but the
    /// proxy is taken then; an explicit `host` or `config_path` hides the others' variables.
    pub fn with_environment(mut self, env: impl Fn(&str) -> Option<String>) -> Self {
        let env = |name: &str| env(name).filter(|value| !value.is_empty());
        self.proxy_url = self
            .proxy_url
            .or_else(|| env("KUBE_PROXY_URL"))
            .or_else(|| env("HTTPS_PROXY"))
            .or_else(|| env("https_proxy"));
        self.no_proxy = self
            .no_proxy
            .or_else(|| env("NO_PROXY"))
            .or_else(|| env("no_proxy"));
        if self.kubeconfig.is_some() {
            return self;
        }
        if self.host.is_none() && self.config_path.is_none() && self.config_paths.is_empty() {
            self.host = env("KUBE_HOST");
            self.config_path = env("KUBE_CONFIG_PATH");
            if self.config_path.is_none() {
                let list = env("KUBE_CONFIG_PATHS").or_else(|| env("KUBECONFIG"));
                self.config_paths = list.map(|list| split_paths(&list)).unwrap_or_default();
            }
        }
        let home = env("HOME");
        self.config_path = self
            .config_path
            .map(|path| expand_home(&path, home.as_deref()));
        self.config_paths = self
            .config_paths
            .iter()
            .map(|path| expand_home(path, home.as_deref()))
            .collect();
        self.config_context = self.config_context.or_else(|| env("KUBE_CTX"));
        self.token = self.token.or_else(|| env("KUBE_TOKEN"));
        self.cluster_ca_certificate = self
            .cluster_ca_certificate
            .or_else(|| env("KUBE_CLUSTER_CA_CERT_DATA"));
        self.client_certificate = self
            .client_certificate
            .or_else(|| env("KUBE_CLIENT_CERT_DATA"));
        self.client_key = self.client_key.or_else(|| env("KUBE_CLIENT_KEY_DATA"));
        self.tls_server_name = self.tls_server_name.or_else(|| env("KUBE_TLS_SERVER_NAME"));
        self.insecure |= env("KUBE_INSECURE").is_some_and(|value| value == "true" || value == "1");
        self
    }

    /// Whether anything says which cluster is meant.
    pub fn names_a_cluster(&self) -> bool {
        self.kubeconfig.is_some()
            || self.config_path.is_some()
            || !self.config_paths.is_empty()
            || self.host.is_some()
    }
}

fn split_paths(list: &str) -> Vec<String> {
    std::env::split_paths(list)
        .map(|path| path.to_string_lossy().into_owned())
        .filter(|path| !path.is_empty())
        .collect()
}

fn expand_home(path: &str, home: Option<&str>) -> String {
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => format!("{}/{rest}", home.trim_end_matches('/')),
        _ => path.to_owned(),
    }
}

/// Stands for a secret in Debug output.
fn hidden(secret: Option<&String>) -> Option<&'static str> {
    secret.map(|_| "(hidden)")
}

impl fmt::Debug for Settings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Settings")
            .field("kubeconfig", &hidden(self.kubeconfig.as_ref()))
            .field("config_path", &self.config_path)
            .field("config_paths", &self.config_paths)
            .field("config_context", &self.config_context)
            .field("host", &self.host)
            .field("token", &hidden(self.token.as_ref()))
            .field("client_key", &hidden(self.client_key.as_ref()))
            .field("exec", &self.exec)
            .field("bearer_token", &hidden(self.bearer_token.as_ref()))
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Exec {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Arguments and environment of a credential plugin often hold a client secret.
        out.debug_struct("Exec")
            .field("command", &self.command)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(
        pairs: &'static [(&'static str, &'static str)],
    ) -> impl Fn(&str) -> Option<String> {
        |name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn the_environment_fills_what_is_not_set() {
        let settings = Settings {
            token: Some("explicit".into()),
            ..Settings::default()
        }
        .with_environment(environment(&[
            ("KUBE_HOST", "https://h"),
            ("KUBE_TOKEN", "other"),
            ("KUBE_CTX", "dev"),
        ]));
        assert_eq!(settings.host.as_deref(), Some("https://h"));
        assert_eq!(settings.token.as_deref(), Some("explicit"));
        assert_eq!(settings.config_context.as_deref(), Some("dev"));
    }

    #[test]
    fn kube_config_path_wins_over_kubeconfig_and_home_is_expanded() {
        let both = environment(&[
            ("KUBE_CONFIG_PATH", "~/.kube/a"),
            ("KUBECONFIG", "/b:/c"),
            ("HOME", "/home/me"),
        ]);
        let settings = Settings::default().with_environment(both);
        assert_eq!(settings.config_path.as_deref(), Some("/home/me/.kube/a"));
        assert!(settings.config_paths.is_empty());
        let list = Settings::default().with_environment(environment(&[("KUBECONFIG", "/b:/c")]));
        assert_eq!(list.config_paths, ["/b", "/c"]);
    }

    #[test]
    fn a_kubeconfig_from_arm_takes_nothing_of_another_cluster() {
        let settings = Settings {
            kubeconfig: Some("text".into()),
            ..Settings::default()
        }
        .with_environment(environment(&[
            ("KUBE_HOST", "https://other"),
            ("KUBE_TOKEN", "t"),
        ]));
        assert_eq!((settings.host, settings.token), (None, None));
    }

    #[test]
    fn an_explicit_host_is_not_mixed_with_a_kubeconfig_of_the_environment() {
        let settings = Settings {
            host: Some("https://mine".into()),
            ..Settings::default()
        }
        .with_environment(environment(&[
            ("KUBE_CONFIG_PATH", "/other"),
            ("KUBECONFIG", "/more"),
        ]));
        assert_eq!(
            (settings.config_path, settings.config_paths.len()),
            (None, 0)
        );
    }

    #[test]
    fn debug_output_holds_no_secret() {
        let exec = Exec {
            args: vec!["s3cret".into()],
            ..Exec::default()
        };
        let settings = Settings {
            kubeconfig: Some("s3cret".into()),
            token: Some("s3cret".into()),
            client_key: Some("s3cret".into()),
            bearer_token: Some("s3cret".into()),
            exec: Some(exec),
            ..Settings::default()
        };
        assert!(!format!("{settings:?}").contains("s3cret"));
    }
}
