//! Data sources, ephemeral resources and functions over the wire.

use super::convert::{diagnostics_out, function_error_out, value_in};
use super::guard::Shared;
use super::proto::tfplugin5 as wire;
use super::schemas::{self, Found};
use crate::schema::diagnostic::Diagnostics;
use crate::schema::resource::{Call, FunctionError};

pub async fn validate_data_source(
    provider: Shared,
    _: Call,
    request: wire::validate_data_source_config::Request,
) -> Found<wire::validate_data_source_config::Response> {
    let (source, shape) = schemas::data_source(provider.as_ref(), &request.type_name)?;
    let config = shape.config(request.config.as_ref())?;
    Ok(wire::validate_data_source_config::Response {
        diagnostics: diagnostics_out(source.validate(&config)),
    })
}

pub async fn read_data_source(
    provider: Shared,
    call: Call,
    request: wire::read_data_source::Request,
) -> Found<wire::read_data_source::Response> {
    let (source, shape) = schemas::data_source(provider.as_ref(), &request.type_name)?;
    let config = shape.config(request.config.as_ref())?;
    let (state, mut diagnostics) = source.read(&call, config).await;
    Ok(wire::read_data_source::Response {
        state: shape.known_answer(state, &mut diagnostics),
        diagnostics: diagnostics_out(diagnostics),
        deferred: None,
    })
}

pub async fn validate_ephemeral(
    provider: Shared,
    _: Call,
    request: wire::validate_ephemeral_resource_config::Request,
) -> Found<wire::validate_ephemeral_resource_config::Response> {
    let (resource, shape) = schemas::ephemeral(provider.as_ref(), &request.type_name)?;
    let config = shape.config(request.config.as_ref())?;
    Ok(wire::validate_ephemeral_resource_config::Response {
        diagnostics: diagnostics_out(resource.validate(&config)),
    })
}

fn timestamp(seconds: Option<i64>) -> Option<prost_types::Timestamp> {
    seconds.map(|seconds| prost_types::Timestamp { seconds, nanos: 0 })
}

pub async fn open(
    provider: Shared,
    call: Call,
    request: wire::open_ephemeral_resource::Request,
) -> Found<wire::open_ephemeral_resource::Response> {
    let (resource, shape) = schemas::ephemeral(provider.as_ref(), &request.type_name)?;
    let config = shape.config(request.config.as_ref())?;
    let mut opened = resource.open(&call, config).await;
    Ok(wire::open_ephemeral_resource::Response {
        result: shape.answer(opened.result, &mut opened.diagnostics),
        renew_at: timestamp(opened.renew_at),
        private: opened.private,
        diagnostics: diagnostics_out(opened.diagnostics),
        deferred: None,
    })
}

pub async fn renew(
    provider: Shared,
    call: Call,
    request: wire::renew_ephemeral_resource::Request,
) -> Found<wire::renew_ephemeral_resource::Response> {
    let (resource, _) = schemas::ephemeral(provider.as_ref(), &request.type_name)?;
    let renewed = resource.renew(&call, request.private).await;
    Ok(wire::renew_ephemeral_resource::Response {
        renew_at: timestamp(renewed.renew_at),
        private: renewed.private,
        diagnostics: diagnostics_out(renewed.diagnostics),
    })
}

pub async fn close(
    provider: Shared,
    call: Call,
    request: wire::close_ephemeral_resource::Request,
) -> Found<wire::close_ephemeral_resource::Response> {
    let (resource, _) = schemas::ephemeral(provider.as_ref(), &request.type_name)?;
    let diagnostics = resource.close(&call, request.private).await;
    Ok(wire::close_ephemeral_resource::Response {
        diagnostics: diagnostics_out(diagnostics),
    })
}

pub async fn call_function(
    provider: Shared,
    _: Call,
    request: wire::call_function::Request,
) -> Found<wire::call_function::Response> {
    let function = schemas::function(provider.as_ref(), &request.name)?;
    let signature = function.signature();
    let (expected, given) = (signature.parameters.len(), request.arguments.len());
    let mut arguments = Vec::new();
    for (index, (parameter, argument)) in signature
        .parameters
        .iter()
        .zip(&request.arguments)
        .enumerate()
    {
        match value_in(Some(argument), &parameter.ty) {
            Ok(value) => arguments.push(value),
            Err(text) => return Ok(refused(text, Some(index))),
        }
    }
    if expected != given {
        let text = format!("{expected} arguments are required, {given} were given");
        return Ok(refused(text, None));
    }
    match function.call(&arguments) {
        Err(error) => Ok(refused(error.text, error.argument)),
        Ok(value) => {
            let mut diagnostics = Diagnostics::new();
            let result = schemas::encoded(&value, &signature.returns, &mut diagnostics);
            if diagnostics.has_errors() {
                return Err(diagnostics);
            }
            Ok(wire::call_function::Response {
                result,
                error: None,
            })
        }
    }
}

fn refused(text: String, argument: Option<usize>) -> wire::call_function::Response {
    wire::call_function::Response {
        result: None,
        error: Some(function_error_out(FunctionError { text, argument })),
    }
}
