//! Answers without what no two servers agree on: ids, versions, times, addresses, tokens.

use serde_json::{Value, json};

pub fn normal(code: u16, warnings: Vec<String>, body: &str, media: &str) -> Value {
    let lines: Vec<Value> = if media.starts_with("application/json") {
        body.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    } else {
        Vec::new()
    };
    let mut body = match serde_json::from_str::<Value>(body) {
        Ok(value) => value,
        Err(_) if !lines.is_empty() => Value::Array(lines),
        Err(_) => Value::String(body.to_owned()),
    };
    clean(&mut body, "");
    json!({"code": code, "warnings": warnings, "body": body})
}

fn clean(value: &mut Value, key: &str) {
    match value {
        Value::Object(map) => {
            // The order in which several faults are found is random in the real server.
            let causes = map
                .get("details")
                .and_then(|details| details["causes"].as_array());
            let several = causes.is_some_and(|causes| causes.len() > 1);
            if several && map.get("reason").is_some_and(|reason| reason == "Invalid") {
                map.insert("message".into(), "(several)".into());
            }
            for (key, item) in map.iter_mut() {
                clean(item, key);
            }
        }
        Value::Array(list) => {
            for item in list.iter_mut() {
                clean(item, "");
            }
            if key == "managedFields" || key == "causes" {
                list.sort_by_key(ToString::to_string);
            }
            if ["clusterIPs"].contains(&key) {
                *value = json!(["(ip)"]);
            }
        }
        Value::String(text) => {
            let id = ["uid", "resourceVersion"].contains(&key) && !text.is_empty();
            let time = text.len() >= 20 && text.parse::<jiff::Timestamp>().is_ok();
            let address = key == "clusterIP" && text.starts_with("10.");
            let token = key == "continue" && !text.is_empty();
            if id || time || address || token {
                *text = format!("({key})");
            } else if key == "message" {
                *text = without_ids(text);
            }
        }
        _ => {}
    }
}

/// Replaces UUIDs inside of messages.
fn without_ids(text: &str) -> String {
    let is_id = |word: &str| uuid::Uuid::parse_str(word).is_ok();
    // A refused patch quotes the whole object, which every server writes in its own order.
    if let (Some(start), Some(end)) = (text.find("Invalid value: \"{"), text.find("}\": strict")) {
        return format!("{}(object){}", &text[..start], &text[end..]);
    }
    let mut out = text.to_owned();
    // The real server finds the faults of a map in random order.
    if let Some((head, list)) = text.split_once("errors:\n") {
        let mut lines: Vec<&str> = list.lines().collect();
        lines.sort_unstable();
        out = format!("{head}errors:\n{}", lines.join("\n"));
    }
    let words = text.split(|letter: char| !letter.is_ascii_hexdigit() && letter != '-');
    for word in words.filter(|word| is_id(word)) {
        out = out.replace(word, "(uid)");
    }
    out
}

/// The paths at which two answers differ.
pub fn difference(expected: &Value, found: &Value) -> String {
    let mut lines = Vec::new();
    walk(expected, found, "", &mut lines);
    lines.join("\n")
}

fn walk(expected: &Value, found: &Value, path: &str, lines: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(left), Value::Object(right)) => {
            for key in left
                .keys()
                .chain(right.keys().filter(|key| !left.contains_key(*key)))
            {
                walk(&expected[key], &found[key], &format!("{path}.{key}"), lines);
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (index, (left, right)) in left.iter().zip(right).enumerate() {
                walk(left, right, &format!("{path}[{index}]"), lines);
            }
        }
        (left, right) if left != right => {
            lines.push(format!(
                "  {path}\n    real:    {left}\n    sandbox: {right}"
            ));
        }
        _ => {}
    }
}
