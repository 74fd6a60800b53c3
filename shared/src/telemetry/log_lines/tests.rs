use std::sync::{Arc, Mutex};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use serde_json::{Value, json};
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;

/// Keeps the lines instead of writing them.
struct Kept(LogLines, Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Kept {
    fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
        let mut line = String::new();
        self.0.render(&mut line, event);
        self.1.lock().unwrap().push(line);
    }
}

fn lines(format: LogFormat, sampler: Sampler, act: impl FnOnce()) -> Vec<String> {
    let kept = Arc::default();
    let provider = SdkTracerProvider::builder().with_sampler(sampler).build();
    let subscriber = tracing_subscriber::registry()
        .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("test")))
        .with(Kept(LogLines::new("order \"service\"".to_owned(), format), Arc::clone(&kept)));
    tracing::subscriber::with_default(subscriber, act);
    Arc::try_unwrap(kept).unwrap().into_inner().unwrap()
}

fn json_line(act: impl FnOnce()) -> Value {
    let lines = lines(LogFormat::Json, Sampler::AlwaysOn, act);
    assert_eq!(lines.len(), 1);
    serde_json::from_str(&lines[0]).unwrap()
}

#[test]
fn fields_keep_their_types_and_the_message_comes_third() {
    let act = || tracing::info!(target: "t", status_code = 200_u16, ok = true, took = 0.25, name = "a\"\n\u{1}", "Request {}", "completed");
    let line = lines(LogFormat::Json, Sampler::AlwaysOn, act).remove(0);
    assert!(line.ends_with("}\n"));
    let keys = [
        "{\"timestamp\":\"",
        "\"level\":\"INFO\"",
        "\"message\":\"Request completed\"",
        "\"target\":\"t\"",
    ];
    let places: Vec<_> = keys.iter().map(|key| line.find(key).unwrap()).collect();
    assert!(places.is_sorted(), "{line}");
    let parsed: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(parsed["service.name"], "order \"service\"");
    assert_eq!(
        [&parsed["status_code"], &parsed["ok"], &parsed["took"], &parsed["name"]],
        [&json!(200), &json!(true), &json!(0.25), &json!("a\"\n\u{1}")]
    );
    assert!(parsed.get("trace_id").is_none());
}

#[test]
fn the_span_around_an_event_gives_its_ids_sampled_or_not() {
    for (sampler, flags) in [(Sampler::AlwaysOn, "03"), (Sampler::AlwaysOff, "02")] {
        let mut ids = None;
        let lines = lines(LogFormat::Json, sampler, || {
            let span = tracing::info_span!("outer", secret = "not repeated");
            ids = crate::telemetry::span_ids(&span);
            span.in_scope(|| tracing::info!("inside"));
        });
        let line: Value = serde_json::from_str(&lines[0]).unwrap();
        let ids = ids.unwrap();
        assert_eq!(line["trace_id"], ids.trace_id.to_string());
        assert_eq!(line["span_id"], ids.span_id.to_string());
        assert_eq!(line["trace_flags"], flags);
        assert!(!lines[0].contains("not repeated"));
    }
}

#[test]
fn a_field_named_like_a_member_of_the_line_is_renamed() {
    let line = json_line(|| tracing::info!(trace_id = "x", r#type = "y", "m"));
    assert_eq!((&line["field.trace_id"], &line["type"]), (&json!("x"), &json!("y")));
}

#[test]
fn an_event_without_message_has_its_name_for_one() {
    assert_eq!(
        json_line(|| tracing::warn!(name = "Export.Failed", retries = 3))["message"],
        "Export.Failed"
    );
    assert_eq!(json_line(|| tracing::warn!(retries = 3))["message"], "");
}

#[test]
fn what_json_cannot_hold_is_a_string() {
    let line = json_line(|| tracing::info!(share = f64::NAN, large = u64::MAX));
    assert_eq!((&line["share"], &line["large"]), (&json!("NaN"), &json!(u64::MAX)));
}

#[test]
fn a_text_line_stays_one_line() {
    let act = || tracing::warn!(target: "t", cause = "a\nb", "Two\nlines");
    let lines = lines(LogFormat::Text, Sampler::AlwaysOn, act);
    assert_eq!(lines[0].matches('\n').count(), 1);
    assert!(lines[0].ends_with(" WARN  t: Two\\nlines cause=a\\nb\n"), "{}", lines[0]);
}

#[test]
fn timestamps_are_rfc_3339_with_microseconds() {
    let mut line = String::new();
    push_timestamp(
        &mut line,
        OffsetDateTime::from_unix_timestamp_nanos(1_700_000_000_000_042_000).unwrap(),
    );
    assert_eq!(line, "2023-11-14T22:13:20.000042Z");
}
