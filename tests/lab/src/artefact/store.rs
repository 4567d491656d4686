//! Artefacts on disk: a directory is taken only when its record fits the stamp and its files fit the record.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::digest;
use crate::paths::Paths;

const RECORD: &str = "artefact.json";

/// Kept beside the files of an artefact.
#[derive(Serialize, Deserialize)]
struct Record {
    stamp: String,
    files: BTreeMap<String, String>,
}

/// What is known about a cached artefact.
#[derive(Debug, PartialEq, Eq)]
pub enum State {
    Fresh,
    Missing,
    /// Built from another recipe or other versions.
    Outdated,
    /// A file is not what was built, with its name.
    Damaged(String),
}

/// Compares stamps only: quick, for a lab that is about to start.
pub fn stamp_state(paths: &Paths, name: &str, stamp: &str) -> State {
    match read(&paths.artefact(name)) {
        None => State::Missing,
        Some(record) if record.stamp != stamp => State::Outdated,
        Some(_) => State::Fresh,
    }
}

/// Compares stamps and the checksum of every file.
pub fn full_state(paths: &Paths, name: &str, stamp: &str) -> Result<State> {
    let directory = paths.artefact(name);
    let Some(record) = read(&directory) else {
        return Ok(State::Missing);
    };
    if record.stamp != stamp {
        return Ok(State::Outdated);
    }
    let found = files(&directory)?;
    let differs = |(name, content): (&String, &String)| {
        (found.get(name) != Some(content)).then(|| name.clone())
    };
    let damaged = record.files.iter().find_map(differs);
    let strange = found
        .keys()
        .find(|name| !record.files.contains_key(*name))
        .cloned();
    Ok(damaged.or(strange).map_or(State::Fresh, State::Damaged))
}

/// Puts a finished build where it is used from: the record is written, then the directory takes the old one's place.
pub fn take(paths: &Paths, name: &str, stamp: &str, built: &Path) -> Result<()> {
    let record = Record {
        stamp: stamp.into(),
        files: files(built)?,
    };
    fs::write(built.join(RECORD), serde_json::to_string_pretty(&record)?)?;
    let place = paths.artefact(name);
    if let Some(parent) = place.parent() {
        fs::create_dir_all(parent)?;
    }
    remove(&place)?;
    fs::rename(built, &place)
        .with_context(|| format!("cannot move the finished `{name}` to `{}`", place.display()))
}

/// Removes a directory tree if there is one.
pub fn remove(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", directory.display()))
        }
        _ => Ok(()),
    }
}

fn read(directory: &Path) -> Option<Record> {
    serde_json::from_str(&fs::read_to_string(directory.join(RECORD)).ok()?).ok()
}

fn files(directory: &Path) -> Result<BTreeMap<String, String>> {
    let mut files = digest::tree(directory)?;
    files.remove(RECORD);
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(directory: &Path) -> Paths {
        Paths {
            cache: directory.join("cache"),
            root: directory.join("root"),
            run: directory.join("run"),
        }
    }

    fn built(paths: &Paths, text: &str) -> std::path::PathBuf {
        let work = paths.work("tool");
        fs::create_dir_all(&work).unwrap();
        fs::write(work.join("tool"), text).unwrap();
        work
    }

    #[test]
    fn only_a_finished_build_with_the_right_stamp_is_fresh() {
        let directory = tempfile::tempdir().unwrap();
        let paths = paths(directory.path());
        assert_eq!(full_state(&paths, "tool", "1").unwrap(), State::Missing);
        let work = built(&paths, "one");
        assert_eq!(full_state(&paths, "tool", "1").unwrap(), State::Missing);
        take(&paths, "tool", "1", &work).unwrap();
        assert_eq!(full_state(&paths, "tool", "1").unwrap(), State::Fresh);
        assert_eq!(stamp_state(&paths, "tool", "1"), State::Fresh);
        assert_eq!(full_state(&paths, "tool", "2").unwrap(), State::Outdated);
        assert_eq!(stamp_state(&paths, "tool", "2"), State::Outdated);
    }

    #[test]
    fn a_changed_missing_or_strange_file_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let paths = paths(directory.path());
        let place = paths.artefact("tool");
        take(&paths, "tool", "1", &built(&paths, "one")).unwrap();
        fs::write(place.join("tool"), "two").unwrap();
        assert_eq!(
            full_state(&paths, "tool", "1").unwrap(),
            State::Damaged("tool".into())
        );
        fs::remove_file(place.join("tool")).unwrap();
        assert_eq!(
            full_state(&paths, "tool", "1").unwrap(),
            State::Damaged("tool".into())
        );
        take(&paths, "tool", "1", &built(&paths, "one")).unwrap();
        fs::write(place.join("other"), "").unwrap();
        assert_eq!(
            full_state(&paths, "tool", "1").unwrap(),
            State::Damaged("other".into())
        );
    }

    #[test]
    fn a_directory_without_record_counts_as_missing() {
        let directory = tempfile::tempdir().unwrap();
        let paths = paths(directory.path());
        take(&paths, "tool", "1", &built(&paths, "one")).unwrap();
        fs::write(paths.artefact("tool").join(RECORD), "{").unwrap();
        assert_eq!(stamp_state(&paths, "tool", "1"), State::Missing);
    }
}
