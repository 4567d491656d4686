//! The same requests to the sandbox and to a real kube-apiserver (`DIFFERENTIAL_KUBECONFIG`), with the same answers.
//! Needs `CRDS_DIR` with the CRD files; the real server gets them installed when it lacks them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking and reports on stdout"
)]

mod core;
mod custom;
mod normal;
mod server;
mod step;

use server::Server;
use step::Step;

/// A story: a name and its requests, run in a namespace of its own.
pub struct Sequence {
    pub name: &'static str,
    pub steps: Vec<Step>,
}

pub fn sequence(name: &'static str, steps: impl IntoIterator<Item = Step>) -> Sequence {
    Sequence {
        name,
        steps: steps.into_iter().collect(),
    }
}

fn not_run(why: &str) {
    // Written past the test harness, which hides the output of tests that pass.
    let line = format!("NOT RUN: kubernetes_differential ({why})\n");
    std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes()).unwrap();
    assert!(
        std::env::var("LAB").as_deref() != Ok("required"),
        "LAB=required, but the differential test cannot run: {why}"
    );
}

#[tokio::test]
async fn the_sandbox_answers_like_a_real_api_server() {
    let Ok(kubeconfig) = std::env::var("DIFFERENTIAL_KUBECONFIG") else {
        return not_run("DIFFERENTIAL_KUBECONFIG unset");
    };
    let Ok(crds) = std::env::var("CRDS_DIR") else {
        return not_run("CRDS_DIR unset");
    };
    let real = Server::real(&kubeconfig, &crds).await;
    let sandbox = Server::sandbox(&crds).await;
    let only = std::env::var("ONLY").unwrap_or_default();
    let mut differences = 0;
    let mut requests = 0;
    let sequences: Vec<Sequence> = core::sequences()
        .into_iter()
        .chain(custom::sequences())
        .collect();
    for sequence in sequences
        .iter()
        .filter(|sequence| sequence.name.contains(&only))
    {
        let namespace = format!("d-{}", uuid::Uuid::new_v4().simple());
        let namespace = &namespace[..14];
        let expected = server::run(&real, namespace, sequence).await;
        let found = server::run(&sandbox, namespace, sequence).await;
        for ((step, expected), found) in sequence.steps.iter().zip(&expected).zip(&found) {
            requests += 1;
            if expected != found {
                differences += 1;
                println!("--- {}: {} {}", sequence.name, step.method, step.path);
                println!("{}", normal::difference(expected, found));
            }
        }
    }
    println!(
        "{} sequences, {requests} requests, {differences} differences",
        sequences.len()
    );
    assert_eq!(
        differences, 0,
        "the sandbox differs from the real API server"
    );
}
