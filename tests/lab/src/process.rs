//! The lab's processes. Each carries a mark in its environment, which containerd's shims inherit: so they are found
//! without pid files, whoever started them and whatever became of the files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;

use crate::paths::Paths;
use crate::shell::{command, wait_until};

/// The environment variable that holds the name of a process of the lab.
const MARK: &str = "TPP_LAB_PROCESS";

/// A long-running program of the lab.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Process {
    pub name: String,
    pub program: PathBuf,
    pub args: Vec<String>,
    pub env: Vec<(String, String)>,
}

impl Process {
    pub fn new<S: Into<String>>(
        name: &str,
        program: PathBuf,
        args: impl IntoIterator<Item = S>,
    ) -> Self {
        Self {
            name: name.into(),
            program,
            args: args.into_iter().map(Into::into).collect(),
            env: vec![],
        }
    }

    /// Starts it in the lab's network namespace, detached from this process.
    pub fn start(&self, paths: &Paths) -> Result<()> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(paths.log(&self.name))?;
        let mut daemon = command("setsid", ["nsenter"]);
        daemon
            .arg(format!("--net={}", paths.namespace_file().display()))
            .arg("--")
            .arg(&self.program);
        // A clean environment: proxy variables of a person's shell would send calls to webhooks away.
        daemon
            .args(&self.args)
            .env_clear()
            .env(MARK, &self.name)
            .env("HOME", "/root")
            .env("LANG", "C.UTF-8");
        daemon
            .env("PATH", search_path(paths))
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        daemon
            .current_dir(&paths.root)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        daemon
            .spawn()
            .with_context(|| format!("cannot start `{}`", self.name))?;
        Ok(())
    }
}

/// PATH with the lab's programs first.
pub fn search_path(paths: &Paths) -> String {
    let inherited = std::env::var("PATH").unwrap_or_default();
    let bin = paths.bin();
    format!("{}:{inherited}:/usr/sbin:/sbin", bin.display())
}

/// What is known of a process on this machine.
#[derive(Clone, Debug)]
pub struct Seen {
    pub pid: i32,
    pub parent: i32,
    pub command: String,
    pub mark: Option<String>,
}

/// All processes that are not zombies.
pub fn all() -> Result<Vec<Seen>> {
    let mut seen = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let path = entry?.path();
        let pid = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.parse().ok());
        let Some(pid) = pid else { continue };
        // A process may end while it is looked at.
        let Ok(stat) = fs::read_to_string(path.join("stat")) else {
            continue;
        };
        let Some((parent, command)) = parse_stat(&stat) else {
            continue;
        };
        seen.push(Seen {
            pid,
            parent,
            command,
            mark: mark_of(&path),
        });
    }
    Ok(seen)
}

/// Parent and command name; none for a zombie.
fn parse_stat(stat: &str) -> Option<(i32, String)> {
    let (head, rest) = stat.rsplit_once(')')?;
    let (_, command) = head.split_once('(')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    (state != "Z" && state != "X").then_some(())?;
    Some((fields.next()?.parse().ok()?, command.to_string()))
}

fn mark_of(process: &Path) -> Option<String> {
    let environment = fs::read(process.join("environ")).ok()?;
    let prefix = format!("{MARK}=");
    environment
        .split(|byte| *byte == 0)
        .find_map(|variable| variable.strip_prefix(prefix.as_bytes()))
        .map(|mark| {
            std::ffi::OsStr::from_bytes(mark)
                .to_string_lossy()
                .into_owned()
        })
}

/// Names of the lab's processes that run, with their ids.
pub fn running() -> Result<BTreeMap<String, Vec<i32>>> {
    let mut running: BTreeMap<String, Vec<i32>> = BTreeMap::new();
    for process in all()? {
        if let Some(mark) = process.mark {
            running.entry(mark).or_default().push(process.pid);
        }
    }
    Ok(running)
}

/// The ids of the chosen processes and of everything below them.
pub fn with_descendants(processes: &[Seen], chosen: impl Fn(&Seen) -> bool) -> BTreeSet<i32> {
    let mut found: BTreeSet<i32> = processes
        .iter()
        .filter(|process| chosen(process))
        .map(|process| process.pid)
        .collect();
    loop {
        let below = processes
            .iter()
            .filter(|process| found.contains(&process.parent))
            .map(|process| process.pid);
        let before = found.len();
        found.extend(below.collect::<Vec<_>>());
        if found.len() == before {
            return found;
        }
    }
}

/// Kills every marked process that is chosen, and its descendants, at once and for good.
pub fn kill_marked(chosen: impl Fn(&str) -> bool) -> Result<()> {
    let is_chosen = |process: &Seen| process.mark.as_deref().is_some_and(&chosen);
    let mut killed = BTreeSet::new();
    wait_until(
        "ending the lab's processes",
        Duration::from_secs(30),
        || {
            let processes = all()?;
            let found = with_descendants(&processes, is_chosen);
            killed.extend(found.iter().copied());
            for pid in &found {
                kill(*pid)?;
            }
            // Containers whose shim is gone have another parent by now, but keep their id.
            let left: Vec<i32> = processes
                .iter()
                .map(|process| process.pid)
                .filter(|pid| killed.contains(pid))
                .collect();
            Ok((!left.is_empty())
                .then(|| format!("{} processes, such as {:?}", left.len(), left.first())))
        },
    )
}

/// SIGKILL; a process that is gone already is fine.
pub fn kill(pid: i32) -> Result<()> {
    let Some(target) = Pid::from_raw(pid) else {
        return Ok(());
    };
    match kill_process(target, Signal::KILL) {
        Err(error) if error != rustix::io::Errno::SRCH => {
            Err(error).with_context(|| format!("cannot kill the process {pid}"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(pid: i32, parent: i32, mark: Option<&str>) -> Seen {
        Seen {
            pid,
            parent,
            command: String::new(),
            mark: mark.map(Into::into),
        }
    }

    #[test]
    fn descendants_are_found_in_any_order() {
        let processes = [
            seen(30, 20, None),
            seen(20, 10, None),
            seen(10, 1, Some("containerd1")),
            seen(40, 1, None),
        ];
        let found = with_descendants(&processes, |process| {
            process.mark.as_deref() == Some("containerd1")
        });
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [10, 20, 30]);
    }

    #[test]
    fn stat_lines_with_odd_names_are_read_and_zombies_left_out() {
        assert_eq!(
            parse_stat("7 (a) b (c) S 3 7 7"),
            Some((3, "a) b (c".into()))
        );
        assert_eq!(parse_stat("7 (postgres) Z 3 7 7"), None);
    }

    #[test]
    fn marked_processes_are_found_and_killed_with_their_children() {
        let mark = format!("test-{}", std::process::id());
        let mut child = command("sh", ["-c", "sleep 600 & wait"])
            .env(MARK, &mark)
            .spawn()
            .unwrap();
        wait_until("the child's child", Duration::from_secs(10), || {
            Ok((running()?.get(&mark).map(Vec::len) != Some(2)).then(|| "not there".into()))
        })
        .unwrap();
        kill_marked(|name| name == mark).unwrap();
        child.wait().unwrap();
        assert_eq!(running().unwrap().get(&mark), None);
    }
}
