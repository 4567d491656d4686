//! The `initdb` block: the first database. Used once, when the first instance is made.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::PostgresHaCluster;
use crate::object;
use crate::postgresql::names;
use crate::schema::attr::{Attr, NotKnown};
use crate::schema::diagnostic::{Diagnostics, Path};
use crate::schema::field::optional;
use crate::schema::value::Value;

fn database(value: &Value) -> Result<(), String> {
    names::check_database(value.as_str().unwrap_or_default())
}

fn role(value: &Value) -> Result<(), String> {
    names::check_role(value.as_str().unwrap_or_default())
}

object! {
    /// The first database of the cluster. It is made with the first instance and never again: a later change is refused at plan, as
    /// CloudNativePG would ignore it.
    pub struct Initdb {
        /// Name of the application's database.
        database: Attr<String> => optional().default("appdb").check(database),
        /// Role that owns the database; its password is made by the operator and kept in the Secret `app_secret_name`.
        owner: Attr<String> => optional().default("app").check(role),
        /// Encoding of the database.
        encoding: Attr<String> => optional().default("UTF8"),
        /// Locale of the database, for collation and character types.
        locale: Attr<String> => optional().default("C"),
        /// Whether data pages carry checksums.
        data_checksums: Attr<bool> => optional().default(true),
        /// Size of a segment of the write-ahead log in MB, a power of two from 1 to 1024. Default: PostgreSQL's 16.
        wal_segment_size: Attr<i64> => optional(),
        /// SQL commands that the superuser runs in the application's database after it was made.
        post_init_sql: Attr<Vec<String>> => optional(),
    }
}

/// The values of a block that is not written.
pub const DATABASE: &str = "appdb";
pub const OWNER: &str = "app";

impl PostgresHaCluster {
    pub fn database_and_owner(&self) -> Result<(String, String), NotKnown> {
        Ok(match self.initdb.get()? {
            Some(initdb) => (
                initdb.database.require()?.clone(),
                initdb.owner.require()?.clone(),
            ),
            None => (DATABASE.to_owned(), OWNER.to_owned()),
        })
    }

    /// The member `bootstrap` of the Cluster.
    pub fn bootstrap(&self) -> Result<Json, NotKnown> {
        let default = Initdb {
            database: DATABASE.into(),
            owner: OWNER.into(),
            encoding: "UTF8".into(),
            locale: "C".into(),
            data_checksums: true.into(),
            ..Initdb::default()
        };
        let initdb = self.initdb.get()?.unwrap_or(&default);
        let locale = initdb.locale.require()?;
        let mut fields = json!({
            "database": initdb.database.require()?,
            "owner": initdb.owner.require()?,
            "encoding": initdb.encoding.require()?,
            "localeCollate": locale,
            "localeCType": locale,
            "dataChecksums": initdb.data_checksums.require()?,
        });
        if let Some(size) = initdb.wal_segment_size.get()? {
            fields["walSegmentSize"] = (*size).into();
        }
        if let Some(commands) = initdb.post_init_sql.get()? {
            fields["postInitApplicationSQL"] = json!(commands);
        }
        Ok(json!({"initdb": fields}))
    }
}

/// What can be told of the block from configuration.
pub fn validate(model: &PostgresHaCluster, diagnostics: &mut Diagnostics) {
    let Some(initdb) = model.initdb.present() else {
        return;
    };
    let path = Path::root().attribute("initdb").index(0);
    if let Some(size) = initdb.wal_segment_size.known()
        && (!(1..=1024).contains(size) || size.count_ones() != 1)
    {
        diagnostics.error(
            path.attribute("wal_segment_size"),
            "Not a segment size",
            "A segment has a power of two of megabytes from 1 to 1024.",
        );
    }
    if let Some(encoding) = initdb.encoding.known()
        && crate::postgresql::encodings::find_server(encoding).is_none()
    {
        diagnostics.error(
            path.attribute("encoding"),
            "Not an encoding of PostgreSQL servers",
            format!(
                "PostgreSQL cannot keep a database in `{encoding}`; `UTF8` fits nearly every use."
            ),
        );
    }
}

/// Later changes have no effect in CloudNativePG; they are refused so that nobody believes in them. Values that are null in the prior
/// state come from an import and say nothing.
pub fn refuse_changes(
    prior: &PostgresHaCluster,
    planned: &PostgresHaCluster,
    diagnostics: &mut Diagnostics,
) {
    let (Some(before), Some(after)) = (prior.initdb.present(), planned.initdb.present()) else {
        return;
    };
    let path = Path::root().attribute("initdb").index(0);
    let texts = [
        ("database", &before.database, &after.database),
        ("owner", &before.owner, &after.owner),
        ("encoding", &before.encoding, &after.encoding),
        ("locale", &before.locale, &after.locale),
    ];
    let mut changed: BTreeSet<&str> = texts
        .iter()
        .filter(|(_, before, after)| differs(before, after))
        .map(|(name, _, _)| *name)
        .collect();
    if differs(&before.data_checksums, &after.data_checksums) {
        changed.insert("data_checksums");
    }
    if differs(&before.wal_segment_size, &after.wal_segment_size) {
        changed.insert("wal_segment_size");
    }
    if differs(&before.post_init_sql, &after.post_init_sql) {
        changed.insert("post_init_sql");
    }
    for name in changed {
        diagnostics.error(
            path.attribute(name),
            "`initdb` is used once",
            format!(
                "`{name}` was used when the first instance was made; a later change would have no effect. Put the old value back, change \
                 the database by SQL, or make a new cluster."
            ),
        );
    }
}

fn differs<T: PartialEq>(before: &Attr<T>, after: &Attr<T>) -> bool {
    !before.is_null() && !after.is_unknown() && before != after
}
