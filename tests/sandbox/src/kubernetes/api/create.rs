//! Creation: by POST, and by a server-side apply of something new.

use super::super::Kubernetes;
use super::super::apply::managers::Operation;
use super::super::kinds::Kind;
use super::super::status::{Answer, Cause, Failure};
use super::super::store::{Key, Store};
use super::super::strategy::{self, builtin, decode};
use super::{Options, Reply, Target, check_namespace, name_of, set_managers, updated, write};
use serde_json::Value;
use std::sync::Arc;

impl Kubernetes {
    pub fn create(&self, target: &Target, mut object: Value, options: &Options) -> Answer<Reply> {
        let kind = &target.kind;
        let mut warnings = decode::decode(kind, &mut object, options.validation)?;
        check_namespace(target, &mut object)?;
        name(kind, &mut object)?;
        strategy::defaults(kind, &mut object);
        let now = self.clock().stamp();
        let managers = updated(
            &write(target, options, Operation::Update, &now),
            &builtin::blank(kind),
            &object,
        );
        set_managers(&mut object, &managers);
        let mut store = self.store();
        let (stored, more) = self.insert(&mut store, target, object, options)?;
        warnings.extend(more);
        self.settle(&mut store);
        Ok(Reply {
            code: 201,
            body: (*stored).clone(),
            warnings,
        })
    }

    /// Admits, prepares, checks and stores a new object whose owners are known.
    pub(super) fn insert(
        &self,
        store: &mut Store,
        target: &Target,
        mut object: Value,
        options: &Options,
    ) -> Answer<(Arc<Value>, Vec<String>)> {
        let kind = &target.kind;
        let name = name_of(&object).to_owned();
        if kind.namespaced {
            namespace_accepts(store, kind, &target.namespace, &name)?;
        }
        self.mutate(kind, None, &mut object);
        strategy::defaults(kind, &mut object);
        if kind.status
            && kind.custom
            && let Some(map) = object.as_object_mut()
        {
            map.remove("status");
        }
        self.stamp(store, kind, &mut object);
        strategy::validate_create(kind, &object)?;
        let warnings = self.validate(store, kind, None, &object)?;
        let key = Key::new(kind, &target.namespace, &name);
        if store.objects.contains_key(&key) {
            return Err(Failure::already_exists(kind, &name));
        }
        if options.dry_run {
            return Ok((Arc::new(object), warnings));
        }
        let stored = store.put(key, object);
        self.installed(store, kind, &stored);
        Ok((stored, warnings))
    }

    /// What storing fills in.
    fn stamp(&self, store: &mut Store, kind: &Kind, object: &mut Value) {
        builtin::prepare(kind, object, || {
            store.addresses += 1;
            format!(
                "10.96.{}.{}",
                store.addresses / 250,
                store.addresses % 250 + 2
            )
        });
        let metadata = &mut object["metadata"];
        if let Some(map) = metadata.as_object_mut() {
            for field in [
                "resourceVersion",
                "deletionTimestamp",
                "deletionGracePeriodSeconds",
                "selfLink",
                "generation",
            ] {
                map.remove(field);
            }
            if !kind.custom {
                map.retain(|_, value| !value.is_null());
            }
        }
        metadata["uid"] = uuid::Uuid::new_v4().to_string().into();
        metadata["creationTimestamp"] = self.clock().stamp().into();
        if kind.counted {
            metadata["generation"] = 1.into();
        }
    }
}

/// Makes a name from `generateName`, or insists on one.
fn name(kind: &Kind, object: &mut Value) -> Answer<()> {
    if !name_of(object).is_empty() {
        return Ok(());
    }
    let Some(base) = object["metadata"]["generateName"]
        .as_str()
        .filter(|base| !base.is_empty())
    else {
        let cause = Cause::required("metadata.name", "name or generateName is required");
        return Err(Failure::invalid(kind, "", vec![cause]));
    };
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let random = uuid::Uuid::new_v4();
    let suffix = random.as_bytes().iter().take(5);
    let suffix: String = suffix
        .filter_map(|byte| LETTERS.get(usize::from(*byte) % LETTERS.len()))
        .map(|byte| char::from(*byte))
        .collect();
    object["metadata"]["name"] = format!("{base}{suffix}").into();
    Ok(())
}

fn namespace_accepts(store: &Store, kind: &Kind, namespace: &str, name: &str) -> Answer<()> {
    let Some(namespaces) = store.kind_named("", "Namespace") else {
        return Ok(());
    };
    let Some(found) = store.get(&namespaces, "", namespace) else {
        return Err(Failure::not_found(&namespaces, namespace));
    };
    if found["metadata"]["deletionTimestamp"].is_null() {
        return Ok(());
    }
    let why = format!(
        "unable to create new content in namespace {namespace} because it is being terminated"
    );
    let cause = Cause::new(
        "NamespaceTerminating",
        "metadata.namespace",
        format!("namespace {namespace} is being terminated"),
    );
    Err(Failure::forbidden(kind, name, &why).with_causes(vec![cause]))
}
