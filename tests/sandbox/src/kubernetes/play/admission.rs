//! The operator's admission webhooks: which kinds they see.

use super::super::kinds::Kind;
use super::super::status::{Answer, Failure};
use super::super::store::Store;
use super::{CNPG, checks, defaults, name};
use serde_json::Value;

pub fn mutate(kind: &Kind, _old: Option<&Value>, new: &mut Value) {
    if kind.is(CNPG, "Cluster") {
        defaults::fill(new);
    }
}

pub fn validate(
    _store: &Store,
    kind: &Kind,
    old: Option<&Value>,
    new: &Value,
) -> Answer<Vec<String>> {
    let disabled = new["metadata"]["annotations"]["cnpg.io/validation"] == "disabled";
    if kind.group != CNPG || disabled {
        return Ok(Vec::new());
    }
    let causes = match kind.kind.as_str() {
        "Cluster" => checks::cluster(old, new),
        "Pooler" => checks::pooler(new),
        "Backup" => checks::backup(new),
        "ScheduledBackup" => checks::schedule(new),
        _ => Vec::new(),
    };
    if causes.is_empty() {
        return Ok(checks::warnings(kind, new));
    }
    Err(Failure::invalid(kind, name(new), causes))
}
