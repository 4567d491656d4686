//! A clock that the test steps: the operators do nothing until it moves.

use super::world::*;
use sandbox::kubernetes::{Clock, Options};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Time as seconds since the start, moved by hand.
fn stepped() -> (watch::Sender<u64>, Clock) {
    let (sender, receiver) = watch::channel(0_u64);
    let start: jiff::Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
    let moment = receiver.clone();
    let now = move || start + Duration::from_secs(*moment.borrow());
    let sleep = move |span: Duration| -> futures::future::BoxFuture<'static, ()> {
        let mut receiver = receiver.clone();
        let end = *receiver.borrow() + span.as_secs_f64().ceil() as u64;
        Box::pin(async move {
            drop(receiver.wait_for(|now| *now >= end).await);
        })
    };
    (sender, Clock::new(Arc::new(now), Arc::new(sleep)))
}

#[tokio::test]
async fn nothing_happens_before_its_time() {
    let (time, clock) = stepped();
    let options = Options {
        clock,
        speed: 1.0,
        crds: std::env::var_os("CRDS_DIR").map(Into::into),
        ..Options::default()
    };
    let world = world_with(options).await;
    world.apply_cluster(json!({"instances": 1})).await;
    let path = format!("{CNPG}/clusters/c");
    let found = world
        .until(&path, |found| {
            found["status"]["phase"] == "Setting up primary"
        })
        .await;
    assert_eq!(
        found["metadata"]["creationTimestamp"],
        "2026-11-21T00:00:00Z"
    );
    tokio::time::sleep(Duration::from_millis(200)).await;
    let found = world.get(&path).await;
    assert!(found["status"]["currentPrimary"].is_null());
    time.send(8).unwrap();
    world
        .until(&path, |found| found["status"]["currentPrimary"] == "c-1")
        .await;
    assert_eq!(
        world.get(&path).await["status"]["phase"],
        "Setting up primary"
    );
    time.send(9).unwrap();
    world.healthy("c").await;
}
