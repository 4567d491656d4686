//! Character sets of databases.

/// The encodings that a database can have on the server.
pub const SERVER: [&str; 35] = [
    "EUC_CN",
    "EUC_JIS_2004",
    "EUC_JP",
    "EUC_KR",
    "EUC_TW",
    "ISO_8859_5",
    "ISO_8859_6",
    "ISO_8859_7",
    "ISO_8859_8",
    "KOI8R",
    "KOI8U",
    "LATIN1",
    "LATIN10",
    "LATIN2",
    "LATIN3",
    "LATIN4",
    "LATIN5",
    "LATIN6",
    "LATIN7",
    "LATIN8",
    "LATIN9",
    "MULE_INTERNAL",
    "SQL_ASCII",
    "UTF8",
    "WIN1250",
    "WIN1251",
    "WIN1252",
    "WIN1253",
    "WIN1254",
    "WIN1255",
    "WIN1256",
    "WIN1257",
    "WIN1258",
    "WIN866",
    "WIN874",
];

/// The encodings that only a client can use.
pub const CLIENT: [&str; 7] = [
    "BIG5",
    "GB18030",
    "GBK",
    "JOHAB",
    "SHIFT_JIS_2004",
    "SJIS",
    "UHC",
];

/// Other names that PostgreSQL takes, without punctuation and in lower case.
pub const ALIASES: [(&str, &str); 39] = [
    ("abc", "WIN1258"),
    ("alt", "WIN866"),
    ("iso88591", "LATIN1"),
    ("iso885910", "LATIN6"),
    ("iso885913", "LATIN7"),
    ("iso885914", "LATIN8"),
    ("iso885915", "LATIN9"),
    ("iso885916", "LATIN10"),
    ("iso88592", "LATIN2"),
    ("iso88593", "LATIN3"),
    ("iso88594", "LATIN4"),
    ("iso88599", "LATIN5"),
    ("koi8", "KOI8R"),
    ("mskanji", "SJIS"),
    ("shiftjis", "SJIS"),
    ("tcvn", "WIN1258"),
    ("tcvn5712", "WIN1258"),
    ("unicode", "UTF8"),
    ("vscii", "WIN1258"),
    ("win", "WIN1251"),
    ("win932", "SJIS"),
    ("win936", "GBK"),
    ("win949", "UHC"),
    ("win950", "BIG5"),
    ("windows1250", "WIN1250"),
    ("windows1251", "WIN1251"),
    ("windows1252", "WIN1252"),
    ("windows1253", "WIN1253"),
    ("windows1254", "WIN1254"),
    ("windows1255", "WIN1255"),
    ("windows1256", "WIN1256"),
    ("windows1257", "WIN1257"),
    ("windows1258", "WIN1258"),
    ("windows866", "WIN866"),
    ("windows874", "WIN874"),
    ("windows932", "SJIS"),
    ("windows936", "GBK"),
    ("windows949", "UHC"),
    ("windows950", "BIG5"),
];

/// The encoding that `name` means; PostgreSQL ignores case and punctuation.
pub fn find(name: &str) -> Option<&'static str> {
    let plain = plain(name);
    let listed = SERVER
        .iter()
        .chain(&CLIENT)
        .find(|encoding| self::plain(encoding) == plain)
        .copied();
    listed.or_else(|| {
        ALIASES
            .iter()
            .find(|(alias, _)| *alias == plain)
            .map(|(_, encoding)| *encoding)
    })
}

/// The encoding that a new database gets for `name`; `None` also for those that only a client can use.
pub fn find_server(name: &str) -> Option<&'static str> {
    find(name).filter(|encoding| SERVER.contains(encoding))
}

fn plain(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_without_regard_to_case_and_punctuation() {
        for (name, encoding) in [
            ("utf-8", "UTF8"),
            ("Unicode", "UTF8"),
            ("iso-8859-15", "LATIN9"),
            ("sql_ascii", "SQL_ASCII"),
            ("win1252", "WIN1252"),
        ] {
            assert_eq!(find(name), Some(encoding), "{name}");
        }
        assert_eq!(find("utf16"), None);
        assert_eq!(find(""), None);
    }

    #[test]
    fn a_database_cannot_have_a_client_encoding() {
        assert_eq!(find("big5"), Some("BIG5"));
        assert_eq!(find_server("big5"), None);
        assert_eq!(find_server("latin1"), Some("LATIN1"));
    }
}
