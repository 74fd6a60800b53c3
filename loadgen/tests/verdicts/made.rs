//! Traces made from text: a line for each span, indented below its parent.
//!
//! `service KIND name`, then perhaps `!` for status Error, and `#2` for the second try of a transaction.

use loadgen::verify::span::{Span, Value};
use opentelemetry::trace::{SpanId, SpanKind};

/// Our own CLIENT span, where a made trace has one.
pub(crate) const OWN: u64 = 1;

pub(crate) const PROCESS: &str = "
loadgen CLIENT POST /api/v1/process
  gateway SERVER POST /api/v1/process
    gateway CLIENT POST /process
      user-service SERVER POST /process
        user-service CLIENT INSERT users
        user-service CLIENT POST /process
          order-service SERVER POST /process
            order-service INTERNAL price_order
              order-service CLIENT SELECT products
            order-service CLIENT INSERT orders
            order-service CLIENT INSERT order_items
            order-service CLIENT COMMIT
            order-service CLIENT POST /process
              audit-service SERVER POST /process
                audit-service CLIENT INSERT audit_logs
";

pub(crate) const REGISTER: &str = "
loadgen CLIENT POST /api/v1/register
  gateway SERVER POST /api/v1/register
    gateway CLIENT POST /register
      user-service SERVER POST /register
        user-service CLIENT INSERT users
        user-service CLIENT INSERT registrations
        user-service CLIENT COMMIT
        user-service CLIENT POST /process
          order-service SERVER POST /process
            order-service INTERNAL price_order
              order-service CLIENT SELECT products
            order-service CLIENT INSERT orders
            order-service CLIENT INSERT order_items
            order-service CLIENT COMMIT
            order-service CLIENT POST /process
              audit-service SERVER POST /process
                audit-service CLIENT INSERT audit_logs
";

/// A made trace.
#[derive(Clone, Debug)]
pub(crate) struct Made(pub(crate) Vec<Span>);

impl Made {
    /// Spans with ids from 1 and a start each, in the order of the lines; answered with `status`.
    pub(crate) fn new(text: &str, status: i64) -> Self {
        let mut above = Vec::<(usize, SpanId)>::new();
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let spans = lines.zip(1..).map(|(line, number)| {
            let depth = line.len() - line.trim_start().len();
            above.retain(|(other, _)| *other < depth);
            let id = SpanId::from(number);
            let parent = above.last().map(|(_, id)| *id);
            above.push((depth, id));
            span(line.trim(), (id, parent), number, status)
        });
        Self(spans.collect())
    }

    pub(crate) fn process() -> Self {
        Self::new(PROCESS, 200)
    }

    /// A trace with lines replaced.
    pub(crate) fn edited(text: &str, edits: &[(&str, &str)], status: i64) -> Self {
        let mut text = text.to_owned();
        for (from, to) in edits {
            assert!(text.contains(from), "{from} is not in {text}");
            text = text.replace(from, to);
        }
        Self::new(&text, status)
    }

    /// The place of the span that a line describes.
    pub(crate) fn place(&self, line: &str) -> usize {
        let wanted = span(line, (SpanId::from(1), None), 1, 200);
        let is = |span: &Span| {
            (&span.service, &span.kind, &span.name, span.error)
                == (&wanted.service, &wanted.kind, &wanted.name, wanted.error)
        };
        self.0.iter().position(is).unwrap_or_else(|| panic!("there is no {line}"))
    }

    pub(crate) fn at(&mut self, line: &str) -> &mut Span {
        let place = self.place(line);
        &mut self.0[place]
    }

    pub(crate) fn without(mut self, line: &str) -> Self {
        let place = self.place(line);
        self.0.remove(place);
        self
    }

    /// Without the span and all below it.
    pub(crate) fn cut(mut self, line: &str) -> Self {
        let mut gone = vec![self.0.remove(self.place(line)).id];
        while let Some(id) = gone.pop() {
            self.0.retain(|span| {
                let below = span.parent == Some(id);
                gone.extend(below.then_some(span.id));
                !below
            });
        }
        self
    }

    /// Without the spans of a service.
    pub(crate) fn silent(mut self, service: &str) -> Self {
        self.0.retain(|span| span.service != service);
        self
    }

    /// With one more span below the span of a line.
    pub(crate) fn with(mut self, below: &str, line: &str) -> Self {
        let parent = self.0[self.place(below)].id;
        let number = u64::try_from(self.0.len()).unwrap() + 100;
        self.0.push(span(line, (SpanId::from(number), Some(parent)), number, 200));
        self
    }

    /// With a span hung below another.
    pub(crate) fn moved(mut self, line: &str, below: &str) -> Self {
        let parent = self.0[self.place(below)].id;
        self.at(line).parent = Some(parent);
        self
    }

    /// Without our own span, as an exporting caller's absence looks.
    pub(crate) fn uncalled(mut self) -> Self {
        self.0.remove(0);
        self.0[0].parent = None;
        self
    }
}

fn span(line: &str, (id, parent): (SpanId, Option<SpanId>), start: u64, status: i64) -> Span {
    let (line, attempt) = match line.split_once(" #") {
        Some((line, attempt)) => (line, Some(attempt.parse().unwrap())),
        None => (line, None),
    };
    let (line, error) = line.strip_suffix(" !").map_or((line, false), |line| (line, true));
    let mut words = line.splitn(3, ' ');
    let (service, kind, name) =
        (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
    let kind = match kind {
        "CLIENT" => SpanKind::Client,
        "SERVER" => SpanKind::Server,
        _ => SpanKind::Internal,
    };
    let mut attributes = attributes(service, &kind, name, status);
    let text = |(key, value): (&str, Value)| (key.to_owned(), value);
    attributes.extend(attempt.map(|number| ("tracechain.attempt", Value::Integer(number))));
    Span {
        id,
        parent,
        service: service.to_owned(),
        kind,
        name: name.to_owned(),
        error,
        start: 1000 * start,
        end: 1_000_000 - start,
        attributes: attributes.into_iter().map(text).collect(),
    }
}

/// As the services set them.
fn attributes(
    service: &str,
    kind: &SpanKind,
    name: &str,
    status: i64,
) -> Vec<(&'static str, Value)> {
    let text = |text: &str| Value::Text(text.to_owned());
    let (verb, object) = name.split_once(' ').unwrap_or((name, ""));
    let (next, database) = match service {
        "loadgen" | "nginx" => ("gateway", ""),
        "gateway" if object.starts_with("/orders") => ("order-service", ""),
        "gateway" if object == "/audit" => ("audit-service", ""),
        "gateway" => ("user-service", ""),
        "user-service" => ("order-service", "users-db"),
        "order-service" => ("audit-service", "orders-db"),
        _ => ("", "audit-db"),
    };
    match kind {
        SpanKind::Server => vec![
            ("http.request.method", text(verb)),
            ("http.route", text(object)),
            ("http.response.status_code", Value::Integer(status)),
            ("user.id", Value::Integer(7)),
            ("order.id", text("01a1fd97-af69-74d8-86d5-bd1fa9dfecf4")),
            ("audit.pending", Value::Bool(status == 202)),
        ],
        SpanKind::Client if object.starts_with('/') => vec![
            ("http.request.method", text(verb)),
            ("peer.service", text(next)),
            ("url.template", text(object)),
        ],
        SpanKind::Client => vec![
            ("db.system.name", text("sqlite")),
            ("db.operation.name", text(verb)),
            ("peer.service", text(database)),
        ],
        _ => vec![("order.total_cents", Value::Integer(999))],
    }
}
