//! The catalogue against real servers: both must accept the same values and understand them alike.
//!
//! `POSTGRES_BIN_DIRS` lists the directories of the servers, separated by colons; see `server.rs`.

mod pairs;
mod server;

use anyhow::{Result, ensure};
use server::Server;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use terraform_provider_postgres::postgresql::catalogue::{
    Context, Kind, Parameter, Value, check, parameters, parse, same_value,
};
use terraform_provider_postgres::postgresql::encodings;
use terraform_provider_postgres::postgresql::tuning::{self, Machine, Profile};

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

/// What came of the comparison with one server.
struct Comparison {
    summary: String,
    differences: Vec<String>,
}

#[test]
fn real_servers_agree_with_the_catalogue() {
    let Some(directories) = directories("real_servers_agree_with_the_catalogue") else {
        return;
    };
    let mut differences = Vec::new();
    for directory in directories {
        let comparison = compare(&directory).unwrap();
        println!("{}", comparison.summary);
        differences.extend(comparison.differences);
    }
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

#[test]
fn real_servers_start_with_the_tuned_parameters() {
    let Some(directories) = directories("real_servers_start_with_the_tuned_parameters") else {
        return;
    };
    for directory in directories {
        let server = Server::start(&directory, &[]).unwrap();
        let major = server.version().unwrap() / 10_000;
        for profile in [Profile::Oltp, Profile::Mixed] {
            let tuned = parameters_for(profile, major);
            server.restart(&tuned).unwrap();
            for (name, value) in &tuned {
                let running = server.query(&format!("show {name}")).unwrap();
                assert!(
                    same_value(major, name, value, &running),
                    "{major} {name}: {value} became {running}"
                );
            }
        }
    }
}

#[test]
fn real_servers_know_the_same_encodings() {
    let Some(directories) = directories("real_servers_know_the_same_encodings") else {
        return;
    };
    for directory in directories {
        let server = Server::start(&directory, &[]).unwrap();
        let listed = "select pg_encoding_to_char(number) from generate_series(0, 60) number";
        let theirs: BTreeSet<String> = server
            .query(listed)
            .unwrap()
            .lines()
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        let ours = encodings::SERVER
            .iter()
            .chain(&encodings::CLIENT)
            .map(|name| (*name).to_owned())
            .collect();
        assert_eq!(theirs, ours);
        for (alias, _) in encodings::ALIASES {
            let meaning = format!("select pg_encoding_to_char(pg_char_to_encoding('{alias}'))");
            assert_eq!(
                server.query(&meaning).unwrap(),
                encodings::find(alias).unwrap_or_default(),
                "{alias}"
            );
        }
    }
}

fn directories(test: &str) -> Option<Vec<PathBuf>> {
    let listed = std::env::var("POSTGRES_BIN_DIRS").ok();
    if listed.is_none() {
        // Straight to the stream: the harness hides what a passing test prints.
        let _ = writeln!(std::io::stderr(), "NOT RUN: {test}: set POSTGRES_BIN_DIRS");
    }
    listed.map(|listed| listed.split(':').map(PathBuf::from).collect())
}

/// A machine whose shared memory the test can afford.
fn parameters_for(profile: Profile, major: u32) -> BTreeMap<String, String> {
    let machine = Machine {
        major,
        cpu: 1500,
        memory: 512 << 20,
        iops: Some(3000),
        throughput: None,
        data_volume: 8 << 30,
        wal_volume: None,
        wal_segment: None,
    };
    tuning::parameters(profile, &machine)
}

fn compare(binaries: &Path) -> Result<Comparison> {
    let server = Server::start(binaries, &[])?;
    let major = server.version()? / 10_000;
    let present = server.query("select name from pg_settings")?;
    let present: Vec<&str> = present.lines().collect();
    let pairs: Vec<Pair> = pairs_of(major)
        .into_iter()
        .filter(|pair| present.contains(&pair.parameter.name))
        .collect();
    let accepted = accepted(&server, &pairs)?;
    let good: Vec<&Pair> = pairs
        .iter()
        .zip(&accepted)
        .filter(|(_, accepted)| **accepted)
        .map(|(pair, _)| pair)
        .collect();
    let mut differences: Vec<String> = pairs
        .iter()
        .zip(&accepted)
        .filter_map(|(pair, accepted)| disagreement(major, pair, *accepted))
        .collect();
    let read_back: Vec<&Pair> = good
        .iter()
        .copied()
        .filter(|pair| is_comparable(pair))
        .step_by(READ_BACK)
        .collect();
    for pair in &read_back {
        differences.extend(misreading(&server, major, pair)?);
    }
    ensure!(
        pairs.len() > 3000 && read_back.len() > 100,
        "too little was compared"
    );
    let (all, good, read_back) = (pairs.len(), good.len(), read_back.len());
    let summary =
        format!("PostgreSQL {major}: {all} pairs compared, {good} accepted, {read_back} read back");
    Ok(Comparison {
        summary,
        differences,
    })
}

/// The server and the catalogue disagree about whether the value is good.
fn disagreement(major: u32, pair: &Pair, accepted: bool) -> Option<String> {
    let (name, value) = (pair.parameter.name, &pair.value);
    let ours = check(major, name, value);
    (ours.is_ok() != accepted).then(|| {
        let says = ours
            .err()
            .map_or_else(|| "accepted".to_owned(), |error| error.to_string());
        format!("{major} {name} = {value:?}: server accepts: {accepted}, ours: {says}")
    })
}

/// The server and the catalogue understand the value differently.
fn misreading(server: &Server, major: u32, pair: &Pair) -> Result<Option<String>> {
    let (name, value) = (pair.parameter.name, &pair.value);
    let theirs = server.configured(name, value)?;
    let ours = parse(major, name, value)
        .map(|value| raw(&value))
        .unwrap_or_default();
    let differs = !equal(pair.parameter, &ours, &theirs);
    Ok(differs
        .then(|| format!("{major} {name} = {value:?}: server reads {theirs:?}, ours {ours:?}")))
}

fn pairs_of(major: u32) -> Vec<Pair> {
    let checked = parameters(major).values().filter(|parameter| {
        let environment = ENVIRONMENT.iter().any(|(name, _)| *name == parameter.name);
        !environment && parameter.context != Context::Internal
    });
    let pairs = checked.flat_map(|parameter| {
        pairs::values(parameter)
            .into_iter()
            .map(move |value| Pair { parameter, value })
    });
    let late = |pair: &Pair| {
        major >= 18 && PROCESSES.contains(&pair.parameter.name) && pair.value == "262143"
    };
    pairs.filter(|pair| !late(pair)).collect()
}

/// Whether the server takes each pair into its configuration file.
fn accepted(server: &Server, pairs: &[Pair]) -> Result<Vec<bool>> {
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
    let output = server.script(&commands.collect::<String>())?;
    let answers: Vec<bool> = output.lines().map(|line| line == "false").collect();
    ensure!(answers.len() == pairs.len(), "some statement had no answer");
    let asked = pairs.iter().zip(answers);
    Ok(asked
        .map(|(pair, answer)| {
            if only_at_start(pair.parameter) {
                server.configured(pair.parameter.name, &pair.value).is_ok()
            } else {
                answer
            }
        })
        .collect())
}

/// Neither a session nor `alter system` takes it: only the start of a server tells.
fn only_at_start(parameter: &Parameter) -> bool {
    let session = matches!(parameter.context, Context::User | Context::Superuser);
    parameter.name == "allow_alter_system"
        || matches!(parameter.kind, Kind::String) && !session && !parameter.name.contains('.')
}

/// The server reads parameters of libraries back only while it runs.
fn is_comparable(pair: &Pair) -> bool {
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
