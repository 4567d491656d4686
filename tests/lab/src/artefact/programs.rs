//! Recipes of the programs that come from Go modules.

use super::recipe::{Artefact, GoModule, Manifest, Recipe};
use crate::pins::Pins;

pub fn go(
    pins: &Pins,
    name: &'static str,
    module: &'static str,
    version: &str,
    programs: &[(&'static str, &str)],
) -> Artefact {
    go_with(name, module_of(pins, module, version, programs))
}

fn go_with(name: &'static str, module: GoModule) -> Artefact {
    Artefact {
        name,
        needs: vec![],
        recipe: Recipe::Go(module),
    }
}

fn module_of(
    pins: &Pins,
    module: &'static str,
    version: &str,
    programs: &[(&'static str, &str)],
) -> GoModule {
    GoModule {
        go: pins.go,
        module,
        version: version.into(),
        replace: vec![],
        staging: None,
        ldflags: "-s -w ".into(),
        programs: programs
            .iter()
            .map(|(name, package)| (*name, format!("{module}{package}")))
            .collect(),
        manifest: None,
    }
}

pub fn kubernetes(pins: &Pins) -> Artefact {
    let programs = [
        ("kube-apiserver", "/cmd/kube-apiserver"),
        ("kube-controller-manager", "/cmd/kube-controller-manager"),
        ("kube-scheduler", "/cmd/kube-scheduler"),
        ("kubelet", "/cmd/kubelet"),
        ("kube-proxy", "/cmd/kube-proxy"),
        ("kubectl", "/cmd/kubectl"),
    ];
    let (major, minor) = pins.kubernetes_minor();
    let version = "k8s.io/component-base/version";
    go_with(
        "kubernetes",
        GoModule {
            staging: Some(pins.kubernetes_libraries()),
            ldflags: format!(
                "-s -w -X {version}.gitVersion=v{} -X {version}.gitMajor={major} -X {version}.gitMinor={minor}",
                pins.kubernetes
            ),
            ..module_of(pins, "k8s.io/kubernetes", pins.kubernetes, &programs)
        },
    )
}

pub fn cloudnative_pg(pins: &Pins) -> Artefact {
    let version = pins.cloudnative_pg;
    let module = "github.com/cloudnative-pg/cloudnative-pg";
    let programs = [
        ("cnpg-manager", "/cmd/manager"),
        ("kubectl-cnpg", "/cmd/kubectl-cnpg"),
    ];
    go_with(
        "cloudnative-pg",
        GoModule {
            ldflags: format!("-s -w -X {module}/pkg/versions.buildVersion={version}"),
            manifest: Some(Manifest {
                path: format!("releases/cnpg-{version}.yaml"),
                edits: vec![("imagePullPolicy: Always", "imagePullPolicy: IfNotPresent")],
            }),
            ..module_of(pins, module, version, &programs)
        },
    )
}

pub fn barman_plugin(pins: &Pins) -> Artefact {
    let image = "image: ghcr.io/cloudnative-pg/plugin-barman-cloud-testing:main";
    let local = "image: ghcr.io/cloudnative-pg/plugin-barman-cloud-testing:main\n        imagePullPolicy: IfNotPresent";
    go_with(
        "barman-plugin",
        GoModule {
            manifest: Some(Manifest {
                path: "manifest.yaml".into(),
                edits: vec![(image, local)],
            }),
            ..module_of(
                pins,
                "github.com/cloudnative-pg/plugin-barman-cloud",
                pins.barman_plugin,
                &[("barman-manager", "/cmd/manager")],
            )
        },
    )
}

pub fn opentofu(pins: &Pins) -> Artefact {
    let module = "github.com/opentofu/opentofu";
    go_with(
        "opentofu",
        GoModule {
            replace: vec![format!(
                "github.com/hashicorp/hcl/v2 v2.20.1 => github.com/opentofu/hcl/v2 {}",
                pins.opentofu_hcl
            )],
            ldflags: format!("-s -w -X {module}/version.dev=no"),
            ..module_of(pins, module, pins.opentofu, &[("tofu", "/cmd/tofu")])
        },
    )
}
