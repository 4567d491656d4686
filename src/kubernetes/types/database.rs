//! `Database` of CloudNativePG: one database in a Cluster.

use super::common::{LocalObjectReference, ObjectMeta};
use super::object::object;
use super::resource;

object! {
    Database {
        metadata: ObjectMeta,
        spec: DatabaseSpec,
        status: Option<DatabaseStatus>,
    }

    DatabaseSpec {
        cluster: LocalObjectReference,
        name: String,
        owner: String,
        ensure: Option<String>,
        database_reclaim_policy: Option<String>,
        template: Option<String>,
        encoding: Option<String>,
        locale: Option<String>,
        locale_collate: Option<String>,
        #[serde(rename = "localeCType")]
        locale_c_type: Option<String>,
        locale_provider: Option<String>,
        icu_locale: Option<String>,
        icu_rules: Option<String>,
        builtin_locale: Option<String>,
        collation_version: Option<String>,
        is_template: Option<bool>,
        allow_connections: Option<bool>,
        connection_limit: Option<i64>,
        tablespace: Option<String>,
        schemas: Vec<DatabaseSchema>,
        extensions: Vec<DatabaseExtension>,
    }

    DatabaseSchema {
        name: String,
        owner: Option<String>,
        ensure: Option<String>,
    }

    DatabaseExtension {
        name: String,
        version: Option<String>,
        schema: Option<String>,
        ensure: Option<String>,
    }

    DatabaseStatus {
        observed_generation: Option<i64>,
        applied: Option<bool>,
        message: Option<String>,
        schemas: Vec<DatabaseObjectStatus>,
        extensions: Vec<DatabaseObjectStatus>,
    }

    /// How one schema or extension fared.
    DatabaseObjectStatus {
        name: String,
        applied: bool,
        message: Option<String>,
    }
}

resource!(Database, "postgresql.cnpg.io/v1");
