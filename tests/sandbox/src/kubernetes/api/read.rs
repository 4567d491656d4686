//! GET of one object and of lists.

use super::super::Kubernetes;
use super::super::kinds::Kind;
use super::super::selectors::Selector;
use super::super::status::{Answer, Failure};
use super::super::store::{Page, Store};
use super::{Target, scale};
use base64::Engine;
use serde_json::{Value, json};
use std::sync::Arc;

/// What part of a collection is wanted.
#[derive(Debug, Clone, Default)]
pub struct ListOptions {
    pub selector: Selector,
    pub limit: usize,
    pub token: String,
}

impl Kubernetes {
    pub fn get(&self, target: &Target) -> Answer<Value> {
        let kind = &target.kind;
        let found = self.store().get(kind, &target.namespace, &target.name);
        let object = found.ok_or_else(|| Failure::not_found(kind, &target.name))?;
        match target.subresource.as_str() {
            "scale" => scale::view(kind, &object),
            _ => Ok((*object).clone()),
        }
    }

    pub fn list(&self, target: &Target, options: &ListOptions) -> Answer<Value> {
        let kind = &target.kind;
        let mut store = self.store();
        let (version, items) = match options.token.as_str() {
            "" => {
                let mut items = store.list(kind, &target.namespace);
                items.retain(|object| options.selector.matches(object));
                (store.version, items)
            }
            token => resume(&mut store, token)?,
        };
        let total = items.len();
        let limit = if options.limit == 0 {
            total
        } else {
            options.limit
        };
        let (page, rest) = items.split_at(limit.min(total));
        let mut metadata = json!({"resourceVersion": version.to_string()});
        if kind.custom {
            metadata["continue"] = "".into();
        }
        if !rest.is_empty() {
            metadata["continue"] = suspend(&mut store, version, rest).into();
            if options.selector.is_empty() {
                metadata["remainingItemCount"] = rest.len().into();
            }
        }
        let items: Vec<Value> = page.iter().map(|object| item(kind, object)).collect();
        Ok(json!({
            "kind": format!("{}List", kind.kind),
            "apiVersion": kind.api_version(),
            "metadata": metadata,
            "items": items,
        }))
    }
}

/// Items of built-in lists carry no type of their own.
pub(super) fn item(kind: &Kind, object: &Value) -> Value {
    let mut copy = object.clone();
    if let (false, Some(map)) = (kind.custom, copy.as_object_mut()) {
        map.remove("kind");
        map.remove("apiVersion");
    }
    copy
}

fn suspend(store: &mut Store, version: u64, rest: &[Arc<Value>]) -> String {
    let id = uuid::Uuid::new_v4().to_string();
    let text = json!({"v": "meta.k8s.io/v1", "rv": version, "start": id}).to_string();
    let token = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let page = Page {
        version,
        rest: rest.to_vec(),
    };
    store.pages.insert(token.clone(), page);
    token
}

fn resume(store: &mut Store, token: &str) -> Answer<(u64, Vec<Arc<Value>>)> {
    if let Some(page) = store.pages.get(token) {
        return Ok((page.version, page.rest.clone()));
    }
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let known = engine
        .decode(token)
        .ok()
        .and_then(|text| serde_json::from_slice::<Value>(&text).ok());
    if known.is_some_and(|value| value["rv"].is_u64()) {
        return Err(Failure::expired(
            "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
        ));
    }
    Err(Failure::bad_request(
        "invalid continue token: continue key is not valid",
    ))
}
