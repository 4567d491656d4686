//! CloudNativePG and the barman plugin, from the manifests that their modules contain.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::pki;
use crate::kubectl::Kubectl;
use crate::paths::Paths;
use crate::progress::say;
use crate::shell::wait_until;

const NAMESPACE: &str = "cnpg-system";

/// Installs both and waits until a Cluster can be created.
pub fn install(paths: &Paths) -> Result<()> {
    let kubectl = Kubectl::new(paths);
    kubectl.apply(&manifest(paths, "cloudnative-pg")?)?;
    for (secret, name) in [
        ("barman-cloud-client-tls", "barman-cloud-client"),
        ("barman-cloud-server-tls", "barman-cloud"),
    ] {
        kubectl.apply(&tls_secret(secret, name)?)?;
    }
    kubectl.apply(&without_cert_manager(&manifest(paths, "barman-plugin")?))?;
    say("operator and barman plugin are installed, waiting for them");
    kubectl.run([
        "-n",
        NAMESPACE,
        "rollout",
        "status",
        "deployment",
        "--timeout=180s",
    ])?;
    wait_until(
        "the operator's webhooks answer",
        Duration::from_secs(120),
        || Ok(kubectl.try_cluster().err().map(|error| error.to_string())),
    )
}

fn manifest(paths: &Paths, artefact: &str) -> Result<String> {
    let path = paths.artefact(artefact).join("manifest.yaml");
    fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))
}

/// The manifest without the objects that need cert-manager; their product is made by [`tls_secret`].
fn without_cert_manager(manifest: &str) -> String {
    manifest
        .split("\n---\n")
        .filter(|document| !document.contains("apiVersion: cert-manager.io/"))
        .collect::<Vec<_>>()
        .join("\n---\n")
}

fn tls_secret(secret: &str, name: &str) -> Result<String> {
    let (certificate, key) = pki::self_signed(name)?;
    let object = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": { "name": secret, "namespace": NAMESPACE },
        "type": "kubernetes.io/tls",
        "data": { "tls.crt": STANDARD.encode(certificate), "tls.key": STANDARD.encode(key) },
    });
    Ok(object.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_of_cert_manager_are_left_out() {
        let manifest = "apiVersion: v1\nkind: Service\n---\napiVersion: cert-manager.io/v1\nkind: Issuer\n---\napiVersion: apps/v1\nkind: Deployment\n";
        assert_eq!(
            without_cert_manager(manifest),
            "apiVersion: v1\nkind: Service\n---\napiVersion: apps/v1\nkind: Deployment\n"
        );
    }
}
