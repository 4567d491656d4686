//! Programs from Go modules: a module of our own that requires the pinned one, so that nothing but the proxy is needed.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::recipe::{GoModule, Manifest};
use crate::progress::say;
use crate::shell::{command, run};

/// Builds all programs of the module into `out`, and its manifest beside them.
pub fn build(module: &GoModule, name: &str, work: &Path, out: &Path) -> Result<()> {
    let directory = work.join("mod");
    fs::create_dir_all(&directory)?;
    let mut replace = module.replace.clone();
    if let Some(libraries) = &module.staging {
        replace.extend(staging_replacements(&own_go_mod(module, work)?, libraries));
    }
    fs::write(directory.join("go.mod"), go_mod(module, name, &replace))?;
    run(go(&directory).args(["mod", "tidy"]))?;
    for (program, package) in &module.programs {
        let mut build = go(&directory);
        build
            .args(["build", "-trimpath", "-ldflags", &module.ldflags, "-o"])
            .arg(out.join(program))
            .arg(package);
        run(&mut build)?;
        say(format!("  {program} {}", module.version));
    }
    match &module.manifest {
        Some(manifest) => copy_manifest(module, manifest, &directory, out),
        None => Ok(()),
    }
}

fn go(directory: &Path) -> Command {
    let mut command = command("go", [""; 0]);
    command
        .current_dir(directory)
        .env("CGO_ENABLED", "0")
        .env("GOWORK", "off");
    command
}

fn go_mod(module: &GoModule, name: &str, replace: &[String]) -> String {
    let mut text = format!(
        "module lab.test/{name}\n\ngo {}\n\nrequire {} v{}\n",
        module.go, module.module, module.version
    );
    for line in replace {
        text += &format!("\nreplace {line}\n");
    }
    for (_, package) in &module.programs {
        text += &format!("\ntool {package}\n");
    }
    text
}

/// The go.mod that the module itself was published with.
fn own_go_mod(module: &GoModule, work: &Path) -> Result<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Download {
        go_mod: String,
    }
    let version = format!("{}@v{}", module.module, module.version);
    let answer = run(go(work).args(["mod", "download", "-json", &version]))?;
    let download: Download = serde_json::from_str(&answer)
        .context("cannot read the answer of `go mod download -json`")?;
    Ok(fs::read_to_string(download.go_mod)?)
}

/// `replace` lines for every module that the original go.mod takes from its own `staging` directory.
fn staging_replacements(go_mod: &str, libraries: &str) -> Vec<String> {
    go_mod
        .lines()
        .filter_map(|line| {
            line.trim()
                .trim_start_matches("replace ")
                .split_once(" => ./staging/")
        })
        .map(|(module, _)| format!("{module} => {module} v{libraries}"))
        .collect()
}

fn copy_manifest(
    module: &GoModule,
    manifest: &Manifest,
    directory: &Path,
    out: &Path,
) -> Result<()> {
    let source = run(go(directory).args(["list", "-m", "-f", "{{.Dir}}", module.module]))?;
    let path = Path::new(source.trim()).join(&manifest.path);
    let text = fs::read_to_string(&path)
        .with_context(|| format!("the module has no `{}`", manifest.path))?;
    fs::write(out.join("manifest.yaml"), edited(&text, manifest)?)?;
    Ok(())
}

fn edited(text: &str, manifest: &Manifest) -> Result<String> {
    let mut text = text.to_string();
    for (old, new) in &manifest.edits {
        if !text.contains(old) {
            bail!(
                "`{}` does not contain `{old}` any more: look at it and correct the recipe",
                manifest.path
            );
        }
        text = text.replace(old, new);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staging_modules_are_replaced_by_published_ones() {
        let go_mod = "module k8s.io/kubernetes\n\nreplace (\n\tk8s.io/api => ./staging/src/k8s.io/api\n\tk8s.io/client-go => ./staging/src/k8s.io/client-go\n)\nrequire k8s.io/api v0.0.0\n";
        assert_eq!(
            staging_replacements(go_mod, "0.34.4"),
            [
                "k8s.io/api => k8s.io/api v0.34.4",
                "k8s.io/client-go => k8s.io/client-go v0.34.4"
            ]
        );
    }

    #[test]
    fn the_written_module_names_version_replacements_and_programs() {
        let module = GoModule {
            go: "1.26.6",
            module: "example.org/tool",
            version: "1.2.3".into(),
            replace: vec![],
            staging: None,
            ldflags: String::new(),
            programs: vec![("tool", "example.org/tool/cmd/tool".into())],
            manifest: None,
        };
        let text = go_mod(&module, "tool", &["a => b v1".into()]);
        assert_eq!(
            text,
            "module lab.test/tool\n\ngo 1.26.6\n\nrequire example.org/tool v1.2.3\n\nreplace a => b v1\n\ntool example.org/tool/cmd/tool\n"
        );
    }

    #[test]
    fn an_edit_that_finds_nothing_is_an_error() {
        let manifest = Manifest {
            path: "m.yaml".into(),
            edits: vec![("Always", "IfNotPresent")],
        };
        assert_eq!(
            edited("pull: Always", &manifest).unwrap(),
            "pull: IfNotPresent"
        );
        assert!(
            edited("pull: Never", &manifest)
                .unwrap_err()
                .to_string()
                .contains("`Always`")
        );
    }
}
