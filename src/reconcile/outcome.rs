//! What became of each part in a run, rendered as an indented text tree for logs and error details.

use std::fmt;

/// The end of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    Unchanged,
    Created,
    Updated(Vec<String>),
    Deleted,
    /// Left in place on purpose.
    Kept,
    Failed(String),
    /// Exists, and did not become ready.
    Unfinished(String),
    /// Exists, and was not reached.
    Skipped,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub part: &'static str,
    pub object: String,
    pub status: Status,
}

/// A run from its first object to its last, in the order in which they ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    lines: Vec<Line>,
}

impl Outcome {
    pub fn add(&mut self, part: &'static str, object: impl Into<String>, status: Status) {
        self.lines.push(Line {
            part,
            object: object.into(),
            status,
        });
    }

    pub fn lines(&self) -> &[Line] {
        &self.lines
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Status::Unchanged => f.write_str("unchanged"),
            Status::Created => f.write_str("created"),
            Status::Updated(paths) if paths.is_empty() => f.write_str("updated"),
            Status::Updated(paths) => write!(f, "updated: {}", paths.join(", ")),
            Status::Deleted => f.write_str("deleted"),
            Status::Kept => f.write_str("kept"),
            Status::Failed(why) => write!(f, "failed: {why}"),
            Status::Unfinished(why) => write!(f, "exists, unfinished: {why}"),
            Status::Skipped => f.write_str("not reached"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<&str> = Vec::new();
        for line in &self.lines {
            if !parts.contains(&line.part) {
                parts.push(line.part);
            }
        }
        for part in parts {
            writeln!(f, "{part}")?;
            for line in self.lines.iter().filter(|line| line.part == part) {
                writeln!(f, "  {}: {}", line.object, line.status)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_reads_as_a_tree() {
        let mut outcome = Outcome::default();
        outcome.add("storage", "StorageClass/a", Status::Created);
        outcome.add(
            "cluster",
            "Cluster/a",
            Status::Failed("no node fits".into()),
        );
        outcome.add("storage", "VolumeAttributesClass/a", Status::Unchanged);
        assert_eq!(
            outcome.to_string(),
            "storage\n  StorageClass/a: created\n  VolumeAttributesClass/a: unchanged\ncluster\n  Cluster/a: failed: no node fits\n"
        );
    }
}
