//! Running other programs: output is captured, and a failure tells what was run and what it said.

use std::ffi::OsStr;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How much of a failed program's output an error repeats.
const TAIL_LINES: usize = 20;

/// A command with arguments.
pub fn command<S: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    args: impl IntoIterator<Item = S>,
) -> Command {
    let mut command = Command::new(program);
    command.args(args);
    command
}

/// Runs to the end and returns what went to stdout; a status other than 0 is an error.
pub fn run(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `{}`", describe(command)))?;
    finish(command, output)
}

/// Like [`run`], with `input` on stdin.
pub fn run_with_input(command: &mut Command, input: &str) -> Result<String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{}`", describe(command)))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ends early closes its stdin; its status tells more than the broken pipe.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output()?;
    finish(command, output)
}

fn finish(command: &Command, output: Output) -> Result<String> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let mut said = String::from_utf8_lossy(&output.stderr).into_owned();
    if said.trim().is_empty() {
        said = String::from_utf8_lossy(&output.stdout).into_owned();
    }
    bail!(
        "`{}` failed ({}):\n{}",
        describe(command),
        output.status,
        tail(&said)
    )
}

/// The command as a person would type it, cut where it gets long.
pub fn describe(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(
        command
            .get_args()
            .map(|arg| arg.to_string_lossy().into_owned()),
    );
    let line = words.join(" ");
    match line.char_indices().nth(200) {
        Some((cut, _)) => format!("{}...", &line[..cut]),
        None => line,
    }
}

/// The last lines of a text.
pub fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

/// Asks `done` until it says yes; `Ok(Some(reason))` means not yet and why.
pub fn wait_until(
    what: &str,
    limit: Duration,
    mut done: impl FnMut() -> Result<Option<String>>,
) -> Result<()> {
    let began = Instant::now();
    loop {
        let Some(reason) = done()? else { return Ok(()) };
        if began.elapsed() > limit {
            bail!(
                "{what}: still not so after {} seconds; last seen: {reason}",
                limit.as_secs()
            );
        }
        std::thread::sleep(Duration::from_millis(250));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_tells_the_command_and_what_it_said() {
        let error = run(&mut command("sh", ["-c", "echo no room left >&2; exit 3"]))
            .unwrap_err()
            .to_string();
        assert!(error.contains("sh -c echo no room left"), "{error}");
        assert!(error.contains("exit status: 3"), "{error}");
        assert!(error.ends_with("no room left"), "{error}");
    }

    #[test]
    fn input_reaches_the_program() {
        assert_eq!(
            run_with_input(&mut command("cat", [""; 0]), "text").unwrap(),
            "text"
        );
    }

    #[test]
    fn only_the_end_of_long_output_is_repeated() {
        let text: String = (0..100).map(|n| format!("line {n}\n")).collect();
        let tail = tail(&text);
        assert!(
            tail.starts_with("line 80") && tail.ends_with("line 99"),
            "{tail}"
        );
    }

    #[test]
    fn waiting_gives_up_with_the_last_reason() {
        let error = wait_until("node ready", Duration::ZERO, || {
            Ok(Some("kubelet is starting".into()))
        })
        .unwrap_err();
        assert!(error.to_string().contains("kubelet is starting"), "{error}");
    }
}
