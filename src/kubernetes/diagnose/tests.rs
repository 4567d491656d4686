//! What a user reads about pods that do not come up, and when waiting ends early.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::*;

fn image_trouble(reason: &str) -> Trouble {
    Trouble {
        pod: "pg-1".into(),
        container: "postgres".into(),
        reason: reason.into(),
        message: "Back-off pulling image \"nope\"".into(),
        exit: String::new(),
    }
}

fn with_trouble(trouble: Trouble) -> Diagnosis {
    Diagnosis {
        troubles: vec![trouble],
        ..Diagnosis::default()
    }
}

fn mount_event(count: u64) -> Event {
    Event {
        kind: "Pod".into(),
        name: "pg-1".into(),
        reason: "FailedMount".into(),
        message: "MountVolume.SetUp failed for volume \"x\" : secret \"creds\" not found".into(),
        warning: true,
        count,
        last: "2026-01-01T00:00:00Z".into(),
    }
}

#[test]
fn a_container_in_back_off_says_why_it_ended_before() {
    let pod = json!({"metadata": {"name": "pg-1"}, "status": {"containerStatuses": [{
        "name": "postgres",
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container"}},
        "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
    }]}});
    let lines: Vec<String> = pods::troubles(&pod)
        .iter()
        .map(Trouble::to_string)
        .collect();
    assert_eq!(
        lines,
        [
            "pg-1, container postgres: CrashLoopBackOff: back-off 10s restarting failed container: \
          ended with exit code 137, OOMKilled"
        ]
    );
}

#[test]
fn a_container_that_starts_or_ended_well_is_in_no_trouble() {
    let pod = json!({"metadata": {"name": "pg-1"}, "status": {
        "initContainerStatuses": [{"name": "init", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}],
        "containerStatuses": [{"name": "postgres", "state": {"waiting": {"reason": "PodInitializing"}}}],
    }});
    assert_eq!(pods::troubles(&pod), []);
}

#[test]
fn events_are_those_of_the_pod_its_owner_and_its_claims() {
    let pod = json!({"metadata": {"name": "pg-1", "ownerReferences": [{"kind": "Cluster", "name": "pg"}]},
        "spec": {"volumes": [{"persistentVolumeClaim": {"claimName": "pg-1"}}]}});
    let involved: BTreeSet<_> = pods::relatives(&pod).into_iter().collect();
    let recorded = |kind: &str, name: &str, time: &str| {
        json!({"involvedObject": {"kind": kind, "name": name}, "reason": "R", "message": "m", "type": "Warning",
            "lastTimestamp": time, "count": 3})
    };
    let events = events::of(
        &[
            recorded("PersistentVolumeClaim", "pg-1", "2"),
            recorded("Pod", "pg-2", "3"),
            recorded("Cluster", "pg", "1"),
        ],
        &involved,
    );
    let lines: Vec<String> = events.iter().map(Event::to_string).collect();
    assert_eq!(
        lines,
        [
            "1 R of Cluster/pg: m (3 times)",
            "2 R of PersistentVolumeClaim/pg-1: m (3 times)"
        ]
    );
}

#[test]
fn warnings_push_other_events_out_of_the_report() {
    let event = |n: usize| Event {
        reason: format!("E{n}"),
        warning: n < 2,
        ..Event::default()
    };
    let diagnosis = Diagnosis {
        events: (0..20).map(event).collect(),
        ..Diagnosis::default()
    };
    let shown: Vec<&str> = diagnosis
        .shown()
        .iter()
        .map(|event| event.reason.as_str())
        .collect();
    assert_eq!(
        shown,
        ["E0", "E1", "E14", "E15", "E16", "E17", "E18", "E19"]
    );
}

#[test]
fn an_image_that_cannot_be_pulled_ends_the_wait_after_a_grace() {
    let (mut watchdog, start) = (Watchdog::default(), Instant::now());
    assert_eq!(
        watchdog.judge(&with_trouble(image_trouble("ErrImagePull")), start),
        None
    );
    // The reason alternates; it stays one trouble.
    let later = start + Duration::from_secs(61);
    let verdict = watchdog
        .judge(&with_trouble(image_trouble("ImagePullBackOff")), later)
        .unwrap();
    assert!(
        verdict.contains("pg-1, container postgres: ImagePullBackOff: Back-off pulling image"),
        "{verdict}"
    );
}

#[test]
fn a_trouble_that_went_away_starts_anew() {
    let (mut watchdog, start) = (Watchdog::default(), Instant::now());
    assert_eq!(
        watchdog.judge(&with_trouble(image_trouble("ImagePullBackOff")), start),
        None
    );
    assert_eq!(
        watchdog.judge(&Diagnosis::default(), start + Duration::from_secs(50)),
        None
    );
    let later = start + Duration::from_secs(70);
    assert_eq!(
        watchdog.judge(&with_trouble(image_trouble("ImagePullBackOff")), later),
        None
    );
}

#[test]
fn an_invalid_image_name_ends_the_wait_at_once() {
    let verdict = Watchdog::default().judge(
        &with_trouble(image_trouble("InvalidImageName")),
        Instant::now(),
    );
    assert!(verdict.is_some());
    let crash = Watchdog::default().judge(
        &with_trouble(image_trouble("CrashLoopBackOff")),
        Instant::now(),
    );
    assert_eq!(crash, None);
}

fn unschedulable(message: &str) -> Trouble {
    Trouble {
        pod: "pg-1".into(),
        reason: "Unschedulable".into(),
        message: message.into(),
        ..Trouble::default()
    }
}

fn verdict_after_grace(diagnosis: &Diagnosis) -> Option<String> {
    let (mut watchdog, start) = (Watchdog::default(), Instant::now());
    watchdog.judge(diagnosis, start);
    watchdog.judge(diagnosis, start + Duration::from_secs(121))
}

#[test]
fn a_pod_that_fits_no_node_ends_the_wait_unless_a_node_is_coming() {
    let mismatch = "0/3 nodes are available: 1 node(s) had untolerated taint {dedicated: gpu}, 2 node(s) didn't match \
        Pod's node affinity/selector. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.";
    assert!(verdict_after_grace(&with_trouble(unschedulable(mismatch))).is_some());
    let scaling = Event {
        kind: "Pod".into(),
        name: "pg-1".into(),
        reason: "TriggeredScaleUp".into(),
        ..Event::default()
    };
    let coming = Diagnosis {
        events: vec![scaling],
        ..with_trouble(unschedulable(mismatch))
    };
    assert_eq!(verdict_after_grace(&coming), None);
}

#[test]
fn a_busy_or_starting_node_is_waited_for() {
    for message in [
        "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't match Pod's node affinity/selector.",
        "0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }.",
        "running PreBind plugin \"VolumeBinding\": timed out",
    ] {
        assert_eq!(
            verdict_after_grace(&with_trouble(unschedulable(message))),
            None,
            "{message}"
        );
    }
}

#[test]
fn a_missing_secret_counts_only_when_the_event_comes_again() {
    let seen = |count| Diagnosis {
        events: vec![mount_event(count)],
        ..Diagnosis::default()
    };
    let (mut watchdog, start) = (Watchdog::default(), Instant::now());
    assert_eq!(watchdog.judge(&seen(4), start), None);
    let later = start + Duration::from_secs(200);
    assert_eq!(
        watchdog.judge(&seen(4), later),
        None,
        "an old event whose cause may be gone"
    );
    assert!(
        watchdog
            .judge(&seen(5), later)
            .unwrap()
            .contains("secret \"creds\" not found")
    );
}

#[test]
fn the_report_has_conditions_pods_and_events() {
    let object = json!({"status": {"conditions": [{"type": "Ready", "status": "False", "reason": "ClusterIsNotReady"}]}});
    let diagnosis = Diagnosis {
        troubles: vec![image_trouble("ImagePullBackOff")],
        events: vec![mount_event(2)],
        ..Diagnosis::of_object(Some(&object))
    };
    let report = diagnosis.to_string();
    let titles: Vec<&str> = report
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    assert_eq!(titles, ["Conditions:", "Pods:", "Last events:"]);
    assert!(
        report.contains("- Ready is False (ClusterIsNotReady)"),
        "{report}"
    );
}
