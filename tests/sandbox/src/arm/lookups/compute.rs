//! VM sizes: zones, cores and disk limits.

use serde_json::{Value, json};

use super::{Found, Lookup};
use crate::arm::errors::ArmError;
use crate::arm::kind::Answer;

const VERSIONS: [&str; 2] = ["2021-07-01", "2019-04-01"];

/// A VM size of the table.
pub struct Size {
    pub name: &'static str,
    pub family: &'static str,
    pub cores: u64,
    pub memory_gib: u64,
    pub iops: u64,
    pub megabytes: u64,
    pub zones: &'static [&'static str],
    pub premium: bool,
}

const ALL: &[&str] = &["1", "2", "3"];

const fn size(
    name: &'static str,
    family: &'static str,
    cores: u64,
    memory_gib: u64,
    (iops, megabytes): (u64, u64),
    zones: &'static [&'static str],
) -> Size {
    Size {
        name,
        family,
        cores,
        memory_gib,
        iops,
        megabytes,
        zones,
        premium: true,
    }
}

const SIZES: [Size; 9] = [
    size(
        "Standard_D2s_v5",
        "standardDSv5Family",
        2,
        8,
        (3750, 85),
        ALL,
    ),
    size(
        "Standard_D4s_v5",
        "standardDSv5Family",
        4,
        16,
        (6400, 145),
        ALL,
    ),
    size(
        "Standard_D8s_v5",
        "standardDSv5Family",
        8,
        32,
        (12800, 290),
        ALL,
    ),
    size(
        "Standard_E2as_v6",
        "standardEasv6Family",
        2,
        16,
        (4000, 90),
        ALL,
    ),
    size(
        "Standard_E4as_v6",
        "standardEasv6Family",
        4,
        32,
        (7600, 180),
        ALL,
    ),
    size(
        "Standard_E8as_v6",
        "standardEasv6Family",
        8,
        64,
        (15200, 360),
        ALL,
    ),
    size(
        "Standard_E16as_v6",
        "standardEasv6Family",
        16,
        128,
        (30400, 720),
        ALL,
    ),
    size(
        "Standard_E8s_v5",
        "standardESv5Family",
        8,
        64,
        (12800, 290),
        &["1", "2"],
    ),
    Size {
        premium: false,
        ..size("Standard_D2_v5", "standardDv5Family", 2, 8, (3750, 85), ALL)
    },
];

pub fn by_name(name: &str) -> Option<&'static Size> {
    SIZES.iter().find(|s| s.name.eq_ignore_ascii_case(name))
}

pub(super) fn find(lookup: &mut Lookup<'_>) -> Found {
    let rest = lookup.in_subscription()?;
    if rest.as_slice() != ["providers", "microsoft.compute", "skus"] {
        return None;
    }
    if !lookup.is("GET") {
        return Some(Err(ArmError::method(&lookup.call.method)));
    }
    if let Err(error) = lookup.version("Microsoft.Compute/skus", &VERSIONS) {
        return Some(Err(error));
    }
    let location = &lookup.world.options.location;
    let wanted = lookup
        .call
        .query
        .get("$filter")
        .and_then(|f| f.split('\'').nth(1));
    let here = wanted.is_none_or(|w| w.eq_ignore_ascii_case(location));
    let value: Vec<Value> = SIZES
        .iter()
        .filter(|_| here)
        .map(|size| sku(size, location))
        .collect();
    Some(Ok(Answer::ok(json!({"value": value}))))
}

fn sku(size: &Size, location: &str) -> Value {
    let capability = |name: &str, value: String| json!({"name": name, "value": value});
    json!({
        "resourceType": "virtualMachines",
        "name": size.name,
        "tier": "Standard",
        "size": size.name.trim_start_matches("Standard_"),
        "family": size.family,
        "locations": [location],
        "locationInfo": [{"location": location, "zones": size.zones, "zoneDetails": []}],
        "capabilities": [
            capability("vCPUs", size.cores.to_string()),
            capability("MemoryGB", size.memory_gib.to_string()),
            capability("PremiumIO", if size.premium { "True" } else { "False" }.to_owned()),
            capability("UncachedDiskIOPS", size.iops.to_string()),
            capability("UncachedDiskBytesPerSecond", (size.megabytes * 1_000_000).to_string()),
        ],
        "restrictions": [],
    })
}
