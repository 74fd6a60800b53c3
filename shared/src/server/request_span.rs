//! The SERVER span of a request (OpenTelemetry semantic conventions, HTTP server spans).

use http::{HeaderMap, Method, Request, StatusCode, Version, header};
use tracing::{Span, field::Empty};

use crate::telemetry::SPAN_TARGET;

/// A SERVER span named `{method} {route}`; `route` is absent where no route matched. Without `url.query`, into which a caller may put anything.
pub(super) fn open<B>(request: &Request<B>, route: Option<&str>) -> Span {
    let method = known_method(request.method());
    let (address, port) = authority(request.headers());
    tracing::info_span!(
        target: SPAN_TARGET,
        "request",
        otel.name = name(method, route),
        otel.kind = "server",
        "http.request.method" = method,
        "http.request.method_original" = original(request.method()),
        "http.route" = route,
        "url.path" = request.uri().path(),
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

/// The convention has another word for an unknown method here than in the attribute.
fn name(method: &'static str, route: Option<&str>) -> String {
    let verb = if method == OTHER { "HTTP" } else { method };
    route.map_or_else(|| verb.to_owned(), |route| format!("{verb} {route}"))
}

/// What the semantic convention calls a method that HTTP does not know.
const OTHER: &str = "_OTHER";

/// The method in the words of the semantic convention.
pub(crate) fn known_method(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] =
        ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or(OTHER)
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
    (known_method(method) == OTHER).then_some(method.as_str())
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// An address without the brackets that a URL puts around IPv6.
pub(crate) fn bare(host: &str) -> &str {
    host.trim_matches(['[', ']'])
}

/// Host and port of the `Host` header.
fn authority(headers: &HeaderMap) -> (Option<&str>, Option<i64>) {
    let Some(host) = text(headers, header::HOST) else { return (None, None) };
    match host.rsplit_once(':') {
        Some((address, port)) if !port.ends_with(']') => (Some(bare(address)), port.parse().ok()),
        _ => (Some(bare(host)), Some(80)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_method_is_http_in_the_name() {
        let method = |text: &str| known_method(&Method::from_bytes(text.as_bytes()).unwrap());
        assert_eq!(name(method("BREW"), Some("/health")), "HTTP /health");
        assert_eq!(name(method("BREW"), None), "HTTP");
        assert_eq!(name(method("GET"), None), "GET");
    }

    #[test]
    fn the_host_is_an_address_and_a_port() {
        for (host, address, port) in [
            ("localhost:8080", "localhost", 8080),
            ("shop.example", "shop.example", 80),
            ("[::1]:5001", "::1", 5001),
            ("[fd00::5]", "fd00::5", 80),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
            assert_eq!(authority(&headers), (Some(address), Some(port)), "{host}");
        }
    }
}
