//! Values for the parameters that depend on the machine.
//!
//! The rules start from two published sets for PostgreSQL on Azure Kubernetes Service: *WS*, the parameters of
//! the Azure PostgreSQL high availability workshop (4 CPUs and 40 GiB per instance), and *MS*, Microsoft's guide
//! "Deploy a highly available PostgreSQL database on AKS" (2 CPUs and 8 GiB). Where they differ or do not scale,
//! the rule here and its reason stand in the documentation of the function. Nothing here touches durability,
//! failover or what the operator keeps for itself.

mod memory;
mod planner;
mod wal;
mod workers;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::str::FromStr;

pub use memory::max_connections;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// What the database mostly does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Many short transactions.
    Oltp,
    /// Short transactions beside long queries: fewer connections with more memory and workers each.
    Mixed,
    /// Nothing is computed.
    None,
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "oltp" => Ok(Self::Oltp),
            "mixed" => Ok(Self::Mixed),
            "none" => Ok(Self::None),
            _ => Err(format!(
                "`{text}` is not a tuning profile: one of `oltp`, `mixed`, `none` is expected"
            )),
        }
    }
}

/// One instance of the database.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    pub major: u32,
    /// Thousandths of a CPU.
    pub cpu: u32,
    /// Bytes.
    pub memory: u64,
    /// Input and output operations per second of the data volume.
    pub iops: Option<u32>,
    /// Megabytes per second of the volume that holds the WAL.
    pub throughput: Option<u32>,
    /// Bytes of the data volume.
    pub data_volume: u64,
    /// Bytes of the volume of the WAL, when it has one of its own.
    pub wal_volume: Option<u64>,
    /// Bytes of a WAL segment, when it is not 16 MB.
    pub wal_segment: Option<u64>,
}

impl Machine {
    /// Whole CPUs, at least one.
    fn cpus(&self) -> u32 {
        self.cpu.div_ceil(1000).max(1)
    }
}

/// The parameters for a machine, complete and in a stable order. Some need a restart when they change.
pub fn parameters(profile: Profile, machine: &Machine) -> BTreeMap<String, String> {
    if profile == Profile::None {
        return BTreeMap::new();
    }
    let rules = [
        memory::rules(profile, machine),
        wal::rules(profile, machine),
        workers::rules(profile, machine),
        planner::rules(profile, machine),
    ];
    rules
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

type Rules = Vec<(&'static str, String)>;

/// A size in the largest unit that divides it, down to kB, so that nothing is written with a fraction.
fn size(bytes: u64) -> String {
    match bytes {
        _ if bytes >= GIB && bytes.is_multiple_of(GIB) => format!("{}GB", bytes / GIB),
        _ if bytes >= MIB && bytes.is_multiple_of(MIB) => format!("{}MB", bytes / MIB),
        _ => format!("{}kB", bytes / KIB),
    }
}

/// Rounded down to whole megabytes, at least one.
fn megabytes(bytes: u64) -> u64 {
    (bytes / MIB).max(1) * MIB
}
