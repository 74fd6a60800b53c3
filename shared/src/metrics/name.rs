//! The names of the metrics that every process has, and the units of all.

pub(super) const HTTP_REQUESTS: &str = "http_requests_total";
pub(super) const HTTP_ERRORS: &str = "http_errors_total";
pub(super) const HTTP_REQUEST_DURATION: &str = "http_request_duration_seconds";
pub(super) const HTTP_CLIENT_REQUEST_DURATION: &str = "http_client_request_duration_seconds";
pub(super) const DB_QUERY_DURATION: &str = "db_query_duration_seconds";
pub(super) const DB_CONNECTION_WAIT: &str = "db_client_connection_wait_seconds";
pub(super) const DB_CONNECTIONS: &str = "db_client_connections";
pub(super) const SPANS_ENDED: &str = "otel_sdk_spans_ended_total";
pub(super) const SPANS_EXPORTED: &str = "otel_sdk_spans_exported_total";
pub(super) const SPANS_FAILED: &str = "otel_sdk_spans_failed_total";
pub(super) const SPANS_DROPPED: &str = "otel_sdk_spans_dropped_total";
pub(super) const SPANS_QUEUED: &str = "otel_sdk_spans_queued";

/// The unit of a metric in UCUM, told by its name, as OTLP wants it; empty where it counts things.
pub(super) fn unit(name: &str) -> &'static str {
    let base = name.strip_suffix("_total").unwrap_or(name);
    let units = [
        ("_seconds", "s"),
        ("_bytes", "By"),
        ("_cents", "{cent}"),
        ("_connections", "{connection}"),
    ];
    units
        .into_iter()
        .find(|(suffix, _)| base.ends_with(suffix))
        .map_or("", |(_, unit)| unit)
}
