//! The operator's admission webhooks.

use super::super::kinds::Kind;
use super::super::status::Answer;
use super::super::store::Store;
use serde_json::Value;

pub fn mutate(_kind: &Kind, _old: Option<&Value>, _new: &mut Value) {}

pub fn validate(_store: &Store, _kind: &Kind, _old: Option<&Value>, _new: &Value) -> Answer<Vec<String>> {
    Ok(Vec::new())
}
