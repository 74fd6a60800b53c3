//! Cross-origin requests: only pages of the configured origins may call, and read what names the trace.

use std::time::Duration;

use axum::Router;
use http::{HeaderName, HeaderValue, Method, header};
use shared::{names, problem::Problem};
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

/// `router` inside the layer, where there is one.
///
/// A preflight is a method that no route has, so what answers those must be inside too, and be there before the layer: a
/// fallback that the server adds later would replace it.
pub(crate) fn apply(router: Router, layer: Option<&CorsLayer>) -> Router {
    match layer {
        Some(layer) => router.method_not_allowed_fallback(no_such_method).layer(layer.clone()),
        None => router,
    }
}

async fn no_such_method(method: Method) -> Problem {
    Problem::method_not_allowed(format!("{method} is not accepted here; see the `Allow` header"))
}
