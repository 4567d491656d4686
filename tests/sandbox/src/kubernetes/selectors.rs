//! Label and field selectors.

use super::kinds::Kind;
use super::status::{Answer, Failure};
use serde_json::Value;

/// What a list or watch asks for.
#[derive(Debug, Clone, Default)]
pub struct Selector {
    labels: Vec<Requirement>,
    fields: Vec<(String, bool, String)>,
}

#[derive(Debug, Clone)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Missing(String),
}

impl Selector {
    pub fn parse(kind: &Kind, labels: &str, fields: &str) -> Answer<Self> {
        Ok(Self {
            labels: parse_labels(labels)?,
            fields: parse_fields(kind, fields)?,
        })
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub fn matches(&self, object: &Value) -> bool {
        self.labels.iter().all(|rule| rule.matches(object))
            && self.fields.iter().all(|(path, equal, wanted)| {
                let found = path
                    .split('.')
                    .try_fold(object, |value, key| value.get(key));
                let text = found.and_then(Value::as_str).unwrap_or_default();
                (text == wanted) == *equal
            })
    }
}

impl Requirement {
    fn matches(&self, object: &Value) -> bool {
        let label = |key: &str| {
            object["metadata"]["labels"]
                .get(key)
                .and_then(Value::as_str)
        };
        let one_of = |key: &str, values: &[String]| {
            label(key).is_some_and(|value| values.iter().any(|wanted| wanted == value))
        };
        match self {
            Self::In(key, values) => one_of(key, values),
            Self::NotIn(key, values) => !one_of(key, values),
            Self::Exists(key) => label(key).is_some(),
            Self::Missing(key) => label(key).is_none(),
        }
    }
}

fn parse_labels(text: &str) -> Answer<Vec<Requirement>> {
    let bad = |part: &str| Failure::bad_request(format!("unable to parse requirement: {part}"));
    let mut rules = Vec::new();
    for part in split_outside_parentheses(text) {
        let part = part.trim();
        let rule = if part.is_empty() {
            continue;
        } else if let Some((key, rest)) = part.split_once(" notin ") {
            Requirement::NotIn(
                key.trim().to_owned(),
                values(rest).ok_or_else(|| bad(part))?,
            )
        } else if let Some((key, rest)) = part.split_once(" in ") {
            Requirement::In(
                key.trim().to_owned(),
                values(rest).ok_or_else(|| bad(part))?,
            )
        } else if let Some((key, value)) = part.split_once("!=") {
            Requirement::NotIn(key.trim().to_owned(), vec![value.trim().to_owned()])
        } else if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
            Requirement::In(key.trim().to_owned(), vec![value.trim().to_owned()])
        } else if let Some(key) = part.strip_prefix('!') {
            Requirement::Missing(key.trim().to_owned())
        } else if part.contains(char::is_whitespace) {
            return Err(bad(part));
        } else {
            Requirement::Exists(part.to_owned())
        };
        rules.push(rule);
    }
    Ok(rules)
}

fn split_outside_parentheses(text: &str) -> Vec<&str> {
    let (mut depth, mut start) = (0usize, 0);
    let mut parts = Vec::new();
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn values(text: &str) -> Option<Vec<String>> {
    let inner = text.trim().strip_prefix('(')?.strip_suffix(')')?;
    Some(
        inner
            .split(',')
            .map(|value| value.trim().to_owned())
            .collect(),
    )
}

fn parse_fields(kind: &Kind, text: &str) -> Answer<Vec<(String, bool, String)>> {
    let mut found = Vec::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let split = part
            .split_once("!=")
            .map(|pair| (pair, false))
            .or_else(|| part.split_once("==").map(|pair| (pair, true)))
            .or_else(|| part.split_once('=').map(|pair| (pair, true)));
        let Some(((path, value), equal)) = split else {
            return Err(Failure::bad_request(format!(
                "invalid selector: '{text}'; can't understand '{part}'"
            )));
        };
        if !selectable(kind).any(|known| known == path) {
            let own = selectable(kind).count() > 2;
            return Err(Failure::bad_request(match kind.custom || own {
                true => format!("field label not supported: {path}"),
                false => format!(
                    "\"{path}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
                ),
            }));
        }
        found.push((path.to_owned(), equal, value.to_owned()));
    }
    Ok(found)
}

fn selectable(kind: &Kind) -> impl Iterator<Item = &'static str> {
    let own: &[&str] = match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Pod") => &[
            "spec.nodeName",
            "spec.serviceAccountName",
            "status.phase",
            "status.podIP",
        ],
        ("", "Secret") => &["type"],
        ("", "Node") => &["spec.unschedulable"],
        ("", "Namespace") => &["status.phase"],
        ("", "Event") => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "reason",
            "type",
        ],
        ("events.k8s.io", "Event") => &[
            "regarding.kind",
            "regarding.namespace",
            "regarding.name",
            "regarding.uid",
            "reason",
            "type",
        ],
        ("batch", "Job") => &["status.successful"],
        _ => &[],
    };
    ["metadata.name", "metadata.namespace"]
        .into_iter()
        .chain(own.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::kinds;
    use serde_json::json;

    fn matches(labels: &str) -> bool {
        let kinds = kinds::builtin();
        let object = json!({"metadata": {"labels": {"app": "db", "zone": "1"}}});
        Selector::parse(&kinds[0], labels, "")
            .unwrap()
            .matches(&object)
    }

    #[test]
    fn label_selectors_of_every_form() {
        for yes in [
            "app=db",
            "app==db,zone",
            "zone in (1, 2)",
            "app!=web",
            "zone notin (3)",
            "!x",
            "",
        ] {
            assert!(matches(yes), "{yes}");
        }
        for no in [
            "app=web",
            "x",
            "!app",
            "zone in (2,3)",
            "zone notin (1)",
            "app!=db",
        ] {
            assert!(!matches(no), "{no}");
        }
    }

    #[test]
    fn a_field_that_cannot_be_selected_is_named() {
        let kinds = kinds::builtin();
        let error = Selector::parse(&kinds[0], "", "spec.x=1").unwrap_err();
        assert_eq!(error.code, 400);
        assert_eq!(
            error.message,
            "\"spec.x\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        );
    }
}
