//! Container images as docker-archives: one layer, its configuration, and a manifest that names both.

use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tar::{Builder, EntryType, Header};

use super::digest::{self, Hashing};
use super::recipe::{Image, Layer};
use super::{debian, store};
use crate::paths::Paths;
use crate::shell::{command, run};

/// File name of the archive in an image's artefact.
pub const ARCHIVE: &str = "image.tar";
const LAYER: &str = "layer.tar";
/// Directories that the runtime fills.
const RUNTIME_DIRECTORIES: &[&str] = &["proc", "sys", "dev"];

/// Makes the tree of the image and packs it.
pub fn build(paths: &Paths, image: &Image, work: &Path, out: &Path) -> Result<()> {
    let tree = work.join("tree");
    let mut tags = image.tags.clone();
    match &image.layer {
        Layer::Debian(recipe) => {
            debian::tree(paths, recipe, &tree)?;
            if let Some((package, patterns)) = &recipe.version_tags {
                let version = debian::installed_version(&tree, package)?;
                tags.extend(
                    patterns
                        .iter()
                        .map(|pattern| pattern.replace("{}", &version)),
                );
            }
        }
        Layer::Program {
            from,
            program,
            path,
            links,
        } => {
            let place = tree.join(path);
            if let Some(parent) = place.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::copy(paths.artefact(from).join(program), place)?;
            for (link, target) in links {
                symlink(target, tree.join(link))?;
            }
        }
        Layer::Source { name, source } => compile(name, source, work, &tree)?,
    }
    let file = File::create(out.join(ARCHIVE))?;
    pack(&tree, image, &tags, file).context("cannot pack the image")?;
    store::remove(&tree)
}

fn compile(name: &str, source: &str, work: &Path, tree: &Path) -> Result<()> {
    fs::create_dir_all(tree)?;
    fs::write(work.join("main.go"), source)?;
    let mut go = command("go", ["build", "-trimpath", "-ldflags", "-s -w", "-o"]);
    go.arg(tree.join(name))
        .arg("main.go")
        .current_dir(work)
        .env("CGO_ENABLED", "0")
        .env("GOWORK", "off");
    run(&mut go).map(drop)
}

/// Writes the archive. The layer comes first: its checksum, which the configuration names, is taken on the way.
fn pack(
    tree: &Path,
    image: &Image,
    tags: &[String],
    file: impl Write + Seek + 'static,
) -> Result<()> {
    let mut archive = Builder::new(file);
    let mut header = plain_header();
    let entry = archive.append_writer(&mut header, LAYER)?;
    let mut hashing = Hashing::new(entry);
    write_layer(tree, &mut hashing)?;
    let (entry, layer) = hashing.finish();
    entry.finish()?;
    let config = config(image, &layer).to_string();
    let name = format!("{}.json", digest::text(&config));
    let manifest = json!([{ "Config": name, "RepoTags": tags, "Layers": [LAYER] }]).to_string();
    for (name, content) in [(name.as_str(), config), ("manifest.json", manifest)] {
        let mut header = plain_header();
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, name, content.as_bytes())?;
    }
    archive.finish()?;
    Ok(())
}

fn plain_header() -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header
}

fn config(image: &Image, layer: &str) -> Value {
    json!({
        "architecture": architecture(),
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": { "User": image.user, "Env": image.env, "Entrypoint": image.entrypoint, "WorkingDir": "/" },
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{layer}")] },
        "history": [{ "created": "1970-01-01T00:00:00Z", "created_by": "lab" }],
    })
}

/// Go's name of this machine's processor, which is what image configurations use.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

fn write_layer(tree: &Path, writer: impl Write) -> Result<()> {
    let mut layer = Builder::new(writer);
    append(&mut layer, tree, &PathBuf::new())?;
    layer.finish()?;
    Ok(())
}

fn append(layer: &mut Builder<impl Write>, tree: &Path, directory: &Path) -> Result<()> {
    let mut entries: Vec<_> = fs::read_dir(tree.join(directory))?.collect::<Result<_, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = directory.join(entry.file_name());
        let metadata = fs::symlink_metadata(entry.path())?;
        let mut header = Header::new_gnu();
        header.set_uid(metadata.uid().into());
        header.set_gid(metadata.gid().into());
        header.set_mode(metadata.permissions().mode() & 0o7777);
        header.set_mtime(u64::try_from(metadata.mtime()).unwrap_or(0));
        header.set_size(0);
        if metadata.is_symlink() {
            header.set_entry_type(EntryType::Symlink);
            layer.append_link(&mut header, &name, fs::read_link(entry.path())?)?;
        } else if metadata.is_dir() {
            header.set_entry_type(EntryType::Directory);
            layer.append_data(&mut header, &name, std::io::empty())?;
            if !RUNTIME_DIRECTORIES
                .iter()
                .any(|runtime| name == Path::new(runtime))
            {
                append(layer, tree, &name)?;
            }
        } else if metadata.is_file() {
            header.set_entry_type(EntryType::Regular);
            header.set_size(metadata.size());
            layer.append_data(
                &mut header,
                &name,
                File::open(entry.path())?.take(metadata.size()),
            )?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn unpack(bytes: &[u8]) -> BTreeMap<String, (Header, Vec<u8>)> {
        let mut archive = tar::Archive::new(bytes);
        let mut entries = BTreeMap::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            entries.insert(
                entry.path().unwrap().display().to_string(),
                (entry.header().clone(), content),
            );
        }
        entries
    }

    fn packed() -> BTreeMap<String, (Header, Vec<u8>)> {
        let directory = tempfile::tempdir().unwrap();
        let tree = directory.path().join("tree");
        for name in ["bin", "proc", "tmp"] {
            fs::create_dir_all(tree.join(name)).unwrap();
        }
        fs::set_permissions(tree.join("tmp"), fs::Permissions::from_mode(0o1777)).unwrap();
        fs::write(tree.join("bin/tool"), "abc").unwrap();
        fs::set_permissions(tree.join("bin/tool"), fs::Permissions::from_mode(0o4755)).unwrap();
        fs::write(tree.join("proc/leftover"), "").unwrap();
        symlink("bin/tool", tree.join("tool")).unwrap();
        let image = Image {
            tags: vec![],
            user: "26",
            entrypoint: &["/tool"],
            env: vec!["PATH=/bin".into()],
            layer: Layer::Source {
                name: "",
                source: "",
            },
        };
        let path = directory.path().join("image.tar");
        let file = File::create(&path).unwrap();
        pack(
            &tree,
            &image,
            &["example/tool:1".into(), "example/tool:2".into()],
            file,
        )
        .unwrap();
        unpack(&fs::read(path).unwrap())
    }

    #[test]
    fn the_manifest_names_tags_configuration_and_layer() {
        let entries = packed();
        let manifest: Value = serde_json::from_slice(&entries["manifest.json"].1).unwrap();
        let name = manifest[0]["Config"].as_str().unwrap();
        assert_eq!(
            manifest,
            json!([{ "Config": name, "RepoTags": ["example/tool:1", "example/tool:2"], "Layers": ["layer.tar"] }])
        );
        assert_eq!(name, format!("{}.json", digest::bytes(&entries[name].1)));
    }

    #[test]
    fn the_configuration_carries_the_digest_of_the_layer() {
        let entries = packed();
        let name = entries
            .keys()
            .find(|name| name.ends_with(".json") && *name != "manifest.json")
            .unwrap();
        let config: Value = serde_json::from_slice(&entries[name].1).unwrap();
        assert_eq!(
            config["rootfs"]["diff_ids"],
            json!([format!("sha256:{}", digest::bytes(&entries["layer.tar"].1))])
        );
        assert_eq!(config["config"]["User"], "26");
        assert_eq!(config["config"]["Entrypoint"], json!(["/tool"]));
    }

    #[test]
    fn the_layer_keeps_modes_and_links_and_leaves_runtime_directories_empty() {
        let entries = packed();
        let layer = unpack(&entries["layer.tar"].1);
        assert_eq!(layer["bin/tool"].1, b"abc");
        assert_eq!(layer["bin/tool"].0.mode().unwrap(), 0o4755);
        assert_eq!(
            layer["tool"].0.link_name().unwrap().unwrap(),
            Path::new("bin/tool")
        );
        let names: Vec<&str> = layer
            .keys()
            .map(|name| name.trim_end_matches('/'))
            .collect();
        assert_eq!(names, ["bin", "bin/tool", "proc", "tmp", "tool"]);
        assert_eq!(
            layer
                .iter()
                .find(|(name, _)| name.starts_with("tmp"))
                .unwrap()
                .1
                .0
                .mode()
                .unwrap(),
            0o1777
        );
    }
}
