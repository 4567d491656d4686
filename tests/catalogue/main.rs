//! The catalogue against real servers: both must accept the same values and understand them alike.
//!
//! `POSTGRES_BIN_DIRS` lists the directories of the servers, separated by colons; see `server.rs`.

mod pairs;
mod server;

use server::Server;
use std::path::Path;
use terraform_provider_postgres::postgresql::catalogue::{
    Context, Kind, Parameter, Value, check, parameters, parse,
};

/// What depends on the machine or the build and not on the value.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("bonjour", "not built in"),
    ("huge_page_size", "sizes of the processor"),
    ("max_stack_depth", "stack limit of the process"),
    ("shared_memory_type", "platform"),
];

/// PostgreSQL 18 takes one too many of these into its configuration, and then does not start.
const PROCESSES: &[&str] = &[
    "autovacuum_max_workers",
    "max_connections",
    "max_wal_senders",
    "max_worker_processes",
];

/// Every so many accepted pairs the value is read back, which starts a process.
const READ_BACK: usize = 12;

struct Pair {
    parameter: &'static Parameter,
    value: String,
}

#[test]
fn real_servers_agree_with_the_catalogue() {
    let Ok(directories) = std::env::var("POSTGRES_BIN_DIRS") else {
        println!("NOT RUN: real_servers_agree_with_the_catalogue: set POSTGRES_BIN_DIRS");
        return;
    };
    let differences: Vec<String> = directories
        .split(':')
        .flat_map(|directory| compare(Path::new(directory)))
        .collect();
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

fn compare(binaries: &Path) -> Vec<String> {
    let server = Server::start(binaries, &[]).expect("a server");
    let major = server.version().expect("its version") / 10_000;
    let present = server.query("select name from pg_settings").expect("names");
    let present: Vec<&str> = present.lines().collect();
    let pairs: Vec<Pair> = pairs_of(major)
        .into_iter()
        .filter(|pair| present.contains(&pair.parameter.name))
        .collect();
    let accepted = accepted(&server, &pairs);
    let mut differences = Vec::new();
    let mut read_back = 0;
    let mut good = 0_usize;
    for (pair, accepted) in pairs.iter().zip(accepted) {
        let (name, value) = (pair.parameter.name, &pair.value);
        if major >= 18 && PROCESSES.contains(&name) && value == "262143" {
            continue;
        }
        let ours = check(major, name, value);
        if ours.is_ok() != accepted {
            let says = ours
                .err()
                .map_or_else(|| "accepted".to_owned(), |error| error.to_string());
            differences.push(format!(
                "{major} {name} = {value:?}: server accepts: {accepted}, ours: {says}"
            ));
        }
        good += usize::from(accepted);
        if accepted && ours_is_comparable(pair) && good.is_multiple_of(READ_BACK) {
            let theirs = server.configured(name, value).expect("an accepted value");
            let ours = parse(major, name, value)
                .map(|value| raw(&value))
                .unwrap_or_default();
            if !equal(pair.parameter, &ours, &theirs) {
                differences.push(format!(
                    "{major} {name} = {value:?}: server reads {theirs:?}, ours {ours:?}"
                ));
            }
            read_back += 1;
        }
    }
    println!(
        "PostgreSQL {major}: {} pairs compared, {good} accepted, {read_back} read back",
        pairs.len()
    );
    assert!(pairs.len() > 3000 && read_back > 100);
    differences
}

fn pairs_of(major: u32) -> Vec<Pair> {
    let checked = parameters(major).values().filter(|parameter| {
        !ENVIRONMENT.iter().any(|(name, _)| *name == parameter.name)
            && parameter.context != Context::Internal
    });
    checked
        .flat_map(|parameter| {
            pairs::values(parameter)
                .into_iter()
                .map(move |value| Pair { parameter, value })
        })
        .collect()
}

/// Whether the server takes each pair into its configuration file.
fn accepted(server: &Server, pairs: &[Pair]) -> Vec<bool> {
    let commands = pairs.iter().map(|pair| {
        let literal = pair.value.replace('\'', "''");
        let name = pair.parameter.name;
        // In `alter system` a quoted list would be one element; a session takes it as the file does.
        if matches!(pair.parameter.kind, Kind::String) {
            format!("select set_config('{name}', '{literal}', false) \\g /dev/null\n\\echo :ERROR\n")
        } else {
            format!("alter system set {name} = '{literal}';\n\\echo :ERROR\nalter system reset {name};\n")
        }
    });
    let output = server
        .script(&commands.collect::<String>())
        .expect("answers");
    let answers: Vec<bool> = output.lines().map(|line| line == "false").collect();
    assert_eq!(answers.len(), pairs.len());
    let asked = pairs.iter().zip(answers);
    asked
        .map(|(pair, answer)| {
            if only_at_start(pair.parameter) {
                server.configured(pair.parameter.name, &pair.value).is_ok()
            } else {
                answer
            }
        })
        .collect()
}

/// Neither a session nor `alter system` takes it: only the start of a server tells.
fn only_at_start(parameter: &Parameter) -> bool {
    let session = matches!(parameter.context, Context::User | Context::Superuser);
    parameter.name == "allow_alter_system"
        || matches!(parameter.kind, Kind::String) && !session && !parameter.name.contains('.')
}

/// The server reads parameters of libraries back only while it runs.
fn ours_is_comparable(pair: &Pair) -> bool {
    !pair.parameter.name.contains('.') && !matches!(pair.parameter.kind, Kind::String)
}

fn raw(value: &Value) -> String {
    match value {
        Value::Bool(on) => if *on { "on" } else { "off" }.to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Enum(word) => (*word).to_owned(),
        Value::Text(text) => text.clone(),
    }
}

/// The server prints reals with six digits and modes of files in octal.
fn equal(parameter: &Parameter, ours: &str, theirs: &str) -> bool {
    match (&parameter.kind, ours.parse::<f64>(), theirs.parse::<f64>()) {
        (Kind::Real { .. }, Ok(ours), Ok(theirs)) => (ours - theirs).abs() <= theirs.abs() * 1e-5,
        (Kind::Integer { .. }, Ok(ours), _) if theirs.starts_with('0') && theirs.len() > 1 => {
            i64::from_str_radix(theirs, 8).is_ok_and(|theirs| theirs as f64 == ours)
        }
        _ => ours == theirs,
    }
}
