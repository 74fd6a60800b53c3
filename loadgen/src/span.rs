//! The CLIENT root span of every request, and its way into the request's headers (OpenTelemetry semantic conventions, HTTP client spans).
//!
//! Made by the OpenTelemetry API itself, without `tracing`: at thousands of requests a second the load generator must cost little beside
//! what it measures.

use std::time::Duration;

use http::{HeaderMap, Method, StatusCode, Uri, Version};
use opentelemetry::{
    Context, KeyValue, Value,
    global::{self, BoxedTracer},
    trace::{SpanBuilder, SpanKind, Status, TraceContextExt as _, Tracer as _},
};
use shared::{names::attribute, propagation};

use crate::outcome::{NoAnswer, Root};

/// Milliseconds that a request had to wait for a connection before it left; the span itself is only as long as the wire was.
const WAIT_MS: &str = "loadgen.wait_ms";
/// A wait that is shorter is no news.
const WAIT_TOLD: Duration = Duration::from_millis(1);

/// Makes the spans of one run's requests.
pub struct Spans(Option<Maker>);

struct Maker {
    tracer: BoxedTracer,
    /// Scheme, host and port, as `url.full` begins.
    base: String,
    /// The attributes that all of them have.
    fixed: Vec<KeyValue>,
}

impl Spans {
    /// Spans by the process's tracer provider, which must be installed before. `peer` is the first service that a request meets.
    #[must_use]
    pub fn on(target: &Uri, peer: &str) -> Self {
        Self::made_by(global::tracer("loadgen"), target, peer)
    }

    fn made_by(tracer: BoxedTracer, target: &Uri, peer: &str) -> Self {
        let scheme = target.scheme_str().unwrap_or("http");
        let default = if scheme == "https" { 443 } else { 80 };
        let authority = target.authority().map_or("", |authority| authority.as_str());
        let host = target.host().unwrap_or_default().trim_matches(['[', ']']);
        // Reference counted, so that a span's copy of the attributes is not one of the text.
        let text = |text: &str| Value::from(std::sync::Arc::<str>::from(text));
        let fixed = vec![
            KeyValue::new(attribute::SERVER_ADDRESS, text(host)),
            KeyValue::new(attribute::SERVER_PORT, i64::from(target.port_u16().unwrap_or(default))),
            KeyValue::new(attribute::PEER_SERVICE, text(peer)),
            KeyValue::new(attribute::SERVICE_PEER_NAME, text(peer)),
        ];
        let base = format!("{scheme}://{authority}");
        Self(Some(Maker { tracer, base, fixed }))
    }

    /// No spans, and no trace context in any request: the trace begins at the first service.
    #[must_use]
    pub fn off() -> Self {
        Self(None)
    }

    /// Begins the span of a request that leaves now, and writes its context into the headers. `path` is without a query, which may hold what is
    /// nobody's business; `wait` is how long the request had to wait for a connection.
    pub(crate) fn start(
        &self,
        (method, template, path): (&Method, &str, &str),
        wait: Duration,
        headers: &mut HeaderMap,
    ) -> RequestSpan {
        let Some(maker) = &self.0 else { return RequestSpan(None) };
        let builder =
            SpanBuilder::from_name(format!("{method} {template}")).with_kind(SpanKind::Client);
        let span = maker.tracer.build_with_context(builder, &Context::new());
        let context = Context::new().with_span(span);
        if context.span().is_recording() {
            context.span().set_attributes(maker.attributes(method, template, path, wait));
        }
        propagation::inject(&context, headers);
        RequestSpan(Some(context))
    }
}

impl Maker {
    fn attributes(
        &self,
        method: &Method,
        template: &str,
        path: &str,
        wait: Duration,
    ) -> impl Iterator<Item = KeyValue> {
        let own = [
            KeyValue::new(attribute::HTTP_REQUEST_METHOD, method.as_str().to_owned()),
            KeyValue::new(attribute::URL_TEMPLATE, template.to_owned()),
            KeyValue::new(attribute::URL_FULL, format!("{}{path}", self.base)),
        ];
        let wait = (wait > WAIT_TOLD).then(|| KeyValue::new(WAIT_MS, wait.as_secs_f64() * 1000.0));
        own.into_iter().chain(self.fixed.iter().cloned()).chain(wait)
    }
}

/// The span of a request under way; none when spans are off.
pub(crate) struct RequestSpan(Option<Context>);

impl RequestSpan {
    /// What of it can be found again.
    pub(crate) fn root(&self) -> Option<Root> {
        let span = self.0.as_ref()?.span();
        let ids = span.span_context();
        ids.is_valid().then(|| Root {
            trace_id: ids.trace_id(),
            span_id: ids.span_id(),
            sampled: ids.is_sampled(),
        })
    }

    /// Ends it with an answer.
    pub(crate) fn answered(self, status: StatusCode, version: Version) {
        let Some(context) = self.0 else { return };
        let span = context.span();
        if span.is_recording() {
            let code = i64::from(status.as_u16());
            span.set_attribute(KeyValue::new(attribute::HTTP_RESPONSE_STATUS_CODE, code));
            let version = if version == Version::HTTP_10 { "1.0" } else { "1.1" };
            span.set_attribute(KeyValue::new(attribute::NETWORK_PROTOCOL_VERSION, version));
            if status.is_client_error() || status.is_server_error() {
                span.set_attribute(KeyValue::new(
                    attribute::ERROR_TYPE,
                    status.as_str().to_owned(),
                ));
                span.set_status(Status::error(""));
            }
        }
        span.end();
    }

    /// Ends it without one.
    pub(crate) fn failed(self, why: NoAnswer, cause: &str) {
        let Some(context) = self.0 else { return };
        let span = context.span();
        if span.is_recording() {
            let kind = match why {
                NoAnswer::Connect => "connect",
                NoAnswer::Timeout => "timeout",
                NoAnswer::Broken => "connection_broken",
            };
            span.set_attribute(KeyValue::new(attribute::ERROR_TYPE, kind));
            span.set_status(Status::error(cause.to_owned()));
            let exception = vec![
                KeyValue::new(attribute::EXCEPTION_TYPE, kind),
                KeyValue::new(attribute::EXCEPTION_MESSAGE, cause.to_owned()),
            ];
            span.add_event("exception", exception);
        }
        span.end();
    }
}

#[cfg(test)]
mod tests;
