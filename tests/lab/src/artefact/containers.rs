//! Recipes of the container images.

use super::recipe::{Artefact, Debian, Image, Layer, Recipe};
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

pub fn pause(pins: &Pins) -> Artefact {
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

pub fn operator(pins: &Pins) -> Artefact {
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

pub fn barman_plugin(pins: &Pins) -> Artefact {
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

pub fn pgbouncer(pins: &Pins) -> Artefact {
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

pub fn sidecar(pins: &Pins) -> Artefact {
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

pub fn postgresql(pins: &Pins) -> Artefact {
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
