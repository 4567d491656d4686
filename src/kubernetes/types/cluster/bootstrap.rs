//! How the first instance comes to be: a new database, a backup, or a copy.

use crate::kubernetes::types::common::{KeySelector, LocalObjectReference};
use crate::kubernetes::types::object::object;

use super::Recovery;

object! {
    Bootstrap {
        initdb: Option<InitDb>,
        recovery: Option<Recovery>,
        #[serde(rename = "pg_basebackup")]
        pg_basebackup: Option<PgBaseBackup>,
    }

    InitDb {
        database: Option<String>,
        owner: Option<String>,
        secret: Option<LocalObjectReference>,
        encoding: Option<String>,
        locale: Option<String>,
        locale_collate: Option<String>,
        #[serde(rename = "localeCType")]
        locale_c_type: Option<String>,
        locale_provider: Option<String>,
        icu_locale: Option<String>,
        icu_rules: Option<String>,
        builtin_locale: Option<String>,
        data_checksums: Option<bool>,
        wal_segment_size: Option<i64>,
        #[serde(rename = "postInitSQL")]
        post_init_sql: Vec<String>,
        #[serde(rename = "postInitApplicationSQL")]
        post_init_application_sql: Vec<String>,
        #[serde(rename = "postInitTemplateSQL")]
        post_init_template_sql: Vec<String>,
        #[serde(rename = "postInitSQLRefs")]
        post_init_sql_refs: Option<SqlRefs>,
        #[serde(rename = "postInitApplicationSQLRefs")]
        post_init_application_sql_refs: Option<SqlRefs>,
        import: Option<Import>,
    }

    SqlRefs {
        config_map_refs: Vec<KeySelector>,
        secret_refs: Vec<KeySelector>,
    }

    Import {
        r#type: String,
        source: ImportSource,
        databases: Vec<String>,
        roles: Vec<String>,
        schema_only: Option<bool>,
        #[serde(rename = "postImportApplicationSQL")]
        post_import_application_sql: Vec<String>,
        pg_dump_extra_options: Vec<String>,
        pg_restore_extra_options: Vec<String>,
    }

    ImportSource {
        external_cluster: String,
    }

    PgBaseBackup {
        source: String,
        database: Option<String>,
        owner: Option<String>,
        secret: Option<LocalObjectReference>,
    }
}
