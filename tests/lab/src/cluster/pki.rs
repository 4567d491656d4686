//! Keys and certificates of the cluster, made anew for every lab.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize,
};

use super::network::{API_SERVICE, HOST, node_address};
use crate::paths::{NODES, Paths};

/// Who gets a certificate: file name, organisation, common name, alternative names.
struct Subject {
    file: String,
    organisation: Option<&'static str>,
    name: String,
    alternatives: Vec<String>,
}

/// Writes everything: CA, certificates, the key that signs service account tokens, kubeconfigs.
pub fn create(paths: &Paths) -> Result<()> {
    let ca = authority()?;
    write(&paths.pki("ca.crt"), &ca.pem())?;
    write(&paths.pki("ca.key"), &ca.key().serialize_pem())?;
    for subject in subjects() {
        let (certificate, key) = issue(&subject, &ca)?;
        write(&paths.pki(&format!("{}.crt", subject.file)), &certificate)?;
        write(&paths.pki(&format!("{}.key", subject.file)), &key)?;
        if !subject.file.starts_with("apiserver") {
            let kubeconfig = kubeconfig(&subject.file, &ca.pem(), &certificate, &key);
            write(
                &paths.root.join(format!("{}.kubeconfig", subject.file)),
                &kubeconfig,
            )?;
        }
    }
    // RSA, as on AKS: what verifies tokens expects RS256.
    let signing = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
    write(&paths.pki("service-accounts.key"), &signing.serialize_pem())?;
    write(
        &paths.pki("service-accounts.pub"),
        &signing.public_key_pem(),
    )
}

/// Certificate and key that vouch for themselves, for two parties that know each other's certificate.
pub fn self_signed(name: &str) -> Result<(String, String)> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec![name.to_string()])?;
    params.distinguished_name = distinguished_name(None, name);
    params.extended_key_usages = both_usages();
    Ok((params.self_signed(&key)?.pem(), key.serialize_pem()))
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>> {
    let mut params = CertificateParams::default();
    params.distinguished_name = distinguished_name(None, "lab-ca");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
        .context("cannot make the lab's certificate authority")
}

fn subjects() -> Vec<Subject> {
    let user = |file: &str, organisation, name: &str| Subject {
        file: file.into(),
        organisation,
        name: name.into(),
        alternatives: vec![],
    };
    let api_names = [
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "localhost",
        "127.0.0.1",
    ];
    let mut subjects = vec![
        Subject {
            alternatives: api_names
                .iter()
                .chain(&[API_SERVICE, HOST])
                .map(ToString::to_string)
                .collect(),
            ..user("apiserver", None, "kube-apiserver")
        },
        user("admin", Some("system:masters"), "admin"),
        user("controllers", None, "system:kube-controller-manager"),
        user("scheduler", None, "system:kube-scheduler"),
        user("proxy", None, "system:kube-proxy"),
    ];
    subjects.extend((1..=NODES).map(|node| Subject {
        alternatives: vec![format!("node{node}"), node_address(node)],
        ..user(
            &format!("node{node}"),
            Some("system:nodes"),
            &format!("system:node:node{node}"),
        )
    }));
    subjects
}

fn issue(subject: &Subject, ca: &CertifiedIssuer<'_, KeyPair>) -> Result<(String, String)> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(subject.alternatives.clone())?;
    params.distinguished_name = distinguished_name(subject.organisation, &subject.name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = both_usages();
    Ok((params.signed_by(&key, ca)?.pem(), key.serialize_pem()))
}

fn distinguished_name(organisation: Option<&str>, name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    if let Some(organisation) = organisation {
        distinguished.push(DnType::OrganizationName, organisation);
    }
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn both_usages() -> Vec<ExtendedKeyUsagePurpose> {
    vec![
        ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsagePurpose::ServerAuth,
    ]
}

fn kubeconfig(user: &str, ca: &str, certificate: &str, key: &str) -> String {
    let (ca, certificate, key) = (
        STANDARD.encode(ca),
        STANDARD.encode(certificate),
        STANDARD.encode(key),
    );
    format!(
        "apiVersion: v1
kind: Config
current-context: lab
clusters:
- name: lab
  cluster:
    server: https://{HOST}:6443
    certificate-authority-data: {ca}
users:
- name: {user}
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
contexts:
- name: lab
  context:
    cluster: lab
    user: {user}
"
    )
}

fn write(path: &Path, content: &str) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, content).with_context(|| format!("cannot write `{}`", path.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_party_gets_its_files() {
        let directory = tempfile::tempdir().unwrap();
        let paths = Paths {
            cache: directory.path().into(),
            root: directory.path().join("root"),
            run: directory.path().into(),
        };
        create(&paths).unwrap();
        for user in [
            "admin",
            "controllers",
            "scheduler",
            "proxy",
            "node1",
            "node2",
            "node3",
        ] {
            let text = fs::read_to_string(paths.root.join(format!("{user}.kubeconfig"))).unwrap();
            assert!(text.contains("server: https://10.245.0.1:6443"), "{text}");
        }
        let mode = fs::metadata(paths.pki("ca.key"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(
            fs::read_to_string(paths.pki("service-accounts.pub"))
                .unwrap()
                .contains("BEGIN PUBLIC KEY")
        );
    }

    #[test]
    fn nodes_are_in_the_group_that_the_node_authorizer_asks_for() {
        let nodes: Vec<Subject> = subjects()
            .into_iter()
            .filter(|subject| subject.file.starts_with("node"))
            .collect();
        assert_eq!(nodes.len(), 3);
        assert!(
            nodes
                .iter()
                .all(|node| node.organisation == Some("system:nodes"))
        );
        assert_eq!(nodes[1].name, "system:node:node2");
        assert_eq!(nodes[1].alternatives, ["node2", "10.245.0.12"]);
    }
}
