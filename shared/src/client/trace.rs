//! The CLIENT span of a try (OpenTelemetry semantic conventions, HTTP client spans) and the injection of its context.

use std::time::Instant;

use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};
use reqwest_tracing::ReqwestOtelSpanBackend;
use tracing::{Span, field::Empty};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::{
    faults, metrics,
    names::attribute,
    propagation,
    server::{bare, known_method, protocol_version},
    telemetry::{self, SPAN_TARGET},
};

/// Whom a call goes to.
#[derive(Clone, Copy)]
pub(super) struct Target {
    pub(super) template: &'static str,
    pub(super) peer: &'static str,
}

/// Baggage members that a call adds.
#[derive(Clone)]
pub(super) struct Baggage(pub(super) Vec<(&'static str, String)>);

/// The current try of a request.
#[derive(Clone, Copy)]
struct Try {
    number: i64,
    started: Instant,
    method: &'static str,
}

/// Opens a CLIENT span per try, records its metric when it ends.
pub(super) struct ClientSpan;

impl ReqwestOtelSpanBackend for ClientSpan {
    fn on_request_start(request: &Request, extensions: &mut Extensions) -> Span {
        let number = extensions.get::<Try>().map_or(1, |earlier| earlier.number + 1);
        let method = known_method(request.method());
        extensions.insert(Try { number, started: Instant::now(), method });
        let target = extensions.get::<Target>().copied();
        let target = target.unwrap_or(Target { template: "", peer: "" });
        open(request, method, target, number - 1)
    }

    fn on_request_end(span: &Span, outcome: &Result<Response>, extensions: &mut Extensions) {
        let status = match outcome {
            Ok(response) => close_answered(span, response),
            Err(error) => close_failed(span, error),
        };
        let (Some(target), Some(current)) = (extensions.get::<Target>(), extensions.get::<Try>())
        else {
            return;
        };
        let seconds = current.started.elapsed().as_secs_f64();
        let ids = telemetry::span_ids(span);
        metrics::http_client_request(
            current.method,
            target.template,
            &status,
            target.peer,
            seconds,
            ids.as_ref(),
        );
    }
}

fn open(request: &Request, method: &'static str, target: Target, resends: i64) -> Span {
    let url = request.url();
    tracing::info_span!(
        target: SPAN_TARGET,
        "call",
        otel.name = format!("{method} {}", target.template),
        otel.kind = "client",
        "http.request.method" = method,
        "url.template" = target.template,
        "url.full" = url.as_str(),
        "url.scheme" = url.scheme(),
        "server.address" = url.host_str().map(bare),
        "server.port" = url.port_or_known_default().map(i64::from),
        "peer.service" = target.peer,
        "service.peer.name" = target.peer,
        "http.request.resend_count" = (resends > 0).then_some(resends),
        "http.response.status_code" = Empty,
        "network.protocol.version" = Empty,
    )
}

fn close_answered(span: &Span, response: &Response) -> String {
    let status = response.status();
    span.record("http.response.status_code", i64::from(status.as_u16()));
    span.record("network.protocol.version", protocol_version(response.version()));
    if status.is_client_error() || status.is_server_error() {
        telemetry::set_attribute(span, attribute::ERROR_TYPE, status.as_str().to_owned());
        span.set_status(opentelemetry::trace::Status::error(""));
    }
    status.as_str().to_owned()
}

fn close_failed(span: &Span, error: &Error) -> String {
    let kind = if error.is_timeout() {
        "timeout"
    } else if error.is_connect() {
        "connect"
    } else {
        "connection_broken"
    };
    telemetry::record_error(span, kind, &super::root_cause(error));
    kind.to_owned()
}

/// Writes the context of the try's span into its headers.
pub(super) struct Inject;

#[async_trait::async_trait]
impl Middleware for Inject {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        if faults::active().is_some_and(|faults| faults.drops_context()) {
            propagation::remove(request.headers_mut());
            return next.run(request, extensions).await;
        }
        let mut context = Span::current().context();
        if let Some(Baggage(members)) = extensions.get() {
            for (key, value) in members {
                context = propagation::with_baggage(&context, key, value.clone());
            }
        }
        propagation::inject(&context, request.headers_mut());
        next.run(request, extensions).await
    }
}
