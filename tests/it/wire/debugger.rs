//! A provider that runs already, for a debugger.

use std::path::PathBuf;

use rustix::process::Signal;
use serde_json::Value as Json;
use terraform_provider_postgres::plugin::proto::tfplugin5 as wire;

use super::dial::Place;
use super::process::{PROGRAM, Plugin, bare};

const CONFIGURATION: &str = r#"
terraform {
  required_providers {
    postgres = { source = "pgaks/postgres" }
  }
}

provider "postgres" {
  preflight = "off"
}

resource "postgres_ha_cluster" "main" {
  name = "Not A Name"
  storage {
    size = "64Gi"
  }
}
"#;

async fn start() -> Plugin {
    Plugin::start_program(PROGRAM, |command, _| {
        command.arg("--debug");
    })
    .await
}

/// The value of the variable in the line.
fn providers(plugin: &Plugin) -> String {
    let value = plugin.line.strip_prefix("TF_REATTACH_PROVIDERS='");
    let value = value.and_then(|value| value.strip_suffix('\''));
    value.expect(&plugin.line).to_owned()
}

#[tokio::test]
async fn the_line_says_where_to_connect() {
    let mut plugin = start().await;
    let providers: Json = serde_json::from_str(&providers(&plugin)).unwrap();
    let entry = &providers["registry.terraform.io/pgaks/postgres"];
    assert_eq!(entry, &providers["registry.opentofu.org/pgaks/postgres"]);
    assert_eq!(
        (
            &entry["Protocol"],
            &entry["ProtocolVersion"],
            &entry["Test"]
        ),
        (&"grpc".into(), &5.into(), &true.into())
    );
    let text = |field: &str| entry["Addr"][field].as_str().unwrap().to_owned();
    let place = Place::new(&text("Network"), &text("String"));
    let channel = place.channel(None).await.unwrap();
    let mut client = wire::provider_client::ProviderClient::new(channel);
    client
        .get_schema(wire::get_provider_schema::Request {})
        .await
        .unwrap();
    plugin.signal(Signal::INT);
    assert_eq!(plugin.ended().await.code(), Some(0));
    assert_eq!(plugin.sockets(), 0);
}

/// The program of this name, where a lab or the machine has it.
fn cli(name: &str) -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let lab = home.map(|home| home.join(".cache/terraform-provider-postgres/lab/bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(lab)
        .map(|dir| dir.join(name))
        .find(|program| program.is_file())
}

/// Plans with a running provider, twice: the provider outlives the command.
async fn planned_with(name: &str) {
    let Some(program) = cli(name) else {
        assert_ne!(std::env::var("LAB").as_deref(), Ok("required"), "no {name}");
        eprintln!("not run: there is no `{name}` on this machine");
        return;
    };
    let (plugin, dir) = (start().await, tempfile::tempdir().unwrap());
    std::fs::write(dir.path().join("main.tf"), CONFIGURATION).unwrap();
    for _ in 0..2 {
        let output = bare(program.to_str().unwrap(), dir.path())
            .args(["plan", "-input=false", "-no-color"])
            .current_dir(dir.path())
            .env("TF_REATTACH_PROVIDERS", providers(&plugin))
            .env("CHECKPOINT_DISABLE", "1")
            .output()
            .await
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        // The refusal comes from this provider, and points at the line.
        assert!(text.contains("on main.tf line 13"), "{text}");
        assert!(text.contains("`name`"), "{text}");
    }
}

#[tokio::test]
async fn terraform_plans_with_a_running_provider() {
    planned_with("terraform").await;
}

#[tokio::test]
async fn opentofu_plans_with_a_running_provider() {
    planned_with("tofu").await;
}
