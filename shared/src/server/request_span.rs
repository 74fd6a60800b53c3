//! The SERVER span of a request (OpenTelemetry semantic conventions, HTTP server spans).

use http::{HeaderMap, Method, Request, StatusCode, Version, header};
use tracing::{Span, field::Empty};

use crate::telemetry::SPAN_TARGET;

/// A SERVER span named `{method} {route}`; `route` is absent where no route matched.
pub(super) fn open<B>(request: &Request<B>, route: Option<&str>) -> Span {
    let method = known_method(request.method());
    let name = route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
    let (address, port) = authority(request.headers());
    tracing::info_span!(
        target: SPAN_TARGET,
        "request",
        otel.name = name,
        otel.kind = "server",
        "http.request.method" = method,
        "http.request.method_original" = original(request.method()),
        "http.route" = route,
        "url.path" = request.uri().path(),
        "url.query" = Empty,
        "url.scheme" = "http",
        "server.address" = address,
        "server.port" = port,
        "network.protocol.version" = protocol_version(request.version()),
        "user_agent.original" = text(request.headers(), header::USER_AGENT),
        "http.response.status_code" = Empty,
    )
}

/// Sets the answer's status on the span.
pub(super) fn close(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", i64::from(status.as_u16()));
}

/// The method in the words of the semantic convention: `_OTHER` for one that HTTP does not know.
pub(crate) fn known_method(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] =
        ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("_OTHER")
}

/// `network.protocol.version` of a message.
pub(crate) fn protocol_version(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "1.1",
    }
}

fn original(method: &Method) -> Option<&str> {
    (known_method(method) == "_OTHER").then_some(method.as_str())
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Host and port of the `Host` header.
fn authority(headers: &HeaderMap) -> (Option<&str>, Option<i64>) {
    let Some(host) = text(headers, header::HOST) else { return (None, None) };
    match host.rsplit_once(':') {
        Some((address, port)) if !port.ends_with(']') => (Some(address), port.parse().ok()),
        _ => (Some(host), Some(80)),
    }
}
