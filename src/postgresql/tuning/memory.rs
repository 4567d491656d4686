//! Memory: what the server shares, and what each session and each maintenance job may take.

use super::{GIB, KIB, MIB, Machine, Profile, Rules, megabytes, size};

/// Without huge pages every session maps the shared buffers page by page: 64 GB of them cost 128 MB of page
/// tables per busy session, so more of them stop paying.
const MAX_SHARED_BUFFERS: u64 = 64 * GIB;
/// The most that `maintenance_work_mem` is worth (WS: at most 2 GB).
const MAX_MAINTENANCE: u64 = 2 * GIB;

pub fn rules(profile: Profile, machine: &Machine) -> Rules {
    vec![
        (
            "max_connections",
            max_connections(profile, machine.memory).to_string(),
        ),
        ("shared_buffers", size(shared_buffers(machine.memory))),
        (
            "effective_cache_size",
            size(effective_cache_size(machine.memory)),
        ),
        ("work_mem", size(work_mem(profile, machine.memory))),
        (
            "maintenance_work_mem",
            size(maintenance_work_mem(profile, machine.memory)),
        ),
        (
            "autovacuum_work_mem",
            size(autovacuum_work_mem(profile, machine.memory)),
        ),
        // WS. A pod without huge pages among its resources is killed when it touches one of the node's.
        ("huge_pages", "off".to_owned()),
    ]
}

/// One connection for each 32 MiB (Mixed: 64 MiB), from 25 to 500 (Mixed: 300).
///
/// WS has 500 on 40 GiB. A session takes 5 to 10 MiB before it sorts anything, so a small machine must have
/// fewer; more than 500 are better served by the pooler.
pub fn max_connections(profile: Profile, memory: u64) -> u64 {
    match profile {
        Profile::Mixed => (memory / (64 * MIB)).clamp(25, 300),
        Profile::Oltp | Profile::None => (memory / (32 * MIB)).clamp(25, 500),
    }
}

/// 25 % of the memory (WS, MS), at most 64 GB.
fn shared_buffers(memory: u64) -> u64 {
    megabytes((memory / 4).min(MAX_SHARED_BUFFERS))
}

/// 75 % of the memory (WS, MS): what the planner may expect to find in the caches.
fn effective_cache_size(memory: u64) -> u64 {
    megabytes(memory / 4 * 3)
}

/// OLTP: a sixth of the memory shared among the connections, as WS (two thirds of the shared
/// buffers among 500). Mixed: 1/256 of the memory (MS), as long as all connections together stay below a third.
/// From 1 MB to 1 GB.
fn work_mem(profile: Profile, memory: u64) -> u64 {
    let connections = max_connections(profile, memory);
    let share = match profile {
        Profile::Mixed => (memory / 256).min(memory / 3 / connections),
        Profile::Oltp | Profile::None => memory / 4 * 2 / 3 / connections,
    };
    share.clamp(MIB, GIB) / (64 * KIB) * (64 * KIB)
}

/// OLTP: 1/32 of the memory (WS: 3 %). Mixed: 1/16 (MS: 6.25 %). At most 2 GB.
fn maintenance_work_mem(profile: Profile, memory: u64) -> u64 {
    let share = match profile {
        Profile::Mixed => memory / 16,
        Profile::Oltp | Profile::None => memory / 32,
    };
    megabytes(share.min(MAX_MAINTENANCE))
}

/// A quarter of `maintenance_work_mem`, at most 512 MB: up to eight workers take it at the same time.
fn autovacuum_work_mem(profile: Profile, memory: u64) -> u64 {
    megabytes((maintenance_work_mem(profile, memory) / 4).min(512 * MIB))
}
