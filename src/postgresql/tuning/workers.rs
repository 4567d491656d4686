//! Background processes: parallel query, autovacuum and asynchronous reads.

use super::{Machine, Profile, Rules};

/// Writes per second that the baseline of a Premium SSD v2 disk allows.
const BASELINE_IOPS: u32 = 3000;

pub fn rules(profile: Profile, machine: &Machine) -> Rules {
    let cpus = machine.cpus();
    let mut rules = vec![
        (
            "max_worker_processes",
            max_worker_processes(cpus).to_string(),
        ),
        (
            "max_parallel_workers",
            max_parallel_workers(cpus).to_string(),
        ),
        (
            "max_parallel_workers_per_gather",
            per_gather(profile, cpus).to_string(),
        ),
        (
            "max_parallel_maintenance_workers",
            (cpus / 2).clamp(1, 4).to_string(),
        ),
        (
            "autovacuum_max_workers",
            autovacuum_workers(cpus).to_string(),
        ),
        (
            "autovacuum_vacuum_cost_limit",
            cost_limit(machine.iops).to_string(),
        ),
        (
            "autovacuum_vacuum_scale_factor",
            scale_factor(profile).to_owned(),
        ),
        ("autovacuum_analyze_scale_factor", "0.05".to_owned()),
        ("autovacuum_naptime", naptime(cpus).to_owned()),
    ];
    if machine.major >= 18 {
        rules.push(("io_workers", (cpus / 4).clamp(3, 32).to_string()));
    }
    rules
}

/// One per CPU for parallel query and eight for everything else (replication, extensions), where WS has 12 with 8.
fn max_worker_processes(cpus: u32) -> u32 {
    (cpus + 8).min(256)
}

/// As many as there are CPUs (WS: 8 on a node of 8).
fn max_parallel_workers(cpus: u32) -> u32 {
    cpus.min(128)
}

/// Half of the CPUs. OLTP at most 4 (WS), so that one report does not take all; Mixed at most 8.
fn per_gather(profile: Profile, cpus: u32) -> u32 {
    (cpus / 2).min(if profile == Profile::Mixed { 8 } else { 4 })
}

/// Three for every four CPUs (WS: 6 of 8), from 3, the server's default, to 8.
fn autovacuum_workers(cpus: u32) -> u32 {
    (cpus * 3 / 4).clamp(3, 8)
}

/// 2400 at the baseline of 3000 IOPS (WS, MS), in proportion to the disk, from the server's 200 to its limit.
fn cost_limit(iops: Option<u32>) -> u32 {
    (iops.unwrap_or(BASELINE_IOPS) / 10 * 8).clamp(200, 10_000)
}

/// WS: 5 % of a table; Mixed 10 %, since its large tables change less.
fn scale_factor(profile: Profile) -> &'static str {
    if profile == Profile::Mixed {
        "0.1"
    } else {
        "0.05"
    }
}

/// WS: 10 s, but 30 s where a single CPU would notice the launcher.
fn naptime(cpus: u32) -> &'static str {
    if cpus >= 2 { "10s" } else { "30s" }
}
