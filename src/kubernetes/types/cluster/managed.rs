//! Roles and services that the operator keeps for us.

use serde_json::Value;

use crate::kubernetes::types::common::LocalObjectReference;
use crate::kubernetes::types::object::object;

object! {
    ManagedConfiguration {
        roles: Vec<ManagedRole>,
        services: Option<ManagedServices>,
    }

    ManagedRole {
        name: String,
        comment: Option<String>,
        ensure: Option<String>,
        login: Option<bool>,
        superuser: Option<bool>,
        createdb: Option<bool>,
        createrole: Option<bool>,
        inherit: Option<bool>,
        replication: Option<bool>,
        bypassrls: Option<bool>,
        connection_limit: Option<i64>,
        valid_until: Option<String>,
        in_roles: Vec<String>,
        password_secret: Option<LocalObjectReference>,
        disable_password: Option<bool>,
    }

    ManagedServices {
        disabled_default_services: Vec<String>,
        additional: Vec<ManagedService>,
    }

    ManagedService {
        selector_type: String,
        update_strategy: Option<String>,
        /// Metadata and specification of the Service; passed on as it is.
        service_template: Value,
    }
}
