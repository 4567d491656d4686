//! What a disk can be and can become.

use crate::kubernetes::quantity::Quantity;
use crate::schema::attr::Attr;
use crate::schema::diagnostic::{Diagnostics, Path};

use super::TYPES;

const GIB: i128 = 1 << 30;

fn bytes(size: &Attr<String>) -> Option<i128> {
    size.known()
        .and_then(|text| text.parse::<Quantity>().ok())
        .map(Quantity::units)
}

pub fn refuse_shrinking(
    before: &Attr<String>,
    after: &Attr<String>,
    path: &Path,
    diagnostics: &mut Diagnostics,
) {
    if let (Some(old), Some(new)) = (bytes(before), bytes(after))
        && new < old
    {
        diagnostics.error(
            path.attribute("size"),
            "A disk cannot shrink",
            format!(
                "The disk has {} and the configuration asks for {}. Disks only grow; to get a smaller one, recover into a new cluster.",
                before.known().map_or("", String::as_str),
                after.known().map_or("", String::as_str)
            ),
        );
    }
}

/// The limits of Premium SSD v2 (Azure's documentation of disk types): 1 GiB to 64 TiB; 3,000 IOPS and 125 MB/s are included;
/// at most 500 IOPS per GiB and 80,000; at most 0.25 MB/s per IOPS and 2,000.
pub fn disk_limits(
    kind: &str,
    size: &Attr<String>,
    iops: &Attr<i64>,
    throughput: &Attr<i64>,
    path: &Path,
    diagnostics: &mut Diagnostics,
) {
    // Of a type that does not exist nothing more can be said.
    if !TYPES.contains(&kind) {
        return;
    }
    if kind != "premium_v2" {
        for (name, value) in [("iops", iops), ("throughput", throughput)] {
            if !value.is_null() {
                diagnostics.error(
                    path.attribute(name),
                    "Only Premium SSD v2 takes this setting",
                    format!("`{name}` can be set with `type = \"premium_v2\"` only; other disks have what their size gives."),
                );
            }
        }
        return;
    }
    let Some(bytes) = bytes(size) else { return };
    let gib = i64::try_from(bytes / GIB).unwrap_or(i64::MAX);
    if !(1..=65_536).contains(&gib) {
        diagnostics.error(
            path.attribute("size"),
            "Not a size of Premium SSD v2",
            format!(
                "`{}` is outside of 1 GiB to 64 TiB.",
                size.known().map_or("", String::as_str)
            ),
        );
        return;
    }
    let most_iops = gib.saturating_mul(500).clamp(3000, 80_000);
    let wanted_iops = iops.known().copied();
    if let Some(wanted) = wanted_iops.filter(|wanted| !(3000..=most_iops).contains(wanted)) {
        diagnostics.error(
            path.attribute("iops"),
            "More or less IOPS than the disk can have",
            format!("A Premium SSD v2 of {gib} GiB has 3000 to {most_iops} IOPS; {wanted} were asked for."),
        );
    }
    if iops.is_unknown() {
        return;
    }
    let most = (wanted_iops.unwrap_or(3000) / 4).clamp(125, 2000);
    if let Some(wanted) = throughput
        .known()
        .filter(|wanted| !(125..=most).contains(*wanted))
    {
        diagnostics.error(
            path.attribute("throughput"),
            "More or less throughput than the disk can have",
            format!(
                "With {} IOPS a Premium SSD v2 has 125 to {most} MB/s; {wanted} were asked for.",
                wanted_iops.unwrap_or(3000)
            ),
        );
    }
}
