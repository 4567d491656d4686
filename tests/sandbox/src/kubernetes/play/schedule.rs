//! ScheduledBackups: six-field cron in UTC, and backups made when it says so.

use super::super::Kubernetes;
use super::super::clock::stamp;
use super::{CNPG, name, namespace, text};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::{Value, json};

pub(super) fn act(server: &Kubernetes, scheduled: &Value, now: Timestamp) -> Option<Timestamp> {
    let spec = &scheduled["spec"];
    if spec["suspend"] == true || !scheduled["metadata"]["deletionTimestamp"].is_null() {
        return None;
    }
    let schedule = Schedule::parse(text(&spec["schedule"]))?;
    let status = &scheduled["status"];
    let planned = text(&status["nextScheduleTime"]).parse::<Timestamp>().ok();
    let first = status["lastCheckTime"].is_null();
    let due = planned.is_some_and(|planned| planned <= now) || (first && spec["immediate"] == true);
    if !due && let Some(planned) = planned {
        return Some(planned);
    }
    let next = schedule.after(now)?;
    let mut report = json!({"lastCheckTime": stamp(now), "nextScheduleTime": stamp(next)});
    if due {
        make(server, scheduled, now);
        report["lastScheduleTime"] = stamp(now).into();
    }
    server.report(CNPG, scheduled, &report);
    Some(next)
}

fn make(server: &Kubernetes, scheduled: &Value, now: Timestamp) {
    let spec = &scheduled["spec"];
    let id = format!("{}-{}", name(scheduled), now.strftime("%Y%m%d%H%M%S"));
    let mut backup = json!({
        "apiVersion": format!("{CNPG}/v1"), "kind": "Backup",
        "metadata": {"name": id, "namespace": namespace(scheduled),
            "labels": {"cnpg.io/scheduled-backup": name(scheduled), "cnpg.io/cluster": spec["cluster"]["name"],
                "cnpg.io/immediateBackup": (spec["immediate"] == true).to_string()}},
        "spec": {"cluster": spec["cluster"]},
    });
    for key in [
        "method",
        "target",
        "pluginConfiguration",
        "online",
        "onlineConfiguration",
    ] {
        if !spec[key].is_null() {
            backup["spec"][key] = spec[key].clone();
        }
    }
    let owner = match text(&spec["backupOwnerReference"]) {
        "self" => Some(scheduled.clone()),
        "cluster" => server.look(
            CNPG,
            "Cluster",
            namespace(scheduled),
            text(&spec["cluster"]["name"]),
        ),
        _ => None,
    };
    if let Some(owner) = owner {
        backup["metadata"]["ownerReferences"] = super::world::owned_by(&owner);
    }
    server.ensure(CNPG, &backup);
}

pub fn parses(text: &str) -> bool {
    Schedule::parse(text).is_some()
}

/// When a schedule fires: an interval, or a set of allowed values per field.
#[derive(Debug)]
enum Schedule {
    Every(SignedDuration),
    Fields([u64; 6]),
}

/// Lowest and highest value of seconds, minutes, hours, days, months, weekdays.
const RANGES: [(u32, u32); 6] = [(0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];

impl Schedule {
    /// Five fields are taken as seconds to months, as the operator takes them.
    fn parse(text: &str) -> Option<Self> {
        let text = match text {
            "@yearly" | "@annually" => "0 0 0 1 1 *",
            "@monthly" => "0 0 0 1 * *",
            "@weekly" => "0 0 0 * * 0",
            "@daily" | "@midnight" => "0 0 0 * * *",
            "@hourly" => "0 0 * * * *",
            other => other,
        };
        if let Some(span) = text.strip_prefix("@every ") {
            let span: SignedDuration = span.parse().ok()?;
            return span.is_positive().then_some(Self::Every(span));
        }
        let mut parts: Vec<&str> = text.split_whitespace().collect();
        if parts.len() == 5 {
            parts.push("*");
        }
        let mut fields = [0; 6];
        if parts.len() != fields.len() {
            return None;
        }
        for ((slot, part), range) in fields.iter_mut().zip(parts).zip(RANGES) {
            *slot = field(part, range)?;
        }
        Some(Self::Fields(fields))
    }

    fn after(&self, now: Timestamp) -> Option<Timestamp> {
        let fields = match self {
            Self::Every(span) => return now.checked_add(*span).ok(),
            Self::Fields(fields) => fields,
        };
        let allows =
            |index: usize, value: i8| fields.get(index).is_some_and(|set| set >> value & 1 == 1);
        let start = now.to_zoned(TimeZone::UTC);
        for days in 0..1500 {
            let date = start
                .date()
                .checked_add(jiff::Span::new().days(days))
                .ok()?;
            let weekday = date.weekday().to_sunday_zero_offset();
            if !allows(3, date.day()) || !allows(4, date.month()) || !allows(5, weekday) {
                continue;
            }
            for hour in (0..24).filter(|hour| allows(2, *hour)) {
                for minute in (0..60).filter(|minute| allows(1, *minute)) {
                    for second in (0..60).filter(|second| allows(0, *second)) {
                        let moment = date
                            .at(hour, minute, second, 0)
                            .to_zoned(TimeZone::UTC)
                            .ok()?
                            .timestamp();
                        if moment > now {
                            return Some(moment);
                        }
                    }
                }
            }
        }
        None
    }
}

/// The values that one cron field allows, as bits.
fn field(text: &str, (low, high): (u32, u32)) -> Option<u64> {
    let mut set = 0;
    for part in text.split(',') {
        let (span, step) = match part.split_once('/') {
            Some((span, step)) => (span, step.parse::<usize>().ok().filter(|step| *step > 0)?),
            None => (part, 1),
        };
        let (from, to) = match span {
            "*" | "?" => (low, high),
            _ => match span.split_once('-') {
                Some((from, to)) => (from.parse().ok()?, to.parse().ok()?),
                None => {
                    let only: u32 = span.parse().ok()?;
                    (only, if step > 1 { high } else { only })
                }
            },
        };
        if from < low || to > high || from > to {
            return None;
        }
        for value in (from..=to).step_by(step) {
            set |= 1_u64 << value;
        }
    }
    Some(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(schedule: &str, now: &str) -> String {
        let schedule = Schedule::parse(schedule).unwrap();
        stamp(schedule.after(now.parse().unwrap()).unwrap())
    }

    #[test]
    fn six_fields_begin_with_seconds() {
        assert_eq!(
            next("0 0 2 * * *", "2026-11-21T08:00:00Z"),
            "2026-11-22T02:00:00Z"
        );
        assert_eq!(
            next("30 */15 * * * 0", "2026-11-21T08:00:00Z"),
            "2026-11-22T00:00:30Z"
        );
        assert_eq!(
            next("@every 1h", "2026-11-21T08:00:00Z"),
            "2026-11-21T09:00:00Z"
        );
    }

    #[test]
    fn five_fields_mean_something_else_than_in_a_crontab() {
        assert_eq!(
            next("0 2 * * *", "2026-11-21T08:00:00Z"),
            "2026-11-21T08:02:00Z"
        );
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "a b c d e f",
            "61 * * * * *",
            "* * *",
            "@every never",
            "5-1 * * * * *",
        ] {
            assert!(!parses(text), "{text}");
        }
    }
}
