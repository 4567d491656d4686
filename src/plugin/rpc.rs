//! What the rpcs have in common: a name, what they are about, and an answer that says what went wrong without losing anything.

use super::convert::{diagnostics_out, is_null};
use super::proto::tfplugin5 as wire;
use crate::schema::diagnostic::Diagnostics;

/// A request, and what it is answered with.
pub trait Rpc: Send + 'static {
    const NAME: &'static str;
    type Response: Told;

    /// The type or function that the request is about; empty for the provider itself.
    fn subject(&self) -> &str;

    /// The answer when the handler gives none. Its errors are added to it.
    fn kept(&self) -> Self::Response {
        Self::Response::default()
    }
}

/// An answer that errors can be added to.
pub trait Told: Default + Send + 'static {
    fn tell(&mut self, diagnostics: Diagnostics);
}

macro_rules! rpcs {
    ($($module:ident $name:literal $($subject:ident)?;)*) => {$(
        impl Rpc for wire::$module::Request {
            const NAME: &'static str = $name;
            type Response = wire::$module::Response;

            fn subject(&self) -> &str {
                subject!(self $($subject)?)
            }
        }

        told!($module);
    )*};
}

macro_rules! subject {
    ($request:ident) => {
        ""
    };
    ($request:ident $subject:ident) => {
        &$request.$subject
    };
}

macro_rules! told {
    ($module:ident) => {
        impl Told for wire::$module::Response {
            fn tell(&mut self, diagnostics: Diagnostics) {
                self.diagnostics.extend(diagnostics_out(diagnostics));
            }
        }
    };
}

rpcs! {
    get_metadata "GetMetadata";
    get_provider_schema "GetSchema";
    get_resource_identity_schemas "GetResourceIdentitySchemas";
    get_functions "GetFunctions";
    prepare_provider_config "PrepareProviderConfig";
    configure "Configure";
    validate_resource_type_config "ValidateResourceTypeConfig" type_name;
    upgrade_resource_state "UpgradeResourceState" type_name;
    upgrade_resource_identity "UpgradeResourceIdentity" type_name;
    plan_resource_change "PlanResourceChange" type_name;
    import_resource_state "ImportResourceState" type_name;
    move_resource_state "MoveResourceState" target_type_name;
    validate_data_source_config "ValidateDataSourceConfig" type_name;
    read_data_source "ReadDataSource" type_name;
    validate_ephemeral_resource_config "ValidateEphemeralResourceConfig" type_name;
    open_ephemeral_resource "OpenEphemeralResource" type_name;
    close_ephemeral_resource "CloseEphemeralResource" type_name;
}

told!(read_resource);
told!(renew_ephemeral_resource);
told!(apply_resource_change);

/// An empty answer would mean that the resource is gone.
impl Rpc for wire::read_resource::Request {
    const NAME: &'static str = "ReadResource";
    type Response = wire::read_resource::Response;

    fn subject(&self) -> &str {
        &self.type_name
    }

    fn kept(&self) -> Self::Response {
        wire::read_resource::Response {
            new_state: self.current_state.clone(),
            private: self.private.clone(),
            new_identity: self.current_identity.clone(),
            ..Default::default()
        }
    }
}

/// What was there before stays in the state. A create has nothing to keep, and is found again by the next run.
impl Rpc for wire::apply_resource_change::Request {
    const NAME: &'static str = "ApplyResourceChange";
    type Response = wire::apply_resource_change::Response;

    fn subject(&self) -> &str {
        &self.type_name
    }

    fn kept(&self) -> Self::Response {
        let exists = !is_null(self.prior_state.as_ref());
        wire::apply_resource_change::Response {
            new_state: self.prior_state.clone(),
            private: self.planned_private.clone(),
            new_identity: exists.then(|| self.planned_identity.clone()).flatten(),
            ..Default::default()
        }
    }
}

/// Closing needs what opening left.
impl Rpc for wire::renew_ephemeral_resource::Request {
    const NAME: &'static str = "RenewEphemeralResource";
    type Response = wire::renew_ephemeral_resource::Response;

    fn subject(&self) -> &str {
        &self.type_name
    }

    fn kept(&self) -> Self::Response {
        wire::renew_ephemeral_resource::Response {
            private: self.private.clone(),
            ..Default::default()
        }
    }
}

impl Rpc for wire::call_function::Request {
    const NAME: &'static str = "CallFunction";
    type Response = wire::call_function::Response;

    fn subject(&self) -> &str {
        &self.name
    }
}

/// Functions have no diagnostics.
impl Told for wire::call_function::Response {
    fn tell(&mut self, diagnostics: Diagnostics) {
        let text = diagnostics
            .iter()
            .map(|diagnostic| format!("{}: {}", diagnostic.summary, diagnostic.detail))
            .collect::<Vec<_>>()
            .join("\n");
        self.error = Some(wire::FunctionError {
            text,
            function_argument: None,
        });
    }
}
