//! What the provider offers, looked up by type name.

use std::sync::Arc;

use crate::schema::diagnostic::{Diagnostics, Path};
use crate::schema::field::Field;
use crate::schema::resource::{DataSource, EphemeralResource, ManagedResource, Provider};
use crate::schema::types::{identity_type, implied_type};
use crate::schema::value::Type;

/// The fields of something offered, and the type of its values.
pub struct Shape {
    pub fields: Vec<Field>,
    pub ty: Type,
}

impl Shape {
    pub fn new(fields: Vec<Field>) -> Self {
        let ty = implied_type(&fields);
        Shape { fields, ty }
    }
}

pub struct Resource {
    pub resource: Arc<dyn ManagedResource>,
    pub shape: Shape,
    pub identity: Option<Type>,
}

fn unknown(kind: &str, name: &str) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    diagnostics.error(
        Path::root(),
        format!("There is no {kind} `{name}`"),
        format!("This version of the provider offers no {kind} of this name."),
    );
    diagnostics
}

pub fn resource(provider: &dyn Provider, name: &str) -> Result<Resource, Diagnostics> {
    let found = provider
        .resources()
        .iter()
        .find(|(known, _)| *known == name);
    let (_, resource) = found.ok_or_else(|| unknown("resource", name))?;
    Ok(Resource {
        shape: Shape::new(resource.schema().fields),
        identity: resource.identity_schema().as_ref().map(identity_type),
        resource: resource.clone(),
    })
}

pub fn data_source(
    provider: &dyn Provider,
    name: &str,
) -> Result<(Arc<dyn DataSource>, Shape), Diagnostics> {
    let found = provider
        .data_sources()
        .iter()
        .find(|(known, _)| *known == name);
    let (_, source) = found.ok_or_else(|| unknown("data source", name))?;
    Ok((source.clone(), Shape::new(source.schema().fields)))
}

pub fn ephemeral(
    provider: &dyn Provider,
    name: &str,
) -> Result<(Arc<dyn EphemeralResource>, Shape), Diagnostics> {
    let found = provider
        .ephemeral_resources()
        .iter()
        .find(|(known, _)| *known == name);
    let (_, resource) = found.ok_or_else(|| unknown("ephemeral resource", name))?;
    Ok((resource.clone(), Shape::new(resource.schema().fields)))
}
