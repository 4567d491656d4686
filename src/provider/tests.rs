//! What is offered, held to core's rules; and the documents that follow from it, written anew and compared with what is committed.

use std::path::Path;

use super::*;
use crate::schema::page::{PageExtras, provider_page, resource_page};
use crate::schema::selfcheck::{Entry, Kind, check_schemas};
use crate::schema::snapshot::snapshot;

const SUBCATEGORY: &str = "CloudNativePG on AKS";

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_default()
}

/// Writes a generated document. Says whether it was another before.
fn regenerate(path: &str, content: &str) -> bool {
    let stale = read(path) != content;
    if stale {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    stale
}

#[test]
fn the_schemas_keep_the_rules_of_core() {
    let provider = provider();
    let schemas: Vec<(Kind, &str, Schema)> =
        std::iter::once((Kind::Provider, "postgres", provider.schema()))
            .chain(
                provider
                    .resources()
                    .iter()
                    .map(|(name, resource)| (Kind::Resource, *name, resource.schema())),
            )
            .collect();
    let entries: Vec<Entry<'_>> = schemas
        .iter()
        .map(|(kind, name, schema)| Entry {
            kind: *kind,
            name,
            schema,
        })
        .collect();
    assert_eq!(
        check_schemas("postgres", &[], &entries),
        Vec::<String>::new()
    );
}

#[test]
fn the_documents_are_those_of_the_schema() {
    let provider = provider();
    let mut stale = Vec::new();
    let mut write = |path: String, content: String| {
        if regenerate(&path, &content) {
            stale.push(path);
        }
    };
    let example = read("examples/provider/provider.tf");
    let extras = PageExtras {
        provider: "postgres",
        example: &example,
        ..PageExtras::default()
    };
    write(
        "docs/index.md".to_owned(),
        provider_page("postgres", &provider.schema(), &extras),
    );
    write(
        "docs/development/schema/provider.txt".to_owned(),
        snapshot("postgres", &provider.schema()),
    );
    for (name, resource) in provider.resources() {
        let example = read(&format!("examples/resources/{name}/resource.tf"));
        let import = format!(
            "```shell\n{}\n```",
            read(&format!("examples/resources/{name}/import.sh")).trim()
        );
        let extras = PageExtras {
            provider: "postgres",
            subcategory: SUBCATEGORY,
            example: &example,
            import: &import,
        };
        let page = name.strip_prefix("postgres_").unwrap_or(name);
        write(
            format!("docs/resources/{page}.md"),
            resource_page(name, &resource.schema(), &extras),
        );
        write(
            format!("docs/development/schema/{name}.txt"),
            snapshot(name, &resource.schema()),
        );
    }
    assert_eq!(stale, Vec::<String>::new(), "written anew; commit them");
}
