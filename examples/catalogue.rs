//! Writes the parameter catalogue of one PostgreSQL major from a real server.
//!
//! ```text
//! cargo run --example catalogue -- <bin directory> [extra library]... > src/postgresql/catalogue/<major>.tsv
//! ```
//!
//! The directory holds `initdb`, `pg_ctl`, `postgres` and `psql` (or wrappers of the same names that
//! run them in a chroot). The program makes a throw-away cluster below the temporary directory, loads
//! every library that defines parameters and is installed, and prints one line per row of `pg_settings`.
//! PostgreSQL hides some spellings of enum values (`wal_level = hot_standby`); they are found by trying.

use anyhow::{Context, Result, bail, ensure};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Libraries that define parameters: PostgreSQL's own and those of the images that CloudNativePG publishes.
const LIBRARIES: &[&str] = &[
    "auth_delay",
    "auto_explain",
    "basic_archive",
    "basebackup_to_shell",
    "isn",
    "passwordcheck",
    "pg_failover_slots",
    "pg_prewarm",
    "pg_stat_statements",
    "pg_trgm",
    "pgaudit",
    "pgcrypto",
    "plpgsql",
    "postgres_fdw",
    "vector",
];

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
    let server = Server::create(&binaries)?;
    server.start("")?;
    let libraries = server.installed(&extra);
    eprintln!("libraries: {}", libraries.join(", "));
    server.stop()?;
    server.start(&libraries.join(","))?;
    let rows = server.query(QUERY)?;
    let mut out = std::io::stdout().lock();
    for row in rows.lines() {
        let mut columns: Vec<String> = row.split('\t').map(str::to_owned).collect();
        ensure!(columns.len() == 10, "unexpected row {row:?}");
        if columns[1] == "enum" {
            columns[6] = server.aliases(&columns[0], &columns[5], &columns[7])?;
        }
        writeln!(out, "{}", columns.join("\t"))?;
    }
    Ok(())
}

struct Server<'a> {
    binaries: &'a Path,
    directory: PathBuf,
}

impl<'a> Server<'a> {
    fn create(binaries: &'a Path) -> Result<Self> {
        let directory = std::env::temp_dir().join(format!("catalogue-{}", std::process::id()));
        let data = directory.join("data");
        std::fs::create_dir(&directory)?;
        make_writable_for_all(&directory)?;
        let server = Self {
            binaries,
            directory,
        };
        server.run(
            "initdb",
            &["-A", "trust", "-U", "postgres", "-N", "-D", &text(&data)],
        )?;
        Ok(server)
    }

    fn start(&self, libraries: &str) -> Result<()> {
        let socket = text(&self.directory);
        let options = format!(
            "-k {socket} -c listen_addresses= -c dynamic_shared_memory_type=mmap -c shared_preload_libraries={libraries}"
        );
        let log = text(&self.directory.join("data/start.log"));
        self.run(
            "pg_ctl",
            &[
                "-w",
                "-D",
                &text(&self.directory.join("data")),
                "-l",
                &log,
                "-o",
                &options,
                "start",
            ],
        )?;
        Ok(())
    }

    fn stop(&self) -> Result<()> {
        self.run(
            "pg_ctl",
            &[
                "-w",
                "-m",
                "fast",
                "-D",
                &text(&self.directory.join("data")),
                "stop",
            ],
        )?;
        Ok(())
    }

    /// The libraries that are there; some of them refuse to be loaded later than at the start.
    fn installed(&self, extra: &[String]) -> Vec<String> {
        let known = LIBRARIES.iter().map(|name| (*name).to_owned());
        let present = |name: &String| match self.query(&format!("load '{name}'")) {
            Ok(_) => true,
            Err(error) => !error.to_string().contains("could not access file"),
        };
        known.chain(extra.iter().cloned()).filter(present).collect()
    }

    /// `spelling=canonical` for each spelling that means another listed value than the one it names.
    fn aliases(&self, name: &str, values: &str, context: &str) -> Result<String> {
        let mut aliases = Vec::new();
        let listed = values.split(',').filter(|value| !SPELLINGS.contains(value));
        for spelling in SPELLINGS.iter().copied().chain(listed) {
            let canonical = match context {
                "internal" => continue,
                "user" | "superuser" => self
                    .query(&format!("select set_config('{name}', '{spelling}', false)"))
                    .ok(),
                _ if name.contains('.') => bail!("no way to try values of {name}"),
                _ => self.configured(name, spelling),
            };
            if let Some(canonical) = canonical.filter(|canonical| canonical != spelling) {
                aliases.push(format!("{spelling}={canonical}"));
            }
        }
        Ok(aliases.join(","))
    }

    /// The value that the server would start with.
    fn configured(&self, name: &str, value: &str) -> Option<String> {
        let setting = format!("{name}={value}");
        let data = text(&self.directory.join("data"));
        self.run("postgres", &["-D", &data, "-C", name, "-c", &setting])
            .ok()
    }

    fn query(&self, sql: &str) -> Result<String> {
        let socket = text(&self.directory);
        self.run(
            "psql",
            &[
                "-X", "-A", "-t", "-F", "\t", "-h", &socket, "-U", "postgres", "-c", sql,
                "postgres",
            ],
        )
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(self.binaries.join(program));
        command
            .args(arguments)
            .stdin(Stdio::null())
            .current_dir("/");
        // The server that pg_ctl starts would keep a pipe open.
        let starts = arguments.contains(&"start");
        let output = if starts {
            command.stdout(Stdio::null()).output()?
        } else {
            command.output()?
        };
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{program} {arguments:?}: {errors}");
        Ok(String::from_utf8(output.stdout)?
            .trim_end_matches('\n')
            .to_owned())
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("the server may still run: {error}");
        }
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The server may run as another user than this program.
fn make_writable_for_all(directory: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o777))?;
    Ok(())
}
