//! The list of artefacts, in the order in which they can be built.

use super::recipe::{Artefact, Debian, GoModule, Image, Layer, Manifest, Recipe};
use crate::pins::Pins;

const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const REGISTRY: &str = "ghcr.io/cloudnative-pg";

/// Waits for a signal: what the pause container of a pod is for.
const PAUSE: &str = r#"package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	<-stop
}
"#;

/// Everything the lab runs, for these versions.
pub fn catalogue(pins: &Pins) -> Vec<Artefact> {
    vec![
        kubernetes(pins),
        go(
            pins,
            "etcd",
            "go.etcd.io/etcd/server/v3",
            pins.etcd,
            &[("etcd", "")],
        ),
        go(
            pins,
            "coredns",
            "github.com/coredns/coredns",
            pins.coredns,
            &[("coredns", "")],
        ),
        cloudnative_pg(pins),
        barman_plugin(pins),
        opentofu(pins),
        Artefact {
            name: "azurite",
            needs: vec![],
            recipe: Recipe::Npm {
                package: "azurite",
                version: pins.azurite,
            },
        },
        image_pause(pins),
        image_operator(pins),
        image_barman_plugin(pins),
        image_pgbouncer(pins),
        image_sidecar(pins),
        image_postgresql(pins),
    ]
}

/// Names of the artefacts that are container images.
pub fn images(artefacts: &[Artefact]) -> Vec<&'static str> {
    artefacts
        .iter()
        .filter(|artefact| matches!(artefact.recipe, Recipe::Image(_)))
        .map(|artefact| artefact.name)
        .collect()
}

fn go(
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

fn kubernetes(pins: &Pins) -> Artefact {
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

fn cloudnative_pg(pins: &Pins) -> Artefact {
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

fn barman_plugin(pins: &Pins) -> Artefact {
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

fn opentofu(pins: &Pins) -> Artefact {
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

fn image(name: &'static str, needs: &[&'static str], image: Image) -> Artefact {
    Artefact {
        name,
        needs: needs.to_vec(),
        recipe: Recipe::Image(image),
    }
}

fn path_env(first: &str) -> Vec<String> {
    vec![format!("PATH={first}{SYSTEM_PATH}"), "LANG=C.UTF-8".into()]
}

fn image_pause(pins: &Pins) -> Artefact {
    let layer = Layer::Source {
        name: "pause",
        source: PAUSE,
    };
    let tags = vec![format!("registry.k8s.io/pause:{}", pins.pause)];
    image(
        "image-pause",
        &[],
        Image {
            tags,
            user: "65535:65535",
            entrypoint: &["/pause"],
            env: path_env(""),
            layer,
        },
    )
}

fn image_operator(pins: &Pins) -> Artefact {
    let layer = Layer::Program {
        from: "cloudnative-pg",
        program: "cnpg-manager",
        path: "operator/manager_amd64",
        links: vec![("manager", "operator/manager_amd64")],
    };
    let tags = vec![format!("{REGISTRY}/cloudnative-pg:{}", pins.cloudnative_pg)];
    image(
        "image-cloudnative-pg",
        &["cloudnative-pg"],
        Image {
            tags,
            user: "65532:65532",
            entrypoint: &["/manager"],
            env: path_env(""),
            layer,
        },
    )
}

fn image_barman_plugin(pins: &Pins) -> Artefact {
    let layer = Layer::Program {
        from: "barman-plugin",
        program: "barman-manager",
        path: "manager",
        links: vec![],
    };
    // The manifest in the module names the first, the manifest of a release the second.
    let tags = vec![
        format!("{REGISTRY}/plugin-barman-cloud-testing:main"),
        format!("{REGISTRY}/plugin-barman-cloud:v{}", pins.barman_plugin),
    ];
    image(
        "image-barman-plugin",
        &["barman-plugin"],
        Image {
            tags,
            user: "65532:65532",
            entrypoint: &["/manager"],
            env: path_env(""),
            layer,
        },
    )
}

fn debian(pins: &Pins, packages: &[&str]) -> Debian {
    Debian {
        suite: pins.debian_suite,
        packages: packages.iter().map(ToString::to_string).collect(),
        accounts: vec![],
        script: String::new(),
        links: vec![],
        programs: vec![],
        version_tags: None,
    }
}

fn image_pgbouncer(pins: &Pins) -> Artefact {
    let layer = Layer::Debian(Debian {
        accounts: vec![("pgbouncer", 998)],
        // The operator calls it where the upstream image has it.
        links: vec![("usr/bin/pgbouncer", "../sbin/pgbouncer")],
        ..debian(pins, &["ca-certificates", "libpq5", "pgbouncer"])
    });
    let tags = pins
        .pgbouncer_tags
        .iter()
        .map(|tag| format!("{REGISTRY}/pgbouncer:{tag}"))
        .collect();
    image(
        "image-pgbouncer",
        &[],
        Image {
            tags,
            user: "998:998",
            entrypoint: &[],
            env: path_env(""),
            layer,
        },
    )
}

fn image_sidecar(pins: &Pins) -> Artefact {
    let layer = Layer::Debian(Debian {
        accounts: vec![("postgres", 26)],
        // psycopg2 is Debian's: its wheel does not fit every C library.
        script: format!(
            "python3 -m venv --system-site-packages /venv && \
             /venv/bin/pip install --quiet --no-cache-dir 'barman[azure,cloud,zstandard,lz4]=={}'",
            pins.barman
        ),
        programs: vec![("barman-plugin", "barman-manager", "manager")],
        ..debian(
            pins,
            &[
                "python3",
                "python3-venv",
                "python3-pip",
                "python3-psycopg2",
                "ca-certificates",
                "libpq5",
            ],
        )
    });
    let tags = vec![
        format!("{REGISTRY}/plugin-barman-cloud-sidecar-testing:main"),
        format!(
            "{REGISTRY}/plugin-barman-cloud-sidecar:v{}",
            pins.barman_plugin
        ),
    ];
    image(
        "image-barman-sidecar",
        &["barman-plugin"],
        Image {
            tags,
            user: "26:26",
            entrypoint: &["/manager"],
            env: path_env("/venv/bin:"),
            layer,
        },
    )
}

fn image_postgresql(pins: &Pins) -> Artefact {
    let (major, suite, name) = (
        pins.postgresql,
        pins.debian_suite,
        format!("{REGISTRY}/postgresql"),
    );
    let flavours = [
        "".to_string(),
        format!("-system-{suite}"),
        format!("-standard-{suite}"),
        format!("-minimal-{suite}"),
    ];
    let server = format!("postgresql-{major}");
    let layer = Layer::Debian(Debian {
        accounts: vec![("postgres", 26)],
        version_tags: Some((
            server.clone(),
            flavours
                .iter()
                .map(|flavour| format!("{name}:{{}}{flavour}"))
                .collect(),
        )),
        ..debian(
            pins,
            &[
                &server,
                &format!("{server}-pgaudit"),
                &format!("{server}-pgvector"),
                "ca-certificates",
            ],
        )
    });
    let tags = flavours
        .iter()
        .map(|flavour| format!("{name}:{major}{flavour}"))
        .collect();
    let env = path_env(&format!("/usr/lib/postgresql/{major}/bin:"));
    image(
        "image-postgresql",
        &[],
        Image {
            tags,
            user: "26",
            entrypoint: &[],
            env,
            layer,
        },
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::stamps;
    use super::*;
    use crate::pins::PINS;

    /// The artefacts whose stamp differs between the pins in use and `changed`.
    fn rebuilt(changed: Pins) -> Vec<&'static str> {
        let (before, after) = (stamps(&catalogue(&PINS)), stamps(&catalogue(&changed)));
        before
            .into_iter()
            .filter(|(name, stamp)| after[name] != *stamp)
            .map(|(name, _)| name)
            .collect()
    }

    #[test]
    fn one_pin_rebuilds_its_dependants_and_nothing_else() {
        assert_eq!(rebuilt(PINS), [""; 0]);
        assert_eq!(
            rebuilt(Pins {
                kubernetes: "1.34.5",
                ..PINS
            }),
            ["kubernetes"]
        );
        assert_eq!(
            rebuilt(Pins {
                etcd: "3.6.17",
                ..PINS
            }),
            ["etcd"]
        );
        assert_eq!(
            rebuilt(Pins {
                coredns: "1.14.7",
                ..PINS
            }),
            ["coredns"]
        );
        assert_eq!(
            rebuilt(Pins {
                cloudnative_pg: "1.30.1",
                ..PINS
            }),
            ["cloudnative-pg", "image-cloudnative-pg"]
        );
        assert_eq!(
            rebuilt(Pins {
                barman_plugin: "0.14.1",
                ..PINS
            }),
            [
                "barman-plugin",
                "image-barman-plugin",
                "image-barman-sidecar"
            ]
        );
        assert_eq!(
            rebuilt(Pins {
                opentofu: "1.12.7",
                ..PINS
            }),
            ["opentofu"]
        );
        assert_eq!(
            rebuilt(Pins {
                azurite: "3.34.0",
                ..PINS
            }),
            ["azurite"]
        );
        assert_eq!(
            rebuilt(Pins {
                postgresql: "18",
                ..PINS
            }),
            ["image-postgresql"]
        );
        assert_eq!(
            rebuilt(Pins {
                barman: "3.20.0",
                ..PINS
            }),
            ["image-barman-sidecar"]
        );
        assert_eq!(
            rebuilt(Pins {
                pgbouncer_tags: &["1.26.0"],
                ..PINS
            }),
            ["image-pgbouncer"]
        );
        assert_eq!(
            rebuilt(Pins {
                pause: "3.11",
                ..PINS
            }),
            ["image-pause"]
        );
        assert_eq!(
            rebuilt(Pins {
                debian_suite: "forky",
                ..PINS
            }),
            [
                "image-barman-sidecar",
                "image-pgbouncer",
                "image-postgresql"
            ]
        );
    }

    #[test]
    fn needs_are_built_before() {
        let mut built = BTreeSet::new();
        for artefact in catalogue(&PINS) {
            assert!(
                artefact.needs.iter().all(|need| built.contains(need)),
                "{}",
                artefact.name
            );
            assert!(
                built.insert(artefact.name),
                "`{}` is listed twice",
                artefact.name
            );
        }
    }

    #[test]
    fn images_carry_the_names_that_are_asked_for() {
        let artefacts = catalogue(&PINS);
        let tags: Vec<String> = artefacts
            .iter()
            .filter_map(|artefact| match &artefact.recipe {
                Recipe::Image(image) => Some(image.tags.clone()),
                _ => None,
            })
            .flatten()
            .collect();
        for wanted in [
            "postgresql:17",
            "postgresql:17-system-trixie",
            "cloudnative-pg:1.30.0",
            "pgbouncer:1.25.1",
        ] {
            assert!(
                tags.contains(&format!("{REGISTRY}/{wanted}")),
                "{wanted} is not in {tags:?}"
            );
        }
        assert_eq!(images(&artefacts).len(), 6);
    }
}
