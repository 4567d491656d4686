//! The CLIs: OpenTofu and Terraform, as far as the machine has them.

use std::path::{Path, PathBuf};

/// A program that speaks the provider protocol with us.
#[derive(Clone, Debug, PartialEq)]
pub struct Cli {
    /// `tofu` or `terraform`.
    pub name: &'static str,
    pub program: PathBuf,
}

pub const NAMES: [&str; 2] = ["tofu", "terraform"];

/// One entry per CLI, with the reason where it cannot be used. `TF_CLI` (a path or a name) leaves only that one.
pub fn all() -> Vec<Result<Cli, (&'static str, String)>> {
    let chosen = std::env::var_os("TF_CLI").map(PathBuf::from);
    NAMES
        .into_iter()
        .map(|name| match &chosen {
            Some(chosen) if !is_called(chosen, name) => {
                Err((name, format!("TF_CLI is `{}`", chosen.display())))
            }
            Some(chosen) => find(chosen).map(|program| Cli { name, program }).ok_or((
                name,
                format!("TF_CLI is `{}`, which is not there", chosen.display()),
            )),
            None => find(Path::new(name))
                .or_else(|| cached(name))
                .map(|program| Cli { name, program })
                .ok_or((name, format!("`{name}` is not on PATH"))),
        })
        .collect()
}

fn is_called(program: &Path, name: &str) -> bool {
    program
        .file_name()
        .is_some_and(|file| file.to_string_lossy().starts_with(name))
}

/// A program by path, or by name on PATH.
fn find(program: &Path) -> Option<PathBuf> {
    if program.components().count() > 1 {
        return program.is_file().then(|| program.to_owned());
    }
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|directory| directory.join(program))
        .find(|file| file.is_file())
}

/// The lab builds an OpenTofu of its own.
fn cached(name: &str) -> Option<PathBuf> {
    let bin = lab::paths::Paths::standard().ok()?.bin();
    find(&bin.join(name))
}
