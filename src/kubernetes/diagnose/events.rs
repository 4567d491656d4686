//! Events: what controllers, kubelets and the scheduler reported about objects.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

/// One event about one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::kubernetes) struct Event {
    pub kind: String,
    pub name: String,
    pub reason: String,
    pub message: String,
    pub warning: bool,
    pub count: u64,
    /// RFC 3339, of the last occurrence.
    pub last: String,
}

impl Event {
    /// Changes with each occurrence.
    pub fn mark(&self) -> String {
        format!("{} {}", self.count, self.last)
    }
}

/// The events about the objects `(kind, name)`, oldest first.
pub(super) fn of(recorded: &[Value], involved: &BTreeSet<(String, String)>) -> Vec<Event> {
    let mut events: Vec<Event> = recorded
        .iter()
        .map(event)
        .filter(|event| involved.contains(&(event.kind.clone(), event.name.clone())))
        .collect();
    events.sort_by(|one, other| one.last.cmp(&other.last));
    events
}

fn event(recorded: &Value) -> Event {
    let text = |pointer: &str| {
        recorded
            .pointer(pointer)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let number = |pointer: &str| recorded.pointer(pointer).and_then(Value::as_u64);
    Event {
        kind: text("/involvedObject/kind").unwrap_or_default(),
        name: text("/involvedObject/name").unwrap_or_default(),
        reason: text("/reason").unwrap_or_default(),
        message: text("/message").unwrap_or_default(),
        warning: text("/type").is_some_and(|kind| kind == "Warning"),
        count: number("/series/count")
            .or_else(|| number("/count"))
            .unwrap_or(1),
        last: text("/series/lastObservedTime")
            .or_else(|| text("/lastTimestamp"))
            .or_else(|| text("/eventTime"))
            .or_else(|| text("/metadata/creationTimestamp"))
            .unwrap_or_default(),
    }
}

impl fmt::Display for Event {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} {} of {}/{}: {}",
            self.last,
            self.reason,
            self.kind,
            self.name,
            self.message.trim()
        )?;
        if self.count > 1 {
            write!(out, " ({} times)", self.count)
        } else {
            Ok(())
        }
    }
}
