//! The read: what is really there, and what of it is not what was last applied. Never writes, never waits.

use std::collections::BTreeMap;

use futures::future::join_all;
use serde_json::Value as Json;

use super::failure::Failure;
use super::graph::Graph;
use super::mark;
use super::object::{Address, Live};
use super::part::Fill;
use super::plan::{self, IN_SYNC, MISSING, OWNERSHIP};
use super::record::{Entry, Record};
use super::run::decode;
use super::systems::Systems;
use crate::kubernetes::managed_fields;
use crate::schema::diagnostic::{Diagnostics, Path};
use crate::schema::object::Object;
use crate::schema::value::Value;

/// What a read found. `None`: everything is gone.
pub struct Found {
    pub value: Option<Value>,
    pub diagnostics: Diagnostics,
}

/// Reads every owned object. An error means that nothing can be said, and keeps the state.
pub async fn read<M: Object>(
    graph: &Graph<M>,
    systems: &Systems,
    primary: &str,
    record: &Record,
    current: &Value,
) -> Result<Found, Failure> {
    let read = join_all(
        record
            .objects
            .iter()
            .map(|(key, entry)| async move { (key, entry, systems.read(&entry.address).await) }),
    )
    .await;
    let mut lives: BTreeMap<&str, Vec<Live>> = BTreeMap::new();
    let mut shown = BTreeMap::new();
    let mut diagnostics = Diagnostics::new();
    let mut left = false;
    for (key, entry, found) in read {
        let Some(body) = found? else {
            shown.insert(key.clone(), MISSING.into());
            continue;
        };
        left = true;
        shown.insert(
            key.clone(),
            entry_text(entry, &body, record.imported).as_str().into(),
        );
        warn(key, entry, &body, &mut diagnostics);
        lives.entry(entry.part.as_str()).or_default().push(Live {
            address: entry.address.clone(),
            body,
        });
    }
    if !left {
        tracing::info!(primary, "no owned object is left");
        return Ok(Found {
            value: None,
            diagnostics,
        });
    }
    let mut model: M = decode(current);
    for part in graph.parts() {
        for live in lives.get(part.name()).into_iter().flatten() {
            part.observed(live, Fill::Present, &mut model);
        }
    }
    let mut value = model.encode();
    if let Value::Map(members) = &mut value {
        members.insert("objects".to_owned(), Value::Map(shown));
    }
    Ok(Found {
        value: Some(value),
        diagnostics,
    })
}

fn entry_text(entry: &Entry, live: &Json, imported: bool) -> String {
    if imported {
        return plan::changed(&[OWNERSHIP.to_owned()]);
    }
    let changed = shown_paths(entry, live);
    if changed.is_empty() {
        IN_SYNC.to_owned()
    } else {
        plan::changed(&changed)
    }
}

/// Marks that were taken off are shown by one word.
fn shown_paths(entry: &Entry, live: &Json) -> Vec<String> {
    let (marks, mut changed): (Vec<String>, Vec<String>) = entry
        .changed(live)
        .into_iter()
        .partition(|path| mark::is_mark(path));
    if !marks.is_empty() {
        changed.push(OWNERSHIP.to_owned());
    }
    changed
}

/// Says of each drifted path who changed it and when. What an update did not reach was changed by nobody else.
fn warn(key: &str, entry: &Entry, live: &Json, diagnostics: &mut Diagnostics) {
    let changed = shown_paths(entry, live);
    let (pending, drifted): (Vec<&String>, Vec<&String>) = changed
        .iter()
        .partition(|path| is_pending(&entry.address, live, path));
    let path = Path::root().attribute("objects");
    if !pending.is_empty() {
        let paths: Vec<String> = pending.iter().map(|path| format!("`{path}`")).collect();
        diagnostics.warning(
            path.clone(),
            format!("{key} waits for an update that did not finish"),
            format!(
                "The last apply did not get as far as {} of {}. The next one goes on.",
                paths.join(", "),
                entry.address
            ),
        );
    }
    if drifted.is_empty() {
        return;
    }
    let lines: Vec<String> = drifted
        .iter()
        .map(|path| format!("- `{path}`: {}", who(&entry.address, live, path)))
        .collect();
    diagnostics.warning(
        path,
        format!("{key} was changed outside of this configuration"),
        format!(
            "{} is not what was last applied:\n{}\nThe next apply takes it back, unless the configuration is changed to match.",
            entry.address,
            lines.join("\n")
        ),
    );
}

/// True when the last one who wrote the field was this provider: it is as it was before an update that failed.
fn is_pending(address: &Address, live: &Json, path: &str) -> bool {
    matches!(address, Address::Kubernetes { .. })
        && managed_fields::last_writer(live, path)
            .is_some_and(|writer| writer.manager == mark::MANAGER)
}

fn who(address: &Address, live: &Json, path: &str) -> String {
    match address {
        Address::Kubernetes { .. } => managed_fields::last_writer(live, path).map_or_else(
            || "removed or emptied; nobody is recorded for a removed field".to_owned(),
            |writer| {
                let at = if writer.time.is_empty() {
                    String::new()
                } else {
                    format!(" at {}", writer.time)
                };
                format!("changed by `{}`{at}", writer.manager)
            },
        ),
        Address::Arm { .. } => {
            let data = &live["systemData"];
            match (
                data["lastModifiedBy"].as_str(),
                data["lastModifiedAt"].as_str(),
            ) {
                (Some(by), Some(at)) => format!("the resource was last modified by `{by}` at {at}"),
                (Some(by), None) => format!("the resource was last modified by `{by}`"),
                _ => "Azure records nobody for this type of resource".to_owned(),
            }
        }
    }
}
