//! The contract of a part: one remote object, or one small family of objects, that a resource owns.
//!
//! Everything that an author writes is pure: no client, no clock, no randomness, no environment. What is dangerous (reading, writing,
//! waiting, retrying, taking over, giving up) is the engine's.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::object::{Address, Desired, Live, Outputs, Ownership};
use crate::schema::attr::{Attr, NotKnown};
use crate::schema::diagnostic::Diagnostics;

pub use crate::kubernetes::conditions::Readiness;

/// What the provider's own configuration adds to every resource.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    pub labels: Attr<BTreeMap<String, String>>,
    pub tags: Attr<BTreeMap<String, String>>,
}

/// How much of a model an observation may fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// What is present in the prior model, and computed values. Anything else that changed shows in `objects`.
    Present,
    /// Everything: the resource is being imported.
    All,
}

/// What an import looks for beyond the addresses that its id tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    Get(Address),
    /// All objects of a kind in a namespace.
    List {
        api_version: &'static str,
        kind: &'static str,
        namespace: Option<String>,
    },
}

/// See the module documentation. `M` is the model of the resource.
pub trait Part<M>: Send + Sync {
    /// The name of the HCL block, the file and the documentation heading.
    fn name(&self) -> &'static str;

    /// The parts whose outputs and observations this one reads, or that must stand before it. This is the graph.
    fn needs(&self) -> &'static [&'static str] {
        &[]
    }

    /// How the objects show whose they are, known before anything else about them is.
    fn ownership(&self) -> Ownership {
        Ownership::Labels
    }

    /// Rules that the configuration alone can tell, with the path of each fault.
    fn validate(&self, _model: &M, _diagnostics: &mut Diagnostics) {}

    /// Fills in defaults and results that follow from configuration.
    fn derive(&self, _defaults: &Defaults, _prior: Option<&M>, _model: &mut M) {}

    /// Whether it may be written as soon as the parts that it needs are written, without waiting until they are ready.
    fn starts_early(&self) -> bool {
        false
    }

    /// Objects of others that this part reads for its outputs. A missing one fails the run.
    fn lookups(&self, _model: &M) -> Result<Vec<Address>, NotKnown> {
        Ok(Vec::new())
    }

    /// Where the objects of this part are. Empty when its block is absent.
    fn addresses(&self, _model: &M) -> Result<Vec<Address>, NotKnown> {
        Ok(Vec::new())
    }

    /// What those objects should be.
    fn desired(&self, _model: &M, _outputs: &Outputs) -> Result<Vec<Desired>, NotKnown> {
        Ok(Vec::new())
    }

    /// The way back: what is really there, in the user's own spelling when the meaning is equal.
    fn observed(&self, _live: &Live, _fill: Fill, _model: &mut M) {}

    /// What others need to know of a live object or of a lookup.
    fn outputs(&self, _live: &Live, _outputs: &mut Outputs) {}

    /// Whether a live object is finished. Terminal failures end the wait at once.
    fn readiness(&self, _model: &M, _live: &Live) -> Readiness {
        Readiness::Ready
    }

    /// Whether a change at these paths rolls or restarts something, so that a status that says ready may still mean the old object.
    fn disturbs(&self, _changed: &[String], _model: &M) -> bool {
        false
    }

    /// Whether a failed readiness right after an apply may be the leftover of the object as it was before.
    fn may_recover(&self) -> bool {
        false
    }

    /// The label selector of the pods that explain a wait that fails.
    fn pods(&self, _model: &M) -> Option<String> {
        None
    }

    /// A further condition of a live object that a create waits for once everything else is done, in words and as a check.
    fn milestone(&self, _model: &M) -> Option<Milestone> {
        None
    }

    /// Where an import finds the objects of this part; asked in the order of the graph.
    fn discover(&self, model: &M, _outputs: &Outputs) -> Vec<Query> {
        self.addresses(model)
            .unwrap_or_default()
            .into_iter()
            .map(Query::Get)
            .collect()
    }

    /// Whether a discovered object belongs to this resource.
    fn belongs(&self, _live: &Live, _model: &M) -> bool {
        true
    }

    /// Warns of changes that restart or fail over PostgreSQL or that cannot be undone.
    fn announce(&self, _prior: &M, _planned: &M, _diagnostics: &mut Diagnostics) {}

    /// True when the objects stay after a destroy.
    fn outlives(&self, _model: &M) -> bool {
        false
    }
}

/// Something that must have happened before a create counts as finished.
pub struct Milestone {
    /// What is waited for, in words.
    pub what: String,
    pub address: Address,
    pub check: fn(&Json) -> Readiness,
}
