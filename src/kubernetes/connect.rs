//! From [`Settings`] to a connection: one kubeconfig is composed, whatever the source.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::client::{AuthError, ClientBuilder};
use kube::config::{
    AuthInfo, Cluster, Context, ExecConfig, KubeConfigOptions, Kubeconfig, KubeconfigError,
    NamedAuthInfo, NamedCluster, NamedContext,
};

use super::Result;
use super::client::TokenSource;
use super::error::{Error, ErrorKind};
use super::exec::{Plugin, PluginTokens};
use super::proxy::proxy_for;
use super::settings::{Exec, Settings};

/// The name of the entries that we compose.
const OURS: &str = "terraform-provider-postgres";

/// A connection, and where its bearer tokens come from when a plugin hands them out.
pub(super) type Connection = (kube::Client, Option<Arc<dyn TokenSource>>);

pub(super) async fn connect(settings: Settings) -> Result<Connection> {
    let mut kubeconfig = compose(&settings)?;
    let mut tokens: Option<Arc<dyn TokenSource>> = None;
    if let Some(plugin) = take_plugin(&mut kubeconfig) {
        let credential = plugin.run().await?;
        for user in kubeconfig
            .auth_infos
            .iter_mut()
            .filter_map(|user| user.auth_info.as_mut())
        {
            let encoded = |pem: &String| STANDARD.encode(pem);
            user.client_certificate_data = credential.client_certificate_data.as_ref().map(encoded);
            user.client_key_data = credential
                .client_key_data
                .as_ref()
                .map(|pem| encoded(pem).into());
        }
        if credential.token.is_some() {
            tokens = Some(Arc::new(PluginTokens::new(plugin, credential)));
        }
    }
    Ok((build(config(&settings, kubeconfig).await?)?, tokens))
}

/// We run credential plugins ourselves: once, without blocking, and quoting nothing.
fn take_plugin(kubeconfig: &mut Kubeconfig) -> Option<Plugin> {
    let cluster = kubeconfig.clusters.first()?.cluster.clone()?;
    let user = kubeconfig.auth_infos.first_mut()?.auth_info.as_mut()?;
    // Like client-go: a plugin is asked only when nothing else identifies the user.
    let config = user.exec.take()?;
    (user.token.is_none() && user.token_file.is_none()).then_some(Plugin { config, cluster })
}

/// For a client that brings its own bearer tokens: the kubeconfig only says where the cluster is.
pub(super) async fn connect_without_credentials(settings: Settings) -> Result<kube::Client> {
    let mut kubeconfig = compose(&settings)?;
    for user in &mut kubeconfig.auth_infos {
        user.auth_info = None;
    }
    build(config(&settings, kubeconfig).await?)
}

/// One kubeconfig with one cluster, user and context: what the files say plus the overrides.
fn compose(settings: &Settings) -> Result<Kubeconfig> {
    let (mut cluster, mut user) = match read(settings)? {
        Some(kubeconfig) => select(&kubeconfig, settings.config_context.as_deref())?,
        None => (Cluster::default(), AuthInfo::default()),
    };
    override_cluster(&mut cluster, settings);
    override_user(&mut user, settings);
    if cluster.server.is_none() {
        return Err(Error::configuration(
            "no Kubernetes cluster is configured: set `config_path` or `host` in the `kubernetes` block, or \
             KUBE_CONFIG_PATH, or give the resource an `aks_cluster_id`",
        ));
    }
    let context = Context {
        cluster: OURS.to_owned(),
        user: Some(OURS.to_owned()),
        ..Context::default()
    };
    Ok(Kubeconfig {
        clusters: vec![NamedCluster {
            name: OURS.to_owned(),
            cluster: Some(cluster),
            ..NamedCluster::default()
        }],
        auth_infos: vec![NamedAuthInfo {
            name: OURS.to_owned(),
            auth_info: Some(user),
            ..NamedAuthInfo::default()
        }],
        contexts: vec![NamedContext {
            name: OURS.to_owned(),
            context: Some(context),
            ..NamedContext::default()
        }],
        current_context: Some(OURS.to_owned()),
        ..Kubeconfig::default()
    })
}

fn read(settings: &Settings) -> Result<Option<Kubeconfig>> {
    if let Some(text) = &settings.kubeconfig {
        // The parser's own text quotes the document, and with it the credentials.
        return Kubeconfig::from_yaml(text).map(Some).map_err(|_| {
            Error::configuration("the kubeconfig that was handed out for the cluster is not valid")
        });
    }
    let paths: Vec<&String> = match &settings.config_path {
        Some(path) => vec![path],
        None => settings.config_paths.iter().collect(),
    };
    let mut merged: Option<Kubeconfig> = None;
    for path in paths {
        let next = Kubeconfig::read_from(path).map_err(|error| unreadable(path, &error))?;
        merged = Some(match merged {
            None => next,
            Some(first) => first
                .merge(next)
                .map_err(|error| unreadable(path, &error))?,
        });
    }
    Ok(merged)
}

fn unreadable(path: &str, error: &KubeconfigError) -> Error {
    match error {
        KubeconfigError::ReadConfig(source, _) => {
            Error::configuration(format!("the kubeconfig `{path}` cannot be read: {source}"))
        }
        _ => Error::configuration(format!("the kubeconfig `{path}` is not valid")),
    }
}

fn select(kubeconfig: &Kubeconfig, context: Option<&str>) -> Result<(Cluster, AuthInfo)> {
    let known: Vec<&str> = kubeconfig
        .contexts
        .iter()
        .map(|context| context.name.as_str())
        .collect();
    let listed = format!("the contexts are: `{}`", known.join("`, `"));
    let wanted = context
        .or(kubeconfig.current_context.as_deref())
        .filter(|name| !name.is_empty())
        .ok_or_else(|| {
            Error::configuration(format!(
                "the kubeconfig has no current context; set `config_context`; {listed}"
            ))
        })?;
    let context = kubeconfig
        .contexts
        .iter()
        .find(|context| context.name == wanted)
        .and_then(|context| context.context.as_ref())
        .ok_or_else(|| {
            Error::configuration(format!(
                "the kubeconfig has no context `{wanted}`; {listed}"
            ))
        })?;
    let cluster = kubeconfig
        .clusters
        .iter()
        .find(|cluster| cluster.name == context.cluster)
        .and_then(|cluster| cluster.cluster.clone())
        .ok_or_else(|| {
            Error::configuration(format!(
                "the kubeconfig has no cluster `{}`",
                context.cluster
            ))
        })?;
    let user = kubeconfig
        .auth_infos
        .iter()
        .find(|user| Some(&user.name) == context.user.as_ref())
        .and_then(|user| user.auth_info.clone())
        .unwrap_or_default();
    Ok((cluster, user))
}

fn override_cluster(cluster: &mut Cluster, settings: &Settings) {
    if let Some(host) = &settings.host {
        let scheme = if host.contains("://") { "" } else { "https://" };
        cluster.server = Some(format!("{scheme}{host}"));
    }
    if let Some(pem) = &settings.cluster_ca_certificate {
        cluster.certificate_authority = None;
        cluster.certificate_authority_data = Some(STANDARD.encode(pem));
        cluster.insecure_skip_tls_verify = None;
    }
    if settings.insecure {
        cluster.insecure_skip_tls_verify = Some(true);
    }
    if let Some(name) = &settings.tls_server_name {
        cluster.tls_server_name = Some(name.clone());
    }
}

fn override_user(user: &mut AuthInfo, settings: &Settings) {
    if let Some(token) = &settings.bearer_token {
        *user = AuthInfo {
            token: Some(token.clone().into()),
            ..AuthInfo::default()
        };
        return;
    }
    if settings.token.is_some() || settings.exec.is_some() {
        *user = AuthInfo::default();
    }
    if let Some(token) = &settings.token {
        user.token = Some(token.clone().into());
    }
    if let Some(pem) = &settings.client_certificate {
        user.client_certificate = None;
        user.client_certificate_data = Some(STANDARD.encode(pem));
    }
    if let Some(pem) = &settings.client_key {
        user.client_key = None;
        user.client_key_data = Some(STANDARD.encode(pem).into());
    }
    if let Some(plugin) = &settings.exec {
        user.exec = Some(exec(plugin));
    }
}

fn exec(plugin: &Exec) -> ExecConfig {
    let variable = |(name, value): (&String, &String)| {
        [
            ("name".to_owned(), name.clone()),
            ("value".to_owned(), value.clone()),
        ]
        .into_iter()
        .collect()
    };
    let config: Result<ExecConfig, _> = serde_json::from_value(serde_json::json!({
        "apiVersion": plugin.api_version,
        "command": plugin.command,
        "args": plugin.args,
        "interactiveMode": "Never",
    }));
    let mut config = config.unwrap_or_default();
    config.env = Some(plugin.env.iter().map(variable).collect());
    config
}

async fn config(settings: &Settings, kubeconfig: Kubeconfig) -> Result<kube::Config> {
    let explicit = kubeconfig.clusters.iter().any(|named| {
        named
            .cluster
            .as_ref()
            .is_some_and(|c| c.proxy_url.is_some())
    });
    let mut config =
        kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
            .await
            .map_err(|error| {
                Error::configuration(match &error {
                    KubeconfigError::LoadCertificateAuthority(_)
                    | KubeconfigError::ParseCertificates(_)
                    | KubeconfigError::ParseClusterUrl(_) => {
                        format!("the connection settings are not valid: {error}")
                    }
                    _ => "the connection settings are not valid".to_owned(),
                })
            })?;
    if !explicit {
        let host = config.cluster_url.host().unwrap_or_default();
        let proxy = proxy_for(
            host,
            settings.proxy_url.as_deref(),
            settings.no_proxy.as_deref(),
        );
        config.proxy_url = proxy
            .map(str::parse)
            .transpose()
            .map_err(|_| Error::configuration("the proxy URL of the environment is not valid"))?;
    }
    // Also the field manager of patches, and what audit logs show.
    config.headers.push((
        http::header::USER_AGENT,
        http::HeaderValue::from_static(OURS),
    ));
    // Retries are ours: they know the call's deadline and cancellation.
    config.default_retry = false;
    Ok(config)
}

fn build(config: kube::Config) -> Result<kube::Client> {
    let built = match ClientBuilder::try_from(config.clone()) {
        // A machine without root certificates can still start; a connection to a server with a
        // public certificate then fails with the reason.
        Err(kube::Error::RustlsTls(_)) if config.root_cert.is_none() => {
            let mut config = config;
            config.root_cert = Some(Vec::new());
            ClientBuilder::try_from(config)
        }
        other => other,
    };
    built.map(ClientBuilder::build).map_err(transport_error)
}

/// An error that is not an answer of the API server. Texts that may hold output of a
/// credential plugin or parts of a kubeconfig are left out.
pub(super) fn transport_error(error: kube::Error) -> Error {
    match &error {
        kube::Error::Auth(auth) => return auth_error(auth),
        kube::Error::RustlsTls(tls) => {
            return Error::configuration(format!(
                "the certificates of the connection are not usable: {tls}"
            ));
        }
        kube::Error::ProxyProtocolUnsupported { .. }
        | kube::Error::ProxyProtocolDisabled { .. } => {
            return Error::configuration(
                "the protocol of the proxy URL is not supported; use `http://` or `https://`",
            );
        }
        kube::Error::InferKubeconfig(_) => {
            return Error::configuration("the client certificate or key is not valid");
        }
        kube::Error::Service(source) => {
            if let Some(auth) = source.downcast_ref::<AuthError>() {
                return auth_error(auth);
            }
        }
        _ => {}
    }
    let (texts, refused) = chain(&error);
    let message = format!("the API server cannot be reached: {}", texts.join(": "));
    if message.contains("invalid peer certificate") {
        return Error::configuration(format!(
            "{message}; set `cluster_ca_certificate` to the CA of the cluster"
        ));
    }
    let mut failed = Error::new(ErrorKind::Transient, message);
    if refused {
        failed = failed.certainly_unsent();
    }
    failed
}

/// The distinct texts of an error chain, and whether the connection was never made.
fn chain(error: &(dyn StdError + 'static)) -> (Vec<String>, bool) {
    let mut texts: Vec<String> = Vec::new();
    let mut refused = false;
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        // kube prints the source of an error as part of it.
        texts.retain(|outer| !outer.ends_with(&text));
        texts.push(text);
        refused |= error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
        next = error.source();
    }
    (texts, refused)
}

fn auth_error(error: &AuthError) -> Error {
    let message = match error {
        AuthError::ReadTokenFile(source, path) => {
            format!(
                "the token file `{}` cannot be read: {source}",
                path.display()
            )
        }
        _ => "the credentials of the connection are not usable".to_owned(),
    };
    Error::configuration(message)
}

#[cfg(test)]
#[path = "connect_tests.rs"]
mod tests;
