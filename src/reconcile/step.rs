//! One object of one part: read it, check whose it is, write it when it differs, wait until it is finished.

use std::time::Duration;

use futures::future::join_all;
use serde_json::Value as Json;

use super::compare;
use super::failure::Failure;
use super::mark::{self, Owner};
use super::object::{Address, Desired, Live, Ownership};
use super::outcome::Status;
use super::part::{Part, Readiness};
use super::record::Record;
use super::systems::{Systems, Takeover};

/// How long a change that must roll pods may take to become visible in the status.
const DISTURBANCE: Duration = Duration::from_secs(8);
/// How long it must look finished before it counts as finished.
const CALM: Duration = Duration::from_secs(3);

/// What a step needs beside its part.
pub struct Setting<'a> {
    pub systems: &'a Systems,
    pub owner: &'a str,
    pub takeover: &'a Takeover,
    /// What this resource already holds in state.
    pub held: &'a Record,
    /// The import command for a resource whose objects exist already.
    pub import: &'a str,
}

/// The end of one object.
pub struct Done {
    pub key: String,
    pub status: Status,
    pub live: Option<Live>,
    pub warnings: Vec<String>,
    pub failure: Option<Failure>,
}

/// Everything that one part did.
pub struct PartDone {
    pub lookups: Vec<Live>,
    pub objects: Vec<Done>,
}

/// Runs a whole part: its lookups, then its objects side by side. `on_written` is called when all of them are written.
pub async fn part<M: Sync>(
    setting: &Setting<'_>,
    part: &dyn Part<M>,
    model: &M,
    lookups: Vec<Address>,
    desired: Vec<Desired>,
    on_written: impl FnOnce(),
) -> PartDone {
    let mut done = PartDone {
        lookups: Vec::new(),
        objects: Vec::new(),
    };
    for (address, found) in join_all(lookups.into_iter().map(|address| async move {
        let found = setting.systems.read(&address).await;
        (address, found)
    }))
    .await
    {
        match found {
            Ok(Some(body)) => done.lookups.push(Live { address, body }),
            Ok(None) => done.objects.push(failed(
                &address,
                Failure::other(
                    "A referenced object does not exist",
                    format!("{address} was not found. Create it first, or correct the reference."),
                ),
            )),
            Err(failure) => done.objects.push(failed(&address, failure)),
        }
    }
    if !done.objects.is_empty() {
        return done;
    }
    let written = join_all(desired.into_iter().map(|desired| async move {
        let written = write(setting, part, model, &desired).await;
        (desired, written)
    }))
    .await;
    if written.iter().all(|(_, written)| written.is_ok()) {
        on_written();
    }
    done.objects = join_all(written.into_iter().map(|(desired, written)| async move {
        match written {
            Ok(written) => finish(setting, part, model, &desired, written)
                .await
                .unwrap_or_else(|failure| unfinished(&desired.address, failure)),
            Err(failure) => failed(&desired.address, failure),
        }
    }))
    .await;
    done
}

fn failed(address: &Address, failure: Failure) -> Done {
    Done {
        key: address.key(),
        status: Status::Failed(failure.summary.clone()),
        live: None,
        warnings: Vec::new(),
        failure: Some(failure),
    }
}

fn unfinished(address: &Address, failure: Failure) -> Done {
    Done {
        status: Status::Unfinished(failure.summary.clone()),
        ..failed(address, failure)
    }
}

/// An object that is written and perhaps not ready yet.
struct Written {
    status: Status,
    /// `None` for an object that is shared with others.
    body: Option<Json>,
    warnings: Vec<String>,
    /// Something rolls or restarts now; what `body` says of it is old.
    disturbed: bool,
}

async fn write<M: Sync>(
    setting: &Setting<'_>,
    part: &dyn Part<M>,
    model: &M,
    desired: &Desired,
) -> Result<Written, Failure> {
    let systems = setting.systems;
    let mut written = Written {
        status: Status::Unchanged,
        body: None,
        warnings: Vec::new(),
        disturbed: false,
    };
    if desired.ownership == Ownership::Shared {
        systems.ensure(desired).await?;
        return Ok(written);
    }
    let live = systems.read(&desired.address).await?;
    if let Some(live) = &live {
        refuse_foreign(setting, desired, live)?;
    }
    let changed = live
        .as_ref()
        .map(|live| compare::differences(desired, live));
    written.body = live.clone();
    if changed.as_ref().is_some_and(Vec::is_empty) {
        return Ok(written);
    }
    tracing::info!(object = %desired.address, part = part.name(), "applying");
    let applied = systems
        .apply(desired, live.as_ref(), setting.takeover)
        .await?;
    written.body = Some(applied.body);
    written.warnings = applied.warnings;
    if changed
        .as_ref()
        .is_some_and(|paths| part.disturbs(paths, model))
    {
        written.disturbed = true;
        await_disturbance(setting, part, model, desired).await;
    }
    written.status = changed.map_or(Status::Created, Status::Updated);
    Ok(written)
}

async fn finish<M: Sync>(
    setting: &Setting<'_>,
    part: &dyn Part<M>,
    model: &M,
    desired: &Desired,
    written: Written,
) -> Result<Done, Failure> {
    let live = match written.body {
        None => None,
        Some(body) => {
            let address = desired.address.clone();
            let live = Live { address, body };
            Some(if written.disturbed {
                await_calm(setting, part, model, live).await?
            } else {
                await_ready(setting, part, model, live).await?
            })
        }
    };
    Ok(Done {
        key: desired.address.key(),
        status: written.status,
        live,
        warnings: written.warnings,
        failure: None,
    })
}

/// An object that exists without our mark is never touched, unless state holds it.
fn refuse_foreign(setting: &Setting<'_>, desired: &Desired, live: &Json) -> Result<(), Failure> {
    if setting.held.objects.contains_key(&desired.address.key()) {
        return Ok(());
    }
    foreign(setting, desired.ownership, &desired.address, live).map_or(Ok(()), Err)
}

/// Why a live object may not be taken by a resource with this owner mark.
pub fn foreign(
    setting: &Setting<'_>,
    ownership: Ownership,
    address: &Address,
    live: &Json,
) -> Option<Failure> {
    let import = setting.import;
    let detail = match mark::owner_of(ownership, live, setting.owner) {
        Owner::Ours => return None,
        Owner::Other => format!(
            "{} belongs to another resource of this provider (its `{}` mark differs). Choose another name, or remove it there.",
            address,
            mark::OWNER
        ),
        Owner::Nobody => format!(
            "{} exists and was not made by this resource. Nothing was changed. To manage what is there, import it: `{import}`",
            address
        ),
    };
    Some(Failure::other("An object already exists", detail))
}

/// After something rolled: ready, and still ready a moment later. Between two instances a status may look finished.
async fn await_calm<M: Sync>(
    setting: &Setting<'_>,
    part: &dyn Part<M>,
    model: &M,
    live: Live,
) -> Result<Live, Failure> {
    loop {
        let seen = wait_ready(setting, part, model, &live.address).await?;
        tokio::select! {
            () = tokio::time::sleep(CALM) => {}
            () = setting.systems.limits.cancel.cancelled() => {}
        }
        let again = setting.systems.read(&seen.address).await?;
        let Some(body) = again else { return Ok(seen) };
        let again = Live {
            address: seen.address,
            body,
        };
        if part.readiness(model, &again) == Readiness::Ready {
            return Ok(again);
        }
    }
}

async fn await_ready<M: Sync>(
    setting: &Setting<'_>,
    part: &dyn Part<M>,
    model: &M,
    live: Live,
) -> Result<Live, Failure> {
    match part.readiness(model, &live) {
        Readiness::Ready => return Ok(live),
        Readiness::Failed(why) if !part.may_recover() => {
            return Err(Failure::other(
                format!("{} failed", live.address.key()),
                format!("{}: {why}", live.address),
            ));
        }
        Readiness::Failed(_) | Readiness::Waiting(_) => {}
    }
    wait_ready(setting, part, model, &live.address).await
}

async fn wait_ready<M: Sync>(
    setting: &Setting<'_>,
    part: &dyn Part<M>,
    model: &M,
    address: &Address,
) -> Result<Live, Failure> {
    let address = address.clone();
    let check = |body: &Json| {
        part.readiness(
            model,
            &Live {
                address: address.clone(),
                body: body.clone(),
            },
        )
    };
    let what = format!("{} to be ready", address.key());
    let pods = part.pods(model);
    let body = setting
        .systems
        .wait(&address, &what, pods.as_deref(), &check)
        .await
        .map_err(|failure| {
            failure.while_doing(&format!("{} did not become ready", address.key()))
        })?;
    Ok(Live { address, body })
}

/// The status may still describe the old object for a moment; waits, within bounds, until it no longer does.
async fn await_disturbance<M: Sync>(
    setting: &Setting<'_>,
    part: &dyn Part<M>,
    model: &M,
    desired: &Desired,
) {
    let address = desired.address.clone();
    let noticed = |body: &Json| match part.readiness(
        model,
        &Live {
            address: address.clone(),
            body: body.clone(),
        },
    ) {
        Readiness::Ready => {
            Readiness::Waiting("the change is not visible in the status yet".to_owned())
        }
        Readiness::Waiting(_) | Readiness::Failed(_) => Readiness::Ready,
    };
    let wait = setting
        .systems
        .wait(&desired.address, "the change to begin", None, &noticed);
    let _ = tokio::time::timeout(DISTURBANCE, wait).await;
}
