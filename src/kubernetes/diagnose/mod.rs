//! What can be seen of an object that does not become ready: its conditions, its pods, events.

mod collect;
mod events;
mod pods;
mod watchdog;

use std::fmt;

use serde_json::Value;

pub(super) use collect::collect;
use events::Event;
use pods::Trouble;
pub(super) use watchdog::Watchdog;

use super::conditions::{self, Condition};

/// One look at an object and what works for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Diagnosis {
    pub conditions: Vec<Condition>,
    pub troubles: Vec<Trouble>,
    /// Oldest first.
    pub events: Vec<Event>,
}

/// Events in a report.
const SHOWN: usize = 8;

impl Diagnosis {
    /// What the object alone tells.
    pub fn of_object(object: Option<&Value>) -> Self {
        Self {
            conditions: object.map(conditions::all).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// The last events; warnings push the others out.
    fn shown(&self) -> Vec<&Event> {
        let mut order: Vec<usize> = (0..self.events.len()).collect();
        order.sort_by_key(|index| (!self.events[*index].warning, std::cmp::Reverse(*index)));
        order.truncate(SHOWN);
        order.sort_unstable();
        order.into_iter().map(|index| &self.events[index]).collect()
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        section(
            &mut lines,
            "Conditions:",
            self.conditions.iter().map(conditions::describe),
        );
        section(
            &mut lines,
            "Pods:",
            self.troubles.iter().map(Trouble::to_string),
        );
        section(
            &mut lines,
            "Last events:",
            self.shown().into_iter().map(Event::to_string),
        );
        write!(out, "{}", lines.join("\n"))
    }
}

fn section(lines: &mut Vec<String>, title: &str, entries: impl Iterator<Item = String>) {
    let before = lines.len();
    lines.extend(entries.map(|entry| format!("- {entry}")));
    if lines.len() > before {
        lines.insert(before, title.to_owned());
    }
}

#[cfg(test)]
mod tests;
