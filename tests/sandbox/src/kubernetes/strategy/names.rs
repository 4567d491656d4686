//! Names and labels.

use super::super::kinds::Kind;
use super::super::status::Cause;
use regex::Regex;
use serde_json::Value;
use std::sync::LazyLock;

const SUBDOMAIN: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const LABEL_1035: &str = "[a-z]([-a-z0-9]*[a-z0-9])?";
const LABEL_VALUE: &str = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";

fn whole(pattern: &str) -> Option<Regex> {
    Regex::new(&format!("^{pattern}$")).ok()
}

static SUBDOMAIN_REGEX: LazyLock<Option<Regex>> = LazyLock::new(|| whole(SUBDOMAIN));
static LABEL_REGEX: LazyLock<Option<Regex>> = LazyLock::new(|| whole(LABEL));
static LABEL_1035_REGEX: LazyLock<Option<Regex>> = LazyLock::new(|| whole(LABEL_1035));
static LABEL_VALUE_REGEX: LazyLock<Option<Regex>> = LazyLock::new(|| whole(LABEL_VALUE));

fn fits(regex: &Option<Regex>, text: &str) -> bool {
    regex.as_ref().is_none_or(|regex| regex.is_match(text))
}

pub fn check(kind: &Kind, object: &Value) -> Vec<Cause> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let mut causes = Vec::new();
    if let Some(cause) = wrong_name(kind, name) {
        causes.push(cause);
    }
    causes.extend(check_labels(object));
    causes
}

fn wrong_name(kind: &Kind, name: &str) -> Option<Cause> {
    let quoted = Value::from(name).to_string();
    let bad = |detail: String| Some(Cause::invalid("metadata.name", &quoted, &detail));
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("rbac.authorization.k8s.io", _) => path_segment(name).and_then(bad),
        ("", "Namespace") if name.contains('.') => bad("must not contain dots".to_owned()),
        ("", "Namespace") if !fits(&LABEL_REGEX, name) => bad(format!(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{LABEL}')"
        )),
        ("", "Service") if !fits(&LABEL_1035_REGEX, name) => bad(format!(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '{LABEL_1035}')"
        )),
        ("", "Namespace" | "Service") if name.len() > 63 => {
            bad("must be no more than 63 characters".to_owned())
        }
        _ if !fits(&SUBDOMAIN_REGEX, name) => bad(format!(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{SUBDOMAIN}')"
        )),
        _ if name.len() > 253 => bad("must be no more than 253 characters".to_owned()),
        _ => None,
    }
}

fn path_segment(name: &str) -> Option<String> {
    match name {
        "." => Some("may not be '.'".to_owned()),
        ".." => Some("may not be '..'".to_owned()),
        _ if name.contains('/') => Some("may not contain '/'".to_owned()),
        _ if name.contains('%') => Some("may not contain '%'".to_owned()),
        _ => None,
    }
}

pub fn check_labels(object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let labels = object["metadata"]["labels"].as_object();
    for value in labels.into_iter().flat_map(|map| map.values()) {
        let text = value.as_str().unwrap_or_default();
        let quoted = value.to_string();
        let mut bad =
            |detail: &str| causes.push(Cause::invalid("metadata.labels", &quoted, detail));
        if text.len() > 63 {
            bad("must be no more than 63 bytes");
        }
        if !fits(&LABEL_VALUE_REGEX, text) {
            bad(&format!(
                "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '{LABEL_VALUE}')"
            ));
        }
    }
    causes
}
