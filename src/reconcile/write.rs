//! Apply: create, update and destroy, and what state each of them leaves in every case.

use super::create;
use super::destroy;
use super::explain;
use super::managed::Managed;
use super::mark;
use super::outcome::Status;
use super::plan;
use super::read;
use super::record::{Entry, Record};
use super::resource::Resource;
use super::run::{self, Finished, decode};
use super::step::Setting;
use super::systems::{Systems, Takeover};
use super::timeouts::Operation;
use crate::schema::diagnostic::{Diagnostics, Path};
use crate::schema::object::Object;
use crate::schema::resource::{ApplyRequest, ApplyResponse, Call};
use crate::schema::strip::without_unknown;
use crate::schema::value::Value;

fn takeover(prior: &Value, planned: &Value) -> Takeover {
    let shown = prior
        .member("objects")
        .as_map()
        .cloned()
        .unwrap_or_default();
    Takeover {
        all: planned.member("force_conflicts") == &Value::Bool(true),
        drifted: shown
            .into_iter()
            .map(|(key, entry)| (key, plan::changed_paths(entry.as_str().unwrap_or_default())))
            .collect(),
    }
}

fn add_warnings(finished: &Finished, diagnostics: &mut Diagnostics) {
    for warning in &finished.warnings {
        diagnostics.warning(
            Path::root(),
            "The Kubernetes API server warns",
            warning.clone(),
        );
    }
}

/// The finished value, with the id that stands for the real thing.
fn with_id<R: Resource>(managed: &Managed<R>, value: Value) -> Value {
    let id = managed.resource.id(&decode(&value));
    let mut value = without_unknown(&R::Model::fields(), value);
    if let (Value::Map(members), Ok(id)) = (&mut value, id) {
        members.insert("id".to_owned(), id.as_str().into());
    }
    value
}

pub(super) async fn create<R: Resource>(
    managed: &Managed<R>,
    call: &Call,
    request: ApplyRequest,
) -> ApplyResponse {
    let model: R::Model = decode(&request.planned);
    let (owner, id) = managed.owner(&model);
    let type_name = managed.resource.type_name();
    let import = mark::import_command(type_name, &id);
    let limits = managed.limits(call, &request.planned, Operation::Create);
    let systems = managed.systems(&model, limits).await;
    let held = Record::default();
    let setting = Setting {
        systems: &systems,
        owner: &owner,
        takeover: &takeover(&Value::Null, &request.planned),
        held: &held,
        import: &import,
    };
    let (before, mut finished) = create::create(
        &managed.graph,
        &setting,
        managed.resource.primary(),
        &request.planned,
    )
    .await;
    let mut response = ApplyResponse::default();
    add_warnings(&finished, &mut response.diagnostics);
    match finished.failure.take() {
        None => {
            tracing::info!(resource = type_name, id, "created\n{}", finished.outcome);
            response.new = with_id(managed, finished.value);
            response.private = finished.record.to_private();
            response.identity = managed.identity_of(&response.new);
        }
        Some(failure) => {
            let (summary, mut detail) =
                explain::create_failed(&failure, &before, &finished, type_name, &id);
            if request.planned.member("on_create_failure").as_str() == Some("remove") {
                let removed =
                    remove(managed, call, &request.planned, &model, &before, &finished).await;
                detail = format!(
                    "{}\n\nThe run:\n{}\n{removed}",
                    failure.detail, finished.outcome
                );
            }
            response.diagnostics.error(Path::root(), summary, detail);
        }
    }
    response
}

/// Removes what a failed create made, and nothing that stood there before.
async fn remove<R: Resource>(
    managed: &Managed<R>,
    call: &Call,
    planned: &Value,
    model: &R::Model,
    before: &create::Before,
    finished: &Finished,
) -> String {
    let mut limits = managed.limits(call, planned, Operation::Delete);
    limits.cancel = tokio_util::sync::CancellationToken::new();
    let systems = managed.systems(model, limits).await;
    let made: std::collections::BTreeMap<String, Entry> = finished
        .record
        .objects
        .iter()
        .filter(|(key, _)| !before.existing.contains(key))
        .map(|(key, entry)| {
            let entry = Entry {
                outlives: false,
                ..entry.clone()
            };
            (key.clone(), entry)
        })
        .collect();
    let (outcome, failure) = destroy::destroy(&managed.graph, &systems, &made, &|_, _| false).await;
    match failure {
        None => format!(
            "As `on_create_failure = \"remove\"` asks, what it made was removed:\n{outcome}"
        ),
        Some(failure) => format!(
            "As `on_create_failure = \"remove\"` asks, what it made was being removed, which failed: {}\n{outcome}",
            failure.detail
        ),
    }
}

pub(super) async fn update<R: Resource>(
    managed: &Managed<R>,
    call: &Call,
    request: ApplyRequest,
) -> ApplyResponse {
    let model: R::Model = decode(&request.planned);
    let (owner, id) = managed.owner(&model);
    let type_name = managed.resource.type_name();
    let limits = managed.limits(call, &request.planned, Operation::Update);
    let systems = managed.systems(&model, limits).await;
    let held = Record::from_private(&request.planned_private);
    let import = mark::import_command(type_name, &id);
    let mut takeover = takeover(&request.prior, &request.planned);
    // After an import the objects are ours, and the first apply may take their fields.
    takeover.all |= held.imported;
    let setting = Setting {
        systems: &systems,
        owner: &owner,
        takeover: &takeover,
        held: &held,
        import: &import,
    };
    let mut finished = run::apply(&managed.graph, &setting, &request.planned).await;
    if finished.failure.is_none() {
        run::remove_leftovers(&managed.graph, &setting, &mut finished).await;
    }
    if finished.failure.is_none() && held.imported {
        finished.failure = stamp(managed, &systems, &model).await;
    }
    let mut response = ApplyResponse::default();
    add_warnings(&finished, &mut response.diagnostics);
    match finished.failure.take() {
        None => {
            tracing::info!(resource = type_name, id, "updated\n{}", finished.outcome);
            response.new = with_id(managed, finished.value);
            response.private = finished.record.to_private();
        }
        Some(failure) => {
            let (summary, detail) = explain::update_failed(&failure, &finished, type_name, &id);
            response.diagnostics.error(Path::root(), summary, detail);
            let (new, private) = as_it_is(managed, call, &request, &held, &finished).await;
            response.new = new;
            response.private = private;
        }
    }
    response.identity = managed.identity_of(&response.new);
    response
}

async fn stamp<R: Resource>(
    managed: &Managed<R>,
    systems: &Systems,
    model: &R::Model,
) -> Option<super::failure::Failure> {
    let part = managed.graph.part(managed.resource.primary())?;
    let address = part.addresses(model).ok()?.into_iter().next()?;
    systems.stamp(&address, mark::FINISHED).await.err()
}

/// The state after an update that failed: what is really there, measured against what was intended, so that the next plan goes on.
async fn as_it_is<R: Resource>(
    managed: &Managed<R>,
    call: &Call,
    request: &ApplyRequest,
    held: &Record,
    finished: &Finished,
) -> (Value, Vec<u8>) {
    let mut record = finished.record.clone();
    for (key, entry) in &held.objects {
        record
            .objects
            .entry(key.clone())
            .or_insert_with(|| entry.clone());
    }
    record.imported = held.imported;
    let mut call = call.clone();
    call.cancel = tokio_util::sync::CancellationToken::new();
    let intended = without_unknown(&R::Model::fields(), finished.value.clone());
    let model: R::Model = decode(&intended);
    let limits = managed.limits(&call, &intended, Operation::Read);
    let systems = managed.systems(&model, limits).await;
    let found = read::read(
        &managed.graph,
        &systems,
        managed.resource.primary(),
        &record,
        &intended,
    )
    .await;
    match found {
        Ok(read::Found {
            value: Some(mut value),
            ..
        }) => {
            keep_triggers(&mut value, &request.prior);
            (with_id(managed, value), record.to_private())
        }
        _ => (request.prior.clone(), held.to_private()),
    }
}

/// Triggers and versions keep their prior value until their action succeeded.
fn keep_triggers(value: &mut Value, prior: &Value) {
    let is_trigger =
        |name: &str| matches!(name, "switchover" | "on_demand") || name.ends_with("_wo_version");
    match (value, prior) {
        (Value::Map(members), Value::Map(prior)) => {
            for (name, member) in members {
                let before = prior.get(name).cloned().unwrap_or_default();
                if is_trigger(name) {
                    *member = before;
                } else {
                    keep_triggers(member, &before);
                }
            }
        }
        (Value::List(elements), Value::List(prior)) => {
            for (element, prior) in elements.iter_mut().zip(prior) {
                keep_triggers(element, prior);
            }
        }
        _ => {}
    }
}

pub(super) async fn destroy<R: Resource>(
    managed: &Managed<R>,
    call: &Call,
    request: ApplyRequest,
) -> ApplyResponse {
    let type_name = managed.resource.type_name();
    let model: R::Model = decode(&request.prior);
    let record = Record::from_private(&request.planned_private);
    let mut response = ApplyResponse {
        new: request.prior.clone(),
        private: request.planned_private.clone(),
        identity: managed.identity_of(&request.prior),
        ..ApplyResponse::default()
    };
    let allowed = request.prior.member("deletion_protection") == &Value::Bool(false)
        || record.deletion_protection == Some(false);
    if !allowed {
        let id = request.prior.member("id").as_str();
        plan::refuse_deletion(type_name, id, "This apply", &mut response.diagnostics);
        response.diagnostics.error(
            Path::root(),
            "Nothing was deleted",
            "If the resource is tainted, take that back: `tofu untaint ADDRESS` (or `terraform untaint ADDRESS`); a half-made or \
             changed database is repaired by the next apply.",
        );
        return response;
    }
    let limits = managed.limits(call, &request.prior, Operation::Delete);
    let systems = managed.systems(&model, limits).await;
    match destroy_all(managed, &systems, &model, &record).await {
        Ok(notes) => {
            response.new = Value::Null;
            response.private = Vec::new();
            response.identity = None;
            if !notes.is_empty() {
                response.diagnostics.warning(
                    Path::root(),
                    format!("The {type_name} is deleted; some things stay"),
                    notes.join("\n"),
                );
            }
        }
        Err((summary, detail)) => response.diagnostics.error(Path::root(), summary, detail),
    }
    response
}

async fn destroy_all<R: Resource>(
    managed: &Managed<R>,
    systems: &Systems,
    model: &R::Model,
    record: &Record,
) -> Result<Vec<String>, (String, String)> {
    let type_name = managed.resource.type_name();
    let (_, id) = managed.owner(model);
    let nothing = super::outcome::Outcome::default();
    let explain = |failure, outcome: &_| explain::destroy_failed(&failure, outcome, type_name, &id);
    let mut notes = managed
        .resource
        .before_destroy(systems, model)
        .await
        .map_err(|failure| explain(failure, &nothing))?;
    let keep = |_: &str, entry: &Entry| {
        managed
            .graph
            .part(&entry.part)
            .is_some_and(|part| part.outlives(model))
    };
    let (outcome, failure) =
        destroy::destroy(&managed.graph, systems, &record.objects, &keep).await;
    if let Some(failure) = failure {
        return Err(explain(failure, &outcome));
    }
    let kept: Vec<&str> = outcome
        .lines()
        .iter()
        .filter(|line| line.status == Status::Kept)
        .map(|line| line.object.as_str())
        .collect();
    if !kept.is_empty() {
        notes.push(format!("Kept with the backups in it: {}.", kept.join(", ")));
    }
    let after = managed.resource.after_destroy(systems, model).await;
    notes.extend(after.map_err(|failure| explain(failure, &outcome))?);
    Ok(notes)
}
