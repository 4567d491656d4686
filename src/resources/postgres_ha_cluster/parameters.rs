//! PostgreSQL's parameters: what tuning computes, what the failover profile needs, and what the user sets, which wins.

use std::collections::BTreeMap;

use super::{PostgresHaCluster, high_availability};
use crate::kubernetes::quantity::Quantity;
use crate::postgresql::catalogue::{self, Effect, Settings, Severity};
use crate::postgresql::tuning::{self, Machine, Profile};
use crate::postgresql::versions::Version;
use crate::schema::attr::{Attr, NotKnown};
use crate::schema::diagnostic::{Diagnostics, Path};

const NEWEST_TESTED: u32 = 17;

fn bytes(quantity: &str) -> Option<u64> {
    let quantity: Quantity = quantity.parse().ok()?;
    u64::try_from(quantity.units()).ok()
}

fn millicores(quantity: &str) -> Option<u32> {
    let quantity: Quantity = quantity.parse().ok()?;
    u32::try_from(quantity.millis()).ok()
}

impl PostgresHaCluster {
    /// The major version, as far as the configuration tells it.
    pub fn major(&self) -> Result<u32, NotKnown> {
        if let Some(catalog) = self.image_catalog.get()? {
            return u32::try_from(*catalog.major.require()?).map_err(|_| NotKnown);
        }
        if let Some(image) = self.image.get()? {
            return Version::of_image(image)
                .map(|version| version.major)
                .map_err(|_| NotKnown);
        }
        let text = self.postgres_version.require()?;
        text.parse::<Version>()
            .map(|version| version.major)
            .map_err(|_| NotKnown)
    }

    fn machine(&self) -> Result<Machine, NotKnown> {
        let storage = self.storage.get()?.ok_or(NotKnown)?;
        let wal = storage.wal.get()?;
        let small = |number: &Attr<i64>| -> Result<Option<u32>, NotKnown> {
            Ok(number.get()?.and_then(|number| u32::try_from(*number).ok()))
        };
        let throughput = match wal {
            Some(wal) => small(&wal.throughput)?,
            None => small(&storage.throughput)?,
        };
        Ok(Machine {
            major: self.major()?,
            cpu: millicores(self.cpu.require()?).ok_or(NotKnown)?,
            memory: bytes(self.memory.require()?).ok_or(NotKnown)?,
            iops: small(&storage.iops)?,
            throughput,
            data_volume: bytes(storage.size.require()?).ok_or(NotKnown)?,
            wal_volume: match wal {
                Some(wal) => Some(bytes(wal.size.require()?).ok_or(NotKnown)?),
                None => None,
            },
            wal_segment: self.wal_segment()?,
        })
    }

    fn wal_segment(&self) -> Result<Option<u64>, NotKnown> {
        let Some(initdb) = self.initdb.get()? else {
            return Ok(None);
        };
        Ok(initdb
            .wal_segment_size
            .get()?
            .and_then(|size| u64::try_from(*size).ok())
            .map(|size| size << 20))
    }

    /// All parameters that the Cluster is given.
    pub fn parameters_in_effect(&self) -> Result<BTreeMap<String, String>, NotKnown> {
        let profile = match self.tuning.require()?.as_str() {
            "oltp" => Profile::Oltp,
            "mixed" => Profile::Mixed,
            _ => Profile::None,
        };
        let mut parameters = match profile {
            Profile::None => BTreeMap::new(),
            profile => tuning::parameters(profile, &self.machine()?),
        };
        let availability = self.availability()?;
        for (name, value) in high_availability::parameters(availability.profile.require()?) {
            parameters.insert((*name).to_owned(), (*value).to_owned());
        }
        parameters.extend(self.parameters.get()?.cloned().unwrap_or_default());
        Ok(parameters)
    }

    fn settings(&self) -> Settings {
        let availability = self.availability().unwrap_or_default();
        let small = |number: &Attr<i64>, otherwise: u32| {
            number
                .known()
                .and_then(|number| u32::try_from(*number).ok())
                .unwrap_or(otherwise)
        };
        let wal = self
            .storage
            .present()
            .and_then(|storage| storage.wal.present());
        Settings {
            major: self.major().unwrap_or(NEWEST_TESTED),
            instances: small(&self.instances, 3),
            synchronous_replicas: small(&availability.synchronous_replicas, 1),
            memory: self.memory.known().and_then(|memory| bytes(memory)),
            wal_volume: wal
                .and_then(|wal| wal.size.known())
                .and_then(|size| bytes(size)),
            wal_segment: self.wal_segment().ok().flatten().unwrap_or(16 << 20),
        }
    }
}

/// Every parameter that the user sets, against the catalogue of its version.
pub fn validate(model: &PostgresHaCluster, diagnostics: &mut Diagnostics) {
    let Some(parameters) = model.parameters.known() else {
        return;
    };
    for finding in catalogue::review(parameters, &model.settings()) {
        let path = Path::root()
            .attribute("parameters")
            .key(finding.parameter.clone());
        match finding.severity {
            Severity::Error => {
                diagnostics.error(path, "Invalid PostgreSQL parameter", finding.message)
            }
            Severity::Warning => {
                diagnostics.warning(path, "Questionable PostgreSQL parameter", finding.message)
            }
        }
    }
}

/// What a change from one set of parameters to another costs.
pub fn effects(prior: &PostgresHaCluster, planned: &PostgresHaCluster) -> BTreeMap<String, Effect> {
    let (Some(before), Some(after)) = (
        prior.effective_parameters.known(),
        planned.effective_parameters.known(),
    ) else {
        return BTreeMap::new();
    };
    catalogue::effects(planned.major().unwrap_or(NEWEST_TESTED), before, after)
}
