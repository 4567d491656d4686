//! Reading, planning and applying: what leaves the provider, and what is kept when something is wrong with it.

use std::sync::Arc;

use futures::FutureExt;
use terraform_provider_postgres::plugin::proto::tfplugin5 as wire;
use terraform_provider_postgres::schema::diagnostic::Path;
use terraform_provider_postgres::schema::resource::{ApplyResponse, PlanResponse, ReadResponse};
use terraform_provider_postgres::schema::value::Value;
use tokio::sync::{Notify, mpsc};

use super::fake::{Fake, applying, failure, identity, thing, with};
use super::process::soon;
use super::served::{Served, got, got_identity, sent, sent_identity, told};

fn read_request() -> wire::read_resource::Request {
    wire::read_resource::Request {
        type_name: "test_thing".to_owned(),
        current_state: sent(&thing("a")),
        private: b"old".to_vec(),
        current_identity: sent_identity(&identity("a")),
        ..Default::default()
    }
}

async fn read(
    answer: impl Fn() -> ReadResponse + Send + Sync + 'static,
) -> wire::read_resource::Response {
    let fake = Fake {
        read: Box::new(move |_| answer()),
        ..Fake::default()
    };
    let mut served = Served::new(fake).await;
    let answer = served.client.read_resource(read_request()).await;
    answer.unwrap().into_inner()
}

#[tokio::test]
async fn a_read_answers_what_is_there_now() {
    let answer = read(|| ReadResponse {
        new: thing("b"),
        private: b"new".to_vec(),
        identity: Some(identity("b")),
        ..Default::default()
    })
    .await;
    assert_eq!(got(answer.new_state), thing("b"));
    assert_eq!(answer.private, b"new");
    assert_eq!(got_identity(answer.new_identity), identity("b"));
    assert!(answer.diagnostics.is_empty());
}

#[tokio::test]
async fn a_resource_that_is_gone_is_null() {
    let answer = read(ReadResponse::default).await;
    assert_eq!(got(answer.new_state), Value::Null);
    assert!(answer.diagnostics.is_empty());
}

#[tokio::test]
async fn a_read_that_failed_keeps_everything() {
    let answer = read(|| ReadResponse {
        diagnostics: failure("No network"),
        ..Default::default()
    })
    .await;
    assert_eq!(got(answer.new_state), thing("a"));
    assert_eq!(answer.private, b"old");
    assert_eq!(got_identity(answer.new_identity), identity("a"));
    assert!(told(&answer.diagnostics).contains("No network"));
}

#[tokio::test]
async fn a_read_that_does_not_fit_the_schema_is_told_and_keeps_everything() {
    for wrong in [
        with(thing("b"), "name", true),
        with(thing("b"), "no_such_attribute", "x"),
        with(thing("b"), "serial", Value::Unknown),
        Value::Map([("name".to_owned(), "b".into())].into()),
        Value::Unknown,
    ] {
        let answer = read(move || ReadResponse {
            new: wrong.clone(),
            private: b"new".to_vec(),
            ..Default::default()
        })
        .await;
        assert_eq!(got(answer.new_state), thing("a"));
        assert_eq!(answer.private, b"old");
        let text = told(&answer.diagnostics);
        assert!(text.contains("The provider has a bug"), "{text}");
    }
}

#[tokio::test]
async fn an_identity_that_does_not_fit_is_told_and_the_old_one_kept() {
    let answer = read(|| ReadResponse {
        new: thing("b"),
        identity: Some(with(identity("b"), "name", true)),
        ..Default::default()
    })
    .await;
    assert_eq!(got(answer.new_state), thing("b"));
    assert_eq!(got_identity(answer.new_identity), identity("a"));
    assert!(told(&answer.diagnostics).contains("The provider has a bug"));
}

fn plan_request() -> wire::plan_resource_change::Request {
    let config = with(thing("b"), "serial", Value::Null);
    wire::plan_resource_change::Request {
        type_name: "test_thing".to_owned(),
        prior_state: sent(&thing("a")),
        proposed_new_state: sent(&thing("b")),
        config: sent(&config),
        prior_private: b"old".to_vec(),
        prior_identity: sent_identity(&identity("a")),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_plan_has_its_paths_and_its_private_data() {
    let fake = Fake {
        plan: Box::new(|request| PlanResponse {
            planned: with(request.proposed, "serial", Value::Unknown),
            requires_replace: vec![Path::root().attribute("name")],
            planned_private: [request.prior_private, b", planned".to_vec()].concat(),
            planned_identity: request.prior_identity,
            ..Default::default()
        }),
        ..Fake::default()
    };
    let mut served = Served::new(fake).await;
    let answer = served.client.plan_resource_change(plan_request()).await;
    let answer = answer.unwrap().into_inner();
    assert_eq!(told(&answer.diagnostics), "");
    assert_eq!(
        got(answer.planned_state),
        with(thing("b"), "serial", Value::Unknown)
    );
    assert_eq!(answer.requires_replace.len(), 1);
    assert_eq!(answer.planned_private, b"old, planned");
    assert_eq!(got_identity(answer.planned_identity), identity("a"));
}

#[tokio::test]
async fn a_plan_that_core_would_reject_is_told() {
    let fake = Fake {
        plan: Box::new(|request| PlanResponse {
            planned: with(request.proposed, "name", "not as configured"),
            ..Default::default()
        }),
        ..Fake::default()
    };
    let mut served = Served::new(fake).await;
    let answer = served.client.plan_resource_change(plan_request()).await;
    let text = told(&answer.unwrap().into_inner().diagnostics);
    assert!(text.contains("breaks a rule of the protocol"), "{text}");
    assert!(text.contains("name"), "{text}");
}

fn apply_request(prior: &Value) -> wire::apply_resource_change::Request {
    wire::apply_resource_change::Request {
        type_name: "test_thing".to_owned(),
        prior_state: sent(prior),
        planned_state: sent(&with(thing("b"), "serial", Value::Unknown)),
        config: sent(&with(thing("b"), "serial", Value::Null)),
        planned_private: b"planned".to_vec(),
        planned_identity: sent_identity(&identity("a")),
        ..Default::default()
    }
}

async fn apply(
    answer: impl Fn() -> ApplyResponse + Send + Sync + 'static,
) -> wire::apply_resource_change::Response {
    let fake = Fake {
        apply: applying(move |_| answer()),
        ..Fake::default()
    };
    let mut served = Served::new(fake).await;
    let request = apply_request(&thing("a"));
    let answer = served.client.apply_resource_change(request).await;
    answer.unwrap().into_inner()
}

#[tokio::test]
async fn an_apply_answers_what_was_done() {
    let answer = apply(|| ApplyResponse {
        new: thing("b"),
        private: b"applied".to_vec(),
        identity: Some(identity("a")),
        ..Default::default()
    })
    .await;
    assert_eq!(told(&answer.diagnostics), "");
    assert_eq!(got(answer.new_state), thing("b"));
    assert_eq!(answer.private, b"applied");
    assert_eq!(got_identity(answer.new_identity), identity("a"));
}

#[tokio::test]
async fn what_a_failed_apply_leaves_unknown_becomes_null() {
    let answer = apply(|| ApplyResponse {
        new: with(thing("b"), "serial", Value::Unknown),
        private: b"half".to_vec(),
        diagnostics: failure("Quota"),
        ..Default::default()
    })
    .await;
    assert_eq!(
        got(answer.new_state),
        with(thing("b"), "serial", Value::Null)
    );
    assert_eq!(answer.private, b"half");
    assert_eq!(told(&answer.diagnostics), "Quota: It is a test.\n");
}

#[tokio::test]
async fn unknown_after_success_is_told_and_the_rest_is_saved() {
    let answer = apply(|| ApplyResponse {
        new: with(thing("b"), "serial", Value::Unknown),
        ..Default::default()
    })
    .await;
    assert_eq!(
        got(answer.new_state),
        with(thing("b"), "serial", Value::Null)
    );
    assert!(told(&answer.diagnostics).contains("a value in it is unknown"));
}

#[tokio::test]
async fn an_apply_that_does_not_fit_the_schema_is_told_and_keeps_the_prior_state() {
    for wrong in [with(thing("b"), "name", true), Value::Unknown] {
        let answer = apply(move || ApplyResponse {
            new: wrong.clone(),
            private: b"lost".to_vec(),
            ..Default::default()
        })
        .await;
        assert_eq!(got(answer.new_state), thing("a"));
        assert_eq!(answer.private, b"planned");
        assert_eq!(got_identity(answer.new_identity), identity("a"));
        assert!(told(&answer.diagnostics).contains("The provider has a bug"));
    }
}

#[tokio::test]
async fn a_failure_without_an_object_keeps_everything() {
    let answer = apply(|| ApplyResponse {
        diagnostics: failure("Quota"),
        ..Default::default()
    })
    .await;
    assert_eq!(told(&answer.diagnostics), "Quota: It is a test.\n");
    assert_eq!(got(answer.new_state), thing("a"));
    assert_eq!(answer.private, b"planned");
    assert_eq!(got_identity(answer.new_identity), identity("a"));
}

#[tokio::test]
async fn a_failed_apply_may_leave_its_private_data_out() {
    let answer = apply(|| ApplyResponse {
        new: thing("b"),
        diagnostics: failure("Quota"),
        ..Default::default()
    })
    .await;
    assert_eq!(got(answer.new_state), thing("b"));
    assert_eq!(answer.private, b"planned");
}

#[tokio::test]
async fn a_create_that_made_nothing_has_no_identity() {
    let fake = Fake {
        apply: applying(|_| ApplyResponse {
            diagnostics: failure("Quota"),
            ..Default::default()
        }),
        ..Fake::default()
    };
    for fake in [fake, Fake::panicking("apply")] {
        let mut served = Served::new(fake).await;
        let request = apply_request(&Value::Null);
        let answer = served.client.apply_resource_change(request).await;
        let answer = answer.unwrap().into_inner();
        assert_eq!(got(answer.new_state), Value::Null);
        assert!(answer.new_identity.is_none());
    }
}

#[tokio::test]
async fn a_destroyed_resource_is_null() {
    let mut request = apply_request(&thing("a"));
    request.planned_state = sent(&Value::Null);
    request.config = sent(&Value::Null);
    let mut served = Served::new(Fake::default()).await;
    let answer = served.client.apply_resource_change(request).await;
    let answer = answer.unwrap().into_inner();
    assert_eq!(told(&answer.diagnostics), "");
    assert_eq!(got(answer.new_state), Value::Null);
}

#[tokio::test]
async fn a_request_that_cannot_be_read_keeps_what_it_says() {
    let mut served = Served::new(Fake::default()).await;
    let broken = Some(wire::DynamicValue {
        msgpack: vec![0xc1],
        json: Vec::new(),
    });
    let request = wire::read_resource::Request {
        current_state: broken.clone(),
        ..read_request()
    };
    let answer = served.client.read_resource(request).await.unwrap();
    let answer = answer.into_inner();
    assert!(told(&answer.diagnostics).contains("The state cannot be read"));
    assert_eq!(answer.new_state, broken);
    let request = wire::apply_resource_change::Request {
        config: broken,
        ..apply_request(&thing("a"))
    };
    let answer = served.client.apply_resource_change(request).await.unwrap();
    let answer = answer.into_inner();
    assert!(told(&answer.diagnostics).contains("The configuration cannot be read"));
    assert_eq!(got(answer.new_state), thing("a"));
}

#[tokio::test]
async fn a_lost_connection_does_not_cut_an_apply_short() {
    let go_on = Arc::new(Notify::new());
    let (events, mut heard) = mpsc::unbounded_channel();
    let gate = go_on.clone();
    let fake = Fake {
        apply: Box::new(move |_| {
            let (gate, events) = (gate.clone(), events.clone());
            async move {
                events.send("started").unwrap();
                gate.notified().await;
                events.send("ended").unwrap();
                ApplyResponse::default()
            }
            .boxed()
        }),
        ..Fake::default()
    };
    let served = Served::new(fake).await;
    let mut client = served.another_client().await;
    let call = tokio::spawn(async move {
        let _ = client
            .apply_resource_change(apply_request(&thing("a")))
            .await;
    });
    assert_eq!(soon(heard.recv()).await, Some("started"));
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    // The server has heard that the client is gone when it serves the next one.
    let mut client = served.another_client().await;
    client.read_resource(read_request()).await.unwrap();
    go_on.notify_one();
    assert_eq!(soon(heard.recv()).await, Some("ended"));
}

#[tokio::test]
async fn the_end_waits_for_work_whose_connection_is_lost() {
    let go_on = Arc::new(Notify::new());
    let (events, mut heard) = mpsc::unbounded_channel();
    let (gate, says) = (go_on.clone(), events.clone());
    let fake = Fake {
        apply: Box::new(move |_| {
            let (gate, says) = (gate.clone(), says.clone());
            async move {
                says.send("started").unwrap();
                gate.notified().await;
                says.send("ended").unwrap();
                ApplyResponse::default()
            }
            .boxed()
        }),
        ..Fake::default()
    };
    let served = Served::new(fake).await;
    let mut client = served.another_client().await;
    let call = tokio::spawn(async move {
        let _ = client
            .apply_resource_change(apply_request(&thing("a")))
            .await;
    });
    assert_eq!(soon(heard.recv()).await, Some("started"));
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    let serving = served.end().await;
    let served = tokio::spawn(async move {
        serving.await.unwrap();
        events.send("served").unwrap();
    });
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    go_on.notify_one();
    assert_eq!(soon(heard.recv()).await, Some("ended"));
    assert_eq!(soon(heard.recv()).await, Some("served"));
    served.await.unwrap();
}

#[tokio::test]
async fn stop_reaches_what_runs_and_its_answer_still_comes() {
    let (started, mut heard) = mpsc::unbounded_channel();
    let fake = Fake {
        apply: Box::new(move |(call, request)| {
            let started = started.clone();
            async move {
                started.send(()).unwrap();
                call.cancel.cancelled().await;
                ApplyResponse {
                    new: request.prior,
                    diagnostics: failure("Interrupted"),
                    ..Default::default()
                }
            }
            .boxed()
        }),
        ..Fake::default()
    };
    let mut served = Served::new(fake).await;
    let mut client = served.client.clone();
    let call = tokio::spawn(async move {
        let answer = client.apply_resource_change(apply_request(&thing("a")));
        answer.await.unwrap().into_inner()
    });
    soon(heard.recv()).await.unwrap();
    served.client.stop(wire::stop::Request {}).await.unwrap();
    let answer = soon(call).await.unwrap();
    assert_eq!(got(answer.new_state), thing("a"));
    assert!(told(&answer.diagnostics).contains("Interrupted"));
}
