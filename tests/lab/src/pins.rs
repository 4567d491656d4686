//! Every version that the lab is made of. A change here rebuilds what depends on it and nothing else.

/// The versions, as one value so that tests can change one and look at what follows.
#[derive(Clone, Debug)]
pub struct Pins {
    /// Kubernetes without the leading `v`; its libraries are `0.<minor>.<patch>`.
    pub kubernetes: &'static str,
    pub etcd: &'static str,
    pub coredns: &'static str,
    pub cloudnative_pg: &'static str,
    pub barman_plugin: &'static str,
    pub opentofu: &'static str,
    /// What OpenTofu replaces `hashicorp/hcl/v2` with; a `replace` counts in the main module only.
    pub opentofu_hcl: &'static str,
    pub azurite: &'static str,
    /// PostgreSQL major version; the minor version is the one of the Debian suite.
    pub postgresql: &'static str,
    /// barman as Python package, inside the plugin's sidecar.
    pub barman: &'static str,
    pub debian_suite: &'static str,
    /// Tags under which the operator and the provider ask for PgBouncer.
    pub pgbouncer_tags: &'static [&'static str],
    pub pause: &'static str,
    /// The `go` line of the modules written for the builds.
    pub go: &'static str,
}

/// The versions in use.
pub const PINS: Pins = Pins {
    kubernetes: "1.34.4",
    etcd: "3.6.16",
    coredns: "1.14.6",
    cloudnative_pg: "1.30.0",
    barman_plugin: "0.14.0",
    opentofu: "1.12.6",
    opentofu_hcl: "v2.20.2-0.20251021132045-587d123c2828",
    azurite: "3.35.0",
    postgresql: "17",
    barman: "3.19.1",
    debian_suite: "trixie",
    pgbouncer_tags: &["1.24", "1.25.1"],
    pause: "3.10",
    go: "1.26.6",
};

impl Pins {
    /// The version of Kubernetes' staging modules: `1.34.4` becomes `0.34.4`.
    pub fn kubernetes_libraries(&self) -> String {
        let (_, rest) = self
            .kubernetes
            .split_once('.')
            .unwrap_or(("", self.kubernetes));
        format!("0.{rest}")
    }

    /// Major and minor version of Kubernetes, as its `version` command shows them.
    pub fn kubernetes_minor(&self) -> (&str, &str) {
        let mut parts = self.kubernetes.split('.');
        (parts.next().unwrap_or(""), parts.next().unwrap_or(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn library_versions_follow_from_the_release() {
        assert_eq!(PINS.kubernetes_libraries(), "0.34.4");
        assert_eq!(PINS.kubernetes_minor(), ("1", "34"));
    }
}
