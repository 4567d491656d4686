//! The one table that tells what an ARM error code means. The HTTP status counts only for codes
//! that are not listed.

use super::ErrorKind::{self, *};

/// A code, an optional word that the message must hold, and the meaning. The first match wins.
struct Rule(&'static str, Option<&'static str>, ErrorKind);

const fn code(code: &'static str, kind: ErrorKind) -> Rule {
    Rule(code, None, kind)
}

const fn saying(code: &'static str, word: &'static str, kind: ErrorKind) -> Rule {
    Rule(code, Some(word), kind)
}

#[rustfmt::skip]
const RULES: &[Rule] = &[
    // Someone else is at work on the resource or its parent.
    code("AnotherOperationInProgress", Busy),
    code("ServerIsBusy", Busy),
    code("ServerBusy", Busy),
    code("ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity", Busy),
    code("EtagMismatch", Busy),
    code("RetryableError", Busy),
    code("StorageAccountOperationInProgress", Busy),
    code("ContainerBeingDeleted", Busy),
    code("ResourceGroupBeingDeleted", Busy),
    code("ReferencedResourceNotProvisioned", Busy),
    code("OperationPreempted", Busy),
    saying("OperationNotAllowed", "quota", Quota),
    saying("OperationNotAllowed", "exceeding approved", Quota),
    saying("OperationNotAllowed", "in progress", Busy),
    saying("OperationNotAllowed", "in-progress", Busy),
    saying("OperationNotAllowed", "is being", Busy),
    saying("OperationNotAllowed", "try again", Busy),
    saying("OperationNotAllowed", "too many requests", Throttled),
    code("OperationNotAllowed", Conflict),
    saying("Conflict", "in progress", Busy),
    saying("Conflict", "in-progress", Busy),
    saying("Conflict", "is being", Busy),
    saying("Conflict", "another operation", Busy),
    saying("Conflict", "try again", Busy),
    saying("Conflict", "retry", Busy),
    code("Conflict", Conflict),
    // Rate limits.
    code("TooManyRequests", Throttled),
    code("SubscriptionRequestsThrottled", Throttled),
    code("ResourceRequestsThrottled", Throttled),
    code("RequestsThrottled", Throttled),
    // Really not there.
    code("ResourceNotFound", NotFound),
    code("ResourceGroupNotFound", NotFound),
    code("ParentResourceNotFound", NotFound),
    code("NotFound", NotFound),
    code("ContainerNotFound", NotFound),
    code("RoleAssignmentNotFound", NotFound),
    code("ManagementPolicyNotFound", NotFound),
    // Not found, but a mistake in the request and no proof that anything is gone.
    code("SubscriptionNotFound", Invalid),
    code("InvalidResourceType", Invalid),
    code("InvalidResourceNamespace", Invalid),
    code("InvalidApiVersionParameter", Invalid),
    code("NoRegisteredProviderFound", Invalid),
    code("RoleDefinitionDoesNotExist", Invalid),
    // Contradicts what exists.
    code("RoleAssignmentExists", Conflict),
    code("StorageAccountAlreadyTaken", Conflict),
    code("StorageAccountAlreadyExists", Conflict),
    code("StorageAccountInAnotherResourceGroup", Conflict),
    code("ServerNameAlreadyExists", Conflict),
    code("InvalidResourceLocation", Conflict),
    code("InvalidResourceGroupLocation", Conflict),
    code("AccountPropertyCannotBeUpdated", Conflict),
    code("PropertyChangeNotAllowed", Conflict),
    code("CannotDeleteResource", Conflict),
    code("InUseSubnetCannotBeDeleted", Conflict),
    code("NetcfgSubnetRangesOverlap", Conflict),
    code("PreconditionFailed", PreconditionFailed),
    code("ConditionNotMet", PreconditionFailed),
    // Not allowed.
    code("AuthorizationFailed", Forbidden),
    code("AuthorizationPermissionMismatch", Forbidden),
    code("RequestDisallowedByPolicy", Forbidden),
    code("RequestDisallowedByAzure", Forbidden),
    code("ScopeLocked", Forbidden),
    code("ReadOnlyDisabledSubscription", Forbidden),
    code("DisallowedProvider", Forbidden),
    // Limits and capacity.
    code("QuotaExceeded", Quota),
    code("ErrCode_InsufficientVCPUQuota", Quota),
    code("InsufficientVCPUQuota", Quota),
    code("SubscriptionQuotaExceeded", Quota),
    code("RoleAssignmentLimitExceeded", Quota),
    code("SkuNotAvailable", Quota),
    code("AvailabilityZoneNotSupported", Quota),
    code("AllocationFailed", Quota),
    code("ZonalAllocationFailed", Quota),
    code("OverconstrainedAllocationRequest", Quota),
    code("LocationIsOfferRestricted", Quota),
    // The request is wrong.
    code("BadRequest", Invalid),
    code("InvalidParameter", Invalid),
    code("InvalidParameterValue", Invalid),
    code("InvalidRequestContent", Invalid),
    code("InvalidRequestFormat", Invalid),
    code("InvalidTemplate", Invalid),
    code("LocationNotAvailableForResourceType", Invalid),
    code("ParameterOutOfRange", Invalid),
    code("K8sVersionNotSupported", Invalid),
    code("AccountNameInvalid", Invalid),
    code("PrincipalTypeNotSupported", Invalid),
    code("UnmatchedPrincipalType", Invalid),
    code("SubnetMissingRequiredDelegation", Invalid),
    // Made a moment ago and not visible everywhere yet.
    code("PrincipalNotFound", ReplicationLag),
    code("LinkedAuthorizationFailed", ReplicationLag),
    // The service stumbled.
    code("InternalServerError", Transient),
    code("InternalError", Transient),
    code("ServiceUnavailable", Transient),
    code("ServerTimeout", Transient),
    code("GatewayTimeout", Transient),
    code("RequestTimeout", Transient),
    // Tokens and registration.
    code("AuthenticationFailed", Unauthenticated),
    code("ExpiredAuthenticationToken", Unauthenticated),
    code("InvalidAuthenticationToken", Unauthenticated),
    code("InvalidAuthenticationTokenTenant", Unauthenticated),
    code("MissingSubscriptionRegistration", NotRegistered),
    code("SubscriptionNotRegistered", NotRegistered),
    // Words that end a long-running operation.
    code("Canceled", OperationFailed),
    code("Cancelled", OperationFailed),
    code("Failed", OperationFailed),
];

/// The meaning of a listed code.
pub(super) fn of_code(code: &str, message: &str) -> Option<ErrorKind> {
    let message = message.to_lowercase();
    RULES
        .iter()
        .find(|Rule(name, word, _)| {
            name.eq_ignore_ascii_case(code) && word.is_none_or(|word| message.contains(word))
        })
        .map(|Rule(.., kind)| *kind)
}

/// The meaning of a failed response: its code, else its status.
pub(super) fn of_response(status: u16, code: &str, message: &str) -> ErrorKind {
    match status {
        429 => of_code(code, message)
            .filter(|kind| *kind == Quota)
            .unwrap_or(Throttled),
        _ => of_code(code, message).unwrap_or_else(|| of_status(status)),
    }
}

fn of_status(status: u16) -> ErrorKind {
    match status {
        401 => Unauthenticated,
        403 => Forbidden,
        404 | 410 => NotFound,
        408 | 500..=599 => Transient,
        409 => Conflict,
        412 => PreconditionFailed,
        429 => Throttled,
        400..=499 => Invalid,
        _ => Protocol,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rule_is_hidden_by_an_earlier_one() {
        for (index, Rule(code, word, _)) in RULES.iter().enumerate() {
            let hidden = RULES[..index].iter().any(|Rule(earlier, earlier_word, _)| {
                earlier.eq_ignore_ascii_case(code)
                    && (earlier_word.is_none() || earlier_word == word)
            });
            assert!(!hidden, "{code} {word:?} can never match");
        }
    }

    #[test]
    fn the_code_counts_before_the_status() {
        let cases = [
            (409, "ServerIsBusy", "", Busy),
            (409, "serverisbusy", "", Busy),
            (409, "RoleAssignmentExists", "", Conflict),
            (409, "ScopeLocked", "", Forbidden),
            (400, "PrincipalNotFound", "", ReplicationLag),
            (403, "LinkedAuthorizationFailed", "", ReplicationLag),
            (403, "AuthorizationFailed", "", Forbidden),
            (404, "SubscriptionNotFound", "", Invalid),
            (409, "MissingSubscriptionRegistration", "", NotRegistered),
        ];
        for (status, code, message, kind) in cases {
            assert_eq!(of_response(status, code, message), kind, "{status} {code}");
        }
    }

    #[test]
    fn operation_not_allowed_is_read_by_its_message() {
        let cases = [
            ("Another operation (Updating) is in progress", Busy),
            (
                "there's an in progress create managed cluster operation",
                Busy,
            ),
            (
                "Operation could not be completed as it results in exceeding approved Total Regional Cores quota",
                Quota,
            ),
            ("The cluster is stopped", Conflict),
        ];
        for (message, kind) in cases {
            assert_eq!(
                of_response(409, "OperationNotAllowed", message),
                kind,
                "{message}"
            );
        }
    }

    #[test]
    fn an_unlisted_code_is_read_by_its_status() {
        let cases = [
            (400, Invalid),
            (401, Unauthenticated),
            (403, Forbidden),
            (404, NotFound),
            (408, Transient),
            (409, Conflict),
            (412, PreconditionFailed),
            (429, Throttled),
            (503, Transient),
            (302, Protocol),
        ];
        for (status, kind) in cases {
            assert_eq!(of_response(status, "SomethingNew", ""), kind, "{status}");
        }
    }
}
