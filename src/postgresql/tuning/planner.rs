//! What the planner believes about the disk and the data.

use super::{Machine, Profile, Rules};

pub fn rules(profile: Profile, machine: &Machine) -> Rules {
    let concurrency = io_concurrency(machine.iops).to_string();
    let mut rules = vec![
        // WS, MS: on a solid-state disk a random read costs little more than a sequential one.
        ("random_page_cost", "1.1".to_owned()),
        ("effective_io_concurrency", concurrency.clone()),
        ("maintenance_io_concurrency", concurrency),
    ];
    if profile == Profile::Mixed {
        // Long queries gain from finer histograms; WS keeps the default of 100.
        rules.push(("default_statistics_target", "200".to_owned()));
    }
    rules
}

/// 64 on a disk of about 3200 IOPS (WS, MS), in proportion to others, from 16 to 256.
fn io_concurrency(iops: Option<u32>) -> u32 {
    iops.map_or(64, |iops| (iops / 50).clamp(16, 256))
}
