//! The plan of one resource: what its state will be, from its configuration and its prior state alone.
//!
//! Configured values are taken as they are written. Defaults and derived values follow from the configuration, values chosen by a remote
//! system stay what they were. A plan that would change nothing is the prior state itself.

mod base;
mod correlate;
mod diff;
mod merge;
mod replace;
#[cfg(test)]
mod tests;

use super::diagnostic::{Diagnostics, Path};
use super::equal::equal;
use super::field::Field;
use super::object::Object;
use super::types::implied_type;
use super::value::Value;

pub use diff::diff;
pub use replace::requires_replace;

use base::{Remote, base};
use merge::{Derived, merge};

/// What a plan proposes.
#[derive(Clone, Debug)]
pub struct Proposal<M> {
    pub planned: Value,
    /// `planned` in typed form.
    pub model: M,
    /// Sorted; empty on create.
    pub requires_replace: Vec<Path>,
    /// What the typed form cannot hold, such as a fraction where a whole number is required.
    pub diagnostics: Diagnostics,
}

/// Plans with typed derivation. `derive` gets the prior model (none on create and for the new object of a replacement) and fills the computed
/// attributes that the configuration leaves out; everything else that it changes is ignored. It may be called several times.
pub fn propose<M: Object>(
    prior: &Value,
    config: &Value,
    derive: &dyn Fn(Option<&M>, &mut M),
) -> Proposal<M> {
    let read = |value: &Value| M::decode(value, &Path::root(), &mut Diagnostics::new());
    let step = |prior: &Value, base: &Value| {
        let prior = (!prior.is_null()).then(|| read(prior));
        let mut model = read(base);
        let before = model.encode();
        derive(prior.as_ref(), &mut model);
        Derived {
            before,
            after: model.encode(),
        }
    };
    let (planned, requires_replace) = propose_fields(&M::fields(), prior, config, &step);
    let mut diagnostics = Diagnostics::new();
    let model = M::decode(&planned, &Path::root(), &mut diagnostics);
    Proposal {
        planned,
        model,
        requires_replace,
        diagnostics,
    }
}

/// Plans a schema that is known at run time only. `derive` gets the prior value and the plan so far and returns the plan with derived values.
pub fn propose_derived(
    fields: &[Field],
    prior: &Value,
    config: &Value,
    derive: &dyn Fn(&Value, &Value) -> Value,
) -> (Value, Vec<Path>) {
    propose_fields(fields, prior, config, &|prior, base| Derived {
        before: base.clone(),
        after: derive(prior, base),
    })
}

/// Plans without derivation: what follows from other attributes is unknown.
pub fn propose_value(fields: &[Field], prior: &Value, config: &Value) -> Value {
    propose_derived(fields, prior, config, &|_, base| base.clone()).0
}

fn propose_fields(
    fields: &[Field],
    prior: &Value,
    config: &Value,
    derive: &dyn Fn(&Value, &Value) -> Derived,
) -> (Value, Vec<Path>) {
    if config.is_null() {
        return (Value::Null, Vec::new());
    }
    let quiet = round(fields, prior, config, Remote::Keep, derive);
    if equal(&implied_type(fields), &quiet, prior) {
        return (prior.clone(), Vec::new());
    }
    let planned = round(fields, prior, config, Remote::Refill, derive);
    let reasons = requires_replace(fields, prior, &planned);
    if reasons.is_empty() {
        return (planned, reasons);
    }
    let created = round(fields, &Value::Null, config, Remote::Refill, derive);
    (created, reasons)
}

/// A key of a repeated block may itself be derived, so elements are correlated again once it is known.
fn round(
    fields: &[Field],
    prior: &Value,
    config: &Value,
    remote: Remote,
    derive: &dyn Fn(&Value, &Value) -> Derived,
) -> Value {
    let settle = |hint: &Value| {
        let base = base(fields, prior, config, hint, remote);
        let derived = derive(prior, &base);
        (merge(fields, config, &base, &derived), base)
    };
    let (first, first_base) = settle(&Value::Null);
    if base(fields, prior, config, &first, remote) == first_base {
        return first;
    }
    settle(&first).0
}
