//! Brings the cache up to date: looks at every artefact, builds what is missing, outdated or damaged.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context, Result};

use super::catalogue::catalogue;
use super::recipe::{Artefact, Recipe, stamps};
use super::store::{self, State};
use super::{go, image, node};
use crate::paths::Paths;
use crate::pins::PINS;
use crate::progress::say;

/// Builds whatever is not fresh. With `verify` every cached file is compared with its checksum, else stamps only.
pub fn build(paths: &Paths, verify: bool) -> Result<()> {
    fs::create_dir_all(&paths.cache)
        .with_context(|| format!("cannot make `{}`", paths.cache.display()))?;
    let _lock = lock(&paths.cache.join("lock"))?;
    let artefacts = catalogue(&PINS);
    let stamps = stamps(&artefacts);
    let mut built = 0;
    for artefact in &artefacts {
        let stamp = &stamps[artefact.name];
        let state = match verify {
            true => store::full_state(paths, artefact.name, stamp)?,
            false => store::stamp_state(paths, artefact.name, stamp),
        };
        let reason = match state {
            State::Fresh => continue,
            State::Missing => "not there yet".to_string(),
            State::Outdated => "its recipe or versions changed".to_string(),
            State::Damaged(file) => format!("`{file}` is not what was built"),
        };
        say(format!("building {}: {reason}", artefact.name));
        make(paths, artefact, stamp)
            .with_context(|| format!("cannot build `{}`", artefact.name))?;
        built += 1;
    }
    link_programs(paths, &artefacts)?;
    let total = artefacts.len();
    say(match built {
        0 => format!(
            "all {total} artefacts are up to date in {}",
            paths.cache.display()
        ),
        _ => format!(
            "built {built} of {total} artefacts in {}",
            paths.cache.display()
        ),
    });
    Ok(())
}

/// Waits for its turn: two builds of one cache would take each other's half-built files.
pub fn lock(path: &Path) -> Result<File> {
    let file = File::create(path).with_context(|| format!("cannot make `{}`", path.display()))?;
    if file.try_lock().is_err() {
        say(format!(
            "waiting for another run that holds `{}`",
            path.display()
        ));
        file.lock()
            .with_context(|| format!("cannot lock `{}`", path.display()))?;
    }
    Ok(file)
}

fn make(paths: &Paths, artefact: &Artefact, stamp: &str) -> Result<()> {
    let work = paths.work(artefact.name);
    let out = work.join("out");
    store::remove(&work)?;
    fs::create_dir_all(&out)?;
    match &artefact.recipe {
        Recipe::Go(module) => go::build(module, artefact.name, &work, &out)?,
        Recipe::Image(recipe) => image::build(paths, recipe, &work, &out)?,
        Recipe::Npm { package, version } => node::install(package, version, &out)?,
    }
    store::take(paths, artefact.name, stamp, &out)?;
    store::remove(&work)
}

/// One directory for PATH, with a link to each program.
fn link_programs(paths: &Paths, artefacts: &[Artefact]) -> Result<()> {
    let bin = paths.bin();
    store::remove(&bin)?;
    fs::create_dir_all(&bin)?;
    for artefact in artefacts {
        let Recipe::Go(module) = &artefact.recipe else {
            continue;
        };
        for (program, _) in &module.programs {
            symlink(
                Path::new("../artefacts").join(artefact.name).join(program),
                bin.join(program),
            )?;
        }
    }
    Ok(())
}
