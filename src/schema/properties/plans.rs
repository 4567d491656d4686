//! Plans of generated schemas keep to core's rules.

use proptest::prelude::*;

use super::generate::Unknowns;
use super::schemas::{complete, config, derive, schema};
use crate::schema::check::{assert_object_compatible, assert_plan_valid};
use crate::schema::diagnostic::{Path, Step};
use crate::schema::field::Field;
use crate::schema::plan::{diff, propose_derived, propose_value};
use crate::schema::strip::{without_unknown, without_write_only};
use crate::schema::types::{conforms, implied_type};
use crate::schema::value::Value;

fn propose(fields: &[Field], prior: &Value, config: &Value) -> (Value, Vec<Path>) {
    propose_derived(fields, prior, config, &|_, base| derive(fields, base))
}

/// The state after creating what `config` describes.
fn created(fields: &[Field], config: &Value) -> Value {
    let (planned, _) = propose(fields, &Value::Null, config);
    complete(fields, &planned, true)
}

fn case() -> impl Strategy<Value = (Vec<Field>, Value, Value)> {
    schema().prop_flat_map(|fields| {
        let before = config(&fields, Unknowns::No);
        let after = config(&fields, Unknowns::Yes);
        (Just(fields), before, after)
    })
}

fn exists(value: &Value, path: &Path) -> bool {
    let mut at = value;
    path.steps().iter().all(|step| {
        let next = match step {
            Step::Attribute(name) | Step::Key(name) => at.as_map().and_then(|m| m.get(name)),
            Step::Index(index) => at.as_list().and_then(|l| l.get(*index)),
        };
        next.map(|next| at = next).is_some()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_plan_is_valid((fields, before, after) in case()) {
        for prior in [Value::Null, created(&fields, &before)] {
            let (planned, replace) = propose(&fields, &prior, &after);
            let broken = assert_plan_valid(&fields, &prior, &after, &planned);
            prop_assert!(broken.is_empty(), "{:?}", broken);
            let rough = propose_value(&fields, &prior, &after);
            let broken = assert_plan_valid(&fields, &prior, &after, &rough);
            prop_assert!(broken.is_empty(), "{:?}", broken);
            for path in &replace {
                prop_assert!(exists(&prior, path) || exists(&planned, path), "{}", path);
            }
            prop_assert!(replace.is_sorted());
        }
    }

    #[test]
    fn the_same_configuration_again_changes_nothing((fields, before, _) in case()) {
        let state = created(&fields, &before);
        let (planned, replace) = propose(&fields, &state, &before);
        prop_assert_eq!(&planned, &state);
        prop_assert!(replace.is_empty());
        prop_assert!(diff(&fields, &state, &planned).is_empty());
    }

    #[test]
    fn a_completed_plan_is_compatible((fields, before, after) in case()) {
        for prior in [Value::Null, created(&fields, &before)] {
            let (planned, _) = propose(&fields, &prior, &after);
            let state = complete(&fields, &planned, true);
            prop_assert!(state.is_wholly_known());
            let broken = assert_object_compatible(&fields, &planned, &state);
            prop_assert!(broken.is_empty(), "{:?}", broken);
        }
    }

    /// At apply core plans again with more known values; the second plan must be a later form of the first.
    #[test]
    fn a_plan_with_more_known_values_is_compatible((fields, before, after) in case()) {
        let state = created(&fields, &before);
        let (first, replace) = propose(&fields, &state, &after);
        let later = complete(&fields, &after, false);
        let prior = if replace.is_empty() { state } else { Value::Null };
        let (second, reasons) = propose(&fields, &prior, &later);
        prop_assert!(reasons.is_empty(), "new reasons to replace: {:?}", reasons);
        let broken = assert_object_compatible(&fields, &first, &second);
        prop_assert!(broken.is_empty(), "{:?}", broken);
    }

    #[test]
    fn a_replacement_is_planned_like_a_new_resource((fields, before, after) in case()) {
        let (planned, replace) = propose(&fields, &created(&fields, &before), &after);
        if !replace.is_empty() {
            prop_assert_eq!(planned, propose(&fields, &Value::Null, &after).0);
        }
    }

    #[test]
    fn stripped_values_keep_their_type((fields, _, after) in case()) {
        let ty = implied_type(&fields);
        let bare = without_unknown(&fields, without_write_only(&fields, after));
        prop_assert!(bare.is_wholly_known());
        prop_assert_eq!(conforms(&bare, &ty), Ok(()));
    }
}
