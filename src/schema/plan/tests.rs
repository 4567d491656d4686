use std::collections::BTreeMap;

use super::*;
use crate::object;
use crate::schema::attr::{Attr, Block, Blocks};
use crate::schema::field::{block, blocks, computed, derived, optional, required};

object! {
    /// A disk.
    pub struct Disk {
        /// Name of the disk.
        name: Attr<String> => optional().default_from("from the type"),
        /// Kind of disk.
        r#type: Attr<String> => required(),
        /// Size in GiB.
        size: Attr<i64> => optional().default_int(32).replace(),
        /// Chosen by the cloud.
        serial: Attr<String> => computed(),
    }
}

object! {
    /// Where it listens.
    pub struct Network {
        /// Port.
        port: Attr<i64> => optional().default_int(5432),
        /// Chosen by the cloud.
        address: Attr<String> => computed(),
    }
}

object! {
    /// A server.
    pub struct Server {
        /// Identifier.
        id: Attr<String> => computed(),
        /// Name.
        name: Attr<String> => required().replace(),
        /// Password.
        password_wo: Attr<String> => optional().write_only(),
        /// Host name.
        host: Attr<String> => derived(),
        /// Address outside, if there is one.
        public_address: Attr<String> => computed(),
        /// Settings.
        parameters: Attr<BTreeMap<String, String>> => optional(),
        /// Network.
        network: Block<Network> => block(),
        /// Disks.
        disk: Blocks<Disk> => blocks(&["name"]),
    }
}

fn derive(_: Option<&Server>, server: &mut Server) {
    let host = server.name.require().map(|name| format!("{name}.example"));
    server.host.derive(host);
    for disk in server.disk.known_mut() {
        if disk.name.is_unknown() {
            let name = disk.r#type.require().map(|kind| format!("disk-{kind}"));
            disk.name.derive(name);
        }
    }
}

fn map<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Map(
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

fn disk(kind: &str, size: Value) -> Value {
    map([
        ("name", Value::Null),
        ("type", kind.into()),
        ("size", size),
        ("serial", Value::Null),
    ])
}

fn config(name: Value, disks: Vec<Value>) -> Value {
    map([
        ("id", Value::Null),
        ("name", name),
        ("password_wo", "secret".into()),
        ("host", Value::Null),
        ("public_address", Value::Null),
        ("parameters", Value::Null),
        ("network", Value::List(vec![])),
        ("disk", Value::List(disks)),
    ])
}

/// What an apply makes of a plan.
fn apply(planned: &Value) -> Value {
    match planned {
        Value::Unknown => "remote".into(),
        Value::Map(members) => Value::Map(
            members
                .iter()
                .map(|(name, member)| match name.as_str() {
                    "public_address" => (name.clone(), Value::Null),
                    _ => (name.clone(), apply(member)),
                })
                .collect(),
        ),
        Value::List(elements) => Value::List(elements.iter().map(apply).collect()),
        other => other.clone(),
    }
}

fn plan(prior: &Value, config: &Value) -> Proposal<Server> {
    propose::<Server>(prior, config, &derive)
}

fn paths(paths: &[Path]) -> Vec<String> {
    paths.iter().map(Path::to_string).collect()
}

#[test]
fn a_new_resource_knows_what_its_configuration_tells() {
    let disks = vec![disk("fast", Value::Null)];
    let plan = plan(&Value::Null, &config("db".into(), disks));
    assert_eq!(plan.planned.member("id"), &Value::Unknown);
    assert_eq!(plan.planned.member("host"), &"db.example".into());
    assert_eq!(plan.planned.member("password_wo"), &Value::Null);
    let disk = &plan.planned.member("disk").as_list().unwrap()[0];
    assert_eq!(disk.member("name"), &"disk-fast".into());
    assert_eq!(disk.member("size"), &Value::int(32));
    assert_eq!(disk.member("serial"), &Value::Unknown);
    assert_eq!(plan.model.host.known(), Some(&"db.example".to_owned()));
    assert!(plan.requires_replace.is_empty());
}

#[test]
fn what_depends_on_something_unknown_is_unknown() {
    let plan = plan(&Value::Null, &config(Value::Unknown, vec![]));
    assert_eq!(plan.planned.member("host"), &Value::Unknown);
    assert_eq!(plan.planned.member("name"), &Value::Unknown);
}

#[test]
fn the_same_configuration_again_changes_nothing() {
    let config = config("db".into(), vec![disk("fast", Value::Null)]);
    let prior = apply(&plan(&Value::Null, &config).planned);
    let again = plan(&prior, &config);
    assert_eq!(again.planned, prior);
    assert!(diff(&Server::fields(), &prior, &again.planned).is_empty());
}

#[test]
fn a_remote_value_that_was_null_may_come_with_a_change() {
    let first = config("db".into(), vec![]);
    let prior = apply(&plan(&Value::Null, &first).planned);
    let second = config("db".into(), vec![disk("fast", Value::Null)]);
    let update = plan(&prior, &second);
    assert_eq!(update.planned.member("public_address"), &Value::Unknown);
    assert_eq!(update.planned.member("id"), &"remote".into());
    assert_eq!(
        paths(&diff(&Server::fields(), &prior, &update.planned)),
        ["disk[0]", "public_address"]
    );
}

#[test]
fn elements_are_told_apart_by_key_even_when_the_key_is_derived() {
    let one = |kind: &str| disk(kind, Value::int(8));
    let first = config("db".into(), vec![one("a"), one("b")]);
    let mut prior = apply(&plan(&Value::Null, &first).planned);
    if let Value::Map(members) = &mut prior
        && let Some(Value::List(disks)) = members.get_mut("disk")
    {
        for (disk, serial) in disks.iter_mut().zip(["serial-a", "serial-b"]) {
            if let Value::Map(disk) = disk {
                disk.insert("serial".to_owned(), serial.into());
            }
        }
    }
    let second = config("db".into(), vec![one("new"), one("b"), one("a")]);
    let update = plan(&prior, &second);
    let disks = update.planned.member("disk").as_list().unwrap();
    assert_eq!(disks[0].member("serial"), &Value::Unknown);
    assert_eq!(disks[1].member("serial"), &"serial-b".into());
    assert_eq!(disks[2].member("serial"), &"serial-a".into());
    assert!(update.requires_replace.is_empty());
}

#[test]
fn a_replacement_forgets_what_the_cloud_chose() {
    let prior = apply(&plan(&Value::Null, &config("db".into(), vec![])).planned);
    let renamed = plan(&prior, &config("other".into(), vec![]));
    assert_eq!(paths(&renamed.requires_replace), ["name"]);
    assert_eq!(renamed.planned.member("id"), &Value::Unknown);
    assert_eq!(renamed.planned.member("host"), &"other.example".into());
    let unknown = plan(&prior, &config(Value::Unknown, vec![]));
    assert_eq!(paths(&unknown.requires_replace), ["name"]);
}

#[test]
fn replacement_inside_a_moved_element_names_the_block() {
    let sized = |kind: &str, size: i64| disk(kind, Value::int(size));
    let first = config("db".into(), vec![sized("a", 1), sized("b", 2)]);
    let prior = apply(&plan(&Value::Null, &first).planned);
    let moved = config("db".into(), vec![sized("b", 1), sized("a", 1)]);
    assert_eq!(paths(&plan(&prior, &moved).requires_replace), ["disk"]);
    let grown = config("db".into(), vec![sized("a", 1), sized("b", 3)]);
    assert_eq!(
        paths(&plan(&prior, &grown).requires_replace),
        ["disk[1].size"]
    );
}

#[test]
fn an_imported_null_is_no_reason_to_replace() {
    let config = config("db".into(), vec![]);
    let mut prior = apply(&plan(&Value::Null, &config).planned);
    if let Value::Map(members) = &mut prior {
        members.insert("name".to_owned(), Value::Null);
    }
    let update = plan(&prior, &config);
    assert!(update.requires_replace.is_empty());
    assert_eq!(update.planned.member("id"), &"remote".into());
}

#[test]
fn configured_values_stay_as_they_are_written() {
    let mut config = config("db".into(), vec![]);
    let partly = map([("a", Value::Unknown), ("b", "x".into())]);
    if let Value::Map(members) = &mut config {
        members.insert("parameters".to_owned(), partly.clone());
        members.insert("network".to_owned(), Value::Null);
        members.insert("disk".to_owned(), Value::Unknown);
    }
    let plan = propose::<Server>(&Value::Null, &config, &|prior, server| {
        derive(prior, server);
        server.name = "shouted".into();
        server.parameters = Attr::Null;
    });
    assert_eq!(plan.planned.member("name"), &"db".into());
    assert_eq!(plan.planned.member("parameters"), &partly);
    assert_eq!(plan.planned.member("network"), &Value::List(vec![]));
    assert_eq!(plan.planned.member("disk"), &Value::Unknown);
}
