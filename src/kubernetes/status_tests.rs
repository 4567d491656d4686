//! Answers recorded from kube-apiserver 1.34.4 with the CloudNativePG 1.30.0 CRDs.

use http::HeaderValue;

use super::*;

fn cluster() -> Reference {
    Reference::namespaced("postgresql.cnpg.io/v1", "Cluster", "default", "pg")
}

fn decoded(status: u16, body: &str) -> Error {
    decode(status, &HeaderMap::new(), body.as_bytes(), Some(&cluster()))
}

#[test]
fn a_conflict_names_manager_and_path() {
    let error = decoded(
        409,
        r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Apply failed with 1 conflict: conflict with \"kubectl-patch\" using postgresql.cnpg.io/v1: .spec.instances","reason":"Conflict","details":{"causes":[{"reason":"FieldManagerConflict","message":"conflict with \"kubectl-patch\" using postgresql.cnpg.io/v1","field":".spec.instances"}]},"code":409}"#,
    );
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert_eq!(
        error.conflicts,
        [Conflict {
            manager: "kubectl-patch".into(),
            path: "spec.instances".into()
        }]
    );
    assert!(!error.is_retryable());
}

#[test]
fn an_invalid_object_names_all_fields() {
    let error = decoded(
        422,
        r#"{"kind":"Status","status":"Failure","message":"Cluster.postgresql.cnpg.io \"pg\" is invalid: [spec.instances: ...]","reason":"Invalid","details":{"name":"pg","group":"postgresql.cnpg.io","kind":"Cluster","causes":[{"reason":"FieldValueInvalid","message":"Invalid value: 0: spec.instances in body should be greater than or equal to 1","field":"spec.instances"},{"reason":"FieldValueNotSupported","message":"Unsupported value: \"x\": supported values: \"error\", \"warning\"","field":"spec.logLevel"},{"reason":"FieldValueInvalid","message":"Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation","field":"\u003cnil\u003e"}]},"code":422}"#,
    );
    assert_eq!(error.kind, ErrorKind::Invalid);
    let fields: Vec<&str> = error
        .causes
        .iter()
        .map(|cause| cause.field.as_str())
        .collect();
    assert_eq!(
        fields,
        ["spec.instances", "spec.logLevel"],
        "the remark without a field is no cause"
    );
    let text = error.on("apply", &cluster()).to_string();
    assert!(
        text.starts_with("apply of `Cluster/default/pg` failed: "),
        "{text}"
    );
    assert!(
        text.contains("- `spec.instances`: Invalid value: 0"),
        "{text}"
    );
    assert!(text.contains("(HTTP 422, Invalid)"), "{text}");
}

#[test]
fn a_field_that_the_schema_lacks_is_invalid_and_not_tried_again() {
    let error = decoded(
        500,
        r#"{"kind":"Status","status":"Failure","message":"failed to create typed patch object (/pg; postgresql.cnpg.io/v1, Kind=Cluster): .spec.nope: field not declared in schema","code":500}"#,
    );
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert_eq!(error.causes[0].field, "spec.nope");
    assert!(!error.is_retryable());
    let strict = decoded(
        400,
        r#"{"kind":"Status","message":"ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: unknown field \"nope\"","reason":"BadRequest","code":400}"#,
    );
    assert_eq!(
        (strict.kind, strict.causes[0].field.as_str()),
        (ErrorKind::Invalid, "nope")
    );
}

#[test]
fn a_missing_kind_tells_how_to_install_it_and_a_missing_object_does_not() {
    let missing = decoded(404, "404 page not found\n");
    assert_eq!(missing.kind, ErrorKind::KindMissing);
    assert!(
        missing
            .to_string()
            .contains("CloudNativePG is not installed"),
        "{missing}"
    );
    let store = Reference::namespaced("barmancloud.cnpg.io/v1", "ObjectStore", "default", "s");
    let plugin = decode(
        404,
        &HeaderMap::new(),
        b"404 page not found\n",
        Some(&store),
    );
    assert!(plugin.to_string().contains("barman plugin"), "{plugin}");
    let unknown = decoded(
        404,
        r#"{"kind":"Status","message":"the server could not find the requested resource","reason":"NotFound","details":{},"code":404}"#,
    );
    assert_eq!(unknown.kind, ErrorKind::KindMissing);
    let gone = decoded(
        404,
        r#"{"kind":"Status","message":"clusters.postgresql.cnpg.io \"pg\" not found","reason":"NotFound","details":{"name":"pg","group":"postgresql.cnpg.io","kind":"clusters"},"code":404}"#,
    );
    assert_eq!(gone.kind, ErrorKind::NotFound);
}

#[test]
fn a_webhook_that_does_not_answer_is_tried_again() {
    let error = decoded(
        500,
        r#"{"kind":"Status","message":"Internal error occurred: failed calling webhook \"dead.example.org\": failed to call webhook: Post \"https://127.0.0.1:17999/x?timeout=10s\": dial tcp 127.0.0.1:17999: connect: connection refused","reason":"InternalError","details":{"causes":[{"message":"failed calling webhook \"dead.example.org\": failed to call webhook: Post \"https://127.0.0.1:17999/x?timeout=10s\": dial tcp 127.0.0.1:17999: connect: connection refused"}]},"code":500}"#,
    );
    assert_eq!(error.kind, ErrorKind::WebhookUnavailable);
    assert!(error.is_retryable() && error.without_effect);
    assert_eq!(
        error.to_string().matches("failed calling webhook").count(),
        1,
        "{error}"
    );
}

#[test]
fn a_webhook_that_refuses_is_not_tried_again() {
    let error = decoded(
        403,
        r#"{"kind":"Status","message":"admission webhook \"vpolicy.example.org\" denied the request: no","reason":"Forbidden","code":403}"#,
    );
    assert_eq!(
        (error.kind, error.is_retryable()),
        (ErrorKind::Forbidden, false)
    );
}

#[test]
fn plain_codes() {
    for (status, kind, retryable) in [
        (401, ErrorKind::Unauthorized, false),
        (403, ErrorKind::Forbidden, false),
        (429, ErrorKind::Throttled, true),
        (503, ErrorKind::Transient, true),
        (504, ErrorKind::Transient, true),
        (599, ErrorKind::Transient, true),
        (418, ErrorKind::Invalid, false),
    ] {
        let error = decoded(status, "");
        assert_eq!(
            (error.kind, error.is_retryable()),
            (kind, retryable),
            "{status}"
        );
    }
    let exists = r#"{"kind":"Status","message":"namespaces \"default\" already exists","reason":"AlreadyExists","code":409}"#;
    assert_eq!(decoded(409, exists).kind, ErrorKind::AlreadyExists);
}

#[test]
fn retry_after_comes_from_the_header_or_the_details() {
    let mut headers = HeaderMap::new();
    headers.insert(RETRY_AFTER, HeaderValue::from_static("7"));
    assert_eq!(
        decode(429, &headers, b"", None).retry_after,
        Some(Duration::from_secs(7))
    );
    let body = r#"{"kind":"Status","details":{"retryAfterSeconds":3},"code":429}"#;
    assert_eq!(decoded(429, body).retry_after, Some(Duration::from_secs(3)));
    assert_eq!(decoded(429, "").retry_after, None);
}

#[test]
fn an_error_about_a_secret_does_not_quote_its_values() {
    let secret = Reference::namespaced("v1", "Secret", "default", "s");
    let body = br#"{"kind":"Status","message":"failed to create typed patch object (/s; /v1, Kind=Secret): .stringData.a: expected string, got \u0026value.valueUnstructured{Value:12345}","code":500}"#;
    let error = decode(500, &HeaderMap::new(), body, Some(&secret));
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert!(!format!("{error} {error:?}").contains("12345"), "{error}");
    let encoded = br#"{"message":"failed to convert new object (/s; /v1, Kind=Secret) to proper version: illegal base64 data at input byte 0","code":500}"#;
    assert!(!decode(500, &HeaderMap::new(), encoded, Some(&secret)).is_retryable());
}
