//! docs/scale-inputs.toml, as infra/measure-scale.sh prints it: milliseconds of processor time, bytes and counts for one request.

use serde::Deserialize;

/// docs/scale-inputs.toml.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Inputs {
    pub(crate) cpu_ms_per_request: Processor,
    pub(crate) row_bytes_per_request: Rows,
    pub(crate) telemetry: Telemetry,
    pub(crate) series: Series,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Processor {
    pub(crate) gateway: f64,
    pub(crate) user: f64,
    pub(crate) order: f64,
    pub(crate) audit: f64,
    pub(crate) postgres: f64,
    pub(crate) mariadb: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rows {
    pub(crate) postgres: f64,
    pub(crate) mariadb: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Telemetry {
    pub(crate) spans_per_request: f64,
    pub(crate) collector_cpu_ms_per_request: f64,
    pub(crate) tempo_cpu_ms_per_request: f64,
    pub(crate) span_bytes_on_the_wire: f64,
    pub(crate) span_bytes_on_the_wire_gzip: f64,
    pub(crate) span_bytes_in_tempo: f64,
    pub(crate) log_bytes_per_request: f64,
    pub(crate) log_bytes_on_the_wire: f64,
    pub(crate) log_bytes_on_the_wire_gzip: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Series {
    pub(crate) gateway: f64,
    pub(crate) user: f64,
    pub(crate) order: f64,
    pub(crate) audit: f64,
}

impl Processor {
    /// The four services together.
    pub(crate) fn services(&self) -> f64 {
        self.gateway + self.user + self.order + self.audit
    }
}
