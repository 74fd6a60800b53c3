//! A context in a database row, for work that is done again later, perhaps by another process.

use http::{HeaderMap, HeaderValue};
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;

use super::verbatim::Verbatim;
use super::{DEFAULT, Installed, baggage, installed, trace_context};

/// What to keep of a context, and how to get it back: a redelivery continues the trace of the request that caused it.
///
/// `OTEL_PROPAGATORS` does not apply, it is about what goes over the wire. Every part is valid and bounded, whatever the caller sent:
/// `traceparent` always has 55 characters, `tracestate` at most 16447, `baggage` at most 8192, all ASCII.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carrier {
    /// The current span, as the header of the same name; none if there is no span.
    pub traceparent: Option<String>,
    /// The trace's `tracestate`; none if it is empty.
    pub tracestate: Option<String>,
    /// The baggage, as the header of the same name; none if it is empty.
    pub baggage: Option<String>,
}

impl Carrier {
    /// Keeps the current span of `cx` (the parent of what is done later), its `tracestate` and the baggage.
    /// A process that makes no spans of its own keeps the caller's instead.
    pub fn from_context(cx: &Context) -> Self {
        Self::keep(installed(), cx)
    }

    /// The context that was kept, as if it had come in with a request: its span is a remote parent.
    /// Parts that are not valid are ignored, as they are in a request.
    pub fn to_context(&self) -> Context {
        self.restore(installed())
    }

    pub(super) fn keep(installed: &Installed, cx: &Context) -> Self {
        let mut headers = HeaderMap::new();
        match passed_on(cx) {
            Some(caller) => DEFAULT.wire.inject_own(&caller, &mut headers),
            None => installed.stored.inject_own(cx, &mut headers),
        }
        let text = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
        Self {
            traceparent: text(trace_context::TRACEPARENT),
            tracestate: text(trace_context::TRACESTATE),
            baggage: text(baggage::BAGGAGE),
        }
    }

    pub(super) fn restore(&self, installed: &Installed) -> Context {
        let mut headers = HeaderMap::with_capacity(3);
        for (name, text) in [
            (trace_context::TRACEPARENT, &self.traceparent),
            (trace_context::TRACESTATE, &self.tracestate),
            (baggage::BAGGAGE, &self.baggage),
        ] {
            let value = text.as_deref().map(HeaderValue::from_str);
            if let Some(Ok(value)) = value {
                headers.insert(name, value);
            }
        }
        installed.stored.extract(&headers)
    }
}

/// The caller's own context, read again from the headers that are passed on; `None` if they hold no valid trace.
fn passed_on(cx: &Context) -> Option<Context> {
    let mut headers = HeaderMap::new();
    cx.get::<Verbatim>()?.write(&mut headers);
    let caller = DEFAULT.wire.extract(&headers);
    caller.has_active_span().then_some(caller)
}
