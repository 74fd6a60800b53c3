//! Cross-origin requests: only pages of the configured origins may call, and read what names the trace.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, header};
use shared::names;
use tower_http::cors::{AllowOrigin, CorsLayer};

const PREFLIGHT_MAX_AGE: Duration = Duration::from_secs(600);

/// The layer for `origins`; `None` where no other origin is let in.
pub(crate) fn layer(origins: &[HeaderValue]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let context = ["traceparent", "tracestate", "baggage"].map(HeaderName::from_static);
    let allowed = [header::CONTENT_TYPE, header::AUTHORIZATION, names::header::IDEMPOTENCY_KEY];
    let exposed = [
        names::header::TRACERESPONSE,
        names::header::SERVER_TIMING,
        names::header::IDEMPOTENCY_REPLAYED,
        header::RETRY_AFTER,
    ];
    Some(
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(origins.iter().cloned()))
            .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
            .allow_headers(allowed.into_iter().chain(context).collect::<Vec<_>>())
            .expose_headers(exposed)
            .max_age(PREFLIGHT_MAX_AGE),
    )
}
