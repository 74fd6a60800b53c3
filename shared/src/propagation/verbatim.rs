//! The inbound headers of a process that makes no spans of its own: they leave it as they came, byte by byte and line by line.

use http::{HeaderMap, HeaderName, HeaderValue};

static TRACEPARENT: HeaderName = HeaderName::from_static(super::trace_context::TRACEPARENT);
static TRACESTATE: HeaderName = HeaderName::from_static(super::trace_context::TRACESTATE);
static BAGGAGE: HeaderName = HeaderName::from_static(super::baggage::BAGGAGE);

#[derive(Debug)]
pub(super) struct Verbatim {
    traceparent: Vec<HeaderValue>,
    tracestate: Vec<HeaderValue>,
    baggage: Vec<HeaderValue>,
}

impl Verbatim {
    /// `None` if nothing came that could be passed on.
    pub(super) fn read(headers: &HeaderMap, trace: bool, baggage: bool) -> Option<Self> {
        let traceparent = lines(headers, &TRACEPARENT, trace);
        let tracestate = lines(headers, &TRACESTATE, trace);
        let baggage = lines(headers, &BAGGAGE, baggage);
        (!traceparent.is_empty() || !baggage.is_empty()).then_some(Self {
            traceparent,
            tracestate,
            baggage,
        })
    }

    pub(super) fn has_trace(&self) -> bool {
        !self.traceparent.is_empty()
    }

    /// Puts the lines in place of what `headers` has; baggage of our own does not join what is only passed through.
    /// A `tracestate` without `traceparent` belongs to no trace, and must not be attached to the one that begins here.
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        if self.has_trace() {
            replace(headers, &TRACEPARENT, &self.traceparent);
            replace(headers, &TRACESTATE, &self.tracestate);
        }
        replace(headers, &BAGGAGE, &self.baggage);
    }
}

fn lines(headers: &HeaderMap, name: &HeaderName, wanted: bool) -> Vec<HeaderValue> {
    if !wanted {
        return Vec::new();
    }
    headers.get_all(name).iter().cloned().collect()
}

fn replace(headers: &mut HeaderMap, name: &HeaderName, lines: &[HeaderValue]) {
    headers.remove(name);
    for line in lines {
        headers.append(name, line.clone());
    }
}
