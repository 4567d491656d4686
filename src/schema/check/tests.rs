use super::*;
use crate::object;
use crate::schema::attr::{Attr, Blocks};
use crate::schema::field::{Field, blocks, computed, optional, required};
use crate::schema::object::Object;
use std::collections::BTreeSet;

object! {
    /// An item.
    struct Item {
        /// Name.
        name: Attr<String> => required(),
        /// Number.
        serial: Attr<i64> => computed(),
    }
}

object! {
    /// A thing.
    struct Thing {
        /// Name.
        name: Attr<String> => required(),
        /// Note.
        note: Attr<String> => optional(),
        /// Size.
        size: Attr<i64> => optional().default_int(3),
        /// Token.
        token: Attr<String> => optional().write_only(),
        /// Zones.
        zones: Attr<BTreeSet<String>> => optional(),
        /// Items.
        item: Blocks<Item> => blocks(&["name"]),
    }
}

fn fields() -> Vec<Field> {
    Thing::fields()
}

fn thing(change: impl FnOnce(&mut Thing)) -> Value {
    let mut thing = Thing {
        name: "x".into(),
        size: Attr::Known(3),
        item: Blocks::List(vec![Item {
            name: "i".into(),
            serial: Attr::Unknown,
        }]),
        ..Thing::default()
    };
    change(&mut thing);
    thing.encode()
}

fn config() -> Value {
    thing(|thing| {
        thing.size = Attr::Null;
        thing.token = "t".into();
        if let Some(item) = thing.item.known_mut().first_mut() {
            item.serial = Attr::Null;
        }
    })
}

fn plan_breach(change: impl FnOnce(&mut Thing)) -> Vec<String> {
    assert_plan_valid(&fields(), &Value::Null, &config(), &thing(change))
}

#[test]
fn a_plan_keeps_to_the_configuration() {
    assert_eq!(plan_breach(|_| {}), Vec::<String>::new());
    assert_eq!(
        plan_breach(|thing| thing.name = "X".into()),
        ["`name`: the plan is neither the configured nor the prior value"]
    );
    assert_eq!(
        plan_breach(|thing| thing.note = "n".into()),
        ["`note`: the plan sets an attribute that is not computed and not configured"]
    );
    assert_eq!(
        plan_breach(|thing| thing.token = "t".into()),
        ["`token`: a write-only attribute must be null in the plan"]
    );
    assert_eq!(
        plan_breach(|thing| thing.item = Blocks::default()),
        ["`item`: the plan has another number of blocks than the configuration"]
    );
    assert_eq!(
        plan_breach(|thing| thing.item = Blocks::Unknown),
        ["`item`: a block is unknown in the plan exactly when it is configured so"]
    );
}

#[test]
fn a_plan_may_keep_the_prior_value() {
    let prior = thing(|thing| thing.name = "X".into());
    let planned = prior.clone();
    assert!(assert_plan_valid(&fields(), &prior, &config(), &planned).is_empty());
}

#[test]
fn blocks_are_never_null_and_objects_complete() {
    let mut planned = thing(|_| {});
    if let Value::Map(members) = &mut planned {
        members.insert("item".to_owned(), Value::Null);
    }
    let breaches = assert_plan_valid(&fields(), &Value::Null, &config(), &planned);
    assert_eq!(
        breaches,
        ["`item`: a block that is absent must be empty, not null"]
    );
    if let Value::Map(members) = &mut planned {
        members.remove("note");
    }
    let breaches = assert_plan_valid(&fields(), &Value::Null, &config(), &planned);
    assert_eq!(breaches, ["`note`: the attribute is missing"]);
}

#[test]
fn a_destroy_is_null_and_nothing_else_is() {
    let check = |config: &Value, planned: &Value| {
        assert_plan_valid(&fields(), &Value::Null, config, planned).len()
    };
    assert_eq!(check(&Value::Null, &Value::Null), 0);
    assert_eq!(check(&Value::Null, &thing(|_| {})), 1);
    assert_eq!(check(&config(), &Value::Null), 1);
    assert_eq!(check(&config(), &Value::Unknown), 1);
}

fn zones(names: &[&str]) -> Value {
    Value::List(names.iter().map(|name| Value::from(*name)).collect())
}

fn with(mut value: Value, name: &str, member: Value) -> Value {
    if let Value::Map(members) = &mut value {
        members.insert(name.to_owned(), member);
    }
    value
}

fn result_breach(planned: Value, actual: Value) -> Vec<String> {
    assert_object_compatible(&fields(), &planned, &actual)
}

#[test]
fn what_was_known_stays() {
    let planned = || thing(|_| {});
    let none = Vec::<String>::new();
    let done = |thing: &mut Thing| {
        if let Some(item) = thing.item.known_mut().first_mut() {
            item.serial = Attr::Known(7);
        }
    };
    assert_eq!(result_breach(planned(), thing(done)), none);
    assert_eq!(
        result_breach(planned(), thing(|thing| thing.size = Attr::Known(4))),
        ["`size`: changed its value"]
    );
    assert_eq!(
        result_breach(planned(), thing(|thing| thing.size = Attr::Null)),
        ["`size`: had a value and is now null"]
    );
    assert_eq!(
        result_breach(planned(), thing(|thing| thing.note = "n".into())),
        ["`note`: was null and now has a value"]
    );
    assert_eq!(
        result_breach(planned(), thing(|thing| thing.token = "t".into())),
        ["`token`: a write-only attribute must stay null"]
    );
    assert_eq!(
        result_breach(planned(), thing(|thing| thing.item = Blocks::default())),
        ["`item`: the number of blocks changed"]
    );
    assert_eq!(
        result_breach(planned(), Value::Null),
        ["was present and is now absent"]
    );
}

#[test]
fn sets_are_compared_without_order_and_may_not_grow() {
    let planned = |zones| with(thing(|_| {}), "zones", zones);
    let unknown = Value::List(vec![Value::Unknown, "a".into()]);
    let fits = |before: Value, after: &[&str]| {
        result_breach(planned(before), planned(zones(after))).is_empty()
    };
    assert!(fits(zones(&["a", "b"]), &["b", "a"]));
    assert!(fits(unknown.clone(), &["a", "z"]));
    assert!(!fits(zones(&["a", "b"]), &["a"]));
    assert!(!fits(unknown.clone(), &["b", "c"]));
    assert!(!fits(unknown, &["a", "b", "c"]));
}
