//! `GET /metrics`: the text format, or OpenMetrics with exemplars to those who ask for it.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, StatusCode, header};
use prometheus::{TEXT_FORMAT, TextEncoder};

use super::{exemplars::EXEMPLARS, openmetrics};

/// Whether `prometheus` is among the exporters; it is by default.
static SERVED: AtomicBool = AtomicBool::new(true);

pub(super) fn serve(served: bool) {
    SERVED.store(served, Ordering::Relaxed);
}

/// The route `GET /metrics`: Prometheus' text format 0.0.4, or OpenMetrics 1.0 with exemplars when `Accept` prefers it. It is 404
/// unless `prometheus` is among `OTEL_METRICS_EXPORTER`.
pub fn routes() -> Router {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(headers: HeaderMap) -> Response {
    if !SERVED.load(Ordering::Relaxed) {
        let text = "metrics are not served here: set OTEL_METRICS_EXPORTER to prometheus, or to prometheus,console\n";
        return (StatusCode::NOT_FOUND, text).into_response();
    }
    let families = super::registry().gather();
    let accept =
        headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if prefers_openmetrics(accept) {
        let content_type = [(header::CONTENT_TYPE, openmetrics::CONTENT_TYPE)];
        return (content_type, openmetrics::encode(&families, &EXEMPLARS)).into_response();
    }
    match TextEncoder::new().encode_to_string(&families) {
        Ok(text) => ([(header::CONTENT_TYPE, TEXT_FORMAT)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "Metrics could not be encoded");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Whether OpenMetrics has a weight above zero and at least that of plain text (RFC 9110, section 12.5.1).
fn prefers_openmetrics(accept: &str) -> bool {
    let weight = |wanted: &str| {
        let ranges =
            accept.split(',').filter(|range| media_type(range).eq_ignore_ascii_case(wanted));
        ranges.map(quality).fold(0.0, f64::max)
    };
    let openmetrics = weight("application/openmetrics-text");
    openmetrics > 0.0 && openmetrics >= weight("text/plain")
}

fn media_type(range: &str) -> &str {
    range.split(';').next().unwrap_or_default().trim()
}

fn quality(range: &str) -> f64 {
    let parameters = range.split(';').skip(1).map(str::trim);
    let value = parameters.filter_map(|parameter| parameter.strip_prefix("q=")).next();
    value.map_or(1.0, |value| value.trim().parse().unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::prefers_openmetrics;

    #[test]
    fn openmetrics_is_for_those_who_prefer_it() {
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,\
                          text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        for (accept, expected) in [
            (prometheus, true),
            ("application/openmetrics-text", true),
            ("application/openmetrics-text;q=0", false),
            ("text/plain, application/openmetrics-text; q=0.5", false),
            ("*/*", false),
            ("", false),
        ] {
            assert_eq!(prefers_openmetrics(accept), expected, "{accept}");
        }
    }
}
