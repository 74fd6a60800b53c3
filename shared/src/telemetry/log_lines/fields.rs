//! An event's fields as JSON members or as text.

use std::{
    error::Error,
    fmt::{Debug, Display, Write as _},
};

use tracing::field::{Field, Visit};

const MESSAGE: &str = "message";
const NAME: &str = "name";

/// Members that the line has of its own; a field of that name gets [`RENAMED`] in front, as JSON keys must not repeat.
const OWN: [&str; 7] =
    ["timestamp", "level", "target", "service.name", "trace_id", "span_id", "trace_flags"];
const RENAMED: &str = "field.";

/// Writes the one field that is the line's message.
pub(super) struct MessageField<'a> {
    line: &'a mut String,
    field: &'static str,
    escape: fn(&mut String, &str),
    found: bool,
}

impl<'a> MessageField<'a> {
    pub(super) fn json(line: &'a mut String) -> Self {
        Self { line, field: MESSAGE, escape: escape_json, found: false }
    }

    pub(super) fn text(line: &'a mut String) -> Self {
        Self { line, field: MESSAGE, escape: escape_text, found: false }
    }

    /// Takes the message from `event`; the SDK's events often have a `name` alone.
    pub(super) fn take(mut self, event: &tracing::Event<'_>) {
        event.record(&mut self);
        if !self.found {
            self.field = NAME;
            event.record(&mut self);
        }
    }
}

impl Visit for MessageField<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == self.field {
            self.found = true;
            // Writing into a `String` does not fail.
            let _ = write!(Escaping(self.line, self.escape), "{value:?}");
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == self.field {
            self.found = true;
            (self.escape)(self.line, value);
        }
    }
}

/// Writes all other fields as `,"name":value`.
pub(super) struct JsonFields<'a>(pub(super) &'a mut String);

impl JsonFields<'_> {
    /// Writes the key; `false` for the message, which is written already.
    fn key(&mut self, field: &Field) -> bool {
        let name = field.name();
        if name == MESSAGE {
            return false;
        }
        self.0.push_str(",\"");
        if OWN.contains(&name) {
            self.0.push_str(RENAMED);
        }
        // `r#type` is how a macro must spell a field called `type`.
        escape_json(self.0, name.strip_prefix("r#").unwrap_or(name));
        self.0.push_str("\":");
        true
    }

    fn number(&mut self, field: &Field, value: impl Display) {
        if self.key(field) {
            // Writing into a `String` does not fail.
            let _ = write!(self.0, "{value}");
        }
    }
}

impl Visit for JsonFields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if self.key(field) {
            push_json_display(self.0, format_args!("{value:?}"));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if self.key(field) {
            push_json_string(self.0, value);
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        if self.key(field) {
            push_json_display(self.0, value);
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.number(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field, value);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.number(field, value);
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.number(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.number(field, value);
        } else if self.key(field) {
            // JSON has no such number.
            push_json_display(self.0, value);
        }
    }
}

/// Writes all other fields as ` name=value`.
pub(super) struct TextFields<'a>(pub(super) &'a mut String);

impl TextFields<'_> {
    fn write(&mut self, field: &Field, value: impl Display) {
        if field.name() != MESSAGE {
            let _ = write!(self.0, " {}=", field.name());
            push_escaped(self.0, value);
        }
    }
}

impl Visit for TextFields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.write(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.write(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.write(field, value);
    }
}

/// A JSON string, quotes included.
pub(super) fn push_json_string(line: &mut String, text: &str) {
    line.push('"');
    escape_json(line, text);
    line.push('"');
}

fn push_json_display(line: &mut String, value: impl Display) {
    line.push('"');
    let _ = write!(Escaping(line, escape_json), "{value}");
    line.push('"');
}

/// Text without line breaks or control characters: a line stays a line, and nobody's terminal is driven by a log.
fn push_escaped(line: &mut String, value: impl Display) {
    let _ = write!(Escaping(line, escape_text), "{value}");
}

struct Escaping<'a>(&'a mut String, fn(&mut String, &str));

impl std::fmt::Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.1(self.0, text);
        Ok(())
    }
}

fn escape_json(line: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\')
    {
        line.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => line.push_str("\\\""),
            b'\\' => line.push_str("\\\\"),
            b'\n' => line.push_str("\\n"),
            b'\r' => line.push_str("\\r"),
            b'\t' => line.push_str("\\t"),
            control => {
                let _ = write!(line, "\\u{control:04x}");
            }
        }
        rest = &rest[at + 1..];
    }
    line.push_str(rest);
}

fn escape_text(line: &mut String, text: &str) {
    for c in text.chars() {
        if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
    }
}
