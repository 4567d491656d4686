//! Packages of npm, with everything they need, in a directory of their own.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::shell::{command, run};

/// Installs exactly this version into `out/node_modules`.
pub fn install(package: &str, version: &str, out: &Path) -> Result<()> {
    fs::write(out.join("package.json"), r#"{"name":"lab","private":true}"#)?;
    let mut npm = command(
        "npm",
        [
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--save-exact",
        ],
    );
    npm.arg(format!("{package}@{version}")).current_dir(out);
    run(&mut npm)?;
    Ok(())
}
