//! Which failed requests are sent again, and how often.

use super::request::{Method, Request};
use super::{Error, ErrorKind};
use std::time::Duration;

/// How long fresh directory or access data may stay invisible before the failure is believed.
pub(super) const REPLICATION: Duration = Duration::from_secs(600);

/// A failed try.
pub(super) struct Failed {
    pub error: Error,
    /// What the service asked to wait.
    pub retry_after: Option<Duration>,
    /// The request surely never reached the service.
    pub unsent: bool,
}

/// Whether the request is to be sent again after its `tries`-th try failed, `elapsed` after the
/// first one.
pub(super) fn again(request: &Request, failed: &Failed, tries: u32, elapsed: Duration) -> bool {
    match failed.error.kind {
        ErrorKind::Throttled => true,
        ErrorKind::Busy => !request.poll,
        ErrorKind::ReplicationLag => !request.poll && elapsed < REPLICATION,
        ErrorKind::Transient => {
            (failed.unsent || request.repeatable()) && tries < transient_tries(request)
        }
        _ => false,
    }
}

/// A read that fails costs a repeated command; a write or a wait that fails leaves things
/// half-made, so they get more patience.
fn transient_tries(request: &Request) -> u32 {
    match (request.method, request.poll) {
        (Method::Get, false) => 5,
        (Method::Get, true) => 10,
        _ => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(kind: ErrorKind) -> Failed {
        Failed {
            error: Error::new(kind, "Code", ""),
            retry_after: None,
            unsent: false,
        }
    }

    fn request(method: Method) -> Request {
        Request::new(method, "/x/restart".into(), None)
    }

    #[test]
    fn refusals_that_pass_are_repeated_for_every_method() {
        let get = Request::get("/x".into());
        for kind in [
            ErrorKind::Throttled,
            ErrorKind::Busy,
            ErrorKind::ReplicationLag,
        ] {
            assert!(again(&get, &failed(kind), 99, Duration::ZERO), "{kind:?}");
            assert!(
                again(&request(Method::Post), &failed(kind), 99, Duration::ZERO),
                "{kind:?}"
            );
        }
        let late = REPLICATION + Duration::from_secs(1);
        assert!(!again(&get, &failed(ErrorKind::ReplicationLag), 99, late));
    }

    #[test]
    fn an_action_of_unknown_effect_is_not_repeated() {
        let lost = failed(ErrorKind::Transient);
        assert!(again(&request(Method::Put), &lost, 1, Duration::ZERO));
        assert!(!again(&request(Method::Post), &lost, 1, Duration::ZERO));
        let unsent = Failed {
            unsent: true,
            ..lost
        };
        assert!(again(&request(Method::Post), &unsent, 1, Duration::ZERO));
    }

    #[test]
    fn faults_are_repeated_a_limited_number_of_times() {
        let fault = failed(ErrorKind::Transient);
        let poll = Request::poll("/x".into());
        for (request, most) in [
            (Request::get("/x".into()), 5),
            (poll, 10),
            (request(Method::Put), 7),
        ] {
            assert!(again(&request, &fault, most - 1, Duration::ZERO));
            assert!(!again(&request, &fault, most, Duration::ZERO));
        }
    }

    #[test]
    fn an_operation_that_ended_busy_is_not_polled_on() {
        let poll = Request::poll("/x".into());
        assert!(!again(&poll, &failed(ErrorKind::Busy), 1, Duration::ZERO));
        assert!(again(
            &poll,
            &failed(ErrorKind::Throttled),
            1,
            Duration::ZERO
        ));
    }

    #[test]
    fn final_answers_are_final() {
        for kind in [
            ErrorKind::Conflict,
            ErrorKind::Forbidden,
            ErrorKind::Quota,
            ErrorKind::Invalid,
        ] {
            assert!(!again(
                &Request::get("/x".into()),
                &failed(kind),
                1,
                Duration::ZERO
            ));
        }
    }
}
