//! How a trace gets from one process to the next: W3C Trace Context level 2 and W3C Baggage over HTTP headers.
//!
//! [`extract`] reads a request's headers into a [`Context`], [`inject`] writes the current one into the next request's.
//! What the SDK's own types cannot hold (the level 2 random flag, a `tracestate` with keys that `TraceState` refuses, the
//! headers of a process that only passes them on) travels as values of the [`Context`], which `set_parent` and child spans keep.
//!
//! Invariant: no header, however malformed, panics or fails a request; what is invalid is ignored, and a new trace begins.
//! Invariant: a process that samples nothing, or has telemetry switched off, still passes the caller's trace on.

mod baggage;
mod carrier;
mod inbound;
mod trace_context;
mod traceparent;
mod tracestate;
mod verbatim;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::{LazyLock, OnceLock};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use opentelemetry::propagation::{TextMapCompositePropagator, TextMapPropagator};
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, global};
use opentelemetry_http::HeaderInjector;

pub use baggage::W3cBaggagePropagator;
pub use carrier::Carrier;
pub use trace_context::W3cPropagator;

use inbound::InboundHeaders;
use verbatim::Verbatim;

const ALL: [Format; 2] = [Format::TraceContext, Format::Baggage];

static INSTALLED: OnceLock<Installed> = OnceLock::new();
static DEFAULT: LazyLock<Installed> = LazyLock::new(|| Installed::new(&ALL, false));

/// `OTEL_PROPAGATORS`: which formats are read and written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// `tracecontext`: the headers `traceparent` and `tracestate` (W3C Trace Context level 2).
    TraceContext,
    /// `baggage`: the header `baggage` (W3C Baggage).
    Baggage,
}

/// Reads the value of `OTEL_PROPAGATORS`: names separated by commas, or `none` alone for no propagation at all.
/// A name given twice counts once; an empty value is the default, `tracecontext,baggage`.
///
/// # Errors
/// A sentence that names the refused part and what is accepted.
pub fn parse_formats(value: &str) -> Result<Vec<Format>, String> {
    match value.trim() {
        "" => return Ok(ALL.to_vec()),
        "none" => return Ok(Vec::new()),
        _ => {}
    }
    let mut formats = Vec::with_capacity(ALL.len());
    for name in value.split(',').map(str::trim) {
        let format = match name {
            "tracecontext" => Format::TraceContext,
            "baggage" => Format::Baggage,
            _ => return Err(refused_name(name, value)),
        };
        if !formats.contains(&format) {
            formats.push(format);
        }
    }
    Ok(formats)
}

fn refused_name(name: &str, value: &str) -> String {
    format!(
        "OTEL_PROPAGATORS is {value:?}, and {name:?} in it is not supported: give tracecontext, baggage, \
         both separated by a comma, or none alone"
    )
}

/// Installs this process's propagation, once at start, and sets OpenTelemetry's global propagator to it; a second call changes nothing.
/// Until then both formats are read and written.
///
/// `verbatim`: this process makes no spans of its own (`OTEL_SDK_DISABLED`, `OTEL_TRACES_EXPORTER=none`), so inbound headers
/// leave it exactly as they came, as they would a proxy. Without an inbound `traceparent` the current span's ids go out with flag 00.
pub fn install(formats: &[Format], verbatim: bool) {
    if INSTALLED.set(Installed::new(formats, verbatim)).is_ok() {
        global::set_text_map_propagator(composite(formats));
    }
}

/// Reads the remote parent, its `tracestate` and random flag, and the baggage; give it to the server span with `set_parent`.
/// Without a valid `traceparent` the context has no span, so a new trace begins; baggage is kept even then.
pub fn extract(headers: &HeaderMap) -> Context {
    installed().wire.extract(headers)
}

/// Writes the context into the headers of a request that is about to leave, replacing what they said about trace and baggage before.
/// A context without a span leaves `traceparent` and `tracestate`, one without baggage leaves `baggage` as they are.
pub fn inject(cx: &Context, headers: &mut HeaderMap) {
    installed().wire.inject(cx, headers);
}

/// Removes from the headers of a request that is about to leave whatever they say about trace and baggage.
pub(crate) fn remove(headers: &mut HeaderMap) {
    for name in [trace_context::TRACEPARENT, trace_context::TRACESTATE, baggage::BAGGAGE] {
        headers.remove(name);
    }
}

/// Adds or overwrites one baggage member. The new member always finds room: if the limits of W3C Baggage (64 members, 8192 bytes)
/// are reached, others give way. A `key` that is no RFC 9110 token, or a member that alone is over the limit, changes nothing.
/// The headers of a process that passes them on verbatim stay untouched.
pub fn with_baggage(cx: &Context, key: &str, value: String) -> Context {
    baggage::with_member(cx, key, value)
}

/// The value of the `traceresponse` header, `00-<trace id>-<span id>-<flags>` of the current span
/// (W3C Trace Context level 2, section "Trace Context HTTP Response Headers Format"); none when there is no span.
pub fn traceresponse(cx: &Context) -> Option<HeaderValue> {
    let text = trace_context::current_traceparent(&installed().wire.own(cx))?;
    HeaderValue::from_maybe_shared(Bytes::from(text)).ok()
}

/// The trace flags that the current span is passed on with (level 2: sampled and random), for log lines.
pub(crate) fn trace_flags(cx: &Context) -> u8 {
    trace_context::current_flags(&installed().wire.own(cx))
}

fn installed() -> &'static Installed {
    INSTALLED.get().unwrap_or(&DEFAULT)
}

fn composite(formats: &[Format]) -> TextMapCompositePropagator {
    let mut propagators: Vec<Box<dyn TextMapPropagator + Send + Sync>> = Vec::new();
    if formats.contains(&Format::TraceContext) {
        propagators.push(Box::new(W3cPropagator));
    }
    if formats.contains(&Format::Baggage) {
        propagators.push(Box::new(W3cBaggagePropagator));
    }
    TextMapCompositePropagator::new(propagators)
}

/// What `install` decided, for the wire and for stored rows. `OTEL_PROPAGATORS` is about the wire only: a row keeps everything.
struct Installed {
    wire: Propagation,
    stored: Propagation,
}

impl Installed {
    fn new(formats: &[Format], verbatim: bool) -> Self {
        Self { wire: Propagation::new(formats, verbatim), stored: Propagation::new(&ALL, verbatim) }
    }
}

/// One configured way of reading and writing headers.
struct Propagation {
    composite: TextMapCompositePropagator,
    trace: bool,
    baggage: bool,
    verbatim: bool,
}

impl Propagation {
    fn new(formats: &[Format], verbatim: bool) -> Self {
        Self {
            composite: composite(formats),
            trace: formats.contains(&Format::TraceContext),
            baggage: formats.contains(&Format::Baggage),
            verbatim,
        }
    }

    fn extract(&self, headers: &HeaderMap) -> Context {
        // Never the thread's current context: what the connection's task happens to be in is not the caller's.
        let cx = self.composite.extract_with_context(&Context::new(), &InboundHeaders(headers));
        if !self.verbatim {
            return cx;
        }
        match Verbatim::read(headers, self.trace, self.baggage) {
            Some(verbatim) => cx.with_value(verbatim),
            None => cx,
        }
    }

    fn inject(&self, cx: &Context, headers: &mut HeaderMap) {
        let verbatim = cx.get::<Verbatim>().filter(|_| self.verbatim);
        if !verbatim.is_some_and(Verbatim::has_trace) {
            self.inject_own(cx, headers);
        }
        if let Some(verbatim) = verbatim {
            verbatim.write(headers);
        }
    }

    /// What goes out when nothing is passed on: a process that makes no spans sends its new ids with flag 00.
    fn own<'a>(&self, cx: &'a Context) -> Cow<'a, Context> {
        if self.verbatim {
            Cow::Owned(trace_context::without_random_claim(cx))
        } else {
            Cow::Borrowed(cx)
        }
    }

    fn inject_own(&self, cx: &Context, headers: &mut HeaderMap) {
        if self.trace && cx.span().span_context().is_valid() {
            // An injector can only set: a `tracestate` of another trace would stay beside the new `traceparent`.
            headers.remove(trace_context::TRACESTATE);
        }
        self.composite.inject_context(&self.own(cx), &mut HeaderInjector(headers));
    }
}
