use super::*;
use crate::postgresql::catalogue::{self, Settings, Value, fixed, quantity, review};
use proptest::prelude::*;

fn machine(cpu: u32, memory: u64) -> Machine {
    Machine {
        major: 17,
        cpu,
        memory,
        iops: None,
        throughput: None,
        data_volume: 64 * GIB,
        wal_volume: Some(32 * GIB),
        wal_segment: None,
    }
}

fn number(name: &str, text: &str) -> i64 {
    match catalogue::parse(17, name, text) {
        Some(Value::Integer(number)) => number,
        other => panic!("{name} = {text}: {other:?}"),
    }
}

#[test]
fn the_workshops_machine_gets_the_workshops_values() {
    let workshop = Machine {
        iops: Some(3200),
        ..machine(8000, 40 * GIB)
    };
    let tuned = parameters(Profile::Oltp, &workshop);
    for (name, value) in [
        ("max_connections", "500"),
        ("shared_buffers", "10GB"),
        ("effective_cache_size", "30GB"),
        ("work_mem", "13952kB"),
        ("maintenance_work_mem", "1280MB"),
        ("wal_buffers", "64MB"),
        ("max_wal_size", "6GB"),
        ("min_wal_size", "2GB"),
        ("wal_compression", "lz4"),
        ("max_parallel_workers", "8"),
        ("max_parallel_workers_per_gather", "4"),
        ("max_parallel_maintenance_workers", "4"),
        ("autovacuum_max_workers", "6"),
        ("autovacuum_vacuum_cost_limit", "2560"),
        ("effective_io_concurrency", "64"),
        ("random_page_cost", "1.1"),
    ] {
        assert_eq!(tuned[name], value, "{name}");
    }
}

#[test]
fn a_small_machine_stays_small() {
    let small = Machine {
        data_volume: GIB,
        wal_volume: None,
        ..machine(250, 512 * MIB)
    };
    let tuned = parameters(Profile::Oltp, &small);
    for (name, value) in [
        ("max_connections", "25"),
        ("shared_buffers", "128MB"),
        ("effective_cache_size", "384MB"),
        ("work_mem", "3456kB"),
        ("maintenance_work_mem", "16MB"),
        ("autovacuum_work_mem", "4MB"),
        ("max_wal_size", "96MB"),
        ("min_wal_size", "32MB"),
        ("max_parallel_workers_per_gather", "0"),
        ("autovacuum_max_workers", "3"),
    ] {
        assert_eq!(tuned[name], value, "{name}");
    }
    assert!(!tuned.contains_key("wal_writer_delay"));
}

#[test]
fn the_smallest_machine_has_memory_for_its_connections() {
    assert_eq!(max_connections(Profile::Mixed, 256 * MIB), 25);
}

#[test]
fn mixed_gives_fewer_connections_more() {
    let (oltp, mixed) = (
        parameters(Profile::Oltp, &machine(4000, 16 * GIB)),
        parameters(Profile::Mixed, &machine(4000, 16 * GIB)),
    );
    assert!(
        number("max_connections", &mixed["max_connections"])
            < number("max_connections", &oltp["max_connections"])
    );
    assert!(number("work_mem", &mixed["work_mem"]) > number("work_mem", &oltp["work_mem"]));
    assert_eq!(mixed["default_statistics_target"], "200");
}

#[test]
fn none_computes_nothing() {
    assert!(parameters(Profile::None, &machine(4000, 16 * GIB)).is_empty());
    assert_eq!("none".parse(), Ok(Profile::None));
    assert!(
        "turbo"
            .parse::<Profile>()
            .unwrap_err()
            .contains("`oltp`, `mixed`, `none`")
    );
}

#[test]
fn each_major_gets_only_what_it_knows() {
    let major = |major| {
        parameters(
            Profile::Oltp,
            &Machine {
                major,
                ..machine(4000, 16 * GIB)
            },
        )
    };
    assert_eq!(major(14)["wal_compression"], "on");
    assert!(!major(17).contains_key("io_workers"));
    assert_eq!(major(18)["io_workers"], "3");
}

#[test]
fn a_faster_disk_allows_more_wal_and_more_vacuum() {
    let slow = parameters(Profile::Oltp, &machine(8000, 64 * GIB));
    let fast = Machine {
        iops: Some(20_000),
        throughput: Some(500),
        wal_volume: Some(200 * GIB),
        ..machine(8000, 64 * GIB)
    };
    let fast = parameters(Profile::Oltp, &fast);
    for name in [
        "max_wal_size",
        "autovacuum_vacuum_cost_limit",
        "effective_io_concurrency",
    ] {
        assert!(
            number(name, &fast[name]) > number(name, &slow[name]),
            "{name}"
        );
    }
}

#[test]
fn large_segments_raise_the_least_amount_of_wal() {
    let tuned = parameters(
        Profile::Oltp,
        &Machine {
            wal_segment: Some(GIB),
            ..machine(4000, 16 * GIB)
        },
    );
    assert_eq!(tuned["min_wal_size"], "2GB");
    assert!(number("max_wal_size", &tuned["max_wal_size"]) > 2048);
}

prop_compose! {
    fn machines()(
        major in 14_u32..=18,
        cpu in 100_u32..=128_000,
        memory in prop_oneof![256 * MIB..=8 * GIB, 8 * GIB..=2048 * GIB],
        iops in proptest::option::of(100_u32..=80_000),
        throughput in proptest::option::of(25_u32..=2000),
        data_volume in GIB..=65_536 * GIB,
        wal_volume in proptest::option::of(GIB..=4096 * GIB),
    ) -> Machine {
        Machine { major, cpu, memory, iops, throughput, data_volume, wal_volume, wal_segment: None }
    }
}

proptest! {
    #[test]
    fn every_value_is_legal_and_safe(machine in machines(), oltp in any::<bool>()) {
        let profile = if oltp { Profile::Oltp } else { Profile::Mixed };
        let tuned = parameters(profile, &machine);
        prop_assert_eq!(&tuned, &parameters(profile, &machine));
        let settings = Settings {
            major: machine.major,
            instances: 3,
            synchronous_replicas: 1,
            memory: Some(machine.memory),
            wal_volume: machine.wal_volume,
            ..Settings::default()
        };
        let findings = review(&tuned, &settings);
        // PostgreSQL 14 has no catalogue of its own; what is doubtful about it has a test of its own.
        prop_assert!(findings.is_empty(), "{findings:?}");
        for name in tuned.keys() {
            prop_assert!(fixed(name).is_none(), "{name}");
        }
        for name in ["shared_buffers", "min_wal_size", "max_wal_size"] {
            prop_assert!(quantity(&tuned[name]).is_ok(), "{name}");
        }
    }

    #[test]
    fn all_memory_together_fits(machine in machines(), oltp in any::<bool>()) {
        let profile = if oltp { Profile::Oltp } else { Profile::Mixed };
        let tuned = parameters(profile, &machine);
        let bytes = |name: &str| quantity(&tuned[name]).map(|size| size.bytes()).unwrap_or(u64::MAX);
        let count = |name: &str| tuned[name].parse::<u64>().unwrap();
        let total = bytes("shared_buffers")
            + bytes("work_mem") * count("max_connections")
            + bytes("maintenance_work_mem")
            + bytes("autovacuum_work_mem") * count("autovacuum_max_workers");
        prop_assert!(total < machine.memory / 10 * 8, "{total} of {}", machine.memory);
    }

    #[test]
    fn the_wal_leaves_room_on_its_volume(machine in machines()) {
        let tuned = parameters(Profile::Mixed, &machine);
        let room = machine.wal_volume.unwrap_or(machine.data_volume);
        let bytes = |name: &str| quantity(&tuned[name]).map(|size| size.bytes()).unwrap_or(u64::MAX);
        prop_assert!(bytes("min_wal_size") < bytes("max_wal_size"));
        prop_assert!(bytes("max_wal_size") <= room / 4);
        prop_assert!(bytes("max_slot_wal_keep_size") <= room / 2);
    }
}
