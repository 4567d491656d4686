//! HTTP `Warning` headers, in which the API server and webhooks speak to the user.

use http::HeaderMap;

/// The texts of all `Warning` headers, unquoted, in order and without repetition.
pub(super) fn warnings(headers: &HeaderMap) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for header in headers.get_all(http::header::WARNING) {
        if let Some(text) = header.to_str().ok().and_then(text)
            && !texts.contains(&text)
        {
            texts.push(text);
        }
    }
    texts
}

/// `299 - "text with \"quotes\""`: code, agent and a quoted text.
fn text(header: &str) -> Option<String> {
    let quoted = header.splitn(3, ' ').nth(2)?.strip_prefix('"')?;
    let mut text = String::new();
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return Some(text),
            '\\' => text.extend(characters.next()),
            other => text.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn texts_are_unquoted_and_unique() {
        let mut headers = HeaderMap::new();
        for value in [
            "299 - \"spec.backup.barmanObjectStore is deprecated\"",
            "299 - \"use \\\"plugins\\\"\"",
            "299 - \"use \\\"plugins\\\"\"",
            "garbage",
        ] {
            headers.append("warning", HeaderValue::from_static(value));
        }
        assert_eq!(
            warnings(&headers),
            [
                "spec.backup.barmanObjectStore is deprecated",
                "use \"plugins\""
            ]
        );
    }
}
