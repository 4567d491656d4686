//! The calls behind a look: pods, their owners when there are none, events of the namespace.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Diagnosis, events, pods};
use crate::kubernetes::{Call, Client, Wait};

/// Looks at the object, its pods and their events. What cannot be read is left out.
pub(in crate::kubernetes) async fn collect(
    client: &Client,
    call: &Call,
    wait: &Wait<'_>,
    object: Option<&Value>,
) -> Diagnosis {
    let mut diagnosis = Diagnosis::of_object(object);
    let namespace = wait.reference.namespace.as_deref();
    let mut involved = BTreeSet::from([(wait.reference.kind.clone(), wait.reference.name.clone())]);
    if let Some(selector) = wait.pods {
        let found = list(client, call, "v1", "Pod", namespace, Some(selector)).await;
        if found.is_empty() {
            // Whoever should have made the pods may say why there are none.
            for (api_version, kind) in [("batch/v1", "Job"), ("apps/v1", "ReplicaSet")] {
                for owner in list(client, call, api_version, kind, namespace, Some(selector)).await
                {
                    involved.insert((kind.to_owned(), pods::name(&owner).to_owned()));
                }
            }
        }
        for pod in &found {
            involved.extend(pods::relatives(pod));
            diagnosis.troubles.extend(pods::troubles(pod));
        }
    }
    let recorded = list(
        client,
        call,
        "v1",
        "Event",
        Some(namespace.unwrap_or("default")),
        None,
    )
    .await;
    diagnosis.events = events::of(&recorded, &involved);
    diagnosis
}

async fn list(
    client: &Client,
    call: &Call,
    api_version: &str,
    kind: &str,
    namespace: Option<&str>,
    selector: Option<&str>,
) -> Vec<Value> {
    client
        .list(call, api_version, kind, namespace, selector)
        .await
        .unwrap_or_else(|error| {
            tracing::debug!(%error, "left out of the diagnosis");
            Vec::new()
        })
}
