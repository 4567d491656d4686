//! State and identities that come from elsewhere: stored by an earlier version, imported, or moved from another resource.

use serde_json::{Map, Value as Json};

use super::convert::{diagnostics_out, value_out};
use super::guard::Shared;
use super::proto::tfplugin5 as wire;
use super::schemas::{self, Found, undecodable};
use crate::schema::diagnostic::Diagnostics;
use crate::schema::json;
use crate::schema::resource::{Call, IdentitySchema, ImportRequest, MoveRequest};
use crate::schema::types::identity_type;
use crate::schema::value::Value;

const STATE: &str = "stored state";
const IDENTITY: &str = "stored identity";

pub async fn upgrade(
    provider: Shared,
    _: Call,
    request: wire::upgrade_resource_state::Request,
) -> Found<wire::upgrade_resource_state::Response> {
    let found = schemas::resource(provider.as_ref(), &request.type_name)?;
    let stored = request.raw_state.unwrap_or_default().json;
    if stored.is_empty() {
        return Err(too_old());
    }
    let (fields, version) = (&found.shape.fields, request.version);
    let value = if version == found.version {
        json::decode_state(fields, &stored)
    } else {
        let old = serde_json::from_slice(&stored).map_err(|why| undecodable(STATE, why))?;
        let new = found.resource.upgrade(version, old);
        json::decode_state_json(fields, &new.map_err(|why| undecodable(STATE, why))?)
    };
    let value = value.map_err(|why| undecodable(STATE, why))?;
    Ok(wire::upgrade_resource_state::Response {
        upgraded_state: Some(value_out(&value, &found.shape.ty)),
        diagnostics: Vec::new(),
    })
}

pub async fn upgrade_identity(
    provider: Shared,
    _: Call,
    request: wire::upgrade_resource_identity::Request,
) -> Found<wire::upgrade_resource_identity::Response> {
    let found = schemas::resource(provider.as_ref(), &request.type_name)?;
    let schema = (found.resource.identity_schema())
        .ok_or_else(|| undecodable(IDENTITY, "This resource has no identity."))?;
    if request.version > schema.version {
        let why = format!(
            "It has version {}, and this version of the provider knows them up to {}.",
            request.version, schema.version
        );
        return Err(undecodable(IDENTITY, why));
    }
    let stored = request.raw_identity.unwrap_or_default().json;
    let value = stored_identity(&schema, &stored).map_err(|why| undecodable(IDENTITY, why))?;
    let ty = identity_type(&schema);
    Ok(wire::upgrade_resource_identity::Response {
        upgraded_identity: Some(wire::ResourceIdentityData {
            identity_data: Some(value_out(&value, &ty)),
        }),
        diagnostics: Vec::new(),
    })
}

/// As lenient as with state: attributes that are gone are dropped, and missing ones are null unless an import needs them.
fn stored_identity(schema: &IdentitySchema, stored: &[u8]) -> Result<Value, String> {
    let mut stored: Map<String, Json> =
        serde_json::from_slice(stored).map_err(|why| why.to_string())?;
    let mut current = Map::new();
    for attribute in &schema.attributes {
        let value = stored.remove(attribute.name).unwrap_or_default();
        if value.is_null() && attribute.required_for_import {
            return Err(format!("`{}` is missing.", attribute.name));
        }
        current.insert(attribute.name.to_owned(), value);
    }
    let current = Json::Object(current).to_string();
    json::decode(current.as_bytes(), &identity_type(schema)).map_err(|why| why.to_string())
}

/// Nothing of ours was ever stored in the older form.
fn too_old() -> Diagnostics {
    let why = "State in the form of Terraform before 0.12 is not supported.";
    undecodable(STATE, why)
}

pub async fn import(
    provider: Shared,
    call: Call,
    request: wire::import_resource_state::Request,
) -> Found<wire::import_resource_state::Response> {
    use wire::import_resource_state::{ImportedResource, Response};
    let found = schemas::resource(provider.as_ref(), &request.type_name)?;
    let by = match found.identity_in(request.identity.as_ref())? {
        Some(identity) if request.id.is_empty() => ImportRequest::Identity(identity),
        _ => ImportRequest::Id(request.id),
    };
    let mut answer = found.resource.import(&call, by).await;
    let state = answer
        .state
        .and_then(|state| found.shape.known_answer(state, &mut answer.diagnostics));
    let imported = state.map(|state| ImportedResource {
        type_name: request.type_name,
        state: Some(state),
        private: answer.private,
        identity: found.identity_answer(answer.identity.as_ref(), &mut answer.diagnostics),
    });
    Ok(Response {
        imported_resources: imported.into_iter().collect(),
        diagnostics: diagnostics_out(answer.diagnostics),
        deferred: None,
    })
}

pub async fn move_state(
    provider: Shared,
    call: Call,
    request: wire::move_resource_state::Request,
) -> Found<wire::move_resource_state::Response> {
    let found = schemas::resource(provider.as_ref(), &request.target_type_name)?;
    let source = request.source_state.unwrap_or_default();
    if source.json.is_empty() && !source.flatmap.is_empty() {
        return Err(too_old());
    }
    let moved = MoveRequest {
        source_provider_address: request.source_provider_address,
        source_type_name: request.source_type_name,
        source_schema_version: request.source_schema_version,
        source_state: source.json,
        source_private: request.source_private,
    };
    let mut answer = found.resource.move_state(&call, moved).await;
    let mut response = wire::move_resource_state::Response::default();
    if !answer.diagnostics.has_errors() {
        let identity = answer.identity.as_ref();
        response.target_identity = found.identity_answer(identity, &mut answer.diagnostics);
        response.target_state = found
            .shape
            .known_answer(answer.target, &mut answer.diagnostics);
        response.target_private = answer.private;
    }
    response.diagnostics = diagnostics_out(answer.diagnostics);
    Ok(response)
}
