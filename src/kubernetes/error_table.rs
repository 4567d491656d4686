//! The one table that says what an answer of the API server means, and what to do about it.

use super::error::{Details, ErrorKind};
use super::kinds;

use ErrorKind::{
    AlreadyExists, Conflict, Forbidden, Invalid, KindMissing, NotFound, Throttled, Transient,
    Unauthorized, WebhookUnavailable,
};

/// A row matches when its status (0: any), its reason ("": any) and its text ("": any) do.
struct Row(u16, &'static str, &'static str, ErrorKind);

/// The first match wins, so texts that single out a case stand above the plain codes.
const ROWS: &[Row] = &[
    Row(0, "", "failed calling webhook", WebhookUnavailable),
    Row(0, "", "failed to call webhook", WebhookUnavailable),
    Row(
        0,
        "",
        "no endpoints available for service",
        WebhookUnavailable,
    ),
    Row(0, "", "conversion webhook for", WebhookUnavailable),
    Row(500, "", "field not declared in schema", Invalid),
    Row(500, "", "failed to create typed patch object", Invalid),
    Row(500, "", "failed to convert new object", Invalid),
    Row(400, "", "strict decoding error", Invalid),
    Row(
        404,
        "",
        "the server could not find the requested resource",
        KindMissing,
    ),
    Row(404, "", "404 page not found", KindMissing),
    Row(400, "", "no kind \"", KindMissing),
    Row(404, "", "", NotFound),
    Row(410, "", "", NotFound),
    Row(409, "AlreadyExists", "", AlreadyExists),
    Row(409, "", "", Conflict),
    Row(401, "", "", Unauthorized),
    // Discovery of a freshly installed CRD lags behind; the API server says so with 403 and 429.
    Row(0, "", "not yet ready to handle request", Transient),
    Row(0, "", "has not been synced", Transient),
    Row(403, "", "", Forbidden),
    Row(408, "", "", Transient),
    Row(429, "", "", Throttled),
    Row(0, "ServerTimeout", "", Transient),
    Row(503, "", "", Transient),
    Row(502, "", "", Transient),
    Row(504, "", "", Transient),
    Row(500, "", "", Transient),
    Row(400, "", "", Invalid),
    Row(405, "", "", Invalid),
    Row(413, "", "", Invalid),
    Row(415, "", "", Invalid),
    Row(422, "", "", Invalid),
];

/// What an answer with this status code, reason and message means.
pub(super) fn classify(status: u16, reason: &str, message: &str) -> ErrorKind {
    let matches = |row: &&Row| {
        (row.0 == 0 || row.0 == status)
            && (row.1.is_empty() || row.1 == reason)
            && (row.2.is_empty() || message.contains(row.2))
    };
    match ROWS.iter().find(matches) {
        Some(row) => row.3,
        None if status >= 500 => Transient,
        None => Invalid,
    }
}

const INSTALL_CNPG: &str = "CloudNativePG is not installed on this cluster (or is older than the kind). Install it \
    with a `postgres_operator` resource, or with `kubectl apply --server-side -f` and the manifest \
    `releases/cnpg-<version>.yaml` of a CloudNativePG release.";
const INSTALL_BARMAN: &str = "The barman plugin of CloudNativePG is not installed on this cluster. Install it with the \
    `barman_plugin` block of a `postgres_operator` resource, or with `kubectl apply` and the `manifest.yaml` of a \
    plugin-barman-cloud release; it must run in the operator's namespace.";
const INSTALL_CRD: &str = "The API server does not serve this kind: install its CustomResourceDefinition, or use a \
    Kubernetes version that has it.";

/// What the user can do, in one or two sentences.
pub(super) fn advice(error: &Details) -> Option<&'static str> {
    let group = error
        .reference
        .as_ref()
        .map(super::Reference::group)
        .unwrap_or_default();
    match error.kind {
        KindMissing if group == kinds::CNPG => Some(INSTALL_CNPG),
        KindMissing if group == kinds::BARMAN => Some(INSTALL_BARMAN),
        KindMissing => Some(INSTALL_CRD),
        Forbidden if error.message.contains("because it is being terminated") => {
            Some("The namespace is being deleted; wait until it is gone.")
        }
        Forbidden if error.message.contains("exceeded quota") => {
            Some("Raise the ResourceQuota of the namespace or ask for less.")
        }
        Forbidden if error.message.contains("violates PodSecurity") => Some(
            "The Pod Security level of the namespace forbids this pod; use another namespace or level.",
        ),
        Forbidden => Some(
            "The identity lacks this permission; grant it with a Role or an Azure role for the cluster.",
        ),
        Unauthorized => {
            Some("The API server does not accept the credentials; they may have expired.")
        }
        WebhookUnavailable if error.message.contains("x509") => Some(
            "The operator's webhook presents a certificate that the API server does not trust yet; it injects the \
             right one shortly after it starts.",
        ),
        WebhookUnavailable => {
            Some("See whether the pods behind the webhook are running, the operator's first.")
        }
        _ => None,
    }
}
