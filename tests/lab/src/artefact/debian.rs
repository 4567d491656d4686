//! Trees of Debian packages for images.

use std::fs;
use std::os::unix::fs::{MetadataExt, lchown, symlink};
use std::path::Path;

use anyhow::{Context, Result};

use super::recipe::Debian;
use super::store;
use crate::paths::{Paths, text};
use crate::shell::{command, run};

/// What no container needs.
const SUPERFLUOUS: &[&str] = &[
    "var/cache/apt",
    "var/lib/apt/lists",
    "usr/share/doc",
    "usr/share/man",
];
/// The bundle of certificates, on the machine and in the tree: a proxy of the machine may have one of its own.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Makes the tree that the recipe describes in `tree`.
pub fn tree(paths: &Paths, recipe: &Debian, tree: &Path) -> Result<()> {
    bootstrap(recipe, tree)?;
    for (name, id) in &recipe.accounts {
        account(tree, name, *id).with_context(|| format!("cannot give `{name}` the id {id}"))?;
    }
    if !recipe.script.is_empty() {
        script(tree, &recipe.script)?;
    }
    for (artefact, program, place) in &recipe.programs {
        fs::copy(paths.artefact(artefact).join(program), tree.join(place))?;
    }
    for (link, target) in &recipe.links {
        symlink(target, tree.join(link)).with_context(|| format!("cannot link `{link}`"))?;
    }
    for superfluous in SUPERFLUOUS {
        store::remove(&tree.join(superfluous))?;
    }
    Ok(())
}

/// debootstrap in a mount namespace of its own: whatever it mounts is gone with it.
fn bootstrap(recipe: &Debian, tree: &Path) -> Result<()> {
    let mut bootstrap = command("unshare", ["--mount", "debootstrap", "--variant=minbase"]);
    bootstrap
        .arg(format!("--include={}", recipe.packages.join(",")))
        .arg(recipe.suite)
        .arg(tree)
        .arg(mirror());
    run(&mut bootstrap).map(drop)
}

fn mirror() -> String {
    if let Ok(mirror) = std::env::var("LAB_DEBIAN_MIRROR") {
        return mirror;
    }
    let mut sources = fs::read_to_string("/etc/apt/sources.list").unwrap_or_default();
    if let Ok(files) = fs::read_dir("/etc/apt/sources.list.d") {
        for file in files.flatten() {
            sources += "\n";
            sources += &fs::read_to_string(file.path()).unwrap_or_default();
        }
    }
    mirror_of(&sources).unwrap_or_else(|| "http://deb.debian.org/debian".into())
}

/// The first Debian archive in apt's sources, of either format.
fn mirror_of(sources: &str) -> Option<String> {
    sources
        .lines()
        .filter_map(|line| {
            line.strip_prefix("URIs:")
                .or_else(|| line.strip_prefix("deb "))
        })
        .flat_map(str::split_whitespace)
        .find(|word| word.contains("://") && word.trim_end_matches('/').ends_with("/debian"))
        .map(Into::into)
}

/// Sets user and group `name` to `id`; files that belonged to the former ids follow.
fn account(tree: &Path, name: &str, id: u32) -> Result<()> {
    let user = set_id(
        &tree.join("etc/passwd"),
        name,
        id,
        &format!("{name}:x:{id}:{id}::/var/lib/{name}:/bin/sh"),
    )?;
    let group = set_id(
        &tree.join("etc/group"),
        name,
        id,
        &format!("{name}:x:{id}:"),
    )?;
    if user.is_some() || group.is_some() {
        hand_over(tree, (user, group), id)?;
    }
    Ok(())
}

/// Changes the third field of the entry, or appends `new`. Returns the former id.
fn set_id(path: &Path, name: &str, id: u32, new: &str) -> Result<Option<u32>> {
    let (text, former) = with_id(&fs::read_to_string(path)?, name, id, new);
    fs::write(path, text)?;
    Ok(former)
}

fn with_id(text: &str, name: &str, id: u32, new: &str) -> (String, Option<u32>) {
    let mut former = None;
    let mut lines = Vec::new();
    let mut found = false;
    for line in text.lines() {
        let mut fields: Vec<&str> = line.split(':').collect();
        if fields[0] != name || fields.len() < 4 {
            lines.push(line.to_string());
            continue;
        }
        found = true;
        former = fields[2].parse().ok();
        let id = id.to_string();
        fields[2] = &id;
        // passwd has seven fields and the primary group as fourth, group has four.
        if fields.len() == 7 {
            fields[3] = &id;
        }
        lines.push(fields.join(":"));
    }
    if !found {
        lines.push(new.to_string());
    }
    (lines.join("\n") + "\n", former)
}

fn hand_over(directory: &Path, former: (Option<u32>, Option<u32>), id: u32) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let metadata = fs::symlink_metadata(&path)?;
        let user = (Some(metadata.uid()) == former.0).then_some(id);
        let group = (Some(metadata.gid()) == former.1).then_some(id);
        if user.is_some() || group.is_some() {
            lchown(&path, user, group)?;
        }
        if metadata.is_dir() {
            hand_over(&path, former, id)?;
        }
    }
    Ok(())
}

/// Runs a script inside the tree, with the machine's name resolution and certificates laid over the tree's own. They are
/// mounts of a namespace that ends with the script, so nothing of the machine stays in the image.
fn script(tree: &Path, script: &str) -> Result<()> {
    let lent = ["/etc/resolv.conf", "/etc/hosts", CERTIFICATES];
    let mut mounts = String::from("mount --bind /proc \"$0/proc\"\n");
    for file in lent.into_iter().filter(|file| Path::new(file).exists()) {
        let place = tree.join(file.trim_start_matches('/'));
        if !place.exists() {
            fs::write(&place, "").with_context(|| format!("cannot make `{}`", place.display()))?;
        }
        mounts += &format!("mount --bind {file} \"$0{file}\"\n");
    }
    let mut chroot = command("unshare", ["--mount", "sh", "-ec"]);
    chroot
        .arg(mounts + "exec chroot \"$0\" sh -ec \"$1\"")
        .arg(text(tree))
        .arg(script);
    for variable in ["PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"] {
        chroot.env(variable, CERTIFICATES);
    }
    // Directories of the machine that the tree does not have.
    chroot
        .env_remove("PIP_FIND_LINKS")
        .env_remove("SSL_CERT_DIR");
    chroot.env(
        "PATH",
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    );
    run(&mut chroot).map(drop)
}

/// Upstream version of a package that is installed in the tree: `17.11` for `17.11-0+deb13u1`.
pub fn installed_version(tree: &Path, package: &str) -> Result<String> {
    let status = fs::read_to_string(tree.join("var/lib/dpkg/status"))?;
    version_in(&status, package)
        .with_context(|| format!("`{package}` is not installed in the tree"))
}

fn version_in(status: &str, package: &str) -> Option<String> {
    let wanted = format!("Package: {package}");
    let entry = status
        .split("\n\n")
        .find(|entry| entry.lines().any(|line| line == wanted))?;
    let version = entry
        .lines()
        .find_map(|line| line.strip_prefix("Version: "))?;
    let upstream = version
        .rsplit_once('-')
        .map_or(version, |(upstream, _)| upstream);
    Some(
        upstream
            .split_once(':')
            .map_or(upstream, |(_, upstream)| upstream)
            .to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_are_found_in_both_formats() {
        let deb822 = "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\n";
        assert_eq!(mirror_of(deb822).unwrap(), "http://mirror.example/debian");
        let list = "deb [signed-by=/k] https://mirror.example/ubuntu noble main\ndeb [arch=amd64] https://other.example/debian/ trixie main\n";
        assert_eq!(mirror_of(list).unwrap(), "https://other.example/debian/");
        assert_eq!(
            mirror_of("URIs: http://mirror.example/debian-security\n"),
            None
        );
    }

    #[test]
    fn accounts_change_their_id_or_are_added() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\npostgres:x:101:104:PostgreSQL,,,:/var/lib/postgresql:/bin/bash\n";
        let (text, former) = with_id(passwd, "postgres", 26, "unused");
        assert!(
            text.contains("postgres:x:26:26:PostgreSQL,,,:/var/lib/postgresql:/bin/bash"),
            "{text}"
        );
        assert_eq!(former, Some(101));
        let (text, former) = with_id(
            "root:x:0:\nssl-cert:x:103:postgres\n",
            "postgres",
            26,
            "postgres:x:26:",
        );
        assert_eq!(text, "root:x:0:\nssl-cert:x:103:postgres\npostgres:x:26:\n");
        assert_eq!(former, None);
    }

    #[test]
    fn upstream_versions_are_read_from_the_package_list() {
        let status = "Package: postgresql-17-pgaudit\nVersion: 17.1-1\n\nPackage: postgresql-17\nStatus: ok\nVersion: 17.11-0+deb13u1\n";
        assert_eq!(version_in(status, "postgresql-17").unwrap(), "17.11");
        assert_eq!(version_in(status, "postgresql-16"), None);
    }
}
