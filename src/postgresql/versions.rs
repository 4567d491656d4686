//! Versions of PostgreSQL: which are supported and how a version is read from an image.

use std::fmt;
use std::str::FromStr;

/// A major release and the day after which it gets no more fixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    pub major: u32,
    /// `YYYY-MM-DD`
    pub end_of_life: &'static str,
}

/// The majors that run on a cluster, oldest first.
pub const RELEASES: [Release; 5] = [
    Release {
        major: 14,
        end_of_life: "2026-11-12",
    },
    Release {
        major: 15,
        end_of_life: "2027-11-11",
    },
    Release {
        major: 16,
        end_of_life: "2028-11-09",
    },
    Release {
        major: 17,
        end_of_life: "2029-11-08",
    },
    Release {
        major: 18,
        end_of_life: "2030-11-14",
    },
];

/// The release of a major; `None` when it is not supported here.
pub fn release(major: u32) -> Option<Release> {
    RELEASES.into_iter().find(|release| release.major == major)
}

/// The newest major that a cluster of this major can be upgraded to.
pub fn newest() -> u32 {
    RELEASES[RELEASES.len() - 1].major
}

/// `17` or `17.4`: a major, with a minor when one is wanted or known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub major: u32,
    pub minor: Option<u32>,
}

impl Version {
    /// The version of the tag of an image, such as `ghcr.io/cloudnative-pg/postgresql:17.5-standard-trixie`.
    ///
    /// The error says what CloudNativePG refuses: no tag, `latest`, a tag that starts with no version.
    pub fn of_image(image: &str) -> Result<Self, String> {
        let (reference, digest) = image
            .split_once('@')
            .map_or((image, None), |(left, right)| (left, Some(right)));
        let name = reference.rsplit('/').next().unwrap_or(reference);
        let Some((_, tag)) = name.split_once(':') else {
            let have = if digest.is_some() {
                "a digest but no tag"
            } else {
                "no tag"
            };
            return Err(format!(
                "image `{image}` has {have}; its tag must start with the PostgreSQL version"
            ));
        };
        let end = tag
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(tag.len());
        let version = tag[..end].trim_end_matches('.');
        version.parse().map_err(|_| {
            format!("tag `{tag}` of image `{image}` does not start with a PostgreSQL version")
        })
    }

    /// Whether `actual` is what this version asks for: `17` takes every 17.x, `17.4` only itself.
    pub fn matches(&self, actual: &Self) -> bool {
        self.major == actual.major && self.minor.is_none_or(|minor| actual.minor == Some(minor))
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |part: &str| {
            let plain =
                !part.is_empty() && part.len() <= 4 && part.chars().all(|c| c.is_ascii_digit());
            plain.then(|| part.parse().ok()).flatten()
        };
        let (major, minor) = text
            .split_once('.')
            .map_or((text, None), |(major, minor)| (major, Some(minor)));
        let parsed = match minor {
            None => number(major).map(|major| Self { major, minor: None }),
            Some(minor) => number(major).zip(number(minor)).map(|(major, minor)| Self {
                major,
                minor: Some(minor),
            }),
        };
        parsed
            .filter(|version| version.major >= 10)
            .ok_or_else(|| format!("`{text}` is not a PostgreSQL version such as `17` or `17.4`"))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.minor {
            Some(minor) => write!(f, "{}.{minor}", self.major),
            None => write!(f, "{}", self.major),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_a_major_or_a_major_and_minor() {
        for (text, major, minor) in [
            ("17", 17, None),
            ("17.4", 17, Some(4)),
            ("18.0", 18, Some(0)),
        ] {
            let version: Version = text.parse().unwrap();
            assert_eq!((version.major, version.minor), (major, minor));
            assert_eq!(version.to_string(), text);
        }
        for text in [
            "",
            "latest",
            "17.",
            ".4",
            "17.4.1",
            "9.6",
            "9",
            "v17",
            "+17",
            "17 ",
            "99999999999",
        ] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_tag_of_an_image_starts_with_the_version() {
        for (image, expected) in [
            (
                "ghcr.io/cloudnative-pg/postgresql:17.5-standard-trixie",
                "17.5",
            ),
            ("ghcr.io/cloudnative-pg/postgresql:18-system-trixie", "18"),
            (
                "localhost:5000/postgresql:17.11-202611010815-minimal-trixie",
                "17.11",
            ),
            ("postgresql:16.2@sha256:0123", "16.2"),
        ] {
            assert_eq!(
                Version::of_image(image).unwrap().to_string(),
                expected,
                "{image}"
            );
        }
        for (image, problem) in [
            ("postgresql:latest", "does not start with"),
            ("localhost:5000/postgresql", "no tag"),
            ("postgresql@sha256:0123", "a digest but no tag"),
        ] {
            assert!(
                Version::of_image(image).unwrap_err().contains(problem),
                "{image}"
            );
        }
    }

    #[test]
    fn a_major_takes_every_minor() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        let actual = Version::of_image("x/postgresql:17.11-standard-trixie").unwrap();
        assert!(version("17").matches(&actual));
        assert!(version("17.11").matches(&actual));
        assert!(!version("17.1").matches(&actual));
        assert!(!version("18").matches(&actual));
    }

    #[test]
    fn releases_end_in_order() {
        assert!(
            RELEASES
                .windows(2)
                .all(|pair| pair[0].major + 1 == pair[1].major)
        );
        assert!(
            RELEASES
                .windows(2)
                .all(|pair| pair[0].end_of_life < pair[1].end_of_life)
        );
        assert_eq!(release(14).unwrap().end_of_life, "2026-11-12");
        assert_eq!(release(13), None);
        assert_eq!(newest(), 18);
    }
}
