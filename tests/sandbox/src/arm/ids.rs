//! Resource ids: what a path addresses.

use super::errors::ArmError;

/// The id of a resource, in the spelling it was created with.
#[derive(Clone, Debug, PartialEq)]
pub struct Id {
    pub text: String,
}

impl Id {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// Ids are equal when they differ in case only.
    pub fn key(&self) -> String {
        self.text.to_lowercase()
    }

    pub fn name(&self) -> &str {
        self.text.rsplit('/').next().unwrap_or_default()
    }

    /// The resource that a child resource belongs to.
    pub fn parent(&self) -> Id {
        let mut end = self.text.len();
        for _ in 0..2 {
            end = self.text[..end].rfind('/').unwrap_or(0);
        }
        Id::new(&self.text[..end])
    }

    pub fn resource_group(&self) -> Option<&str> {
        let mut segments = self.text.split('/').skip(3);
        segments
            .next()
            .filter(|s| s.eq_ignore_ascii_case("resourceGroups"))?;
        segments.next()
    }

    pub fn group_key(&self) -> Option<String> {
        let subscription = self.text.split('/').nth(2)?;
        let group = self.resource_group()?;
        Some(format!("/subscriptions/{subscription}/resourcegroups/{group}").to_lowercase())
    }
}

/// What a request path addresses.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    Resource {
        id: Id,
        kind: String,
    },
    /// A type below a scope or parent: a list (GET) or an action (POST).
    Below {
        scope: String,
        kind: String,
        last: String,
    },
    Other,
}

/// Splits a path into scope, type and names. The last `/providers/` counts,
/// so that extension resources are seen as what they are.
pub fn parse(path: &str) -> Result<Target, ArmError> {
    let path = path.trim_end_matches('/');
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    if segments.iter().any(|s| s.is_empty()) {
        let text = format!("The request path '{path}' has an empty segment.");
        return Err(ArmError::bad_request("InvalidRequestUri", text));
    }
    let is = |index: usize, word: &str| {
        segments
            .get(index)
            .is_some_and(|s| s.eq_ignore_ascii_case(word))
    };
    let last = segments
        .iter()
        .rposition(|s| s.eq_ignore_ascii_case("providers"));
    match last {
        Some(at) if segments.len() > at + 2 => Ok(provider(&segments, at)),
        Some(_) => Ok(Target::Other),
        None if is(0, "subscriptions") && is(2, "resourceGroups") => Ok(match segments.len() {
            3 => Target::Below {
                scope: format!("/subscriptions/{}", segments[1]),
                kind: "Microsoft.Resources/resourceGroups".into(),
                last: "resourceGroups".into(),
            },
            4 => Target::Resource {
                id: Id::new(format!(
                    "/subscriptions/{}/resourceGroups/{}",
                    segments[1], segments[3]
                )),
                kind: "Microsoft.Resources/resourceGroups".into(),
            },
            _ => Target::Other,
        }),
        None => Ok(Target::Other),
    }
}

fn provider(segments: &[&str], at: usize) -> Target {
    let tail = &segments[at + 1..];
    let types: Vec<&str> = tail.iter().skip(1).step_by(2).copied().collect();
    let kind = format!("{}/{}", tail[0], types.join("/"));
    let text = format!("/{}", segments.join("/"));
    if tail.len() % 2 == 1 {
        return Target::Resource {
            id: Id::new(text),
            kind,
        };
    }
    // A child collection belongs to its parent resource, a top-level one to
    // the scope in front of `/providers/`.
    let scope = match tail.len() {
        2 => segments[..at].join("/"),
        _ => segments[..segments.len() - 1].join("/"),
    };
    Target::Below {
        scope: match scope.as_str() {
            "" => String::new(),
            scope => format!("/{scope}"),
        },
        kind,
        last: segments.last().map(|s| (*s).to_owned()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_provider_decides() {
        let path = "/subscriptions/s/resourcegroups/g/providers/A.B/c/d/providers/E.F/g/h";
        let Ok(Target::Resource { id, kind }) = parse(path) else {
            unreachable!("a resource")
        };
        assert_eq!(kind, "E.F/g");
        assert_eq!(id.name(), "h");
        assert_eq!(id.resource_group(), Some("g"));
    }

    #[test]
    fn children_know_their_parent() {
        let id = Id::new("/subscriptions/s/resourceGroups/g/providers/A.B/c/d/e/f");
        assert!(id.parent().text.ends_with("/c/d"));
        let below = parse("/subscriptions/s/resourceGroups/g/providers/A.B/c/d/e");
        assert_eq!(
            below,
            Ok(Target::Below {
                scope: "/subscriptions/s/resourceGroups/g/providers/A.B/c/d".into(),
                kind: "A.B/c/e".into(),
                last: "e".into()
            })
        );
    }
}
