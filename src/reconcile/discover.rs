//! Import: finds the objects of a resource by its identity, part by part, and fills the model from them.

use super::failure::Failure;
use super::graph::Graph;
use super::object::{Address, Live, Outputs};
use super::part::{Fill, Part, Query};
use super::record::{Entry, Record};
use super::resource::Resource;
use super::run::decode;
use super::systems::Systems;
use crate::schema::object::Object;
use crate::schema::strip::without_unknown;
use crate::schema::value::Value;

/// A discovered resource.
pub struct Discovered {
    pub value: Value,
    pub record: Record,
}

/// `None` when the primary object does not exist.
pub async fn discover<R: Resource>(
    resource: &R,
    graph: &Graph<R::Model>,
    systems: &Systems,
    current: &Value,
) -> Result<Option<Discovered>, Failure> {
    let mut model: R::Model = decode(current);
    let mut record = Record {
        imported: true,
        ..Record::default()
    };
    let mut outputs = Outputs::default();
    // The primary object says most of what the other parts have to look for.
    let mut order: Vec<&dyn Part<R::Model>> = graph.parts().iter().map(AsRef::as_ref).collect();
    order.sort_by_key(|part| part.name() != resource.primary());
    for part in order {
        let lives = find(part, systems, &model, &outputs).await?;
        if lives.is_empty() && part.name() == resource.primary() {
            return Ok(None);
        }
        for live in &lives {
            part.observed(live, Fill::All, &mut model);
            part.outputs(live, &mut outputs);
            record.objects.insert(
                live.address.key(),
                Entry {
                    part: part.name().to_owned(),
                    address: live.address.clone(),
                    lock: None,
                    digests: std::collections::BTreeMap::new(),
                    outlives: part.outlives(&model),
                },
            );
        }
    }
    resource.imported(&mut model);
    let shown = record
        .objects
        .keys()
        .map(|key| {
            let entry = super::plan::changed(&[super::plan::OWNERSHIP.to_owned()]);
            (key.clone(), Value::String(entry))
        })
        .collect();
    let id = resource.id(&model).ok();
    let mut value = without_unknown(&R::Model::fields(), model.encode());
    if let Value::Map(members) = &mut value {
        members.insert("objects".to_owned(), Value::Map(shown));
        if let Some(id) = id {
            members.insert("id".to_owned(), id.as_str().into());
        }
    }
    Ok(Some(Discovered { value, record }))
}

/// What a part finds of its own.
async fn find<M: Sync>(
    part: &dyn Part<M>,
    systems: &Systems,
    model: &M,
    outputs: &Outputs,
) -> Result<Vec<Live>, Failure> {
    let mut lives = Vec::new();
    for query in part.discover(model, outputs) {
        match query {
            Query::Get(address) => {
                if let Some(body) = systems.read(&address).await? {
                    lives.push(Live { address, body });
                }
            }
            Query::List {
                api_version,
                kind,
                namespace,
            } => {
                for body in systems
                    .list(api_version, kind, namespace.as_deref())
                    .await?
                {
                    let name = body["metadata"]["name"].as_str().unwrap_or_default();
                    let address =
                        Address::kubernetes(api_version, kind, namespace.as_deref(), name);
                    lives.push(Live { address, body });
                }
            }
        }
    }
    lives.retain(|live| part.belongs(live, model));
    Ok(lives)
}
