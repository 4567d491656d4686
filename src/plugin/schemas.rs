//! What the provider offers, looked up by type name, and its values on their way in and out.

use std::sync::Arc;

use super::convert::{value_in, value_out};
use super::proto::tfplugin5 as wire;
use crate::schema::diagnostic::{Diagnostics, Path};
use crate::schema::field::Field;
use crate::schema::resource::{DataSource, EphemeralResource, Function, ManagedResource, Provider};
use crate::schema::strip::without_write_only;
use crate::schema::types::{conforms, identity_type, implied_type};
use crate::schema::value::{Type, Value};

/// What a handler has, or why it cannot go on.
pub type Found<T> = Result<T, Diagnostics>;

fn error(summary: String, detail: String) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    diagnostics.error(Path::root(), summary, detail);
    diagnostics
}

pub fn undecodable(what: &str, why: impl ToString) -> Diagnostics {
    error(format!("The {what} cannot be read"), why.to_string())
}

/// Tells of answers that core would reject or, worse, lose.
pub fn broken_rules(rules: Vec<String>, diagnostics: &mut Diagnostics) {
    for rule in rules {
        diagnostics.error(
            Path::root(),
            "The provider has a bug",
            format!("Its answer breaks a rule of the protocol: {rule}. Please report this."),
        );
    }
}

/// `value` on the wire; none, and a diagnostic, when it is not of type `ty`.
pub fn encoded(
    value: &Value,
    ty: &Type,
    diagnostics: &mut Diagnostics,
) -> Option<wire::DynamicValue> {
    if !value.is_null()
        && let Err((path, why)) = conforms(value, ty)
    {
        let rule = if path.is_root() {
            why
        } else {
            format!("`{path}`: {why}")
        };
        broken_rules(vec![rule], diagnostics);
        return None;
    }
    Some(value_out(value, ty))
}

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

    pub fn decode(&self, what: &str, dynamic: Option<&wire::DynamicValue>) -> Found<Value> {
        value_in(dynamic, &self.ty).map_err(|why| undecodable(what, why))
    }

    pub fn config(&self, dynamic: Option<&wire::DynamicValue>) -> Found<Value> {
        self.decode("configuration", dynamic)
    }

    /// A value as it may leave the provider, without write-only values.
    pub fn answer(
        &self,
        value: Value,
        diagnostics: &mut Diagnostics,
    ) -> Option<wire::DynamicValue> {
        let value = without_write_only(&self.fields, value);
        encoded(&value, &self.ty, diagnostics)
    }

    /// [`Shape::answer`] where nothing may be unknown.
    pub fn known_answer(
        &self,
        value: Value,
        diagnostics: &mut Diagnostics,
    ) -> Option<wire::DynamicValue> {
        if !value.is_wholly_known() {
            broken_rules(vec!["a value in it is unknown".to_owned()], diagnostics);
            return None;
        }
        self.answer(value, diagnostics)
    }
}

pub struct Resource {
    pub resource: Arc<dyn ManagedResource>,
    pub shape: Shape,
    pub version: i64,
    pub identity: Option<Type>,
}

impl Resource {
    pub fn identity_in(&self, data: Option<&wire::ResourceIdentityData>) -> Found<Option<Value>> {
        let (Some(ty), Some(data)) = (&self.identity, data) else {
            return Ok(None);
        };
        let value = value_in(data.identity_data.as_ref(), ty)
            .map_err(|why| undecodable("identity", why))?;
        Ok((!value.is_null()).then_some(value))
    }

    pub fn identity_answer(
        &self,
        identity: Option<&Value>,
        diagnostics: &mut Diagnostics,
    ) -> Option<wire::ResourceIdentityData> {
        let (ty, identity) = (self.identity.as_ref()?, identity?);
        Some(wire::ResourceIdentityData {
            identity_data: Some(encoded(identity, ty, diagnostics)?),
        })
    }
}

fn find<'a, T: ?Sized>(
    offered: &'a [(&'static str, Arc<T>)],
    kind: &str,
    name: &str,
) -> Found<&'a Arc<T>> {
    let found = offered.iter().find(|(known, _)| *known == name);
    found.map(|(_, found)| found).ok_or_else(|| {
        error(
            format!("There is no {kind} `{name}`"),
            format!("This version of the provider offers no {kind} of this name."),
        )
    })
}

pub fn resource(provider: &dyn Provider, name: &str) -> Found<Resource> {
    let resource = find(provider.resources(), "resource", name)?;
    let schema = resource.schema();
    Ok(Resource {
        shape: Shape::new(schema.fields),
        version: schema.version,
        identity: resource.identity_schema().as_ref().map(identity_type),
        resource: resource.clone(),
    })
}

pub fn data_source(provider: &dyn Provider, name: &str) -> Found<(Arc<dyn DataSource>, Shape)> {
    let source = find(provider.data_sources(), "data source", name)?;
    Ok((source.clone(), Shape::new(source.schema().fields)))
}

pub fn ephemeral(
    provider: &dyn Provider,
    name: &str,
) -> Found<(Arc<dyn EphemeralResource>, Shape)> {
    let offered = provider.ephemeral_resources();
    let resource = find(offered, "ephemeral resource", name)?;
    Ok((resource.clone(), Shape::new(resource.schema().fields)))
}

pub fn function(provider: &dyn Provider, name: &str) -> Found<Arc<dyn Function>> {
    Ok(find(provider.functions(), "function", name)?.clone())
}
