//! What the operator is doing to a cluster: steps, one after the other, each taking its time.

use jiff::Timestamp;
use std::collections::VecDeque;

/// The operator's mind about one cluster.
#[derive(Debug, Default)]
pub struct Mind {
    pub steps: VecDeque<Step>,
    /// When the step at the front will have been done.
    pub due: Option<Timestamp>,
    /// What of the specification the running pods were made from.
    pub running: Option<String>,
}

/// A step, and how long it takes in reality.
#[derive(Debug, Clone)]
pub struct Step {
    pub seconds: f64,
    pub act: Act,
}

#[derive(Debug, Clone)]
pub enum Act {
    /// Announces a phase with its reason.
    Phase(String, String),
    /// Brings up an instance by its number.
    Start(u64),
    /// Takes an instance and its disks away.
    Remove(String),
    /// Replaces the pod of an instance.
    Restart(String),
    /// Makes an instance the primary.
    Promote(String),
    /// Ends what was begun.
    Healthy,
}

pub fn step(seconds: f64, act: Act) -> Step {
    Step { seconds, act }
}

pub fn phase(phase: &str, reason: String) -> Step {
    step(0.0, Act::Phase(phase.to_owned(), reason))
}
