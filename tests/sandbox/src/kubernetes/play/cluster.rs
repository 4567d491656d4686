//! The operator's control loop for a Cluster.

mod report;
mod waiting;

use super::super::Kubernetes;
use super::children;
use super::plan::{Act, Mind, Step, phase, step};
use super::world::owned_by;
use super::{CNPG, lock, name, namespace, text};
use jiff::Timestamp;
use serde_json::{Value, json};

const BOOT: f64 = 8.0;
const JOIN: f64 = 10.0;
const RESTART: f64 = 13.0;
const PROMOTE: f64 = 6.0;

pub(super) fn act(server: &Kubernetes, cluster: &Value, now: Timestamp) -> Option<Timestamp> {
    let uid = text(&cluster["metadata"]["uid"]).to_owned();
    if !cluster["metadata"]["deletionTimestamp"].is_null() {
        lock(&server.stage().clusters).remove(&uid);
        return None;
    }
    if cluster["metadata"]["annotations"]["cnpg.io/reconciliationLoop"] == "disabled" {
        return None;
    }
    let mut mind = lock(&server.stage().clusters)
        .remove(&uid)
        .unwrap_or_default();
    let due = think(server, cluster, &mut mind, now);
    lock(&server.stage().clusters).insert(uid, mind);
    due
}

fn think(
    server: &Kubernetes,
    cluster: &Value,
    mind: &mut Mind,
    now: Timestamp,
) -> Option<Timestamp> {
    if mind.steps.is_empty() {
        if let Some(reason) = waiting::reason(server, cluster) {
            report::waiting(server, cluster, &reason);
            return None;
        }
        children::ensure(server, cluster);
        grow(server, cluster);
        let steps = plan(server, cluster, mind);
        mind.steps.extend(steps);
    }
    loop {
        let Some(next) = mind.steps.front().cloned() else {
            mind.due = None;
            return None;
        };
        let due = *mind.due.get_or_insert(now + server.takes(next.seconds));
        if now < due {
            return Some(due);
        }
        mind.due = None;
        mind.steps.pop_front();
        let current = server.look(CNPG, "Cluster", namespace(cluster), name(cluster))?;
        perform(server, &current, mind, next.act);
    }
}

fn perform(server: &Kubernetes, cluster: &Value, mind: &mut Mind, act: Act) {
    match act {
        Act::Phase(phase, reason) => report::phase(server, cluster, &phase, &reason),
        Act::Start(serial) => start(server, cluster, serial),
        Act::Remove(instance) => remove(server, cluster, &instance),
        Act::Restart(instance) => restart(server, cluster, &instance),
        Act::Promote(instance) => promote(server, cluster, &instance),
        Act::Healthy => {
            // A change that came meanwhile is still to be rolled out.
            mind.running
                .get_or_insert_with(|| waiting::fingerprint(cluster));
            report::healthy(server, cluster);
        }
    }
}

/// What has to be done, from what is and what should be.
fn plan(server: &Kubernetes, cluster: &Value, mind: &mut Mind) -> Vec<Step> {
    let pods = instances(server, cluster);
    let names: Vec<String> = pods.iter().map(|pod| name(pod).to_owned()).collect();
    let wanted = usize::try_from(cluster["spec"]["instances"].as_u64().unwrap_or(1)).unwrap_or(1);
    let status = &cluster["status"];
    let (current, target) = (
        text(&status["currentPrimary"]),
        text(&status["targetPrimary"]),
    );
    if current.is_empty() || names.is_empty() {
        return create(server, cluster, wanted);
    }
    if !names.iter().any(|found| found == current) {
        return fail_over(server, cluster, &names);
    }
    if current != target && names.iter().any(|found| found == target) {
        let reason = format!("Switching over to {target}");
        return vec![
            phase("Switchover in progress", reason),
            step(PROMOTE, Act::Promote(target.to_owned())),
            step(1.0, Act::Healthy),
        ];
    }
    if names.len() < wanted {
        return join(server, cluster, wanted - names.len());
    }
    if names.len() > wanted {
        let mut spare: Vec<&String> = names.iter().filter(|found| *found != current).collect();
        spare.sort_by_key(|found| serial(found));
        let gone = spare.into_iter().rev().take(names.len() - wanted);
        let mut steps: Vec<Step> = gone
            .map(|found| step(3.0, Act::Remove(found.clone())))
            .collect();
        steps.push(step(0.5, Act::Healthy));
        return steps;
    }
    let print = waiting::fingerprint(cluster);
    match &mind.running {
        Some(running) if *running != print => {
            mind.running = Some(print);
            roll(cluster, names, current)
        }
        Some(_) => report::settled(server, cluster),
        None => {
            mind.running = Some(print);
            Vec::new()
        }
    }
}

/// Disks that are there already are taken over as they are found.
fn create(server: &Kubernetes, cluster: &Value, wanted: usize) -> Vec<Step> {
    let mut serials: Vec<u64> = server
        .belonging("", "PersistentVolumeClaim", cluster)
        .iter()
        .filter(|claim| claim["metadata"]["labels"]["cnpg.io/pvcRole"] == "PG_DATA")
        .filter_map(|claim| serial(name(claim)))
        .collect();
    serials.sort_unstable();
    let mut next = serials.last().copied().unwrap_or_default();
    while serials.len() < wanted {
        next += 1;
        serials.push(next);
    }
    let mut steps = Vec::new();
    for (index, serial) in serials.into_iter().enumerate() {
        let instance = format!("{}-{serial}", name(cluster));
        if index == 0 {
            steps.push(phase(
                "Setting up primary",
                format!("Creating primary instance {instance}"),
            ));
            steps.push(step(BOOT, Act::Start(serial)));
        } else {
            steps.push(phase(
                "Creating a new replica",
                format!("Creating replica {instance}"),
            ));
            steps.push(step(JOIN, Act::Start(serial)));
        }
    }
    steps.push(step(1.0, Act::Healthy));
    steps
}

/// A pod that was lost comes back on its own disks; otherwise a new instance is made.
fn join(server: &Kubernetes, cluster: &Value, missing: usize) -> Vec<Step> {
    let running: Vec<u64> = instances(server, cluster)
        .iter()
        .filter_map(|pod| serial(name(pod)))
        .collect();
    let claims = server.belonging("", "PersistentVolumeClaim", cluster);
    let data = claims
        .iter()
        .filter(|claim| claim["metadata"]["labels"]["cnpg.io/pvcRole"] == "PG_DATA");
    let mut idle: Vec<u64> = data
        .filter(|claim| claim["metadata"]["deletionTimestamp"].is_null())
        .filter_map(|claim| serial(name(claim)))
        .filter(|serial| !running.contains(serial))
        .collect();
    idle.sort_unstable();
    let latest = cluster["status"]["latestGeneratedNode"]
        .as_u64()
        .unwrap_or_default();
    let fresh = latest + 1..;
    let mut steps = Vec::new();
    for serial in idle.into_iter().chain(fresh).take(missing) {
        let instance = format!("{}-{serial}", name(cluster));
        steps.push(phase(
            "Creating a new replica",
            format!("Creating replica {instance}"),
        ));
        steps.push(step(JOIN, Act::Start(serial)));
    }
    steps.push(step(1.0, Act::Healthy));
    steps
}

fn fail_over(server: &Kubernetes, cluster: &Value, names: &[String]) -> Vec<Step> {
    let mut standbys: Vec<&String> = names.iter().collect();
    standbys.sort_by_key(|found| serial(found));
    let Some(first) = standbys.first() else {
        return Vec::new();
    };
    let old = text(&cluster["status"]["currentPrimary"]);
    server.report(
        CNPG,
        cluster,
        &json!({"targetPrimary": first, "targetPrimaryTimestamp": server.clock().stamp()}),
    );
    let reason = format!("Failing over from {old} to {first}");
    vec![
        phase("Failing over", reason),
        step(PROMOTE, Act::Promote((*first).clone())),
    ]
}

/// Standbys first, the primary last; a supervised update stops before the primary.
fn roll(cluster: &Value, mut names: Vec<String>, primary: &str) -> Vec<Step> {
    names.sort_by_key(|found| std::cmp::Reverse(serial(found)));
    let mut steps = vec![
        step(
            0.12,
            Act::Phase(
                "Applying configuration".to_owned(),
                "Applying configuration".to_owned(),
            ),
        ),
        step(
            0.5,
            Act::Phase(
                "Upgrading cluster".to_owned(),
                "Restarting instances".to_owned(),
            ),
        ),
    ];
    let supervised = cluster["spec"]["primaryUpdateStrategy"] == "supervised" && names.len() > 1;
    for instance in names.into_iter().filter(|found| found != primary) {
        steps.push(phase(
            "Upgrading cluster",
            format!("Restarting instance {instance}"),
        ));
        steps.push(step(RESTART, Act::Restart(instance)));
        steps.push(phase(
            "Waiting for the instances to become active",
            "Some instances are not yet active".to_owned(),
        ));
    }
    if supervised {
        steps.push(phase(
            "Waiting for user action",
            "User must issue a supervised switchover".to_owned(),
        ));
        return steps;
    }
    steps.push(phase(
        "Primary instance is being restarted in-place",
        format!("Restarting primary {primary}"),
    ));
    steps.push(step(RESTART, Act::Restart(primary.to_owned())));
    steps.push(step(1.0, Act::Healthy));
    steps
}

pub(super) fn serial(instance: &str) -> Option<u64> {
    instance.rsplit('-').next()?.parse().ok()
}

/// Pods of instances that are not on their way out.
pub(super) fn instances(server: &Kubernetes, cluster: &Value) -> Vec<Value> {
    let mut pods = server.belonging("", "Pod", cluster);
    pods.retain(|pod| {
        pod["metadata"]["labels"]["cnpg.io/podRole"] == "instance"
            && pod["metadata"]["deletionTimestamp"].is_null()
    });
    pods
}

fn start(server: &Kubernetes, cluster: &Value, serial: u64) {
    let instance = format!("{}-{serial}", name(cluster));
    for claim in children::claims(cluster, &instance) {
        match server.look(
            "",
            "PersistentVolumeClaim",
            namespace(cluster),
            name(&claim),
        ) {
            None => server.ensure("", &claim),
            Some(found) if found["metadata"]["ownerReferences"].is_null() => {
                server.amend(
                    "",
                    &found,
                    &json!({"metadata": {"ownerReferences": owned_by(cluster)}}),
                );
            }
            Some(_) => {}
        }
    }
    let current = text(&cluster["status"]["currentPrimary"]);
    let first = current.is_empty();
    let primary = first || current == instance;
    run_pod(
        server,
        cluster,
        &instance,
        if primary { "primary" } else { "replica" },
    );
    report::started(server, cluster, &instance, serial, first);
}

fn run_pod(server: &Kubernetes, cluster: &Value, instance: &str, role: &str) {
    let others = instances(server, cluster);
    let Some(node) = server.place(&cluster["spec"]["affinity"], &others) else {
        return;
    };
    let pod = children::pod(cluster, instance, role, &node);
    server.ensure("", &pod);
    let now = server.clock().stamp();
    let condition = |kind: &str| json!({"type": kind, "status": "True", "lastTransitionTime": now});
    server.report("", &pod, &json!({"phase": "Running", "startTime": now, "podIP": format!("10.244.0.{}", serial(instance).unwrap_or(1) + 10),
        "conditions": [condition("PodScheduled"), condition("Initialized"), condition("ContainersReady"), condition("Ready")],
        "containerStatuses": [{"name": "postgres", "ready": true, "restartCount": 0, "image": children::image(cluster),
            "imageID": "", "started": true, "state": {"running": {"startedAt": now}}}]}));
}

fn remove(server: &Kubernetes, cluster: &Value, instance: &str) {
    for pod in instances(server, cluster)
        .iter()
        .filter(|pod| name(pod) == instance)
    {
        server.drop_object("", pod);
    }
    for claim in server.belonging("", "PersistentVolumeClaim", cluster) {
        if claim["metadata"]["labels"]["cnpg.io/instanceName"] == instance {
            server.drop_object("", &claim);
        }
    }
    report::counts(server, cluster);
}

fn restart(server: &Kubernetes, cluster: &Value, instance: &str) {
    let role = match text(&cluster["status"]["currentPrimary"]) == instance {
        true => "primary",
        false => "replica",
    };
    for pod in instances(server, cluster)
        .iter()
        .filter(|pod| name(pod) == instance)
    {
        server.drop_object("", pod);
    }
    run_pod(server, cluster, instance, role);
}

fn promote(server: &Kubernetes, cluster: &Value, instance: &str) {
    for pod in instances(server, cluster) {
        let role = if name(&pod) == instance {
            "primary"
        } else {
            "replica"
        };
        server.amend(
            "",
            &pod,
            &json!({"metadata": {"labels": {"cnpg.io/instanceRole": role, "role": role}}}),
        );
    }
    let timeline = cluster["status"]["timelineID"].as_u64().unwrap_or(1) + 1;
    server.report(CNPG, cluster, &json!({"currentPrimary": instance, "targetPrimary": instance,
        "currentPrimaryTimestamp": super::super::clock::stamp_micro(server.clock().now()), "timelineID": timeline}));
}

/// Larger sizes and other volume attributes reach the claims that exist.
fn grow(server: &Kubernetes, cluster: &Value) {
    for pod in instances(server, cluster) {
        for wanted in children::claims(cluster, name(&pod)) {
            let Some(found) = server.look(
                "",
                "PersistentVolumeClaim",
                namespace(cluster),
                name(&wanted),
            ) else {
                if cluster["status"]["currentPrimary"].is_string() {
                    server.ensure("", &wanted);
                }
                continue;
            };
            let size = &wanted["spec"]["resources"]["requests"]["storage"];
            if found["spec"]["resources"]["requests"]["storage"] != *size {
                server.amend(
                    "",
                    &found,
                    &json!({"spec": {"resources": {"requests": {"storage": size}}}}),
                );
            }
            let class = &wanted["spec"]["volumeAttributesClassName"];
            if !class.is_null() && found["spec"]["volumeAttributesClassName"] != *class {
                server.amend(
                    "",
                    &found,
                    &json!({"spec": {"volumeAttributesClassName": class}}),
                );
            }
        }
    }
}
