//! Runs the stories: those of the sandbox side by side, those of the lab one after the other. What cannot run is
//! shown as ignored and listed by name at the end.

use std::process::ExitCode;

use lab::Lab;
use libtest_mimic::{Arguments, Conclusion, Failed, Trial};

use super::cli::{self, Cli};

type Run<T> = Box<dyn Fn(&Cli, &T) -> anyhow::Result<()> + Send + Sync>;

/// A story, told with each of its CLIs.
pub struct Story<T> {
    name: &'static str,
    clis: &'static [&'static str],
    run: Run<T>,
}

impl<T> Story<T> {
    pub fn new(
        name: &'static str,
        run: impl Fn(&Cli, &T) -> anyhow::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            clis: &cli::NAMES,
            run: Box::new(run),
        }
    }

    /// Leaves only these CLIs, where the others lack the feature or would only cost time.
    pub fn with(mut self, clis: &'static [&'static str]) -> Self {
        self.clis = clis;
        self
    }
}

/// A story that did not run, and why.
struct NotRun(String, String);

/// Turns stories into trials; those that lack something become ignored ones.
fn trials<T: Clone + Send + Sync + 'static>(
    kind: &str,
    stories: Vec<Story<T>>,
    world: &Result<T, String>,
    not_run: &mut Vec<NotRun>,
) -> Vec<Trial> {
    let clis = cli::all();
    let mut trials = Vec::new();
    for story in stories {
        let run = std::sync::Arc::new(story.run);
        for found in &clis {
            let (Ok(Cli { name, .. }) | Err((name, _))) = found;
            if !story.clis.contains(name) {
                continue;
            }
            let full = format!("{kind}::{}::{name}", story.name);
            let ready = found
                .clone()
                .map_err(|(_, reason)| reason)
                .and_then(|cli| Ok((cli, world.clone()?)));
            trials.push(match ready {
                Ok((cli, world)) => {
                    let run = run.clone();
                    Trial::test(full, move || {
                        run(&cli, &world).map_err(|error| Failed::from(format!("{error:#}")))
                    })
                }
                Err(reason) => {
                    not_run.push(NotRun(full.clone(), reason));
                    Trial::test(full, || Ok(())).with_ignored_flag(true)
                }
            });
        }
    }
    trials
}

fn lab() -> Result<Lab, String> {
    let lab = Lab::attach().ok_or("no lab runs: `cargo run -p lab -- up --operator`")?;
    if !lab.is_up() {
        return Err("the lab is not healthy: `cargo run -p lab -- status`".into());
    }
    if !lab.has_operator() {
        return Err("the lab has no operator: `cargo run -p lab -- up --operator`".into());
    }
    Ok(lab)
}

pub fn main(azure: Vec<Story<()>>, on_lab: Vec<Story<Lab>>) -> ExitCode {
    let mut arguments = Arguments::from_args();
    let mut not_run = Vec::new();
    let azure = trials("azure", azure, &Ok(()), &mut not_run);
    let on_lab = trials("lab", on_lab, &lab(), &mut not_run);
    if arguments.list {
        libtest_mimic::run(&arguments, azure.into_iter().chain(on_lab).collect()).exit();
    }
    // An ignored story cannot run: it must not be asked for as if it could.
    arguments.ignored = false;
    arguments.include_ignored = false;
    let first = libtest_mimic::run(&arguments, azure);
    arguments.test_threads = Some(1);
    let second = libtest_mimic::run(&arguments, on_lab);
    let missing = tell(&arguments, &not_run);
    let required = std::env::var("LAB").is_ok_and(|value| value == "required");
    let failed = |conclusion: &Conclusion| conclusion.has_failed();
    match failed(&first) || failed(&second) || (required && missing) {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}

/// Lists what was asked for and did not run.
fn tell(arguments: &Arguments, not_run: &[NotRun]) -> bool {
    let asked = |name: &str| match &arguments.filter {
        Some(filter) if arguments.exact => name == filter,
        Some(filter) => name.contains(filter.as_str()),
        None => true,
    };
    let mut any = false;
    for NotRun(name, reason) in not_run.iter().filter(|NotRun(name, _)| asked(name)) {
        eprintln!("NOT RUN: {name} ({reason})");
        any = true;
    }
    any
}
