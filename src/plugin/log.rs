//! Logs as cores read them: one JSON object a line on stderr, with level, message and time in their form.

use std::fmt::Write as _;
use std::io::Write;
use std::time::Instant;

use serde_json::{Map, Value as Json};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use super::guard;

/// Cores split longer lines, and then show them raw.
const LONGEST_LINE: usize = 60_000;
/// Texts up to this length are never cut.
const SHORT: usize = 40;
const OURS: &str = env!("CARGO_CRATE_NAME");

/// Starts logging, at the level that the core's user asked for.
pub fn start() {
    let wanted = ["TF_LOG_PROVIDER_POSTGRES", "TF_LOG_PROVIDER", "TF_LOG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|text| !text.is_empty()));
    let level = match wanted.as_deref().map(str::to_lowercase).as_deref() {
        Some("trace" | "json") => LevelFilter::TRACE,
        Some("debug") => LevelFilter::DEBUG,
        Some("info") => LevelFilter::INFO,
        Some("error") => LevelFilter::ERROR,
        Some("off") => LevelFilter::OFF,
        _ => LevelFilter::WARN,
    };
    let _ = Registry::default()
        .with(filter(level))
        .with(Lines)
        .try_init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(
            place = place.as_deref().unwrap_or_default(),
            "a bug in the provider: {}",
            guard::text(panic.payload())
        );
    }));
}

/// Other crates are heard from warnings on, whatever they are: below that they are noise to users of a provider, and some of them tell
/// headers and bodies.
fn filter(level: LevelFilter) -> Targets {
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target(OURS, level)
}

/// The layer that writes the lines.
struct Lines;

/// What a span carries into the events inside of it.
struct Carried {
    fields: Map<String, Json>,
    since: Instant,
}

struct Fields<'a>(&'a mut Map<String, Json>);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(name(field), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(name(field), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(name(field), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(name(field), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let mut text = String::new();
        let _ = write!(text, "{value:?}");
        self.0.insert(name(field), text.into());
    }
}

/// `message` is core's own key.
fn name(field: &Field) -> String {
    match field.name() {
        "message" => "@message".to_owned(),
        other => other.to_owned(),
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Map::new();
        attributes.record(&mut Fields(&mut fields));
        span.extensions_mut().insert(Carried {
            fields,
            since: Instant::now(),
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(carried) = span.extensions_mut().get_mut::<Carried>() {
            values.record(&mut Fields(&mut carried.fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Map::new();
        for span in context
            .event_scope(event)
            .into_iter()
            .flat_map(|scope| scope.from_root())
        {
            if let Some(carried) = span.extensions().get::<Carried>() {
                line.extend(carried.fields.clone());
            }
        }
        event.record(&mut Fields(&mut line));
        write(*event.metadata().level(), event.metadata().target(), line);
    }

    /// The end of an rpc or of a remote call, with everything that was learnt about it.
    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else {
            return;
        };
        let extensions = span.extensions();
        let Some(carried) = extensions.get::<Carried>() else {
            return;
        };
        let mut line = carried.fields.clone();
        let milliseconds = u64::try_from(carried.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        line.entry("duration_ms").or_insert(milliseconds.into());
        line.insert(
            "@message".to_owned(),
            format!("{} ended", span.name()).into(),
        );
        write(*span.metadata().level(), span.metadata().target(), line);
    }
}

fn write(level: Level, module: &str, fields: Map<String, Json>) {
    let text = line(level, module, fields);
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

fn line(level: Level, module: &str, mut line: Map<String, Json>) -> String {
    let now = jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%S.%6fZ")
        .to_string();
    let message = match line.remove("@message") {
        Some(Json::String(text)) => text,
        Some(other) => other.to_string(),
        None => String::new(),
    };
    line.insert("@message".to_owned(), message.into());
    line.insert("@level".to_owned(), level.as_str().to_lowercase().into());
    line.insert("@timestamp".to_owned(), now.into());
    line.insert("@module".to_owned(), module.into());
    let mut longest = LONGEST_LINE;
    let mut line = Json::Object(line);
    loop {
        let text = format!("{line}\n");
        if text.len() <= LONGEST_LINE || longest == 0 {
            return text;
        }
        longest /= 2;
        shorten(&mut line, longest);
    }
}

/// Cuts every text of a line down to `longest` characters.
fn shorten(line: &mut Json, longest: usize) {
    let texts = line.as_object_mut().into_iter().flat_map(Map::values_mut);
    for value in texts {
        if let Json::String(text) = value
            && let Some((end, _)) = text.char_indices().nth(longest.max(SHORT))
        {
            text.truncate(end);
            text.push('…');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(fields: [(&str, Json); 2]) -> Json {
        let fields = fields.map(|(key, value)| (key.to_owned(), value));
        let text = line(Level::INFO, "module", fields.into_iter().collect());
        assert!(text.len() <= LONGEST_LINE && text.ends_with('\n'));
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_line_has_what_a_core_looks_for() {
        let line = with([("@message", "hello".into()), ("attempt", 2.into())]);
        assert_eq!(
            (&line["@level"], &line["@message"]),
            (&"info".into(), &"hello".into())
        );
        assert_eq!(line["attempt"], 2);
        let time = line["@timestamp"].as_str().unwrap();
        let (_, fraction) = time.split_once('.').unwrap();
        assert_eq!(fraction.len(), "123456Z".len(), "{time}");
    }

    #[test]
    fn other_crates_are_heard_from_warnings_on() {
        let all = filter(LevelFilter::TRACE);
        assert!(all.would_enable(&format!("{OURS}::plugin::serve"), &Level::TRACE));
        for crates in ["hyper_rustls::connector", "kube_client::client", "mio"] {
            assert!(!all.would_enable(crates, &Level::DEBUG));
            assert!(all.would_enable(crates, &Level::WARN));
        }
        let none = filter(LevelFilter::OFF);
        assert!(
            !none.would_enable(OURS, &Level::ERROR) && !none.would_enable("mio", &Level::ERROR)
        );
    }

    #[test]
    fn a_message_is_text_even_when_it_is_not() {
        let line = with([("@message", 5.into()), ("a", Json::Null)]);
        assert_eq!(line["@message"], "5");
    }

    #[test]
    fn long_texts_are_shortened_and_short_ones_kept() {
        let control = "\u{1}".repeat(100_000);
        let line = with([("@message", control.into()), ("verb", "PUT".into())]);
        assert_eq!(line["verb"], "PUT");
        let message = line["@message"].as_str().unwrap();
        assert!(message.len() > 1000 && message.ends_with('…'));
    }
}
