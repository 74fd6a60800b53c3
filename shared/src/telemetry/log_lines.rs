//! Log lines on standard output: one event is one line and one write, JSON or text.
//!
//! Invariants: a JSON line has `timestamp`, `level`, `message`, `target`, `service.name`, then `trace_id`, `span_id` and
//! `trace_flags` of the span around the event (sampled or not), then the event's own fields, with their types. Fields of spans
//! are not repeated. The writer is not asynchronous: that was measured, and costs more.

use std::{cell::RefCell, fmt::Write as _, io::Write as _};

use opentelemetry::{
    Context,
    trace::{SpanContext, TraceContextExt as _},
};
use time::OffsetDateTime;
use tracing::{Event, Subscriber};
use tracing_subscriber::{Layer, layer};

use crate::{config::telemetry::LogFormat, propagation};

mod fields;

use fields::{JsonFields, MessageField, TextFields};

/// Lines longer than this do not keep their buffer.
const KEPT_CAPACITY: usize = 16 * 1024;

thread_local! {
    static LINE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The layer that writes the lines.
#[derive(Debug)]
pub(super) struct LogLines {
    /// The name as a JSON string, quotes included.
    service: String,
    format: LogFormat,
}

impl LogLines {
    pub(super) fn new(service: String, format: LogFormat) -> Self {
        let mut quoted = String::new();
        fields::push_json_string(&mut quoted, &service);
        Self { service: quoted, format }
    }

    fn render(&self, line: &mut String, event: &Event<'_>) {
        match self.format {
            LogFormat::Json => self.render_json(line, event),
            LogFormat::Text => render_text(line, event),
        }
        line.push('\n');
    }

    fn render_json(&self, line: &mut String, event: &Event<'_>) {
        let metadata = event.metadata();
        line.push_str("{\"timestamp\":\"");
        push_timestamp(line, OffsetDateTime::now_utc());
        line.push_str("\",\"level\":\"");
        line.push_str(metadata.level().as_str());
        line.push_str("\",\"message\":\"");
        MessageField::json(line).take(event);
        line.push_str("\",\"target\":");
        fields::push_json_string(line, metadata.target());
        line.push_str(",\"service.name\":");
        line.push_str(&self.service);
        with_current_span(|span, context| {
            // Writing into a `String` does not fail.
            let _ = write!(
                line,
                ",\"trace_id\":\"{}\",\"span_id\":\"{}\",\"trace_flags\":\"{:02x}\"",
                span.trace_id(),
                span.span_id(),
                propagation::trace_flags(context)
            );
        });
        event.record(&mut JsonFields(line));
        line.push('}');
    }
}

fn render_text(line: &mut String, event: &Event<'_>) {
    let metadata = event.metadata();
    push_timestamp(line, OffsetDateTime::now_utc());
    let _ = write!(line, " {:5} {}: ", metadata.level(), metadata.target());
    MessageField::text(line).take(event);
    event.record(&mut TextFields(line));
    with_current_span(|span, _| {
        let _ = write!(line, " trace_id={} span_id={}", span.trace_id(), span.span_id());
    });
}

fn with_current_span(write: impl FnOnce(&SpanContext, &Context)) {
    Context::map_current(|context| {
        let span = context.span();
        if span.span_context().is_valid() {
            write(span.span_context(), context);
        }
    });
}

impl<S: Subscriber> Layer<S> for LogLines {
    fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
        LINE.with(|kept| match kept.try_borrow_mut() {
            Ok(mut line) => {
                line.clear();
                self.render(&mut line, event);
                write_line(&line);
                line.shrink_to(KEPT_CAPACITY);
            }
            // A field that logs while it is formatted.
            Err(_) => {
                let mut line = String::new();
                self.render(&mut line, event);
                write_line(&line);
            }
        });
    }
}

fn write_line(line: &str) {
    // Nobody is left to be told that standard output is closed.
    let _ = std::io::stdout().write_all(line.as_bytes());
}

/// RFC 3339, UTC, microseconds. Written by hand: it is the dearest part of a line otherwise.
fn push_timestamp(line: &mut String, now: OffsetDateTime) {
    let (date, time) = (now.date(), now.time());
    let _ = write!(
        line,
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.microsecond()
    );
}

#[cfg(test)]
mod tests;
