//! A throw-away PostgreSQL server made with the binaries of one directory.
//!
//! The directory holds `initdb`, `pg_ctl`, `postgres` and `psql`, or wrappers of the same names, which may run
//! them as another user or in a chroot that shares the temporary directory.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

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

pub struct Server {
    binaries: PathBuf,
    directory: PathBuf,
}

impl Server {
    /// Makes a cluster and starts it with every library that is there.
    pub fn start(binaries: &Path, extra: &[String]) -> Result<Self> {
        let name = binaries
            .file_name()
            .context("no directory of binaries")?
            .to_string_lossy()
            .into_owned();
        let directory = std::env::temp_dir().join(format!("catalogue-{}-{name}", unique()));
        std::fs::create_dir(&directory)?;
        make_writable_for_all(&directory)?;
        let server = Self {
            binaries: binaries.to_owned(),
            directory,
        };
        let data = server.data();
        server.run(
            "initdb",
            &["-A", "trust", "-U", "postgres", "-N", "-D", &data],
            "",
        )?;
        server.launch("")?;
        let libraries = server.installed(extra).join(",");
        eprintln!("libraries: {libraries}");
        server.stop()?;
        server.launch(&format!("-c shared_preload_libraries={libraries}"))?;
        Ok(server)
    }

    #[allow(
        dead_code,
        reason = "the example that writes the catalogue does not need it"
    )]
    /// Starts the server again with these parameters and without libraries.
    pub fn restart(&self, parameters: &BTreeMap<String, String>) -> Result<()> {
        self.stop()?;
        let options: Vec<String> = parameters
            .iter()
            .map(|(name, value)| format!("-c {name}={value}"))
            .collect();
        self.launch(&options.join(" "))
    }

    /// The version as PostgreSQL numbers it, such as 170011.
    pub fn version(&self) -> Result<u32> {
        Ok(self.query("show server_version_num")?.parse()?)
    }

    /// The value that the server would start with, or its complaint.
    pub fn configured(&self, name: &str, value: &str) -> Result<String> {
        let setting = format!("{name}={value}");
        self.run(
            "postgres",
            &["-D", &self.data(), "-C", name, "-c", &setting],
            "",
        )
    }

    pub fn query(&self, sql: &str) -> Result<String> {
        self.psql(&["-v", "ON_ERROR_STOP=1", "-f", "-"], sql)
    }

    /// Runs psql commands one after the other, whatever fails; errors are not shown.
    pub fn script(&self, commands: &str) -> Result<String> {
        self.psql(&["-f", "-"], commands)
    }

    fn psql(&self, more: &[&str], input: &str) -> Result<String> {
        let socket = text(&self.directory);
        let common = [
            "-X", "-q", "-A", "-t", "-F", "\t", "-h", &socket, "-U", "postgres", "-d", "postgres",
        ];
        self.run("psql", &[&common, more].concat(), input)
    }

    fn data(&self) -> String {
        text(&self.directory.join("data"))
    }

    fn launch(&self, more: &str) -> Result<()> {
        let socket = text(&self.directory);
        let options =
            format!("-k {socket} -c listen_addresses= -c dynamic_shared_memory_type=mmap {more}");
        let data = self.data();
        let log = format!("{data}/start.log");
        self.run(
            "pg_ctl",
            &["-w", "-D", &data, "-l", &log, "-o", &options, "start"],
            "",
        )?;
        Ok(())
    }

    fn stop(&self) -> Result<()> {
        self.run(
            "pg_ctl",
            &["-w", "-m", "fast", "-D", &self.data(), "stop"],
            "",
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

    fn run(&self, program: &str, arguments: &[&str], input: &str) -> Result<String> {
        let mut command = Command::new(self.binaries.join(program));
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .current_dir("/");
        // The server that pg_ctl starts would keep a pipe open.
        command.stdout(if arguments.contains(&"start") {
            Stdio::null()
        } else {
            Stdio::piped()
        });
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot run {program}"))?;
        let stdin = child.stdin.take().context("no standard input")?;
        let output = std::thread::scope(|scope| {
            let mut stdin = stdin;
            scope.spawn(move || stdin.write_all(input.as_bytes()));
            child.wait_with_output()
        })?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{program} {arguments:?}: {errors}");
        Ok(String::from_utf8(output.stdout)?
            .trim_end_matches('\n')
            .to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        match self.stop() {
            Ok(()) => drop(std::fs::remove_dir_all(&self.directory)),
            Err(error) => eprintln!("the server may still run: {error}"),
        }
    }
}

/// Tests of one process run side by side.
fn unique() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!(
        "{}-{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
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
