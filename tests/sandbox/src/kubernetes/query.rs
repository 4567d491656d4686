//! Query parameters and bodies of requests.

use super::api::Options;
use super::api::delete::DeleteOptions;
use super::status::{Answer, Failure};
use super::strategy::decode::Validation;
use serde_json::Value;

/// Decoded query parameters.
#[derive(Debug, Clone, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| {
                    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(key), decode(value))
                })
                .collect(),
        )
    }

    pub fn get(&self, key: &str) -> &str {
        let found = self.0.iter().find(|(name, _)| name == key);
        found.map_or("", |(_, value)| value.as_str())
    }

    pub fn flag(&self, key: &str) -> bool {
        let found = self.0.iter().find(|(name, _)| name == key);
        found.is_some_and(|(_, value)| value != "false" && value != "0")
    }

    pub fn number(&self, key: &str) -> Option<u64> {
        self.get(key).parse().ok()
    }

    /// Options of a write; a writer that does not name itself is named by its user agent.
    pub fn write_options(&self, agent: &str) -> Answer<Options> {
        let manager = self.get("fieldManager");
        let validation = match self.get("fieldValidation") {
            "Strict" => Validation::Strict,
            "Ignore" => Validation::Ignore,
            "" | "Warn" => Validation::Warn,
            other => {
                return Err(Failure::bad_request(format!(
                    "invalid fieldValidation `{other}`"
                )));
            }
        };
        let agent = agent.split('/').next().unwrap_or_default();
        Ok(Options {
            manager: if manager.is_empty() { agent } else { manager }.to_owned(),
            dry_run: self.dry_run()?,
            force: self.flag("force"),
            validation,
            named: !manager.is_empty(),
        })
    }

    fn dry_run(&self) -> Answer<bool> {
        match self.get("dryRun") {
            "" => Ok(false),
            "All" => Ok(true),
            other => Err(bad_dry_run(other)),
        }
    }

    pub fn delete_options(&self, body: &[u8]) -> Answer<DeleteOptions> {
        let body: Value = match body {
            [] => Value::Null,
            body => serde_json::from_slice(body).map_err(|error| {
                Failure::bad_request(format!("couldn't decode DeleteOptions: {error}"))
            })?,
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let mut propagation = text(&body["propagationPolicy"]).unwrap_or_default();
        if propagation.is_empty() {
            propagation = self.get("propagationPolicy").to_owned();
        }
        if propagation.is_empty()
            && (body["orphanDependents"] == true || self.get("orphanDependents") == "true")
        {
            propagation = "Orphan".to_owned();
        }
        let query_grace = self.get("gracePeriodSeconds").parse().ok();
        let dry = body["dryRun"]
            .as_array()
            .is_some_and(|list| !list.is_empty());
        Ok(DeleteOptions {
            propagation,
            uid: text(&body["preconditions"]["uid"]),
            version: text(&body["preconditions"]["resourceVersion"]),
            grace: body["gracePeriodSeconds"].as_i64().or(query_grace),
            dry_run: dry || self.dry_run()?,
        })
    }
}

fn bad_dry_run(found: &str) -> Failure {
    let cause = super::status::Cause::new(
        "FieldValueNotSupported",
        "dryRun",
        format!("Unsupported value: [\"{found}\"]: supported values: \"All\""),
    );
    Failure::invalid_named("meta.k8s.io", "PatchOptions", "", vec![cause])
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes().iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let pair: Vec<u8> = rest.by_ref().take(2).copied().collect();
                let text = String::from_utf8(pair).unwrap_or_default();
                bytes.extend(u8::from_str_radix(&text, 16));
            }
            other => bytes.push(*other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

pub fn decode_path(text: &str) -> String {
    decode(&text.replace('+', "%2B"))
}
