//! Managed resources over the wire: decoding, core's rules on every answer, and what an answer must hold when something fails.

use std::sync::Arc;

use super::convert::{diagnostics_out, path_out, value_in, value_out};
use super::proto::tfplugin5 as wire;
use super::schemas::{self, Resource};
use crate::schema::check::{assert_object_compatible, assert_plan_valid};
use crate::schema::diagnostic::{Diagnostics, Path};
use crate::schema::resource::{
    ApplyRequest, Call, ImportRequest, MoveRequest, PlanRequest, Provider, ReadRequest,
};
use crate::schema::strip::{without_unknown, without_write_only};
use crate::schema::types::conforms;
use crate::schema::validate::refuse_write_only;
use crate::schema::value::{Type, Value};

type Shared = Arc<dyn Provider>;
type Found<T> = Result<T, Diagnostics>;

pub fn undecodable(what: &str, why: String) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    diagnostics.error(Path::root(), format!("The {what} cannot be read"), why);
    diagnostics
}

fn decode(what: &str, dynamic: Option<&wire::DynamicValue>, ty: &Type) -> Found<Value> {
    value_in(dynamic, ty).map_err(|why| undecodable(what, why))
}

fn identity_in(
    found: &Resource,
    data: Option<&wire::ResourceIdentityData>,
) -> Found<Option<Value>> {
    let (Some(ty), Some(data)) = (&found.identity, data) else {
        return Ok(None);
    };
    let value = decode("identity", data.identity_data.as_ref(), ty)?;
    Ok((!value.is_null()).then_some(value))
}

fn identity_out(found: &Resource, identity: Option<&Value>) -> Option<wire::ResourceIdentityData> {
    let (ty, identity) = (found.identity.as_ref()?, identity?);
    Some(wire::ResourceIdentityData {
        identity_data: Some(value_out(identity, ty)),
    })
}

/// A value as it may leave the provider. One that does not fit the schema is a bug, and is told as such instead of being lost by core.
fn outgoing(
    found: &Resource,
    value: Value,
    diagnostics: &mut Diagnostics,
) -> Option<wire::DynamicValue> {
    let value = without_write_only(&found.shape.fields, value);
    if let Err((path, why)) = conforms(&value, &found.shape.ty)
        .or_else(|error| if value.is_null() { Ok(()) } else { Err(error) })
    {
        broken_rules(vec![format!("{path}: {why}")], diagnostics);
        return None;
    }
    Some(value_out(&value, &found.shape.ty))
}

fn broken_rules(rules: Vec<String>, diagnostics: &mut Diagnostics) {
    for rule in rules {
        diagnostics.error(
            Path::root(),
            "The provider has a bug",
            format!("Its answer breaks a rule of the protocol: {rule}. Please report this."),
        );
    }
}

pub fn validate(
    provider: &Shared,
    call: &Call,
    request: wire::validate_resource_type_config::Request,
) -> Diagnostics {
    let work = || -> Found<Diagnostics> {
        let found = schemas::resource(provider.as_ref(), &request.type_name)?;
        let config = decode("configuration", request.config.as_ref(), &found.shape.ty)?;
        let mut diagnostics = found.resource.validate(call, &config);
        if !call.write_only_attributes_allowed {
            diagnostics.extend(refuse_write_only(&found.shape.fields, &config));
        }
        Ok(diagnostics)
    };
    work().unwrap_or_else(|diagnostics| diagnostics)
}

pub fn upgrade(
    provider: &Shared,
    request: wire::upgrade_resource_state::Request,
) -> wire::upgrade_resource_state::Response {
    let work = || -> Found<wire::DynamicValue> {
        let found = schemas::resource(provider.as_ref(), &request.type_name)?;
        let raw = request.raw_state.unwrap_or_default();
        if raw.json.is_empty() {
            return Err(undecodable(
                "stored state",
                "State in the form of Terraform before 0.12 is not supported.".to_owned(),
            ));
        }
        let invalid = |error: String| undecodable("stored state", error);
        let mut state: serde_json::Value =
            serde_json::from_slice(&raw.json).map_err(|error| invalid(error.to_string()))?;
        if request.version != found.resource.schema().version {
            state = found
                .resource
                .upgrade(request.version, state)
                .map_err(invalid)?;
        }
        let bytes = serde_json::to_vec(&state).map_err(|error| invalid(error.to_string()))?;
        let source = if request.version == found.resource.schema().version {
            &raw.json
        } else {
            &bytes
        };
        let value = crate::schema::json::decode_state(&found.shape.fields, source)
            .map_err(|error| invalid(error.to_string()))?;
        let value = without_write_only(&found.shape.fields, value);
        Ok(value_out(&value, &found.shape.ty))
    };
    match work() {
        Ok(upgraded) => wire::upgrade_resource_state::Response {
            upgraded_state: Some(upgraded),
            diagnostics: Vec::new(),
        },
        Err(diagnostics) => wire::upgrade_resource_state::Response {
            upgraded_state: None,
            diagnostics: diagnostics_out(diagnostics),
        },
    }
}

pub async fn read(
    provider: Shared,
    call: Call,
    request: wire::read_resource::Request,
) -> wire::read_resource::Response {
    let mut response = wire::read_resource::Response {
        new_state: request.current_state.clone(),
        private: request.private.clone(),
        new_identity: request.current_identity.clone(),
        ..Default::default()
    };
    let work = || -> Found<(Resource, ReadRequest)> {
        let found = schemas::resource(provider.as_ref(), &request.type_name)?;
        let read = ReadRequest {
            current: decode("state", request.current_state.as_ref(), &found.shape.ty)?,
            private: request.private,
            identity: identity_in(&found, request.current_identity.as_ref())?,
        };
        Ok((found, read))
    };
    match work() {
        Err(diagnostics) => response.diagnostics = diagnostics_out(diagnostics),
        Ok((found, request)) => {
            let mut answer = found.resource.read(&call, request).await;
            let failed = answer.diagnostics.has_errors();
            if let Some(new) = outgoing(&found, answer.new, &mut answer.diagnostics)
                && !failed
            {
                response.new_state = Some(new);
                response.private = answer.private;
                response.new_identity = identity_out(&found, answer.identity.as_ref());
            }
            response.diagnostics = diagnostics_out(answer.diagnostics);
        }
    }
    response
}

pub async fn plan(
    provider: Shared,
    call: Call,
    request: wire::plan_resource_change::Request,
) -> wire::plan_resource_change::Response {
    let mut response = wire::plan_resource_change::Response {
        planned_state: request.prior_state.clone(),
        planned_private: request.prior_private.clone(),
        ..Default::default()
    };
    let work = || -> Found<(Resource, PlanRequest)> {
        let found = schemas::resource(provider.as_ref(), &request.type_name)?;
        let plan = PlanRequest {
            prior: decode("prior state", request.prior_state.as_ref(), &found.shape.ty)?,
            proposed: decode(
                "proposed state",
                request.proposed_new_state.as_ref(),
                &found.shape.ty,
            )?,
            config: decode("configuration", request.config.as_ref(), &found.shape.ty)?,
            prior_private: request.prior_private,
            prior_identity: identity_in(&found, request.prior_identity.as_ref())?,
        };
        Ok((found, plan))
    };
    match work() {
        Err(diagnostics) => response.diagnostics = diagnostics_out(diagnostics),
        Ok((found, request)) => {
            let (prior, config) = (request.prior.clone(), request.config.clone());
            let mut answer = found.resource.plan(&call, request).await;
            let planned = without_write_only(&found.shape.fields, answer.planned);
            if cfg!(debug_assertions) && !answer.diagnostics.has_errors() {
                let rules = assert_plan_valid(&found.shape.fields, &prior, &config, &planned);
                broken_rules(rules, &mut answer.diagnostics);
            }
            response.planned_state = outgoing(&found, planned, &mut answer.diagnostics);
            response.requires_replace = answer.requires_replace.iter().map(path_out).collect();
            response.planned_private = answer.planned_private;
            response.planned_identity = identity_out(&found, answer.planned_identity.as_ref());
            response.diagnostics = diagnostics_out(answer.diagnostics);
        }
    }
    response
}

pub async fn apply(
    provider: Shared,
    call: Call,
    request: wire::apply_resource_change::Request,
) -> wire::apply_resource_change::Response {
    let mut response = wire::apply_resource_change::Response {
        new_state: request.prior_state.clone(),
        private: request.planned_private.clone(),
        ..Default::default()
    };
    let work = || -> Found<(Resource, ApplyRequest)> {
        let found = schemas::resource(provider.as_ref(), &request.type_name)?;
        let apply = ApplyRequest {
            prior: decode("prior state", request.prior_state.as_ref(), &found.shape.ty)?,
            planned: decode(
                "planned state",
                request.planned_state.as_ref(),
                &found.shape.ty,
            )?,
            config: decode("configuration", request.config.as_ref(), &found.shape.ty)?,
            planned_private: request.planned_private,
            planned_identity: identity_in(&found, request.planned_identity.as_ref())?,
        };
        Ok((found, apply))
    };
    match work() {
        Err(diagnostics) => response.diagnostics = diagnostics_out(diagnostics),
        Ok((found, request)) => {
            let planned = request.planned.clone();
            let mut answer = found.resource.apply(&call, request).await;
            let new = without_unknown(
                &found.shape.fields,
                without_write_only(&found.shape.fields, answer.new),
            );
            if cfg!(debug_assertions) && !answer.diagnostics.has_errors() {
                let rules = assert_object_compatible(&found.shape.fields, &planned, &new);
                broken_rules(rules, &mut answer.diagnostics);
            }
            response.new_state = outgoing(&found, new, &mut answer.diagnostics);
            response.private = answer.private;
            response.new_identity = identity_out(&found, answer.identity.as_ref());
            response.diagnostics = diagnostics_out(answer.diagnostics);
        }
    }
    response
}

pub async fn import(
    provider: Shared,
    call: Call,
    request: wire::import_resource_state::Request,
) -> wire::import_resource_state::Response {
    let mut response = wire::import_resource_state::Response::default();
    let work = || -> Found<(Resource, ImportRequest)> {
        let found = schemas::resource(provider.as_ref(), &request.type_name)?;
        let by = match identity_in(&found, request.identity.as_ref())? {
            Some(identity) if request.id.is_empty() => ImportRequest::Identity(identity),
            _ => ImportRequest::Id(request.id.clone()),
        };
        Ok((found, by))
    };
    match work() {
        Err(diagnostics) => response.diagnostics = diagnostics_out(diagnostics),
        Ok((found, by)) => {
            let mut answer = found.resource.import(&call, by).await;
            if let Some(state) = answer.state.take() {
                let state = outgoing(&found, state, &mut answer.diagnostics);
                response
                    .imported_resources
                    .push(wire::import_resource_state::ImportedResource {
                        type_name: request.type_name,
                        state,
                        private: answer.private,
                        identity: identity_out(&found, answer.identity.as_ref()),
                    });
            }
            response.diagnostics = diagnostics_out(answer.diagnostics);
        }
    }
    response
}

pub async fn move_state(
    provider: Shared,
    call: Call,
    request: wire::move_resource_state::Request,
) -> wire::move_resource_state::Response {
    let mut response = wire::move_resource_state::Response::default();
    let found = match schemas::resource(provider.as_ref(), &request.target_type_name) {
        Ok(found) => found,
        Err(diagnostics) => {
            response.diagnostics = diagnostics_out(diagnostics);
            return response;
        }
    };
    let moved = MoveRequest {
        source_provider_address: request.source_provider_address,
        source_type_name: request.source_type_name,
        source_schema_version: request.source_schema_version,
        source_state: request.source_state.unwrap_or_default().json,
        source_private: request.source_private,
    };
    let mut answer = found.resource.move_state(&call, moved).await;
    if !answer.diagnostics.has_errors() {
        response.target_state = outgoing(&found, answer.target, &mut answer.diagnostics);
        response.target_private = answer.private;
        response.target_identity = identity_out(&found, answer.identity.as_ref());
    }
    response.diagnostics = diagnostics_out(answer.diagnostics);
    response
}

pub fn upgrade_identity(
    provider: &Shared,
    request: wire::upgrade_resource_identity::Request,
) -> wire::upgrade_resource_identity::Response {
    let work = || -> Found<wire::ResourceIdentityData> {
        let found = schemas::resource(provider.as_ref(), &request.type_name)?;
        let Some(ty) = &found.identity else {
            return Err(undecodable(
                "stored identity",
                "This resource has no identity.".to_owned(),
            ));
        };
        let raw = request.raw_identity.unwrap_or_default();
        let value = crate::schema::json::decode(&raw.json, ty)
            .map_err(|error| undecodable("stored identity", error.to_string()))?;
        Ok(wire::ResourceIdentityData {
            identity_data: Some(value_out(&value, ty)),
        })
    };
    match work() {
        Ok(identity) => wire::upgrade_resource_identity::Response {
            upgraded_identity: Some(identity),
            diagnostics: Vec::new(),
        },
        Err(diagnostics) => wire::upgrade_resource_identity::Response {
            upgraded_identity: None,
            diagnostics: diagnostics_out(diagnostics),
        },
    }
}
