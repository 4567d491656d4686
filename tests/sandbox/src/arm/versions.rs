//! The api-version parameter.

use super::errors::ArmError;

/// Checks the version of a request against those of a type.
pub fn check(
    kind: &str,
    accepted: &[&str],
    version: Option<&String>,
    location: &str,
) -> Result<(), ArmError> {
    let Some(version) = version else {
        return Err(ArmError::bad_request(
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        ));
    };
    if accepted.iter().any(|a| a.eq_ignore_ascii_case(version)) {
        return Ok(());
    }
    let (namespace, name) = kind.split_once('/').unwrap_or((kind, ""));
    Err(ArmError::bad_request(
        "NoRegisteredProviderFound",
        format!(
            "No registered resource provider found for location '{location}' and API version '{version}' for type '{name}'. The supported api-versions are '{}'. The supported locations are '{location}'.",
            accepted.join(", ")
        ),
    )
    .target(namespace))
}

/// The answer to a type that does not exist.
pub fn unknown_type(kind: &str, known_namespace: bool, version: &str) -> ArmError {
    let (namespace, name) = kind.split_once('/').unwrap_or((kind, ""));
    if known_namespace {
        ArmError::new(
            404,
            "InvalidResourceType",
            format!(
                "The resource type '{name}' could not be found in the namespace '{namespace}' for api version '{version}'. The supported api-versions are ''."
            ),
        )
    } else {
        ArmError::new(
            404,
            "InvalidResourceNamespace",
            format!("The resource namespace '{namespace}' is invalid."),
        )
    }
}
