//! Writes the parameter catalogue of one PostgreSQL major from a real server.
//!
//! ```text
//! cargo run --example catalogue -- <bin directory> [extra library]... > src/postgresql/catalogue/<major>.tsv
//! ```
//!
//! The program makes a throw-away cluster below the temporary directory, loads every library that defines
//! parameters and is installed, and prints one line per row of `pg_settings`. PostgreSQL hides some spellings
//! of enum values (`wal_level = hot_standby`); they are found by trying.

#[path = "../tests/catalogue/server.rs"]
mod server;

use anyhow::{Context, Result, bail, ensure};
use server::Server;
use std::io::Write;
use std::path::PathBuf;

/// Spellings that some enum parameter may accept without listing them.
const SPELLINGS: &[&str] = &[
    "on",
    "off",
    "true",
    "false",
    "yes",
    "no",
    "1",
    "0",
    "debug",
    "info",
    "fatal",
    "archive",
    "hot_standby",
    "default",
    "none",
];

const QUERY: &str = "select name, vartype, unit, min_val, max_val, array_to_string(enumvals, ','), '', \
                     context, boot_val, category from pg_settings order by name collate \"C\"";

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let binaries = PathBuf::from(
        arguments
            .next()
            .context("usage: catalogue <bin directory> [library]...")?,
    );
    let extra: Vec<String> = arguments.collect();
    let server = Server::start(&binaries, &extra)?;
    eprintln!("server version: {}", server.version()?);
    let rows = server.script(QUERY)?;
    let mut out = std::io::stdout().lock();
    for row in rows.lines() {
        let mut columns: Vec<String> = row.split('\t').map(str::to_owned).collect();
        ensure!(columns.len() == 10, "unexpected row {row:?}");
        if columns[1] == "enum" {
            columns[6] = aliases(&server, &columns[0], &columns[5], &columns[7])?;
        }
        writeln!(out, "{}", columns.join("\t"))?;
    }
    Ok(())
}

/// `spelling=canonical` for each spelling that is not listed, or that means another value than the one it names.
fn aliases(server: &Server, name: &str, values: &str, context: &str) -> Result<String> {
    let mut aliases = Vec::new();
    let listed = values.split(',').filter(|value| !SPELLINGS.contains(value));
    for spelling in SPELLINGS.iter().copied().chain(listed) {
        let canonical = match context {
            "internal" => continue,
            "user" | "superuser" => server
                .query(&format!("select set_config('{name}', '{spelling}', false)"))
                .ok(),
            _ if name.contains('.') => bail!("no way to try values of {name}"),
            _ => server.configured(name, spelling).ok(),
        };
        let hidden = !values.split(',').any(|value| value == spelling);
        if let Some(canonical) = canonical.filter(|canonical| hidden || canonical != spelling) {
            aliases.push(format!("{spelling}={canonical}"));
        }
    }
    Ok(aliases.join(","))
}
