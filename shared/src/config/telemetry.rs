//! Telemetry's configuration: the standard `OTEL_*` names as the OpenTelemetry specification has them ("Environment
//! Variable Specification", "OTLP Exporter Configuration"), and `LOG_LEVEL`, `LOG_FORMAT`, `METRICS_PORT`.
//!
//! Invariants: a flag's name follows from its variable's (`OTEL_BSP_SCHEDULE_DELAY` is `--otel-bsp-schedule-delay`);
//! the headers of OTLP, which carry tokens, are never printed, neither by `Debug` nor in an error.

use std::{net::IpAddr, time::Duration};

use clap::{ArgAction, Args, FromArgMatches};

use super::{Invalid, address, boolean, milliseconds, port};

mod encoded;
mod log_level;
mod otlp;
mod target;
mod values;

pub use encoded::{Headers, ResourceAttributes};
pub use log_level::LogLevel;
pub use target::{Secret, Target, Tls};
pub use values::{
    Compression, Exporters, LogFormat, MetricsExporters, Protocol, RootSampler, SamplerName,
};

use otlp::{GeneralOtlpArgs, LogsOtlpArgs, MetricsOtlpArgs, TracesOtlpArgs};

/// Telemetry's part of the command line and the environment.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Telemetry")]
pub struct TelemetryArgs {
    /// Switch all telemetry but the log lines on standard output off; trace context still passes through.
    #[arg(long, env, value_parser = boolean, action = ArgAction::Set, num_args = 0..=1,
          default_value = "false", default_missing_value = "true")]
    pub otel_sdk_disabled: bool,
    /// `service.name` of this process; wins over the one in `OTEL_RESOURCE_ATTRIBUTES`.
    #[arg(long, env)]
    pub otel_service_name: Option<String>,
    /// Further resource attributes, `key=value` separated by commas, values percent-encoded.
    #[arg(long, env, value_parser = encoded::resource_attributes)]
    pub otel_resource_attributes: Option<ResourceAttributes>,

    /// Where spans go: otlp, console, or both, or none.
    #[arg(long, env, default_value = "otlp", value_parser = values::exporters)]
    pub otel_traces_exporter: Exporters,
    /// Where log records go besides standard output: otlp, or none; console is standard output itself.
    #[arg(long, env, default_value = "otlp", value_parser = values::exporters)]
    pub otel_logs_exporter: Exporters,
    /// Where metrics go: prometheus or otlp, either also with console; console, or none. Prometheus would get twice what goes both ways.
    #[arg(long, env, default_value = "prometheus", value_parser = values::metrics_exporters)]
    pub otel_metrics_exporter: MetricsExporters,

    /// Which traces are recorded: `always_on`, `always_off`, `traceidratio` or `parentbased_` and one of them.
    #[arg(long, env, default_value = "parentbased_always_on", value_parser = values::sampler)]
    pub otel_traces_sampler: SamplerName,
    /// The share for the `traceidratio` samplers, 0 to 1. Default: 1.
    #[arg(long, env, value_parser = values::ratio)]
    pub otel_traces_sampler_arg: Option<f64>,

    /// Milliseconds between two exports of spans.
    #[arg(long, env, default_value = "1000", value_parser = milliseconds)]
    pub otel_bsp_schedule_delay: Duration,
    /// Spans that may wait for their export; further ones are dropped and counted. Four times the specification's default, so that a
    /// Collector may be away for 20 s at 50 requests a second.
    #[arg(long, env, default_value = "8192", value_parser = values::count)]
    pub otel_bsp_max_queue_size: usize,
    /// Spans of one export, at most the queue's size. Default: 512 or the queue's size.
    #[arg(long, env, value_parser = values::count)]
    pub otel_bsp_max_export_batch_size: Option<usize>,
    /// Milliseconds that one export of spans may take; the lesser of it and the OTLP timeout holds.
    #[arg(long, env, default_value = "30000", value_parser = milliseconds)]
    pub otel_bsp_export_timeout: Duration,

    /// Milliseconds between two exports of log records.
    #[arg(long, env, default_value = "1000", value_parser = milliseconds)]
    pub otel_blrp_schedule_delay: Duration,
    /// Log records that may wait for their export; further ones are dropped.
    #[arg(long, env, default_value = "2048", value_parser = values::count)]
    pub otel_blrp_max_queue_size: usize,
    /// Log records of one export, at most the queue's size. Default: 512 or the queue's size.
    #[arg(long, env, value_parser = values::count)]
    pub otel_blrp_max_export_batch_size: Option<usize>,
    /// Milliseconds that one export of log records may take; the lesser of it and the OTLP timeout holds.
    #[arg(long, env, default_value = "30000", value_parser = milliseconds)]
    pub otel_blrp_export_timeout: Duration,

    /// Milliseconds between two exports of metrics (`otlp`, `console`).
    #[arg(long, env, default_value = "60000", value_parser = milliseconds)]
    pub otel_metric_export_interval: Duration,
    /// Milliseconds that one export of metrics may take; the lesser of it and the OTLP timeout holds.
    #[arg(long, env, default_value = "30000", value_parser = milliseconds)]
    pub otel_metric_export_timeout: Duration,

    #[command(flatten)]
    pub(crate) general: GeneralOtlpArgs,
    #[command(flatten)]
    pub(crate) traces: TracesOtlpArgs,
    #[command(flatten)]
    pub(crate) metrics: MetricsOtlpArgs,
    #[command(flatten)]
    pub(crate) logs: LogsOtlpArgs,

    /// Log lines to write: trace, debug, info, warn (or warning), error, off, or a list such as `info,sqlx=warn`.
    #[arg(long, env, default_value = "info", value_parser = log_level::parse)]
    pub log_level: LogLevel,
    /// How log lines look: json or text.
    #[arg(long, env, default_value = "json", value_parser = values::log_format)]
    pub log_format: LogFormat,
    /// A further port that answers `/metrics`, for scrapers that must not reach the service itself.
    #[arg(long, env, value_parser = port)]
    pub metrics_port: Option<u16>,
    /// Address of `METRICS_PORT`; follows `HOST`.
    #[arg(long, env = "HOST", default_value = "127.0.0.1", value_parser = address, hide = true)]
    pub metrics_host: IpAddr,
}

impl TelemetryArgs {
    /// Parses flags (without a program name) and the environment, for programs that take no other arguments.
    ///
    /// # Errors
    /// clap's, naming the flag, its value and what is accepted.
    pub fn from_flags<'a>(flags: impl IntoIterator<Item = &'a str>) -> Result<Self, clap::Error> {
        let command = Self::augment_args(clap::Command::new("telemetry").no_binary_name(true));
        Self::from_arg_matches(&command.try_get_matches_from(flags)?)
    }

    /// Whether spans are recorded and exported at all; where not, trace context passes through as it came.
    #[must_use]
    pub fn spans_enabled(&self) -> bool {
        !self.otel_sdk_disabled && self.otel_traces_exporter.any()
    }

    /// The same with all exporters `none`: for the viewer, which would otherwise feed itself.
    #[must_use]
    pub fn silenced(mut self) -> Self {
        self.otel_traces_exporter = Exporters::default();
        self.otel_logs_exporter = Exporters::default();
        self.otel_metrics_exporter = MetricsExporters::default();
        self
    }

    /// Where spans go over OTLP.
    ///
    /// # Errors
    /// A value that only shows as wrong beside others, by the name of its variable.
    pub fn traces_target(&self) -> anyhow::Result<Target> {
        Ok(Target::resolve(
            "TRACES",
            &self.general.values(),
            &self.traces.values(),
            self.otel_bsp_export_timeout,
        )?)
    }

    /// Where log records go over OTLP.
    ///
    /// # Errors
    /// As [`Self::traces_target`].
    pub fn logs_target(&self) -> anyhow::Result<Target> {
        Ok(Target::resolve(
            "LOGS",
            &self.general.values(),
            &self.logs.values(),
            self.otel_blrp_export_timeout,
        )?)
    }

    /// Where metrics go over OTLP.
    ///
    /// # Errors
    /// As [`Self::traces_target`].
    pub fn metrics_target(&self) -> anyhow::Result<Target> {
        Ok(Target::resolve(
            "METRICS",
            &self.general.values(),
            &self.metrics.values(),
            self.otel_metric_export_timeout,
        )?)
    }

    /// Spans of one export.
    ///
    /// # Errors
    /// When it was given and is above the queue's size.
    pub fn span_batch_size(&self) -> Result<usize, Invalid> {
        batch_size("OTEL_BSP", self.otel_bsp_max_queue_size, self.otel_bsp_max_export_batch_size)
    }

    /// Log records of one export.
    ///
    /// # Errors
    /// As [`Self::span_batch_size`].
    pub fn log_batch_size(&self) -> Result<usize, Invalid> {
        batch_size("OTEL_BLRP", self.otel_blrp_max_queue_size, self.otel_blrp_max_export_batch_size)
    }
}

/// The specification's default of a batch, which a smaller queue lowers.
const DEFAULT_BATCH: usize = 512;

fn batch_size(prefix: &str, queue: usize, given: Option<usize>) -> Result<usize, Invalid> {
    match given {
        Some(batch) if batch > queue => Err(Invalid(format!(
            "{prefix}_MAX_EXPORT_BATCH_SIZE is '{batch}', accepted: 1 to {queue}, the value of {prefix}_MAX_QUEUE_SIZE; \
             lower the one or raise the other"
        ))),
        Some(batch) => Ok(batch),
        None => Ok(DEFAULT_BATCH.min(queue)),
    }
}

#[cfg(test)]
mod tests;
