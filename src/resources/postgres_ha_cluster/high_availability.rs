//! The `high_availability` block: how many copies a commit waits for, how fast a lost primary is replaced, and how instances are spread.

use serde_json::{Value as Json, json};

use super::PostgresHaCluster;
use crate::object;
use crate::reconcile::object::merge;
use crate::schema::attr::{Attr, Block, NotKnown};
use crate::schema::checks;
use crate::schema::diagnostic::{Diagnostics, Path};
use crate::schema::field::{block, optional};

object! {
    /// How the kubelet asks whether PostgreSQL lives. An attribute that is not set keeps the operator's default.
    pub struct Probe {
        /// Seconds between two questions.
        period: Attr<i64> => optional().check(checks::positive),
        /// Seconds that an answer may take.
        timeout: Attr<i64> => optional().check(checks::positive),
        /// Failed questions in a row that count.
        failure_threshold: Attr<i64> => optional().check(checks::positive),
        /// What is asked: `pg_isready`, `streaming` or `query` (not for liveness).
        r#type: Attr<String> => optional().one_of(&["pg_isready", "streaming", "query"]),
        /// With `type = "streaming"`, how far a standby may lag behind, as a quantity such as `16Mi`.
        maximum_lag: Attr<String> => optional().check(checks::quantity),
    }
}

object! {
    /// Availability: synchronous replication, failover and spread. Without the block its defaults hold.
    pub struct HighAvailability {
        /// Failover timing as a whole: `fast` (a short lease and a short shutdown), `balanced` (a short lease), `default` (the operator's
        /// own). Single attributes of this block win over it.
        profile: Attr<String> => optional().default("balanced").one_of(&["fast", "balanced", "default"]),
        /// Standbys that must have a commit before it is acknowledged. 0 replicates asynchronously: a failover may lose commits.
        /// Default 1, or 0 with a single instance.
        synchronous_replicas: Attr<i64> => optional().default_from("1, or 0 with a single instance").check(checks::non_negative),
        /// Which standbys count: `any` of them, or the `first` in order.
        method: Attr<String> => optional().default("any").one_of(&["any", "first"]),
        /// What happens when too few standbys are there: `required` stops writes, `preferred` goes on with those that are.
        data_durability: Attr<String> => optional().default("required").one_of(&["required", "preferred"]),
        /// Refuses a promotion that could lose acknowledged commits. Default true with synchronous replicas and three instances or more.
        failover_quorum: Attr<bool> => optional().default_from("true with synchronous replicas and three instances or more"),
        /// Seconds to wait before a failed primary is replaced.
        failover_delay: Attr<i64> => optional().check(checks::non_negative),
        /// Seconds that a primary may take to stop in a switchover.
        switchover_delay: Attr<i64> => optional().check(checks::positive),
        /// Seconds that an instance may take to start.
        start_delay: Attr<i64> => optional().check(checks::positive),
        /// Seconds that an instance may take to stop.
        stop_delay: Attr<i64> => optional().check(checks::positive),
        /// Seconds of a stop in which clients may end by themselves. Must be below `stop_delay`.
        smart_shutdown_timeout: Attr<i64> => optional().check(checks::non_negative),
        /// Seconds after which a primary that does not renew its lease counts as lost. At least 3.
        lease_duration: Attr<i64> => optional().check(checks::positive),
        liveness_probe: Block<Probe> => block(),
        readiness_probe: Block<Probe> => block(),
        startup_probe: Block<Probe> => block(),
        /// Whether instances must (`required`) or should (`preferred`) be in different zones, or `none`.
        zone_spread: Attr<String> => optional().default("required").one_of(&["required", "preferred", "none"]),
        /// Whether instances must (`required`) or should (`preferred`) be on different nodes.
        node_spread: Attr<String> => optional().default("required").one_of(&["required", "preferred"]),
        /// Whether PodDisruptionBudgets protect the primary and the quorum against voluntary evictions.
        pdb: Attr<bool> => optional().default(true),
    }
}

/// Failover timing, all in seconds. `None` leaves it to the operator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    pub lease: Option<i64>,
    pub stop_delay: Option<i64>,
    pub smart_shutdown_timeout: Option<i64>,
    pub switchover_delay: Option<i64>,
}

/// The values behind a profile. The operator names a new primary within two seconds; what remains of an outage is the lease of the
/// lost primary and the time it takes to stop.
pub fn timing(profile: &str) -> Timing {
    match profile {
        "fast" => Timing {
            lease: Some(4),
            stop_delay: Some(3),
            smart_shutdown_timeout: Some(1),
            switchover_delay: Some(15),
        },
        "balanced" => Timing {
            lease: Some(5),
            ..Timing::default()
        },
        _ => Timing::default(),
    }
}

/// PostgreSQL parameters that belong to a profile.
pub fn parameters(profile: &str) -> &'static [(&'static str, &'static str)] {
    match profile {
        "fast" | "balanced" => &[
            ("wal_retrieve_retry_interval", "500ms"),
            ("wal_receiver_timeout", "2s"),
        ],
        _ => &[],
    }
}

/// A lease of this many seconds with its renewal times: renewed for as long as possible, tried once a second.
fn lease(duration: i64) -> Json {
    json!({
        "leaseDurationSeconds": duration,
        "renewDeadlineSeconds": (duration - 2).max(2).min(duration - 1),
        "retryPeriodSeconds": 1,
    })
}

fn probe(block: &Probe) -> Result<Json, NotKnown> {
    let mut fields = json!({});
    for (name, value) in [
        ("periodSeconds", &block.period),
        ("timeoutSeconds", &block.timeout),
        ("failureThreshold", &block.failure_threshold),
    ] {
        if let Some(value) = value.get()? {
            fields[name] = (*value).into();
        }
    }
    for (name, value) in [("type", &block.r#type), ("maximumLag", &block.maximum_lag)] {
        if let Some(value) = value.get()? {
            fields[name] = value.clone().into();
        }
    }
    Ok(fields)
}

impl PostgresHaCluster {
    /// The block, or its defaults.
    pub fn availability(&self) -> Result<HighAvailability, NotKnown> {
        if let Some(block) = self.high_availability.get()? {
            return Ok(block.clone());
        }
        let mut block = HighAvailability {
            profile: "balanced".into(),
            method: "any".into(),
            data_durability: "required".into(),
            zone_spread: "required".into(),
            node_spread: "required".into(),
            pdb: true.into(),
            synchronous_replicas: Attr::Unknown,
            failover_quorum: Attr::Unknown,
            ..HighAvailability::default()
        };
        derive(&mut block, &self.instances);
        Ok(block)
    }

    /// The members of the Cluster that this block decides.
    pub fn availability_fields(&self) -> Result<Json, NotKnown> {
        let block = self.availability()?;
        let timing = timing(block.profile.require()?);
        let mut fields = json!({"enablePDB": block.pdb.require()?});
        let seconds = [
            ("failoverDelay", block.failover_delay.get()?.copied()),
            ("startDelay", block.start_delay.get()?.copied()),
            (
                "switchoverDelay",
                block
                    .switchover_delay
                    .get()?
                    .copied()
                    .or(timing.switchover_delay),
            ),
            (
                "stopDelay",
                block.stop_delay.get()?.copied().or(timing.stop_delay),
            ),
            (
                "smartShutdownTimeout",
                block
                    .smart_shutdown_timeout
                    .get()?
                    .copied()
                    .or(timing.smart_shutdown_timeout),
            ),
        ];
        for (name, value) in seconds {
            if let Some(value) = value {
                fields[name] = value.into();
            }
        }
        if let Some(duration) = block.lease_duration.get()?.copied().or(timing.lease) {
            fields["primaryLease"] = lease(duration);
        }
        for (name, block) in [
            ("liveness", &block.liveness_probe),
            ("readiness", &block.readiness_probe),
            ("startup", &block.startup_probe),
        ] {
            if let Some(block) = block.get()? {
                merge(&mut fields, json!({"probes": {name: probe(block)?}}));
            }
        }
        let number = *block.synchronous_replicas.require()?;
        if number > 0 {
            let synchronous = json!({
                "method": block.method.require()?,
                "number": number,
                "dataDurability": block.data_durability.require()?,
                "failoverQuorum": block.failover_quorum.require()?,
            });
            merge(
                &mut fields,
                json!({"postgresql": {"synchronous": synchronous}}),
            );
        }
        merge(&mut fields, self.spread(&block)?);
        Ok(fields)
    }

    /// Instances over zones and nodes. The pods of joining instances count too, as they choose the zone of a new disk; poolers do not.
    fn spread(&self, block: &HighAvailability) -> Result<Json, NotKnown> {
        let mut fields = json!({"affinity": {
            "enablePodAntiAffinity": true,
            "podAntiAffinityType": block.node_spread.require()?,
            "topologyKey": "kubernetes.io/hostname",
        }});
        let unsatisfiable = match block.zone_spread.require()?.as_str() {
            "required" => "DoNotSchedule",
            "preferred" => "ScheduleAnyway",
            _ => return Ok(fields),
        };
        fields["topologySpreadConstraints"] = json!([{
            "maxSkew": 1,
            "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": unsatisfiable,
            "labelSelector": {"matchExpressions": [
                {"key": "cnpg.io/cluster", "operator": "In", "values": [self.cluster_name()?]},
                {"key": "cnpg.io/podRole", "operator": "NotIn", "values": ["pooler"]},
            ]},
        }]);
        Ok(fields)
    }
}

/// The defaults that depend on the number of instances.
pub fn derive(block: &mut HighAvailability, instances: &Attr<i64>) {
    let instances = instances.require().copied();
    if block.synchronous_replicas.is_unknown() {
        block
            .synchronous_replicas
            .derive(instances.map(|instances| i64::from(instances > 1)));
    }
    if block.failover_quorum.is_unknown() {
        let number = block.synchronous_replicas.require().copied();
        block
            .failover_quorum
            .derive(number.and_then(|number| Ok(number > 0 && instances? >= 3)));
    }
}

/// What can be told of the block from configuration.
pub fn validate(model: &PostgresHaCluster, diagnostics: &mut Diagnostics) {
    let path = Path::root().attribute("high_availability").index(0);
    let Some(block) = model.high_availability.present() else {
        return;
    };
    if let (Some(number), Some(instances)) =
        (block.synchronous_replicas.known(), model.instances.known())
        && number >= instances
        && *instances > 0
    {
        diagnostics.error(
            path.attribute("synchronous_replicas"),
            "More synchronous replicas than standbys",
            format!("`synchronous_replicas` ({number}) must be below `instances` ({instances}): a commit would wait for ever."),
        );
    }
    if block.synchronous_replicas.known() == Some(&0) {
        diagnostics.warning(
            path.attribute("synchronous_replicas"),
            "Acknowledged commits can be lost",
            "With `synchronous_replicas = 0` a failover loses what the lost primary had not yet sent to a standby.",
        );
    }
    let profile = timing(block.profile.known().map_or("balanced", String::as_str));
    let stop = block
        .stop_delay
        .known()
        .copied()
        .or(profile.stop_delay)
        .unwrap_or(1800);
    let smart = block
        .smart_shutdown_timeout
        .known()
        .copied()
        .or(profile.smart_shutdown_timeout)
        .unwrap_or(180);
    if smart >= stop {
        diagnostics.warning(
            path.attribute("smart_shutdown_timeout"),
            "Clients get no time to end",
            format!(
                "`smart_shutdown_timeout` ({smart} s) is not below `stop_delay` ({stop} s): the operator leaves the smart shutdown out and \
                 connections are cut at once."
            ),
        );
    }
    if let Some(duration) = block.lease_duration.known()
        && *duration < 3
    {
        diagnostics.error(
            path.attribute("lease_duration"),
            "The lease is too short",
            format!("`lease_duration` ({duration} s) must be at least 3 s: it is renewed once a second, and one renewal may be missed."),
        );
    }
    if let Some(liveness) = block.liveness_probe.present() {
        let path = path.attribute("liveness_probe").index(0);
        for (name, set) in [
            ("type", !liveness.r#type.is_null()),
            ("maximum_lag", !liveness.maximum_lag.is_null()),
        ] {
            if set {
                diagnostics.error(
                    path.attribute(name),
                    "Not for the liveness probe",
                    format!("`{name}` belongs to the startup and readiness probes; the liveness probe has no such choice."),
                );
            }
        }
        if liveness.failure_threshold.known() == Some(&1) {
            diagnostics.warning(
                path.attribute("failure_threshold"),
                "One missed probe restarts PostgreSQL",
                "A busy node misses a probe now and then. Use 2 or more.",
            );
        }
    }
}
