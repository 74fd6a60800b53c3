//! Log records over OTLP: the same events as the lines on standard output, with the ids of the span around them.

use std::time::{Duration, SystemTime};

use opentelemetry::{InstrumentationScope, logs::LogRecord as _};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    logs::{BatchConfigBuilder, BatchLogProcessor, LogProcessor, SdkLogRecord, SdkLoggerProvider},
};
use tracing::Subscriber;
use tracing_subscriber::{
    Layer,
    filter::{FilterExt as _, filter_fn},
    registry::LookupSpan,
};

use super::{delivery::Patience, otlp};
use crate::config::telemetry::TelemetryArgs;

/// The libraries that carry log records out: their own events would make further records without end.
const CARRIERS: [&str; 8] =
    ["h2", "hyper", "hyper_util", "opentelemetry", "reqwest", "rustls", "tonic", "tower"];

/// The logger provider; `None` where log records do not go out over OTLP.
pub(super) fn provider(
    args: &TelemetryArgs,
    resource: Resource,
) -> anyhow::Result<Option<SdkLoggerProvider>> {
    if args.otel_sdk_disabled || !args.otel_logs_exporter.otlp {
        return Ok(None);
    }
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(args.otel_blrp_max_queue_size)
        .with_max_export_batch_size(args.log_batch_size()?)
        .with_scheduled_delay(args.otel_blrp_schedule_delay)
        .build();
    let patience = Patience::default();
    let exporter = otlp::log_exporter(&args.logs_target()?, &patience)?;
    let processor = BatchLogProcessor::builder(exporter).with_batch_config(config).build();
    Ok(Some(
        SdkLoggerProvider::builder()
            .with_resource(resource)
            .with_log_processor(Finishing { patience })
            .with_log_processor(processor)
            .build(),
    ))
}

/// Puts right what the appender leaves: the time of the record, which a backend would otherwise have to take from the observer,
/// and the event's name, for which `tracing` has made up a place in the source. It is shut down before the processor behind it, which
/// must then not wait any longer.
#[derive(Debug)]
struct Finishing {
    patience: Patience,
}

impl LogProcessor for Finishing {
    fn emit(&self, record: &mut SdkLogRecord, _: &InstrumentationScope) {
        record.set_timestamp(record.observed_timestamp().unwrap_or_else(SystemTime::now));
        if record.event_name().is_some_and(|name| name.starts_with("event ")) {
            record.set_event_name("");
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        self.patience.end();
        Ok(())
    }
}

/// Takes events to `provider`, by `LOG_LEVEL` and without the carriers'.
pub(super) fn layer<S>(provider: &SdkLoggerProvider, args: &TelemetryArgs) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let own = filter_fn(|metadata| metadata.is_event() && !is_carrier(metadata.target()));
    OpenTelemetryTracingBridge::new(provider).with_filter(own.and(args.log_level.filter()))
}

/// Targets are module paths (`hyper::proto`) or names of crates (`opentelemetry-otlp`).
fn is_carrier(target: &str) -> bool {
    let name = target.split("::").next().unwrap_or(target);
    CARRIERS.contains(&name) || name.starts_with("opentelemetry")
}

#[cfg(test)]
mod tests {
    use super::is_carrier;

    #[test]
    fn only_the_carriers_events_are_kept_out() {
        for target in [
            "hyper::proto::h1",
            "opentelemetry-otlp",
            "opentelemetry_sdk",
            "h2",
            "tonic::transport",
        ] {
            assert!(is_carrier(target), "{target}");
        }
        for target in ["order_service::routes", "hyperspace", "shared::telemetry", "sqlx::query"] {
            assert!(!is_carrier(target), "{target}");
        }
    }
}
