//! `delete`, and waiting until an object is really gone.

use http::Method;
use serde_json::{Value, json};

use crate::kubernetes::observer::Observer;
use crate::kubernetes::request::{JSON, Request};
use crate::kubernetes::{Call, Client, ErrorKind, Reference, Result};

/// What becomes of the objects that the deleted one owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// The object goes at once, its dependents afterwards.
    Background,
    /// The object waits for its dependents.
    Foreground,
    /// The dependents stay.
    Orphan,
}

impl Propagation {
    fn name(self) -> &'static str {
        match self {
            Self::Background => "Background",
            Self::Foreground => "Foreground",
            Self::Orphan => "Orphan",
        }
    }
}

impl Client {
    /// Asks for the deletion. An object that is gone, another object of the same name (when `uid`
    /// is given) and a kind that is not installed are successes.
    pub async fn delete(
        &self,
        call: &Call,
        reference: &Reference,
        propagation: Propagation,
        uid: Option<&str>,
    ) -> Result<()> {
        let mut options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation.name()});
        if let Some(uid) = uid {
            options["preconditions"] = json!({"uid": uid});
        }
        let request = Request::on("delete", Method::DELETE, reference)?.body(JSON, &options);
        match self.send(call, &request).await {
            Ok(_) => Ok(()),
            Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::KindMissing) => {
                Ok(())
            }
            Err(error) if error.kind == ErrorKind::Conflict && uid.is_some() => self
                .unless_replaced(call, reference, uid)
                .await
                .and_then(|gone| if gone { Ok(()) } else { Err(error) }),
            Err(error) => Err(error),
        }
    }

    async fn unless_replaced(
        &self,
        call: &Call,
        reference: &Reference,
        uid: Option<&str>,
    ) -> Result<bool> {
        Ok(self
            .get(call, reference)
            .await?
            .is_none_or(|object| self::uid(&object) != uid))
    }

    /// Waits until the object is gone or another object has its name. When the time is over the
    /// error says which finalizers hold it and since when.
    pub async fn wait_gone(&self, call: &Call, reference: &Reference) -> Result<()> {
        let mut observer = Observer::new(self, reference);
        let mut current = match observer.current(call).await {
            Ok(current) => current,
            Err(error) if error.kind == ErrorKind::KindMissing => return Ok(()),
            Err(error) => return Err(error),
        };
        let first = current.as_ref().and_then(uid).map(str::to_owned);
        let mut told = String::new();
        while let Some(object) = &current {
            if uid(object) != first.as_deref() {
                return Ok(());
            }
            let holding = holding(object);
            if holding != told {
                tracing::info!(object = %reference, "waiting until it is gone: {holding}");
                told = holding;
            }
            current = match observer.next(call).await {
                Ok(next) => next,
                Err(error) if error.kind == ErrorKind::KindMissing => return Ok(()),
                Err(error) => {
                    return Err(error
                        .explained(&format!("`{reference}` is not gone: {told}"))
                        .on("delete", reference));
                }
            };
        }
        Ok(())
    }
}

fn uid(object: &Value) -> Option<&str> {
    object.pointer("/metadata/uid").and_then(Value::as_str)
}

/// Why an object that should go is still there.
fn holding(object: &Value) -> String {
    let Some(since) = object
        .pointer("/metadata/deletionTimestamp")
        .and_then(Value::as_str)
    else {
        return "its deletion has not begun".to_owned();
    };
    let names = |pointer: &str| -> Vec<&str> {
        object
            .pointer(pointer)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    };
    let mut finalizers = names("/metadata/finalizers");
    finalizers.extend(names("/spec/finalizers"));
    let mut text = match finalizers.as_slice() {
        [] => format!("it is being deleted since {since}"),
        held => format!(
            "it is being deleted since {since} and held by the finalizers `{}`",
            held.join("`, `")
        ),
    };
    let conditions = object
        .pointer("/status/conditions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    for condition in conditions {
        let field = |name: &str| {
            condition
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        // A namespace says what remains in it, and which finalizers hold that, in conditions.
        if field("type").starts_with("Namespace") && field("status") == "True" {
            text = format!("{text}; {}", field("message"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_object_names_its_finalizers_and_since_when() {
        let database = json!({"metadata": {"deletionTimestamp": "2026-01-02T03:04:05Z",
            "finalizers": ["cnpg.io/deleteDatabase"]}});
        assert_eq!(
            holding(&database),
            "it is being deleted since 2026-01-02T03:04:05Z and held by the finalizers `cnpg.io/deleteDatabase`"
        );
        assert_eq!(
            holding(&json!({"metadata": {}})),
            "its deletion has not begun"
        );
    }

    #[test]
    fn a_namespace_says_what_remains_in_it() {
        let namespace = json!({
            "metadata": {"deletionTimestamp": "2026-01-02T03:04:05Z"},
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"conditions": [
                {"type": "NamespaceContentRemaining", "status": "True", "message": "databases.postgresql.cnpg.io has 1 resource instances"},
                {"type": "NamespaceDeletionDiscoveryFailure", "status": "False", "message": "All resources discovered"},
            ]},
        });
        let text = holding(&namespace);
        assert!(
            text.contains("`kubernetes`") && text.contains("databases.postgresql.cnpg.io has 1"),
            "{text}"
        );
        assert!(!text.contains("discovered"), "{text}");
    }
}
