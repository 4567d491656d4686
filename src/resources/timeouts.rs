//! The `timeouts` block that resource types share.

use crate::object;
use crate::reconcile::timeouts::parse;
use crate::schema::attr::Attr;
use crate::schema::field::optional;
use crate::schema::value::Value;

fn duration(value: &Value) -> Result<(), String> {
    parse(value.as_str().unwrap_or_default()).map(|_| ())
}

object! {
    /// How long each operation may take, as durations such as `90s`, `60m` or `1h30m`. When the time is over, the error says what
    /// was waited for and what was seen last; nothing is undone.
    pub struct Timeouts {
        /// Time for creating. Default `60m`.
        create: Attr<String> => optional().check(duration),
        /// Time for reading. Default `5m`.
        read: Attr<String> => optional().check(duration),
        /// Time for updating. Default `60m`.
        update: Attr<String> => optional().check(duration),
        /// Time for deleting. Default `30m`.
        delete: Attr<String> => optional().check(duration),
    }
}
