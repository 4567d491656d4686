use super::*;
use crate::object;
use crate::schema::attr::{Attr, Block, Blocks};
use crate::schema::checks;
use crate::schema::field::{block, blocks, computed, optional, required};
use crate::schema::value::Number;
use std::collections::{BTreeMap, BTreeSet};

object! {
    /// A disk.
    struct Disk {
        /// Name.
        name: Attr<String> => optional().default("data").check(checks::dns1035_label),
        /// Kind.
        kind: Attr<String> => required().one_of(&["fast", "slow"]),
    }
}

object! {
    /// A server.
    struct Server {
        /// Identifier.
        id: Attr<String> => computed(),
        /// Count.
        instances: Attr<i64> => required().check(checks::positive),
        /// Zones.
        zones: Attr<BTreeSet<String>> => optional().one_of(&["1", "2"]),
        /// Settings.
        parameters: Attr<BTreeMap<String, String>> => optional(),
        /// Token.
        token_wo: Attr<String> => optional().write_only(),
        /// Main disk.
        disk: Block<Disk> => block().required(),
        /// More disks.
        extra: Blocks<Disk> => blocks(&["name"]),
    }
}

fn disk(name: &str) -> Disk {
    Disk {
        name: name.into(),
        kind: "fast".into(),
    }
}

fn server() -> Server {
    Server {
        instances: Attr::Known(3),
        disk: Block::Present(disk("main")),
        ..Server::default()
    }
}

fn found(config: &Value) -> Vec<String> {
    let diagnostics = validate_object::<Server>(config);
    diagnostics
        .into_iter()
        .map(|d| format!("{}: {}", d.path, d.summary))
        .collect()
}

fn with(config: Server, name: &str, member: Value) -> Value {
    let mut value = config.encode();
    if let Value::Map(members) = &mut value {
        members.insert(name.to_owned(), member);
    }
    value
}

#[test]
fn a_good_configuration_and_an_unknown_one_are_valid() {
    assert_eq!(found(&server().encode()), Vec::<String>::new());
    let unknown = Server {
        instances: Attr::Unknown,
        zones: Attr::Unknown,
        disk: Block::Unknown,
        extra: Blocks::Unknown,
        ..Server::default()
    };
    assert_eq!(found(&unknown.encode()), Vec::<String>::new());
}

#[test]
fn all_errors_come_at_once_with_their_paths() {
    let config = Server {
        id: "x".into(),
        instances: Attr::Known(0),
        zones: Attr::Known(["9".to_owned()].into()),
        extra: Blocks::List(vec![
            disk("Bad"),
            Disk {
                name: "ok".into(),
                kind: Attr::Null,
            },
            Disk {
                name: "ok".into(),
                kind: "odd".into(),
            },
        ]),
        ..Server::default()
    };
    assert_eq!(
        found(&config.encode()),
        [
            "id: Attribute is read-only",
            "instances: Invalid value",
            "zones: Value not allowed",
            "disk: Missing block",
            "extra[0].name: Invalid value",
            "extra[1].kind: Missing attribute",
            "extra[2].kind: Value not allowed",
            "extra[2]: Block defined twice",
        ]
    );
}

#[test]
fn a_default_takes_part_in_a_key() {
    let unnamed = Disk {
        name: Attr::Null,
        ..disk("x")
    };
    let config = Server {
        extra: Blocks::List(vec![disk("data"), unnamed]),
        ..server()
    };
    assert_eq!(found(&config.encode()), ["extra[1]: Block defined twice"]);
    let unknown = Disk {
        name: Attr::Unknown,
        ..disk("x")
    };
    let config = Server {
        extra: Blocks::List(vec![unknown.clone(), unknown]),
        ..server()
    };
    assert_eq!(found(&config.encode()), Vec::<String>::new());
}

#[test]
fn null_elements_and_fractions_are_found_where_they_are() {
    let members = BTreeMap::from([("work_mem".to_owned(), Value::Null)]);
    assert_eq!(
        found(&with(server(), "parameters", Value::Map(members))),
        ["parameters[\"work_mem\"]: Null element"]
    );
    let half = Value::Number(Number::from_text("1.5"));
    assert_eq!(
        found(&with(server(), "instances", half)),
        ["instances: Invalid value"]
    );
    let two = Value::List(vec![disk("a").encode(), disk("b").encode()]);
    assert_eq!(
        found(&with(server(), "disk", two)),
        ["disk: Too many blocks"]
    );
}

#[test]
fn write_only_values_need_a_core_that_does_not_store_them() {
    let fields = Server::fields();
    assert!(refuse_write_only(&fields, &server().encode()).is_empty());
    let config = with(server(), "token_wo", "secret".into());
    let refused: Vec<_> = refuse_write_only(&fields, &config).into_iter().collect();
    assert_eq!(refused[0].path.to_string(), "token_wo");
    assert!(!refused[0].detail.contains("secret"));
}
