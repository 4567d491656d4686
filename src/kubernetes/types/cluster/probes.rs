//! Probes of the instances and the lease of the primary.

use crate::kubernetes::types::common::IntOrString;
use crate::kubernetes::types::object::object;

object! {
    Probes {
        startup: Option<Probe>,
        liveness: Option<LivenessProbe>,
        readiness: Option<Probe>,
    }

    /// Startup or readiness probe.
    Probe {
        r#type: Option<String>,
        maximum_lag: Option<IntOrString>,
        initial_delay_seconds: Option<i64>,
        period_seconds: Option<i64>,
        timeout_seconds: Option<i64>,
        failure_threshold: Option<i64>,
        success_threshold: Option<i64>,
    }

    LivenessProbe {
        initial_delay_seconds: Option<i64>,
        period_seconds: Option<i64>,
        timeout_seconds: Option<i64>,
        failure_threshold: Option<i64>,
        success_threshold: Option<i64>,
        isolation_check: Option<IsolationCheck>,
    }

    /// Stops a primary that reaches neither the API server nor its peers.
    IsolationCheck {
        enabled: Option<bool>,
        /// Milliseconds.
        request_timeout: Option<i64>,
        /// Milliseconds.
        connection_timeout: Option<i64>,
    }

    PrimaryLease {
        lease_duration_seconds: Option<i64>,
        renew_deadline_seconds: Option<i64>,
        retry_period_seconds: Option<i64>,
        released_lease_duration_seconds: Option<i64>,
    }
}
