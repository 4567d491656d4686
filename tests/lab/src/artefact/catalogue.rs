//! The list of artefacts, in the order in which they can be built.

use super::recipe::{Artefact, Recipe};
use super::{containers, programs};
use crate::pins::Pins;

/// Everything the lab runs, for these versions.
pub fn catalogue(pins: &Pins) -> Vec<Artefact> {
    vec![
        programs::kubernetes(pins),
        programs::go(
            pins,
            "etcd",
            "go.etcd.io/etcd/server/v3",
            pins.etcd,
            &[("etcd", "")],
        ),
        programs::go(
            pins,
            "coredns",
            "github.com/coredns/coredns",
            pins.coredns,
            &[("coredns", "")],
        ),
        programs::cloudnative_pg(pins),
        programs::barman_plugin(pins),
        programs::opentofu(pins),
        Artefact {
            name: "azurite",
            needs: vec![],
            recipe: Recipe::Npm {
                package: "azurite",
                version: pins.azurite,
            },
        },
        containers::pause(pins),
        containers::operator(pins),
        containers::barman_plugin(pins),
        containers::pgbouncer(pins),
        containers::sidecar(pins),
        containers::postgresql(pins),
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::stamps;
    use super::*;
    use crate::pins::PINS;

    /// The artefacts whose stamp differs between the pins in use and `changed`.
    fn rebuilt(changed: &Pins) -> Vec<&'static str> {
        let (before, after) = (stamps(&catalogue(&PINS)), stamps(&catalogue(changed)));
        before
            .into_iter()
            .filter(|(name, stamp)| after[name] != *stamp)
            .map(|(name, _)| name)
            .collect()
    }

    #[test]
    #[rustfmt::skip]
    fn one_pin_rebuilds_its_dependants_and_nothing_else() {
        let changes: &[(Pins, &[&str])] = &[
            (PINS, &[]),
            (Pins { kubernetes: "1.34.5", ..PINS }, &["kubernetes"]),
            (Pins { etcd: "3.6.17", ..PINS }, &["etcd"]),
            (Pins { coredns: "1.14.7", ..PINS }, &["coredns"]),
            (Pins { opentofu: "1.12.7", ..PINS }, &["opentofu"]),
            (Pins { azurite: "3.34.0", ..PINS }, &["azurite"]),
            (Pins { postgresql: "18", ..PINS }, &["image-postgresql"]),
            (Pins { barman: "3.20.0", ..PINS }, &["image-barman-sidecar"]),
            (Pins { pgbouncer_tags: &["1.26.0"], ..PINS }, &["image-pgbouncer"]),
            (Pins { pause: "3.11", ..PINS }, &["image-pause"]),
            (Pins { cloudnative_pg: "1.30.1", ..PINS }, &["cloudnative-pg", "image-cloudnative-pg"]),
            (Pins { barman_plugin: "0.14.1", ..PINS }, &["barman-plugin", "image-barman-plugin", "image-barman-sidecar"]),
            (Pins { debian_suite: "forky", ..PINS }, &["image-barman-sidecar", "image-pgbouncer", "image-postgresql"]),
        ];
        for (pins, expected) in changes {
            assert_eq!(rebuilt(pins), *expected, "{pins:?}");
        }
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
                tags.contains(&format!("ghcr.io/cloudnative-pg/{wanted}")),
                "{wanted} is not in {tags:?}"
            );
        }
        assert_eq!(images(&artefacts).len(), 6);
    }
}
