//! Checksums of texts, files and whole directories.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use aws_lc_rs::digest::{Context as Hash, SHA256};

/// The SHA-256 of a text, as hexadecimal digits.
pub fn text(text: &str) -> String {
    bytes(text.as_bytes())
}

/// The SHA-256 of bytes, as hexadecimal digits.
pub fn bytes(bytes: &[u8]) -> String {
    let mut hash = Hash::new(&SHA256);
    hash.update(bytes);
    hex(hash)
}

fn hex(hash: Hash) -> String {
    hash.finish()
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn file(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Hash::new(&SHA256);
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(hash)),
            length => hash.update(&buffer[..length]),
        }
    }
}

/// What each file below a directory holds: path, and checksum with permissions or the target of a link.
pub fn tree(directory: &Path) -> Result<BTreeMap<String, String>> {
    let mut contents = BTreeMap::new();
    collect(directory, directory, &mut contents)?;
    Ok(contents)
}

fn collect(root: &Path, directory: &Path, contents: &mut BTreeMap<String, String>) -> Result<()> {
    let entries = fs::read_dir(directory)
        .with_context(|| format!("cannot read `{}`", directory.display()))?;
    for entry in entries {
        let path = entry?.path();
        let metadata = fs::symlink_metadata(&path)?;
        if metadata.is_dir() {
            collect(root, &path, contents)?;
            continue;
        }
        let content = if metadata.is_symlink() {
            format!("-> {}", fs::read_link(&path)?.display())
        } else {
            format!(
                "{:o} {}",
                metadata.permissions().mode() & 0o7777,
                file(&path)?
            )
        };
        let name = path
            .strip_prefix(root)
            .unwrap_or(&path)
            .to_string_lossy()
            .into_owned();
        contents.insert(name, content);
    }
    Ok(())
}

/// A writer that takes the checksum of what goes through it.
pub struct Hashing<W> {
    inner: W,
    hash: Hash,
}

impl<W: Write> Hashing<W> {
    pub fn new(inner: W) -> Self {
        Self {
            inner,
            hash: Hash::new(&SHA256),
        }
    }

    /// The writer and the checksum of everything written.
    pub fn finish(self) -> (W, String) {
        (self.inner, hex(self.hash))
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let length = self.inner.write(buffer)?;
        self.hash.update(&buffer[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_sha256() {
        assert_eq!(
            text("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        let mut hashing = Hashing::new(Vec::new());
        hashing.write_all(b"a").unwrap();
        hashing.write_all(b"bc").unwrap();
        assert_eq!(hashing.finish(), (b"abc".to_vec(), text("abc")));
    }

    #[test]
    fn a_tree_tells_content_permissions_and_links() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("bin")).unwrap();
        fs::write(directory.path().join("bin/tool"), "abc").unwrap();
        fs::set_permissions(
            directory.path().join("bin/tool"),
            fs::Permissions::from_mode(0o755),
        )
        .unwrap();
        std::os::unix::fs::symlink("bin/tool", directory.path().join("link")).unwrap();
        let contents = tree(directory.path()).unwrap();
        assert_eq!(contents["bin/tool"], format!("755 {}", text("abc")));
        assert_eq!(contents["link"], "-> bin/tool");
        assert_eq!(contents.len(), 2);
    }
}
