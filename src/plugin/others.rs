//! Data sources, ephemeral resources, functions and the provider's own configuration over the wire.

use std::sync::Arc;

use super::convert::{diagnostics_out, function_error_out, value_in, value_out};
use super::managed::undecodable;
use super::proto::tfplugin5 as wire;
use super::schemas::{self, Shape};
use crate::schema::diagnostic::Diagnostics;
use crate::schema::resource::{Call, FunctionError, Opened, Provider};
use crate::schema::value::Value;

type Shared = Arc<dyn Provider>;
type Found<T> = Result<T, Diagnostics>;

fn config(shape: &Shape, dynamic: Option<&wire::DynamicValue>) -> Found<Value> {
    value_in(dynamic, &shape.ty).map_err(|why| undecodable("configuration", why))
}

pub fn provider_config(provider: &Shared, dynamic: Option<&wire::DynamicValue>) -> Found<Value> {
    config(&Shape::new(provider.schema().fields), dynamic)
}

pub fn validate_provider(provider: &Shared, dynamic: Option<&wire::DynamicValue>) -> Diagnostics {
    match provider_config(provider, dynamic) {
        // Core sends null when the configuration has no provider block.
        Ok(Value::Null) => Diagnostics::new(),
        Ok(config) => provider.validate(&config),
        Err(diagnostics) => diagnostics,
    }
}

pub fn validate_data_source(
    provider: &Shared,
    request: &wire::validate_data_source_config::Request,
) -> Diagnostics {
    let work = || -> Found<Diagnostics> {
        let (source, shape) = schemas::data_source(provider.as_ref(), &request.type_name)?;
        Ok(source.validate(&config(&shape, request.config.as_ref())?))
    };
    work().unwrap_or_else(|diagnostics| diagnostics)
}

pub async fn read_data_source(
    provider: Shared,
    call: Call,
    request: wire::read_data_source::Request,
) -> wire::read_data_source::Response {
    let work = || -> Found<_> {
        let (source, shape) = schemas::data_source(provider.as_ref(), &request.type_name)?;
        let config = config(&shape, request.config.as_ref())?;
        Ok((source, shape, config))
    };
    match work() {
        Ok((source, shape, config)) => {
            let (state, diagnostics) = source.read(&call, config).await;
            wire::read_data_source::Response {
                state: Some(value_out(&state, &shape.ty)),
                diagnostics: diagnostics_out(diagnostics),
                deferred: None,
            }
        }
        Err(diagnostics) => wire::read_data_source::Response {
            diagnostics: diagnostics_out(diagnostics),
            ..Default::default()
        },
    }
}

pub fn validate_ephemeral(
    provider: &Shared,
    request: &wire::validate_ephemeral_resource_config::Request,
) -> Diagnostics {
    let work = || -> Found<Diagnostics> {
        let (resource, shape) = schemas::ephemeral(provider.as_ref(), &request.type_name)?;
        Ok(resource.validate(&config(&shape, request.config.as_ref())?))
    };
    work().unwrap_or_else(|diagnostics| diagnostics)
}

fn timestamp(seconds: Option<i64>) -> Option<prost_types::Timestamp> {
    seconds.map(|seconds| prost_types::Timestamp { seconds, nanos: 0 })
}

pub async fn open(
    provider: Shared,
    call: Call,
    request: wire::open_ephemeral_resource::Request,
) -> wire::open_ephemeral_resource::Response {
    let work = || -> Found<_> {
        let (resource, shape) = schemas::ephemeral(provider.as_ref(), &request.type_name)?;
        let config = config(&shape, request.config.as_ref())?;
        Ok((resource, shape, config))
    };
    match work() {
        Ok((resource, shape, config)) => {
            let opened = resource.open(&call, config).await;
            wire::open_ephemeral_resource::Response {
                renew_at: timestamp(opened.renew_at),
                result: Some(value_out(&opened.result, &shape.ty)),
                private: opened.private,
                diagnostics: diagnostics_out(opened.diagnostics),
                deferred: None,
            }
        }
        Err(diagnostics) => wire::open_ephemeral_resource::Response {
            diagnostics: diagnostics_out(diagnostics),
            ..Default::default()
        },
    }
}

pub async fn renew(
    provider: Shared,
    call: Call,
    request: wire::renew_ephemeral_resource::Request,
) -> wire::renew_ephemeral_resource::Response {
    let opened = match schemas::ephemeral(provider.as_ref(), &request.type_name) {
        Ok((resource, _)) => resource.renew(&call, request.private).await,
        Err(diagnostics) => Opened {
            diagnostics,
            ..Opened::default()
        },
    };
    wire::renew_ephemeral_resource::Response {
        renew_at: timestamp(opened.renew_at),
        private: opened.private,
        diagnostics: diagnostics_out(opened.diagnostics),
    }
}

pub async fn close(
    provider: Shared,
    call: Call,
    request: wire::close_ephemeral_resource::Request,
) -> wire::close_ephemeral_resource::Response {
    let diagnostics = match schemas::ephemeral(provider.as_ref(), &request.type_name) {
        Ok((resource, _)) => resource.close(&call, request.private).await,
        Err(diagnostics) => diagnostics,
    };
    wire::close_ephemeral_resource::Response {
        diagnostics: diagnostics_out(diagnostics),
    }
}

pub fn call_function(
    provider: &Shared,
    request: &wire::call_function::Request,
) -> wire::call_function::Response {
    match function_result(provider, request) {
        Ok(result) => wire::call_function::Response {
            result: Some(result),
            error: None,
        },
        Err(error) => wire::call_function::Response {
            result: None,
            error: Some(function_error_out(error)),
        },
    }
}

fn function_result(
    provider: &Shared,
    request: &wire::call_function::Request,
) -> Result<wire::DynamicValue, FunctionError> {
    let plain = |text: String| FunctionError {
        text,
        argument: None,
    };
    let found = provider
        .functions()
        .iter()
        .find(|(name, _)| *name == request.name);
    let (_, function) =
        found.ok_or_else(|| plain(format!("there is no function `{}`", request.name)))?;
    let signature = function.signature();
    if signature.parameters.len() != request.arguments.len() {
        return Err(plain(format!(
            "{} arguments are required",
            signature.parameters.len()
        )));
    }
    let mut arguments = Vec::new();
    for (index, (parameter, argument)) in signature
        .parameters
        .iter()
        .zip(&request.arguments)
        .enumerate()
    {
        arguments.push(
            value_in(Some(argument), &parameter.ty).map_err(|text| FunctionError {
                text,
                argument: Some(index),
            })?,
        );
    }
    Ok(value_out(&function.call(&arguments)?, &signature.returns))
}
