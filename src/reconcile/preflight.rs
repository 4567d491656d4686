//! Questions that a plan asks remote systems when something will change: nothing is written, and nobody is waited for.

use std::time::Duration;

use futures::future::join_all;
use tokio::time::Instant;

use super::compare;
use super::managed::Managed;
use super::mark;
use super::object::{Address, Desired, Outputs, Ownership};
use super::resource::{Preflight, Resource};
use super::systems::Limits;
use crate::kubernetes;
use crate::schema::diagnostic::{Diagnostics, Path};
use crate::schema::plan::Proposal;
use crate::schema::resource::Call;

/// A plan does not wait longer than this for a system that does not answer.
const PATIENCE: Duration = Duration::from_secs(8);

impl<R: Resource> Managed<R> {
    pub(super) async fn preflight(
        &self,
        call: &Call,
        proposal: &Proposal<R::Model>,
        diagnostics: &mut Diagnostics,
    ) {
        let mode = self.environment.preflight();
        if mode == Preflight::Off {
            return;
        }
        let limits = Limits {
            deadline: Instant::now() + PATIENCE,
            cancel: call.cancel.clone(),
        };
        let systems = self.systems(&proposal.model, limits).await;
        if let Err(failure) = &systems.kubernetes {
            unreachable_system(mode, &failure.detail, diagnostics);
            return;
        }
        let (owner, _) = self.owner(&proposal.model);
        let mut wanted: Vec<Desired> = self
            .graph
            .parts()
            .iter()
            .flat_map(|part| {
                part.desired(&proposal.model, &Outputs::default())
                    .unwrap_or_default()
            })
            .filter(|desired| matches!(desired.address, Address::Kubernetes { .. }))
            .filter(|desired| desired.ownership != Ownership::Shared)
            .collect();
        for desired in &mut wanted {
            mark::mark(desired, &owner);
        }
        let (systems, wanted) = (&systems, &wanted);
        let answers = join_all(wanted.iter().map(|desired| async move {
            let live = match systems.read(&desired.address).await {
                Ok(live) => live,
                Err(failure) => return Err(failure.detail),
            };
            if live
                .as_ref()
                .is_some_and(|live| compare::differences(desired, live).is_empty())
            {
                return Ok(None);
            }
            Ok(systems
                .dry_run(desired, live.as_ref())
                .await
                .err()
                .map(|error| (desired, error)))
        }))
        .await;
        for answer in answers {
            match answer {
                Ok(None) => {}
                Ok(Some((desired, error))) => self.refused(mode, desired, &error, diagnostics),
                Err(detail) => {
                    unreachable_system(mode, &detail, diagnostics);
                    return;
                }
            }
        }
    }

    fn refused(
        &self,
        mode: Preflight,
        desired: &Desired,
        error: &kubernetes::Error,
        diagnostics: &mut Diagnostics,
    ) {
        use kubernetes::ErrorKind;
        match error.kind {
            // A parent that the same apply makes is not there yet.
            ErrorKind::NotFound | ErrorKind::KindMissing => {}
            ErrorKind::Invalid | ErrorKind::Forbidden => {
                let summary = format!("The cluster would refuse {}", desired.address.key());
                if error.causes.is_empty() {
                    diagnostics.error(Path::root(), summary, error.to_string());
                    return;
                }
                for cause in &error.causes {
                    let path = self.resource.attribute_of(&desired.address, &cause.field);
                    let detail = format!("`{}`: {}", cause.field, cause.message);
                    diagnostics.error(path, summary.clone(), detail);
                }
            }
            _ => unreachable_system(mode, &error.to_string(), diagnostics),
        }
    }
}

fn unreachable_system(mode: Preflight, detail: &str, diagnostics: &mut Diagnostics) {
    if mode == Preflight::Required {
        diagnostics.error(
            Path::root(),
            "The plan could not be checked",
            format!("`preflight = \"required\"`, and a system did not answer: {detail}"),
        );
    } else {
        tracing::debug!(detail, "preflight was left out");
    }
}
