//! PATCH in its four forms.

use super::super::Kubernetes;
use super::super::apply::managers::Operation;
use super::super::apply::{Applied, typed};
use super::super::status::{Answer, Cause, Failure};
use super::super::strategy::{self, builtin, decode};
use super::{
    Options, Reply, Target, check_namespace, name_of, set_managers, strategic, updated, write,
};
use serde_json::{Value, json};

/// Media types of patches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchKind {
    Apply,
    Merge,
    Json,
    Strategic,
}

impl Kubernetes {
    pub fn patch(
        &self,
        target: &Target,
        form: PatchKind,
        body: &[u8],
        options: &Options,
    ) -> Answer<Reply> {
        match form {
            PatchKind::Apply => self.apply_patch(target, body, options),
            _ => self.edit(target, form, body, options),
        }
    }

    fn edit(
        &self,
        target: &Target,
        form: PatchKind,
        body: &[u8],
        options: &Options,
    ) -> Answer<Reply> {
        let kind = &target.kind;
        let patch: Value = serde_json::from_slice(body)
            .map_err(|error| Failure::bad_request(format!("error decoding patch: {error}")))?;
        let mut store = self.store();
        let live = store
            .get(kind, &target.namespace, &target.name)
            .ok_or_else(|| Failure::not_found(kind, &target.name))?;
        let mut new = (*live).clone();
        match form {
            PatchKind::Json => json_patch(&mut new, &patch)?,
            PatchKind::Strategic => strategic::merge(&kind.schema, &mut new, &patch),
            _ => merge_patch(&mut new, &patch),
        }
        let patched = new.to_string();
        let mut warnings = decode::decode(kind, &mut new, options.validation)
            .map_err(|failure| unpatchable(&patched, failure))?;
        check_namespace(target, &mut new)?;
        check_name(target, &new)?;
        strategy::defaults(kind, &mut new);
        let now = self.clock().stamp();
        let managers = updated(
            &write(target, options, Operation::Update, &now),
            &live,
            &new,
        );
        set_managers(&mut new, &managers);
        let (stored, more) = self.change(&mut store, target, &live, new, options)?;
        warnings.extend(more);
        self.settle(&mut store);
        Ok(Reply {
            code: 200,
            body: (*stored).clone(),
            warnings,
        })
    }

    fn apply_patch(&self, target: &Target, body: &[u8], options: &Options) -> Answer<Reply> {
        let kind = &target.kind;
        if !options.named {
            let cause = Cause::required("fieldManager", "is required for apply patch");
            return Err(Failure::invalid_named(
                "meta.k8s.io",
                "PatchOptions",
                "",
                vec![cause],
            ));
        }
        let config = configuration(target, body)?;
        let mut store = self.store();
        let live = store.get(kind, &target.namespace, &target.name);
        if live.is_none() && !target.subresource.is_empty() {
            return Err(Failure::not_found(kind, &target.name));
        }
        let now = self.clock().stamp();
        let writer = write(target, options, Operation::Apply, &now);
        let empty = builtin::blank(kind);
        let base = live.as_deref().unwrap_or(&empty);
        let applied = writer
            .apply(base, &config, options.force)
            .map_err(|conflicts| Failure::apply_conflict(&conflicts))?;
        let (mut new, managers) = match applied {
            Applied::Same(managers) => (base.clone(), managers),
            Applied::Changed(mut new, managers) => {
                decode::decode(kind, &mut new, decode::Validation::Ignore)?;
                strategy::defaults(kind, &mut new);
                (new, managers)
            }
        };
        set_managers(&mut new, &managers);
        check_namespace(target, &mut new)?;
        check_name(target, &new)?;
        let created = live.is_none();
        let (stored, warnings) = match &live {
            None => {
                if !new["metadata"]["uid"].is_null() {
                    let uid = new["metadata"]["uid"].as_str().unwrap_or_default();
                    let why = format!(
                        "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
                    );
                    return Err(Failure::conflict(kind, &target.name, &why));
                }
                self.insert(&mut store, target, new, options)?
            }
            Some(live) => self.change(&mut store, target, live, new, options)?,
        };
        self.settle(&mut store);
        Ok(Reply {
            code: if created { 201 } else { 200 },
            body: (*stored).clone(),
            warnings,
        })
    }
}

/// The applied configuration, checked against the types.
fn configuration(target: &Target, body: &[u8]) -> Answer<Value> {
    let kind = &target.kind;
    let mut config: Value = serde_yaml_ng::from_slice(body)
        .map_err(|error| Failure::bad_request(format!("error decoding YAML: {error}")))?;
    let version = config["apiVersion"].as_str().unwrap_or_default();
    if version != kind.api_version() && !kind.custom {
        let gvk = gvk(version, config["kind"].as_str().unwrap_or_default());
        return Err(Failure::bad_request(format!("invalid object type: {gvk}")));
    }
    if version != kind.api_version() {
        return Err(Failure::bad_request(format!(
            "Incorrect version specified in apply patch. Specified patch version: {version}, expected: {}",
            kind.api_version()
        )));
    }
    if !config["metadata"]["managedFields"].is_null() {
        return Err(Failure::bad_request("metadata.managedFields must be nil"));
    }
    if config["metadata"].is_null() {
        config["metadata"] = json!({});
    }
    let errors = typed::check(&kind.schema, &config, false);
    if !errors.is_empty() {
        return Err(untyped(target, &config, &errors));
    }
    Ok(config)
}

/// `group/version, Kind=kind`, as Go prints it.
fn gvk(api_version: &str, kind: &str) -> String {
    let slash = if api_version.contains('/') { "" } else { "/" };
    format!("{slash}{api_version}, Kind={kind}")
}

/// The real server answers 500 without a reason here.
fn untyped(target: &Target, config: &Value, errors: &[String]) -> Failure {
    let list = match errors {
        [one] => one.clone(),
        many => format!("errors:\n  {}", many.join("\n  ")),
    };
    let kind = &target.kind;
    let namespace = config["metadata"]["namespace"].as_str().unwrap_or_default();
    Failure::new(
        500,
        "",
        format!(
            "failed to create typed patch object ({namespace}/{}; {}/{}, Kind={}): {list}",
            name_of(config),
            kind.group,
            kind.version,
            kind.kind
        ),
    )
}

fn check_name(target: &Target, object: &Value) -> Answer<()> {
    if name_of(object) == target.name {
        return Ok(());
    }
    if name_of(object).is_empty() {
        return Err(Failure::bad_request(format!(
            "the name of the object ({} based on URL) was undeterminable: name must be provided",
            target.name
        )));
    }
    Err(Failure::bad_request(format!(
        "the name of the object ({}) does not match the name on the URL ({})",
        name_of(object),
        target.name
    )))
}

/// A patch whose outcome cannot be read is refused with the whole outcome.
fn unpatchable(patched: &str, failure: Failure) -> Failure {
    let Some((_, why)) = failure.message.split_once("cannot be handled as a ") else {
        return failure;
    };
    let why = why.split_once(": ").map_or(why, |(_, why)| why);
    let cause = Cause::invalid("patch", &Value::from(patched).to_string(), why);
    Failure::invalid_named("", "", "", vec![cause])
}

/// RFC 7386.
pub fn merge_patch(value: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *value = patch.clone();
        return;
    };
    if !value.is_object() {
        *value = json!({});
    }
    let Some(map) = value.as_object_mut() else {
        return;
    };
    for (key, change) in changes {
        if change.is_null() {
            map.remove(key);
        } else {
            merge_patch(map.entry(key.clone()).or_insert(Value::Null), change);
        }
    }
}

/// RFC 6902.
fn json_patch(value: &mut Value, patch: &Value) -> Answer<()> {
    let unprocessable = |message: String| Failure::new(422, "Invalid", message);
    let Some(operations) = patch.as_array() else {
        let message = "json: cannot unmarshal object into Go value of type jsonpatch.Patch";
        return Err(Failure::bad_request(message));
    };
    for operation in operations {
        let path = operation["path"].as_str().unwrap_or_default();
        let from = operation["from"].as_str().unwrap_or_default();
        let name = operation["op"].as_str().unwrap_or_default();
        let missing = || {
            unprocessable(format!(
                "{name} operation does not apply: doc is missing path: {path}: missing value"
            ))
        };
        match name {
            "test" => {
                if value.pointer(path) != Some(&operation["value"]) {
                    let text = format!("testing value {path} failed: test failed");
                    return Err(unprocessable(text));
                }
            }
            "remove" => drop(take(value, path).ok_or_else(missing)?),
            "replace" => *value.pointer_mut(path).ok_or_else(missing)? = operation["value"].clone(),
            "add" => add(value, path, operation["value"].clone()).ok_or_else(missing)?,
            "move" | "copy" => {
                let moved = match name {
                    "move" => take(value, from),
                    _ => value.pointer(from).cloned(),
                };
                add(value, path, moved.ok_or_else(missing)?).ok_or_else(missing)?;
            }
            _ => return Err(Failure::bad_request(format!("Unexpected kind: {name}"))),
        }
    }
    Ok(())
}

fn split(path: &str) -> Option<(&str, String)> {
    let (parent, last) = path.rsplit_once('/')?;
    Some((parent, last.replace("~1", "/").replace("~0", "~")))
}

fn take(value: &mut Value, path: &str) -> Option<Value> {
    let (parent, last) = split(path)?;
    match value.pointer_mut(parent)? {
        Value::Object(map) => map.remove(&last),
        Value::Array(list) => {
            let at = last.parse::<usize>().ok().filter(|at| *at < list.len())?;
            Some(list.remove(at))
        }
        _ => None,
    }
}

fn add(value: &mut Value, path: &str, new: Value) -> Option<()> {
    let (parent, last) = split(path)?;
    match value.pointer_mut(parent)? {
        Value::Object(map) => drop(map.insert(last, new)),
        Value::Array(list) if last == "-" => list.push(new),
        Value::Array(list) => {
            let at = last.parse::<usize>().ok().filter(|at| *at <= list.len())?;
            list.insert(at, new);
        }
        _ => return None,
    }
    Some(())
}
