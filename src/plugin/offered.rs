//! The provider itself over the wire: what it offers, and its own configuration.

use super::convert::{diagnostics_out, functions_out, identity_schema_out, schema_out};
use super::guard::Shared;
use super::proto::tfplugin5 as wire;
use super::schemas::{Found, Shape};
use crate::schema::diagnostic::Diagnostics;
use crate::schema::resource::{Call, Provider};

fn capabilities() -> wire::ServerCapabilities {
    wire::ServerCapabilities {
        plan_destroy: true,
        get_provider_schema_optional: true,
        move_resource_state: true,
        generate_resource_config: false,
    }
}

/// Something for each entry of a list of what is offered.
fn each<T, R, C: FromIterator<R>>(
    offered: &[(&'static str, T)],
    make: impl Fn(String, &T) -> R,
) -> C {
    let entries = offered.iter();
    entries
        .map(|(name, it)| make((*name).to_owned(), it))
        .collect()
}

pub async fn metadata(
    provider: Shared,
    _: Call,
    _: wire::get_metadata::Request,
) -> Found<wire::get_metadata::Response> {
    use wire::get_metadata as meta;
    Ok(meta::Response {
        server_capabilities: Some(capabilities()),
        resources: each(provider.resources(), |type_name, _| {
            meta::ResourceMetadata { type_name }
        }),
        data_sources: each(provider.data_sources(), |type_name, _| {
            meta::DataSourceMetadata { type_name }
        }),
        functions: each(provider.functions(), |name, _| meta::FunctionMetadata {
            name,
        }),
        ephemeral_resources: each(provider.ephemeral_resources(), |type_name, _| {
            meta::EphemeralResourceMetadata { type_name }
        }),
        ..Default::default()
    })
}

pub async fn schemas(
    provider: Shared,
    _: Call,
    _: wire::get_provider_schema::Request,
) -> Found<wire::get_provider_schema::Response> {
    Ok(wire::get_provider_schema::Response {
        provider: Some(schema_out(&provider.schema())),
        resource_schemas: each(provider.resources(), |name, it| {
            (name, schema_out(&it.schema()))
        }),
        data_source_schemas: each(provider.data_sources(), |name, it| {
            (name, schema_out(&it.schema()))
        }),
        ephemeral_resource_schemas: each(provider.ephemeral_resources(), |name, it| {
            (name, schema_out(&it.schema()))
        }),
        functions: signatures(provider.as_ref()),
        server_capabilities: Some(capabilities()),
        ..Default::default()
    })
}

fn signatures(provider: &dyn Provider) -> std::collections::HashMap<String, wire::Function> {
    let functions = provider.functions().iter();
    functions_out(functions.map(|(name, function)| (*name, function.signature())))
}

pub async fn functions(
    provider: Shared,
    _: Call,
    _: wire::get_functions::Request,
) -> Found<wire::get_functions::Response> {
    Ok(wire::get_functions::Response {
        functions: signatures(provider.as_ref()),
        diagnostics: Vec::new(),
    })
}

pub async fn identity_schemas(
    provider: Shared,
    _: Call,
    _: wire::get_resource_identity_schemas::Request,
) -> Found<wire::get_resource_identity_schemas::Response> {
    let schemas: Vec<_> = each(provider.resources(), |name, it| {
        Some((name, identity_schema_out(&it.identity_schema()?)))
    });
    Ok(wire::get_resource_identity_schemas::Response {
        identity_schemas: schemas.into_iter().flatten().collect(),
        diagnostics: Vec::new(),
    })
}

pub async fn prepare(
    provider: Shared,
    _: Call,
    request: wire::prepare_provider_config::Request,
) -> Found<wire::prepare_provider_config::Response> {
    let config = Shape::new(provider.schema().fields).config(request.config.as_ref())?;
    // Core sends null when the configuration has no provider block.
    let diagnostics = if config.is_null() {
        Diagnostics::new()
    } else {
        provider.validate(&config)
    };
    Ok(wire::prepare_provider_config::Response {
        prepared_config: request.config,
        diagnostics: diagnostics_out(diagnostics),
    })
}

pub async fn configure(
    provider: Shared,
    call: Call,
    request: wire::configure::Request,
) -> Found<wire::configure::Response> {
    let config = Shape::new(provider.schema().fields).config(request.config.as_ref())?;
    let diagnostics = provider.configure(&call, config).await;
    Ok(wire::configure::Response {
        diagnostics: diagnostics_out(diagnostics),
    })
}
