//! `apply` (server-side), `create`, `merge_patch` and `json_patch`.

use http::Method;
use serde_json::Value;

use crate::kubernetes::client::Answer;
use crate::kubernetes::request::{APPLY, JSON, JSON_PATCH, MERGE, Request, list_path};
use crate::kubernetes::warnings::warnings;
use crate::kubernetes::{Call, Client, Reference, Result};

/// How a server-side apply behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apply {
    /// The field manager.
    pub manager: String,
    /// Takes fields over from other managers in place of a conflict.
    pub force: bool,
    /// Runs admission and validation on the server and keeps nothing.
    pub dry_run: bool,
}

/// What a write left behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    pub object: Value,
    /// What the API server and the webhooks want the user to know.
    pub warnings: Vec<String>,
    /// Whether the object did not exist before.
    pub created: bool,
}

impl Client {
    /// Server-side apply with strict field validation: afterwards exactly the fields of `object`
    /// belong to the manager.
    pub async fn apply(&self, call: &Call, object: &Value, how: &Apply) -> Result<Applied> {
        let reference = Reference::of(object)?;
        let mut request = Request::on("apply", Method::PATCH, &reference)?
            .query("fieldManager", &how.manager)
            .query("fieldValidation", "Strict")
            .body(APPLY, object);
        if how.force {
            request = request.query("force", "true");
        }
        if how.dry_run {
            request = request.query("dryRun", "All");
        }
        let answer = self.send(call, &request).await?;
        applied(&answer).map_err(|error| error.on("apply", &reference))
    }

    /// Creates the object; it must not exist. `manager` becomes the owner of its fields.
    pub async fn create(&self, call: &Call, object: &Value, manager: &str) -> Result<Applied> {
        let reference = Reference::of(object)?;
        let path = list_path(
            &reference.api_version,
            &reference.kind,
            reference.namespace.as_deref(),
        )
        .map_err(|error| error.on("create", &reference))?;
        let mut request = Request::new("create", Method::POST, path)
            .query("fieldManager", manager)
            .query("fieldValidation", "Strict")
            .body(JSON, object)
            .not_idempotent();
        request.reference = Some(reference.clone());
        let answer = self.send(call, &request).await?;
        applied(&answer).map_err(|error| error.on("create", &reference))
    }

    /// JSON merge patch of the object or of one of its subresources.
    pub async fn merge_patch(
        &self,
        call: &Call,
        reference: &Reference,
        subresource: Option<&str>,
        patch: Value,
        manager: &str,
    ) -> Result<Value> {
        let request = Request::on("patch", Method::PATCH, reference)?
            .query("fieldManager", manager)
            .subresource(subresource)
            .body(MERGE, &patch);
        self.send(call, &request)
            .await?
            .json()
            .map_err(|error| error.on("patch", reference))
    }

    /// JSON patch: its `test` operations make it safe against concurrent changes. It is sent
    /// again only when it certainly had no effect.
    pub async fn json_patch(
        &self,
        call: &Call,
        reference: &Reference,
        subresource: Option<&str>,
        operations: Value,
    ) -> Result<Value> {
        let request = Request::on("patch", Method::PATCH, reference)?
            .subresource(subresource)
            .body(JSON_PATCH, &operations)
            .not_idempotent();
        self.send(call, &request)
            .await?
            .json()
            .map_err(|error| error.on("patch", reference))
    }
}

fn applied(answer: &Answer) -> Result<Applied> {
    Ok(Applied {
        object: answer.json()?,
        warnings: warnings(&answer.headers),
        created: answer.status == 201,
    })
}
