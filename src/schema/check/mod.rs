//! Core's rules for what a provider may answer, as an oracle for tests and debug builds. A broken rule here is an error of the provider there.

mod apply;
mod plan;
#[cfg(test)]
mod tests;

pub use apply::assert_object_compatible;
pub use plan::assert_plan_valid;

use super::diagnostic::Path;
use super::types::conforms;
use super::value::{Type, Value};

/// Collects broken rules with their paths. Values of sensitive attributes never appear, nor do others: a path is enough.
#[derive(Default)]
struct Breaches(Vec<String>);

impl Breaches {
    fn add(&mut self, path: &Path, rule: &str) {
        if path.is_root() {
            self.0.push(rule.to_owned());
        } else {
            self.0.push(format!("`{path}`: {rule}"));
        }
    }

    /// Whether `value` is of its type, which every other rule builds on.
    fn check_type(&mut self, value: &Value, ty: &Type) -> bool {
        match conforms(value, ty) {
            Ok(()) => true,
            Err((path, message)) => {
                self.add(&path, &message);
                false
            }
        }
    }
}
