//! The `pooler` block: PgBouncer in front of the instances.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::PostgresHaCluster;
use super::names::CLUSTER_API;
use crate::kubernetes::Readiness;
use crate::object;
use crate::reconcile::object::{Address, Desired, Live, Outputs};
use crate::reconcile::part::{Defaults, Fill, Part, Query};
use crate::schema::attr::{Attr, Blocks, NotKnown};
use crate::schema::checks;
use crate::schema::diagnostic::{Diagnostics, Path};
use crate::schema::field::{optional, required};

/// Connections that are kept free for administration, replication and the operator when poolers share the rest.
const RESERVE: i64 = 20;

object! {
    /// A pool of connections (PgBouncer) in front of the primary (`rw`), the standbys (`ro`) or any instance (`r`). May be repeated,
    /// each with another `name`.
    pub struct Pooler {
        /// Ending of the pooler's name, after the name of the cluster and a hyphen. Default `pooler-<type>`.
        name: Attr<String> => optional().default_from("`pooler-<type>`").check(checks::dns1123_label),
        /// What it connects to: `rw`, `ro` or `r`.
        r#type: Attr<String> => required().one_of(&["rw", "ro", "r"]),
        /// Number of PgBouncer pods, spread over nodes and zones.
        instances: Attr<i64> => optional().default_int(3).check(checks::positive),
        /// When a server connection goes back to the pool: after each `transaction` or at the end of the `session`.
        pool_mode: Attr<String> => optional().default("transaction").one_of(&["transaction", "session"]),
        /// Client connections that each pod accepts.
        max_client_connections: Attr<i64> => optional().default_int(10_000).check(checks::positive),
        /// Server connections per user and database that each pod may open.
        default_pool_size: Attr<i64> => optional().default_int(100).check(checks::positive),
        /// Server connections per database that each pod may open. Default: `max_connections` less a reserve of 20, shared by the pods of
        /// all poolers that reach the same instances.
        max_db_connections: Attr<i64> => optional().default_from("`max_connections` less 20, divided by the pods of the poolers of the same type").check(checks::positive),
        /// More parameters of PgBouncer, as CloudNativePG allows them.
        parameters: Attr<BTreeMap<String, String>> => optional(),
        /// CPU of each pod, request and limit, as a Kubernetes quantity. Default: none.
        cpu: Attr<String> => optional().check(checks::quantity),
        /// Memory of each pod, request and limit, as a Kubernetes quantity. Default: none.
        memory: Attr<String> => optional().check(checks::quantity),
    }
}

/// Parameters that have an attribute of their own.
const OWN: [(&str, &str); 4] = [
    ("max_client_conn", "max_client_connections"),
    ("default_pool_size", "default_pool_size"),
    ("max_db_connections", "max_db_connections"),
    ("pool_mode", "pool_mode"),
];

impl Pooler {
    fn real_name(&self, cluster: &str) -> Result<String, NotKnown> {
        Ok(format!("{cluster}-{}", self.name.require()?))
    }

    fn parameters(&self) -> Result<BTreeMap<String, String>, NotKnown> {
        let mut parameters = self.parameters.get()?.cloned().unwrap_or_default();
        for (name, value) in [
            ("max_client_conn", &self.max_client_connections),
            ("default_pool_size", &self.default_pool_size),
            ("max_db_connections", &self.max_db_connections),
        ] {
            parameters.insert(name.to_owned(), value.require()?.to_string());
        }
        Ok(parameters)
    }
}

pub struct PoolerPart;

impl PoolerPart {
    fn spec(&self, model: &PostgresHaCluster, pooler: &Pooler) -> Result<Json, NotKnown> {
        let name = pooler.real_name(model.cluster_name()?)?;
        let (selector, tolerations) = model.node_selection()?;
        let mut resources = json!({});
        for (kind, value) in [("cpu", &pooler.cpu), ("memory", &pooler.memory)] {
            if let Some(value) = value.get()? {
                resources["requests"][kind] = value.clone().into();
                resources["limits"][kind] = value.clone().into();
            }
        }
        let mut container = json!({"name": "pgbouncer"});
        if resources != json!({}) {
            container["resources"] = resources;
        }
        let spread = |key: &str| {
            json!({
                "maxSkew": 1,
                "topologyKey": key,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {"cnpg.io/poolerName": name}},
            })
        };
        let mut pod = json!({
            "containers": [container],
            "topologySpreadConstraints": [spread("topology.kubernetes.io/zone"), spread("kubernetes.io/hostname")],
        });
        if !selector.is_empty() {
            pod["nodeSelector"] = json!(selector);
        }
        if !tolerations.is_empty() {
            pod["tolerations"] = json!(tolerations);
        }
        if model.image_pull_secrets.get()?.is_some() {
            pod["imagePullSecrets"] = model.pull_secrets()?;
        }
        Ok(json!({
            "cluster": {"name": model.cluster_name()?},
            "type": pooler.r#type.require()?,
            "instances": pooler.instances.require()?,
            "pgbouncer": {"poolMode": pooler.pool_mode.require()?, "parameters": pooler.parameters()?},
            "template": {"metadata": {"labels": model.object_labels()?}, "spec": pod},
        }))
    }
}

impl Part<PostgresHaCluster> for PoolerPart {
    fn name(&self) -> &'static str {
        "pooler"
    }

    /// The operator starts PgBouncer as soon as the cluster's Secrets exist, so poolers and instances come up side by side.
    fn needs(&self) -> &'static [&'static str] {
        &["cluster"]
    }

    /// The operator begins as soon as the cluster can serve.
    fn starts_early(&self) -> bool {
        true
    }

    fn validate(&self, model: &PostgresHaCluster, diagnostics: &mut Diagnostics) {
        let mut names = BTreeSet::new();
        for (index, pooler) in model.pooler.known().iter().enumerate() {
            let path = Path::root().attribute("pooler").index(index);
            let kind = pooler.r#type.known().cloned().unwrap_or_default();
            let name = pooler
                .name
                .known()
                .cloned()
                .unwrap_or_else(|| format!("pooler-{kind}"));
            if !pooler.name.is_unknown()
                && !pooler.r#type.is_unknown()
                && !names.insert(name.clone())
            {
                diagnostics.error(
                    path.attribute("name"),
                    "Two poolers of one name",
                    format!("Another `pooler` block is named `{name}` too; give each a `name` of its own."),
                );
            }
            for (parameter, attribute) in OWN {
                if pooler
                    .parameters
                    .known()
                    .is_some_and(|set| set.contains_key(parameter))
                {
                    diagnostics.error(
                        path.attribute("parameters").key(parameter),
                        "A parameter with an attribute of its own",
                        format!("Set `{attribute}` in place of the parameter `{parameter}`."),
                    );
                }
            }
            if pooler.r#type.known().is_some_and(|kind| kind == "ro")
                && model.instances.known() == Some(&1)
            {
                diagnostics.warning(
                    path.attribute("type"),
                    "There is no standby",
                    "A `ro` pooler has nothing to connect to while `instances = 1`.",
                );
            }
        }
    }

    fn derive(
        &self,
        _defaults: &Defaults,
        _prior: Option<&PostgresHaCluster>,
        model: &mut PostgresHaCluster,
    ) {
        let connections = model.effective_parameters.require().map(|parameters| {
            parameters
                .get("max_connections")
                .and_then(|text| text.parse::<i64>().ok())
                .unwrap_or(100)
        });
        let mut pods: BTreeMap<String, Result<i64, NotKnown>> = BTreeMap::new();
        for pooler in model.pooler.known() {
            let kind = pooler.r#type.known().cloned().unwrap_or_default();
            let sum = pods.entry(kind).or_insert(Ok(0));
            *sum = sum.and_then(|sum| Ok(sum + pooler.instances.require()?));
        }
        for pooler in model.pooler.known_mut() {
            if pooler.name.is_unknown() {
                pooler
                    .name
                    .derive(pooler.r#type.require().map(|kind| format!("pooler-{kind}")));
            }
            if pooler.max_db_connections.is_unknown() {
                let kind = pooler.r#type.known().cloned().unwrap_or_default();
                let pods = pods.get(&kind).copied().unwrap_or(Err(NotKnown));
                let share = connections.and_then(|all| Ok(((all - RESERVE) / pods?.max(1)).max(1)));
                pooler.max_db_connections.derive(share);
            }
        }
        let hosts = model.pooler.get().and_then(|poolers| {
            let (cluster, namespace) = (model.cluster_name()?, model.namespace_name()?);
            poolers
                .iter()
                .map(|pooler| {
                    Ok((
                        pooler.name.require()?.clone(),
                        format!("{}.{namespace}.svc", pooler.real_name(cluster)?),
                    ))
                })
                .collect()
        });
        model.pooler_hosts.derive(hosts);
    }

    fn addresses(&self, model: &PostgresHaCluster) -> Result<Vec<Address>, NotKnown> {
        let (cluster, namespace) = (model.cluster_name()?, model.namespace_name()?);
        model
            .pooler
            .get()?
            .iter()
            .map(|pooler| {
                Ok(Address::kubernetes(
                    CLUSTER_API,
                    "Pooler",
                    Some(namespace),
                    pooler.real_name(cluster)?,
                ))
            })
            .collect()
    }

    fn desired(
        &self,
        model: &PostgresHaCluster,
        _outputs: &Outputs,
    ) -> Result<Vec<Desired>, NotKnown> {
        let labels = model.object_labels()?;
        self.addresses(model)?
            .into_iter()
            .zip(model.pooler.get()?)
            .map(|(address, pooler)| {
                Ok(Desired::kubernetes(
                    address,
                    labels.clone(),
                    json!({"spec": self.spec(model, pooler)?}),
                ))
            })
            .collect()
    }

    fn observed(&self, live: &Live, fill: Fill, model: &mut PostgresHaCluster) {
        let Address::Kubernetes { name: real, .. } = &live.address else {
            return;
        };
        let cluster = model.name.known().cloned().unwrap_or_default();
        let Some(ending) = real.strip_prefix(&format!("{cluster}-")) else {
            return;
        };
        if fill == Fill::All
            && let Blocks::List(poolers) = &mut model.pooler
            && !poolers
                .iter()
                .any(|pooler| pooler.name.known().is_some_and(|name| name == ending))
        {
            poolers.push(Pooler {
                name: ending.into(),
                ..Pooler::default()
            });
        }
        let found = model
            .pooler
            .known_mut()
            .iter_mut()
            .find(|pooler| pooler.name.known().is_some_and(|name| name == ending));
        let Some(pooler) = found else { return };
        fill_pooler(pooler, &live.body["spec"], fill);
    }

    fn readiness(&self, _model: &PostgresHaCluster, live: &Live) -> Readiness {
        readiness(&live.body)
    }

    fn discover(&self, model: &PostgresHaCluster, _outputs: &Outputs) -> Vec<Query> {
        vec![Query::List {
            api_version: CLUSTER_API,
            kind: "Pooler",
            namespace: model.namespace.known().cloned(),
        }]
    }

    fn belongs(&self, live: &Live, model: &PostgresHaCluster) -> bool {
        let cluster = model.name.known().map(String::as_str);
        let name = live.body["metadata"]["name"].as_str().unwrap_or_default();
        live.body["spec"]["cluster"]["name"].as_str() == cluster
            && cluster.is_some_and(|cluster| name.starts_with(&format!("{cluster}-")))
    }
}

fn fill_pooler(pooler: &mut Pooler, spec: &Json, fill: Fill) {
    if let Some(kind) = spec["type"].as_str() {
        pooler.r#type = kind.into();
    }
    pooler.instances = Attr::Known(spec["instances"].as_i64().unwrap_or(1));
    pooler.pool_mode = spec["pgbouncer"]["poolMode"]
        .as_str()
        .unwrap_or("session")
        .into();
    let live = &spec["pgbouncer"]["parameters"];
    for (name, attribute) in [
        ("max_client_conn", &mut pooler.max_client_connections),
        ("default_pool_size", &mut pooler.default_pool_size),
        ("max_db_connections", &mut pooler.max_db_connections),
    ] {
        if let Some(value) = live[name].as_str().and_then(|text| text.parse().ok()) {
            *attribute = Attr::Known(value);
        }
    }
    if let Some(parameters) = pooler.parameters.known() {
        let now = parameters
            .keys()
            .filter_map(|name| Some((name.clone(), live[name].as_str()?.to_owned())))
            .collect();
        pooler.parameters = Attr::Known(now);
    } else if fill == Fill::All {
        let more: BTreeMap<String, String> = live
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| !OWN.iter().any(|(own, _)| own == name))
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect();
        pooler.parameters = if more.is_empty() {
            Attr::Null
        } else {
            Attr::Known(more)
        };
    }
}

/// Active with every pod it should have.
pub fn readiness(pooler: &Json) -> Readiness {
    let (spec, status) = (&pooler["spec"], &pooler["status"]);
    let wanted = spec["instances"].as_i64().unwrap_or(1);
    match status["phase"].as_str() {
        Some("failed") => {
            let why = status["error"]
                .as_str()
                .or(status["phaseReason"].as_str())
                .unwrap_or("no reason given");
            Readiness::Failed(format!("the pooler failed: {why}"))
        }
        Some("active") | None if status["instances"].as_i64() == Some(wanted) => Readiness::Ready,
        phase => Readiness::Waiting(format!(
            "phase {}, {} of {wanted} pods",
            phase.unwrap_or("not reported"),
            status["instances"].as_i64().unwrap_or(0)
        )),
    }
}
