//! Stories about custom resources: schemas, defaults, rules, status.

mod ownership;
mod rules;
mod schemas;
mod status;

use crate::Sequence;
use crate::step::{cluster, cnpg};
use serde_json::{Value, json};

pub fn sequences() -> Vec<Sequence> {
    let all = [
        schemas::sequences(),
        ownership::sequences(),
        status::sequences(),
        rules::sequences(),
    ];
    all.into_iter().flatten().collect()
}

fn by(manager: &str) -> String {
    format!("{}?fieldManager={manager}", cnpg("clusters/c"))
}

fn small(extra: Value) -> Value {
    let mut spec = json!({"instances": 3, "storage": {"size": "1Gi"}});
    for (key, value) in extra.as_object().unwrap() {
        spec[key] = value.clone();
    }
    cluster("c", spec)
}
