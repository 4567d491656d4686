//! The catalogue files: parsed once per major, at the first question about it.

use super::number::Unit;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The majors whose `pg_settings` are checked in.
pub const MAJORS: [u32; 3] = [15, 17, 18];

static FILES: [&str; MAJORS.len()] = [
    include_str!("15.tsv"),
    include_str!("17.tsv"),
    include_str!("18.tsv"),
];
static PARSED: [OnceLock<Catalogue>; MAJORS.len()] = [const { OnceLock::new() }; MAJORS.len()];

/// When a new value of a parameter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Context {
    /// Never: it shows how the server was built or the cluster was made.
    Internal,
    /// At the next start of the server.
    Postmaster,
    /// At the next reload.
    Sighup,
    /// At the next connection; only a superuser may set it there.
    SuperuserBackend,
    /// At the next connection.
    Backend,
    /// At the next reload; only a superuser may set it in a session.
    Superuser,
    /// At the next reload; anyone may set it in a session.
    User,
}

/// The values that a parameter takes.
#[derive(Debug)]
pub enum Kind {
    Bool,
    Integer {
        unit: Option<Unit>,
        min: i64,
        max: i64,
    },
    Real {
        unit: Option<Unit>,
        min: f64,
        max: f64,
    },
    String,
    Enum {
        values: Vec<&'static str>,
        /// Spellings that mean one of the values, with that value.
        aliases: Vec<(&'static str, &'static str)>,
    },
}

/// One row of `pg_settings`.
#[derive(Debug)]
pub struct Parameter {
    pub name: &'static str,
    pub kind: Kind,
    pub context: Context,
    /// The value built into the server, in the parameter's unit.
    pub boot_value: &'static str,
    pub category: &'static str,
}

/// The parameters of a major by lower-case name.
pub(super) type Catalogue = BTreeMap<String, Parameter>;

/// The parameters of the catalogue that answers for `major`, by lower-case name.
pub fn parameters(major: u32) -> &'static BTreeMap<String, Parameter> {
    catalogue(nearest(major))
}

/// The index of the catalogue for `major`; between two, the newer one.
pub(super) fn nearest(major: u32) -> usize {
    let distance = |index: &usize| (MAJORS[*index].abs_diff(major), u32::MAX - MAJORS[*index]);
    (0..MAJORS.len()).min_by_key(distance).unwrap_or(0)
}

pub(super) fn catalogue(index: usize) -> &'static Catalogue {
    PARSED[index].get_or_init(|| {
        let rows = FILES[index].lines().filter_map(parse);
        rows.map(|parameter| (parameter.name.to_ascii_lowercase(), parameter))
            .collect()
    })
}

/// How a parameter was found.
pub(super) enum Found {
    /// The major's own catalogue has it, or the catalogues around the major agree on it.
    Certain(&'static Parameter),
    /// Another major's catalogue has it.
    Likely(&'static Parameter, u32),
    Unknown,
}

/// Looks a name up as PostgreSQL does: without regard to case, and under the names of earlier releases.
pub(super) fn find(major: u32, name: &str) -> Found {
    let key = current_name(major, &name.to_ascii_lowercase());
    let near = nearest(major);
    let own = catalogue(near).get(&key);
    if MAJORS[near] == major {
        return own.map_or_else(|| elsewhere(major, &key), Found::Certain);
    }
    let older = (0..MAJORS.len())
        .filter(|index| MAJORS[*index] < major)
        .max();
    let newer = (0..MAJORS.len()).find(|index| MAJORS[*index] > major);
    let both = older
        .into_iter()
        .chain(newer)
        .all(|index| catalogue(index).contains_key(&key));
    match own {
        Some(parameter) if both => Found::Certain(parameter),
        Some(parameter) => Found::Likely(parameter, MAJORS[near]),
        None => elsewhere(major, &key),
    }
}

fn elsewhere(major: u32, key: &str) -> Found {
    let hit =
        (0..MAJORS.len()).filter_map(|index| Some((MAJORS[index], catalogue(index).get(key)?)));
    match hit.min_by_key(|(other, _)| other.abs_diff(major)) {
        Some((other, parameter)) => Found::Likely(parameter, other),
        None => Found::Unknown,
    }
}

/// PostgreSQL still reads a few names of earlier releases.
fn current_name(major: u32, name: &str) -> String {
    match name {
        "sort_mem" => "work_mem",
        "vacuum_mem" => "maintenance_work_mem",
        "force_parallel_mode" if major >= 16 => "debug_parallel_query",
        "ssl_ecdh_curve" if major >= 18 => "ssl_groups",
        other => other,
    }
    .to_owned()
}

fn parse(line: &'static str) -> Option<Parameter> {
    let mut columns = line.split('\t');
    let mut next = || columns.next();
    let (name, kind, unit, min, max) = (next()?, next()?, next()?, next()?, next()?);
    let (values, aliases, context, boot_value, category) =
        (next()?, next()?, next()?, next()?, next()?);
    let unit = Unit::parse(unit);
    let kind = match kind {
        "bool" => Kind::Bool,
        "integer" => Kind::Integer {
            unit,
            min: min.parse().ok()?,
            max: max.parse().ok()?,
        },
        "real" => Kind::Real {
            unit,
            min: min.parse().ok()?,
            max: max.parse().ok()?,
        },
        "enum" => Kind::Enum {
            values: values.split(',').collect(),
            aliases: aliases
                .split(',')
                .filter_map(|pair| pair.split_once('='))
                .collect(),
        },
        _ => Kind::String,
    };
    Some(Parameter {
        name,
        kind,
        context: parse_context(context)?,
        boot_value,
        category,
    })
}

fn parse_context(text: &str) -> Option<Context> {
    Some(match text {
        "internal" => Context::Internal,
        "postmaster" => Context::Postmaster,
        "sighup" => Context::Sighup,
        "superuser-backend" => Context::SuperuserBackend,
        "backend" => Context::Backend,
        "superuser" => Context::Superuser,
        "user" => Context::User,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_every_file_is_a_parameter() {
        for (index, file) in FILES.iter().enumerate() {
            assert_eq!(
                catalogue(index).len(),
                file.lines().count(),
                "{}",
                MAJORS[index]
            );
            assert!(file.lines().count() > 350);
        }
    }

    #[test]
    fn another_major_is_answered_by_the_nearest_file() {
        let major = |asked| MAJORS[nearest(asked)];
        assert_eq!(
            [13, 14, 15, 16, 17, 18, 19, 30].map(major),
            [15, 15, 15, 17, 17, 18, 18, 18]
        );
    }

    #[test]
    fn a_name_that_only_one_neighbour_of_a_major_has_is_not_certain() {
        assert!(matches!(find(16, "work_mem"), Found::Certain(_)));
        assert!(matches!(find(16, "summarize_wal"), Found::Likely(_, 17)));
        assert!(matches!(
            find(16, "promote_trigger_file"),
            Found::Likely(_, 15)
        ));
        assert!(matches!(
            find(17, "promote_trigger_file"),
            Found::Likely(_, 15)
        ));
        assert!(
            matches!(find(17, "SORT_MEM"), Found::Certain(parameter) if parameter.name == "work_mem")
        );
        assert!(matches!(find(17, "no_such"), Found::Unknown));
    }

    #[test]
    fn rows_carry_type_unit_range_and_context() {
        let parameter = &parameters(17)["shared_buffers"];
        assert_eq!(parameter.context, Context::Postmaster);
        assert!(matches!(&parameter.kind,
            Kind::Integer { unit: Some(unit), min: 16, max: 1_073_741_823 } if unit.text == "8kB"));
        assert!(parameter.category.starts_with("Resource Usage"));
    }
}
