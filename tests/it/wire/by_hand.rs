//! A person starts the program.

use std::process::Output;

use super::process::{PROGRAM, bare};

async fn run(arguments: &[&str]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let mut command = bare(PROGRAM, dir.path());
    command.args(arguments).output().await.unwrap()
}

#[tokio::test]
async fn the_program_explains_itself() {
    for arguments in [&[][..], &["--frobnicate"]] {
        let output = run(arguments).await;
        let page = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(page.contains("source = \"pgaks/postgres\""), "{page}");
        assert!(page.contains("--debug"), "{page}");
        assert!(output.stdout.is_empty());
    }
}

#[tokio::test]
async fn help_is_no_failure() {
    assert!(run(&["--help"]).await.status.success());
}

#[tokio::test]
async fn the_version_is_told() {
    let output = run(&["--version"]).await;
    let version = String::from_utf8(output.stdout).unwrap();
    let expected = concat!(
        "terraform-provider-postgres ",
        env!("CARGO_PKG_VERSION"),
        "\n"
    );
    assert_eq!(version, expected);
    assert!(output.status.success() && output.stderr.is_empty());
}
