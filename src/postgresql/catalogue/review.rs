//! Everything there is to say about the parameters that a user gives a cluster, at once.

use super::check::check;
use super::danger::{Finding, Settings, Severity, dangerous};
use super::fixed::fixed;
use super::together::together;
use std::collections::BTreeMap;

/// All findings, in the order of the parameter names.
pub fn review(parameters: &BTreeMap<String, String>, settings: &Settings) -> Vec<Finding> {
    let single = parameters
        .iter()
        .flat_map(|(name, value)| review_one(name, value, settings));
    let mut findings: Vec<Finding> = single.chain(together(parameters, settings)).collect();
    findings.sort_by(|left, right| {
        (&left.parameter, left.severity).cmp(&(&right.parameter, right.severity))
    });
    findings
}

fn review_one(name: &str, value: &str, settings: &Settings) -> Vec<Finding> {
    let found = |severity, message| Finding {
        parameter: name.to_owned(),
        severity,
        message,
    };
    if let Some(refusal) = fixed(name) {
        let instead = refusal
            .instead
            .map(|instead| format!(" Use {instead}."))
            .unwrap_or_default();
        let message = format!("`{name}` cannot be set: {}.{instead}", refusal.reason);
        return vec![found(Severity::Error, message)];
    }
    let checked = match check(settings.major, name, value) {
        Err(error) => return vec![found(Severity::Error, error.to_string())],
        Ok(warning) => warning.map(|warning| found(Severity::Warning, warning.0)),
    };
    let danger = dangerous(name, value, settings).map(|danger| {
        found(
            danger.severity,
            format!("`{name} = {value}`: {}", danger.message),
        )
    });
    checked.into_iter().chain(danger).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(pairs: &[(&str, &str)]) -> Vec<(String, Severity, String)> {
        let parameters = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let settings = Settings {
            major: 17,
            instances: 3,
            memory: Some(8 << 30),
            ..Settings::default()
        };
        let found = review(&parameters, &settings);
        found
            .into_iter()
            .map(|found| (found.parameter, found.severity, found.message))
            .collect()
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let found = findings(&[
            ("wrok_mem", "4MB"),
            ("port", "5433"),
            ("max_connections", "many"),
            ("fsync", "off"),
            ("autovacuum", "off"),
            ("work_mem", "8MB"),
        ]);
        let names: Vec<_> = found
            .iter()
            .map(|(name, severity, _)| (name.as_str(), *severity))
            .collect();
        assert_eq!(
            names,
            [
                ("autovacuum", Severity::Warning),
                ("fsync", Severity::Error),
                ("max_connections", Severity::Error),
                ("port", Severity::Error),
                ("wrok_mem", Severity::Error),
            ]
        );
        assert_eq!(
            found[4].2,
            "PostgreSQL 17 has no parameter `wrok_mem`. Did you mean `work_mem`?"
        );
        assert!(
            found[3]
                .2
                .starts_with("`port` cannot be set: clients reach the server")
        );
    }

    #[test]
    fn parameters_must_fit_each_other() {
        let only = |pairs: &[(&str, &str)]| {
            let found = findings(pairs);
            assert_eq!(found.len(), 1, "{found:?}");
            (found[0].0.clone(), found[0].1)
        };
        let error = |name: &str| (name.to_owned(), Severity::Error);
        let warning = |name: &str| (name.to_owned(), Severity::Warning);
        assert_eq!(
            only(&[("min_wal_size", "1GB"), ("max_wal_size", "1024MB")]),
            error("min_wal_size")
        );
        assert_eq!(only(&[("max_wal_size", "64MB")]), error("max_wal_size"));
        assert_eq!(
            only(&[("max_connections", "5"), ("reserved_connections", "2")]),
            error("max_connections")
        );
        assert_eq!(
            only(&[("log_statement_stats", "on"), ("log_parser_stats", "on")]),
            error("log_statement_stats")
        );
        assert_eq!(
            only(&[("max_worker_processes", "8")]),
            warning("max_parallel_workers")
        );
        assert_eq!(only(&[("work_mem", "1GB")]), warning("work_mem"));
        assert!(findings(&[("min_wal_size", "1GB"), ("max_wal_size", "2GB")]).is_empty());
    }

    #[test]
    fn a_parameter_in_two_spellings_is_an_error() {
        let found = findings(&[("Work_Mem", "4MB"), ("work_mem", "8MB")]);
        assert!(
            found
                .iter()
                .any(|(name, severity, message)| name == "work_mem"
                    && *severity == Severity::Error
                    && message.contains("`Work_Mem`"))
        );
    }
}
