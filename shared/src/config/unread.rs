//! Variables of older systems that this one does not read: they are warned about.

use super::variable;

/// Variables that older systems of this kind read and this one does not, each with what to use instead.
const REPLACED: [(&str, &str); 12] = [
    ("AUDIT_URL", "NEXT_SERVICE_URL"),
    ("DB_HOST", "DATABASE_URL"),
    ("DB_NAME", "DATABASE_URL"),
    ("DB_PASSWORD", "DATABASE_URL"),
    ("DB_PORT", "DATABASE_URL"),
    ("DB_USER", "DATABASE_URL"),
    ("JAEGER_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
    ("METRICS_BACKEND", "OTEL_METRICS_EXPORTER"),
    ("OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
    ("SERVICE_NAME", "OTEL_SERVICE_NAME"),
    ("SERVICE_PORT", "PORT"),
    ("TRACING_ENABLED", "OTEL_SDK_DISABLED"),
];

/// One line for each variable that is set, not read, and has a name here.
#[must_use]
pub fn replaced_variables() -> Vec<String> {
    let set = |name: &str| variable(name).is_some();
    REPLACED
        .iter()
        .filter(|(name, _)| set(name))
        .map(|(name, instead)| format!("{name} is set and not read here; use {instead} instead"))
        .collect()
}
