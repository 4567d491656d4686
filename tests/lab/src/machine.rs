//! What the machine must have before anything is built or started.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::progress::say;
use crate::shell::{command, run};

/// A program that the lab calls, with the Debian packages that bring it.
struct Tool {
    name: &'static str,
    packages: &'static [&'static str],
}

const TOOLS: &[Tool] = &[
    Tool {
        name: "containerd",
        packages: &["containerd"],
    },
    Tool {
        name: "ctr",
        packages: &["containerd"],
    },
    Tool {
        name: "debootstrap",
        packages: &["debootstrap", "debian-archive-keyring"],
    },
    Tool {
        name: "ip",
        packages: &["iproute2"],
    },
    Tool {
        name: "nft",
        packages: &["nftables"],
    },
    Tool {
        name: "node",
        packages: &["nodejs"],
    },
    Tool {
        name: "npm",
        packages: &["npm"],
    },
    Tool {
        name: "nsenter",
        packages: &["util-linux"],
    },
    Tool {
        name: "runc",
        packages: &["runc"],
    },
    Tool {
        name: "unshare",
        packages: &["util-linux"],
    },
];

/// Where Debian's containernetworking-plugins puts them.
pub const CNI_DIRECTORY: &str = "/usr/lib/cni";
const CNI_PLUGINS: &[&str] = &["bridge", "host-local", "loopback", "portmap"];

/// Everything that is missing: sentences for a person, packages for apt.
#[derive(Debug, Default, PartialEq)]
pub struct Missing {
    pub what: Vec<String>,
    pub packages: Vec<&'static str>,
}

/// Looks at the machine; installs what is missing when asked to; otherwise one error lists all of it.
pub fn require(install: bool) -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        bail!("the lab needs root: it makes network namespaces, mounts and containers");
    }
    let mut missing = missing(&in_path, &|path| path.exists(), go_release());
    if install && !missing.packages.is_empty() {
        say(format!("installing {}", missing.packages.join(" ")));
        apt(&missing.packages)?;
        missing = self::missing(&in_path, &|path| path.exists(), go_release());
    }
    if missing.what.is_empty() {
        return Ok(());
    }
    let mut message = format!(
        "this machine lacks what the lab needs: {}",
        missing.what.join("; ")
    );
    if !missing.packages.is_empty() {
        message += &format!(
            "\nrun `apt-get install --no-install-recommends {}`, or let the lab do it with `--install` (or `LAB_INSTALL=1`)",
            missing.packages.join(" ")
        );
    }
    bail!(message)
}

fn missing(
    has: &dyn Fn(&str) -> bool,
    exists: &dyn Fn(&Path) -> bool,
    go: Option<(u32, u32)>,
) -> Missing {
    let mut missing = Missing::default();
    for tool in TOOLS.iter().filter(|tool| !has(tool.name)) {
        missing.what.push(format!("`{}`", tool.name));
        missing.packages.extend(tool.packages);
    }
    for plugin in CNI_PLUGINS
        .iter()
        .filter(|plugin| !exists(&Path::new(CNI_DIRECTORY).join(plugin)))
    {
        missing
            .what
            .push(format!("the CNI plugin `{CNI_DIRECTORY}/{plugin}`"));
        missing.packages.push("containernetworking-plugins");
    }
    // Older releases cannot fetch the toolchain that the modules ask for.
    if go.is_none_or(|release| release < (1, 21)) {
        missing.what.push(
            "Go 1.21 or newer (https://go.dev/dl/; many distributions have an older one)".into(),
        );
    }
    missing.packages.sort_unstable();
    missing.packages.dedup();
    missing
}

fn in_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
    })
}

fn go_release() -> Option<(u32, u32)> {
    parse_go(&run(&mut command("go", ["env", "GOVERSION"])).ok()?)
}

fn parse_go(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix("go")?.split(['.', '-', 'r', 'b']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn apt(packages: &[&str]) -> Result<()> {
    let mut update = command("apt-get", ["update", "-qq"]);
    run(&mut update).context("cannot refresh the package lists")?;
    let mut install = command(
        "apt-get",
        ["install", "-y", "-qq", "--no-install-recommends"],
    );
    install
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive");
    run(&mut install).context("cannot install what the lab needs")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_missing_is_listed_at_once_with_its_packages() {
        let has = |name: &str| !matches!(name, "nft" | "containerd" | "ctr");
        let missing = missing(&has, &|path| !path.ends_with("bridge"), Some((1, 19)));
        assert_eq!(missing.what.len(), 5, "{missing:?}");
        assert!(
            missing
                .what
                .contains(&"the CNI plugin `/usr/lib/cni/bridge`".to_string())
        );
        assert!(missing.what.iter().any(|what| what.starts_with("Go 1.21")));
        assert_eq!(
            missing.packages,
            ["containerd", "containernetworking-plugins", "nftables"]
        );
    }

    #[test]
    fn a_complete_machine_lacks_nothing() {
        assert_eq!(
            missing(&|_| true, &|_| true, Some((1, 26))),
            Missing::default()
        );
    }

    #[test]
    fn go_releases_are_read() {
        assert_eq!(parse_go("go1.26.8\n"), Some((1, 26)));
        assert_eq!(parse_go("go1.27rc1"), Some((1, 27)));
        assert_eq!(parse_go("devel"), None);
    }
}
