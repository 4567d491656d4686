//! Commands inside the lab's network namespace.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use crate::cluster::storage_accounts::ENDPOINT;
use crate::paths::Paths;
use crate::process::search_path;

/// A command that runs in the namespace, with KUBECONFIG and the lab's programs first on PATH.
pub fn command(paths: &Paths, program: impl AsRef<OsStr>) -> Command {
    let mut command = match inside(paths) {
        true => Command::new(program),
        false => {
            let mut command = Command::new("nsenter");
            command
                .arg(format!("--net={}", paths.namespace_file().display()))
                .arg("--")
                .arg(program);
            command
        }
    };
    for (name, value) in environment(paths) {
        command.env(name, value);
    }
    command
}

/// The variables that a command inside gets.
pub fn environment(paths: &Paths) -> Vec<(&'static str, String)> {
    vec![
        ("KUBECONFIG", crate::paths::text(paths.kubeconfig())),
        ("PATH", search_path(paths)),
        ("LAB_BLOB_ENDPOINT", ENDPOINT.into()),
        ("LAB_JWKS", crate::paths::text(paths.jwks())),
    ]
}

/// Whether this process is in the namespace already.
pub fn inside(paths: &Paths) -> bool {
    let identity =
        |path: &std::path::Path| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
    let lab = identity(&paths.namespace_file());
    lab.is_some() && lab == identity("/proc/self/ns/net".as_ref())
}
