//! Logs as cores read them: one JSON object a line on stderr, with level, message and time in their form.

use std::fmt::Write as _;
use std::io::Write;
use std::time::Instant;

use serde_json::{Map, Value as Json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry};

/// Cores split longer lines, and then show them raw.
const LONGEST_LINE: usize = 60_000;
/// What other crates say is noise to users of a provider.
const QUIET: &str = "h2=warn,hyper=warn,hyper_util=warn,rustls=warn,tonic=warn,tower=warn,reqwest=warn,kube_client=warn,azure_core=warn,azure_identity=warn,typespec_client_core=warn";

/// Starts logging, at the level that the core's user asked for.
pub fn start() {
    let wanted = ["TF_LOG_PROVIDER_POSTGRES", "TF_LOG_PROVIDER", "TF_LOG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|text| !text.is_empty()));
    let level = match wanted.as_deref().map(str::to_lowercase).as_deref() {
        Some("trace" | "json") => "trace",
        Some("debug") => "debug",
        Some("info") => "info",
        Some("error") => "error",
        Some("off") => "off",
        _ => "warn",
    };
    let filter = EnvFilter::new(format!("{level},{QUIET}"));
    let _ = Registry::default().with(filter).with(Lines).try_init();
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

fn write(level: Level, module: &str, mut line: Map<String, Json>) {
    let now = jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%S.%6fZ")
        .to_string();
    line.insert("@level".to_owned(), level.as_str().to_lowercase().into());
    line.insert("@timestamp".to_owned(), now.into());
    line.insert("@module".to_owned(), module.into());
    let message = line.remove("@message").unwrap_or_default();
    let text = message
        .as_str()
        .map_or_else(|| message.to_string(), str::to_owned);
    line.insert(
        "@message".to_owned(),
        text.chars()
            .take(LONGEST_LINE / 4)
            .collect::<String>()
            .into(),
    );
    let mut bytes = Json::Object(line.clone()).to_string();
    if bytes.len() > LONGEST_LINE {
        line.retain(|key, _| key.starts_with('@'));
        bytes = Json::Object(line).to_string();
    }
    bytes.push('\n');
    let _ = std::io::stderr().lock().write_all(bytes.as_bytes());
}
