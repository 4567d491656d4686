//! The life of managed resources over the wire, under core's rules for every answer.

use super::convert::{diagnostics_out, path_out};
use super::guard::Shared;
use super::proto::tfplugin5 as wire;
use super::rpc::Rpc;
use super::schemas::{self, Found, broken_rules};
use crate::schema::check::{assert_object_compatible, assert_plan_valid};
use crate::schema::resource::{ApplyRequest, Call, PlanRequest, ReadRequest};
use crate::schema::strip::{without_unknown, without_write_only};
use crate::schema::validate::refuse_write_only;

pub async fn validate(
    provider: Shared,
    call: Call,
    request: wire::validate_resource_type_config::Request,
) -> Found<wire::validate_resource_type_config::Response> {
    let found = schemas::resource(provider.as_ref(), &request.type_name)?;
    let config = found.shape.config(request.config.as_ref())?;
    let call = Call {
        write_only_attributes_allowed: request
            .client_capabilities
            .is_some_and(|capabilities| capabilities.write_only_attributes_allowed),
        ..call
    };
    let mut diagnostics = found.resource.validate(&call, &config);
    if !call.write_only_attributes_allowed {
        diagnostics.extend(refuse_write_only(&found.shape.fields, &config));
    }
    Ok(wire::validate_resource_type_config::Response {
        diagnostics: diagnostics_out(diagnostics),
    })
}

pub async fn read(
    provider: Shared,
    call: Call,
    request: wire::read_resource::Request,
) -> Found<wire::read_resource::Response> {
    let found = schemas::resource(provider.as_ref(), &request.type_name)?;
    let mut response = request.kept();
    let current = request.current_state.as_ref();
    let read = ReadRequest {
        current: found.shape.decode("state", current)?,
        identity: found.identity_in(request.current_identity.as_ref())?,
        private: request.private,
    };
    let mut answer = found.resource.read(&call, read).await;
    if !answer.diagnostics.has_errors()
        && let Some(new) = found
            .shape
            .known_answer(answer.new, &mut answer.diagnostics)
    {
        let identity = found.identity_answer(answer.identity.as_ref(), &mut answer.diagnostics);
        response.new_state = Some(new);
        response.private = answer.private;
        response.new_identity = identity.or(response.new_identity);
    }
    response.diagnostics = diagnostics_out(answer.diagnostics);
    Ok(response)
}

pub async fn plan(
    provider: Shared,
    call: Call,
    request: wire::plan_resource_change::Request,
) -> Found<wire::plan_resource_change::Response> {
    let found = schemas::resource(provider.as_ref(), &request.type_name)?;
    let (shape, proposed) = (&found.shape, request.proposed_new_state.as_ref());
    let plan = PlanRequest {
        prior: shape.decode("prior state", request.prior_state.as_ref())?,
        proposed: shape.decode("proposed state", proposed)?,
        config: shape.config(request.config.as_ref())?,
        prior_identity: found.identity_in(request.prior_identity.as_ref())?,
        prior_private: request.prior_private,
    };
    let (prior, config) = (plan.prior.clone(), plan.config.clone());
    let mut answer = found.resource.plan(&call, plan).await;
    let planned = without_write_only(&shape.fields, answer.planned);
    if cfg!(debug_assertions) && !answer.diagnostics.has_errors() {
        let rules = assert_plan_valid(&shape.fields, &prior, &config, &planned);
        broken_rules(rules, &mut answer.diagnostics);
    }
    let identity = answer.planned_identity.as_ref();
    Ok(wire::plan_resource_change::Response {
        planned_state: shape.answer(planned, &mut answer.diagnostics),
        requires_replace: answer.requires_replace.iter().map(path_out).collect(),
        planned_private: answer.planned_private,
        planned_identity: found.identity_answer(identity, &mut answer.diagnostics),
        diagnostics: diagnostics_out(answer.diagnostics),
        ..Default::default()
    })
}

pub async fn apply(
    provider: Shared,
    call: Call,
    request: wire::apply_resource_change::Request,
) -> Found<wire::apply_resource_change::Response> {
    let found = schemas::resource(provider.as_ref(), &request.type_name)?;
    let mut response = request.kept();
    let shape = &found.shape;
    let apply = ApplyRequest {
        prior: shape.decode("prior state", request.prior_state.as_ref())?,
        planned: shape.decode("planned state", request.planned_state.as_ref())?,
        config: shape.config(request.config.as_ref())?,
        planned_identity: found.identity_in(request.planned_identity.as_ref())?,
        planned_private: request.planned_private,
    };
    let planned = apply.planned.clone();
    let mut answer = found.resource.apply(&call, apply).await;
    let new = without_write_only(&shape.fields, answer.new);
    if cfg!(debug_assertions) && !answer.diagnostics.has_errors() {
        let mut rules = assert_object_compatible(&shape.fields, &planned, &new);
        if !new.is_wholly_known() {
            rules.push("a value in it is unknown".to_owned());
        }
        broken_rules(rules, &mut answer.diagnostics);
    }
    let failed = answer.diagnostics.has_errors();
    if failed && new.is_null() {
        // A failure without an object leaves what was there before.
        response.diagnostics = diagnostics_out(answer.diagnostics);
        return Ok(response);
    }
    // Core would save a new object that has unknown values, but as one to be replaced.
    let new = without_unknown(&shape.fields, new);
    if let Some(new) = shape.known_answer(new, &mut answer.diagnostics) {
        let identity = found.identity_answer(answer.identity.as_ref(), &mut answer.diagnostics);
        response.new_state = Some(new);
        if !(failed && answer.private.is_empty()) {
            response.private = answer.private;
        }
        response.new_identity = identity.or(response.new_identity);
    }
    response.diagnostics = diagnostics_out(answer.diagnostics);
    Ok(response)
}
