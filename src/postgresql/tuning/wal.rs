//! The write-ahead log: how much of it is kept, and how often a checkpoint ends it.

use super::{MIB, Machine, Profile, Rules, size};

/// Megabytes per second of a Premium SSD v2 disk that nobody paid extra for.
const BASELINE_THROUGHPUT: u64 = 125;
const SEGMENT: u64 = 16 * MIB;

pub fn rules(profile: Profile, machine: &Machine) -> Rules {
    let max = max_wal_size(profile, machine);
    let mut rules = vec![
        ("max_wal_size", size(max)),
        ("min_wal_size", size(min_wal_size(max, segment(machine)))),
        (
            "max_slot_wal_keep_size",
            size(max_slot_wal_keep_size(max, machine)),
        ),
        ("wal_buffers", size(wal_buffers(machine))),
        ("wal_compression", compression(machine.major).to_owned()),
        ("checkpoint_timeout", checkpoint_timeout(profile).to_owned()),
        // WS, MS: spread the writes over the whole interval and never leave more than 2 MB to the kernel.
        ("checkpoint_completion_target", "0.9".to_owned()),
        ("checkpoint_flush_after", "2MB".to_owned()),
    ];
    if profile == Profile::Oltp {
        // WS. Less WAL waits for the writer, so that standbys get it earlier.
        rules.push(("wal_writer_flush_after", "2MB".to_owned()));
        if machine.cpus() >= 2 {
            rules.push(("wal_writer_delay", "10ms".to_owned()));
        }
    }
    rules
}

fn segment(machine: &Machine) -> u64 {
    machine.wal_segment.unwrap_or(SEGMENT)
}

/// What the disk reads in 48 s (Mixed: 96 s), since a crash must replay it: 6 GB at the baseline of 125 MB/s, which
/// is what WS and MS have. Never more than a quarter of the WAL volume, or a tenth of the data volume without one,
/// because slots and a stopped archive keep more of it; at least four segments.
fn max_wal_size(profile: Profile, machine: &Machine) -> u64 {
    let seconds = if profile == Profile::Mixed { 96 } else { 48 };
    let throughput = machine.throughput.map_or(BASELINE_THROUGHPUT, u64::from);
    let room = machine
        .wal_volume
        .map_or(machine.data_volume / 10, |volume| volume / 4);
    let wanted = (throughput * seconds * 1024 / 1000).min(32 * 1024) * MIB;
    let bytes = wanted.min(room).max(4 * segment(machine));
    bytes / SEGMENT * SEGMENT
}

/// A third of `max_wal_size` (MS: 2 of 6 GB), at least two segments, which the server insists on.
fn min_wal_size(max: u64, segment: u64) -> u64 {
    (max / 3 / SEGMENT * SEGMENT).max(2 * segment)
}

/// Half of the WAL volume, or a fifth of the data volume without one (MS: 10 of 32 GB): a standby that is away too
/// long is cloned again, instead of filling the disk of the primary. At least twice `max_wal_size`.
fn max_slot_wal_keep_size(max: u64, machine: &Machine) -> u64 {
    let room = machine
        .wal_volume
        .map_or(machine.data_volume / 5, |volume| volume / 2);
    (room / MIB * MIB).clamp(2 * max, 1024 * 1024 * MIB)
}

/// WS: 64 MB on 40 GiB. The server's own choice, 1/32 of the shared buffers, would end at 16 MB.
fn wal_buffers(machine: &Machine) -> u64 {
    (machine.memory / 128 / MIB * MIB).clamp(MIB, 64 * MIB)
}

/// WS, MS: lz4. PostgreSQL 14 knows only its own method.
fn compression(major: u32) -> &'static str {
    if major >= 15 { "lz4" } else { "on" }
}

/// MS has 15 min, WS ended at 1 min, for a shorter recovery at the price of more full pages in the WAL. OLTP takes the
/// server's 5 min, between them; Mixed 15 min.
fn checkpoint_timeout(profile: Profile) -> &'static str {
    if profile == Profile::Mixed {
        "15min"
    } else {
        "5min"
    }
}
