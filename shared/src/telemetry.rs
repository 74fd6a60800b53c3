//! Telemetry of one process: spans, log lines, metrics; how they start and how they are flushed.
//!
//! Invariants:
//! - A tracer provider and the tracing layer are always installed, since propagation lives on them; what is off is sampling.
//! - Only `tracing` spans of target [`SPAN_TARGET`] become OpenTelemetry spans, and no `tracing` event becomes a span event.
//!   `LOG_LEVEL` does not touch that.
//! - Every sampled span that ended is accounted for ([`SpanAccount`]).

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::{logs::SdkLoggerProvider, trace::SdkTracerProvider};
use tracing_subscriber::{Layer, filter::filter_fn, layer::SubscriberExt as _};

use crate::{
    config::telemetry::{Protocol, Target, TelemetryArgs},
    metrics,
};

mod console;
mod delivery;
mod ledger;
mod log_export;
mod log_lines;
pub(crate) mod otlp;
mod resource;
mod span;
mod spans;

pub(crate) use ledger::Ledger;
pub use ledger::SpanAccount;
pub use span::{SpanIds, record_error, set_attribute, span_ids};

/// Target of the `tracing` spans that become OpenTelemetry spans:
/// `tracing::info_span!(target: shared::telemetry::SPAN_TARGET, "..", otel.name = .., otel.kind = ..)`.
pub const SPAN_TARGET: &str = "tracechain::span";

/// What each of spans, metrics and log records gets at most to leave when the process ends.
pub const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// The running telemetry of this process. Dropped without [`Telemetry::flush`], what is queued is lost.
#[derive(Debug)]
#[must_use = "what is queued when the process ends is lost without `flush`"]
pub struct Telemetry {
    tracer: SdkTracerProvider,
    logger: Option<SdkLoggerProvider>,
    metrics: metrics::Export,
    ledger: Arc<Ledger>,
}

impl Telemetry {
    /// Installs the process's telemetry: tracing subscriber, exporters, `METRICS_PORT`. `service` is the `service.name` unless
    /// `OTEL_SERVICE_NAME` or `OTEL_RESOURCE_ATTRIBUTES` says otherwise. Call it once, inside the tokio runtime.
    ///
    /// # Errors
    /// A value that is not accepted, by the name of its variable; `METRICS_PORT` taken; a second call in one process.
    pub fn start(args: &TelemetryArgs, service: &'static str) -> anyhow::Result<Self> {
        otlp::install_crypto();
        let resource = resource::resource(args, service);
        let ledger = Arc::new(Ledger::new(args.otel_bsp_max_queue_size));
        let tracer = spans::provider(args, resource.clone(), &ledger)?;
        let logger = log_export::provider(args, resource.clone())?;
        install_subscriber(args, service, &tracer, logger.as_ref())?;
        opentelemetry::global::set_tracer_provider(tracer.clone());
        let metrics = metrics::Export::start(args, &resource, Arc::clone(&ledger), service)?;
        say_where_to(args)?;
        Ok(Self { tracer, logger, metrics, ledger })
    }

    /// The account of sampled spans at this moment.
    #[must_use]
    pub fn span_account(&self) -> SpanAccount {
        self.ledger.snapshot()
    }

    /// Sends what is queued and ends telemetry: spans first, then a log line with their account, then metrics (so that the last
    /// ones have the whole account) beside the log records. Takes at most twice [`FLUSH_TIMEOUT`]; what has not left by then is
    /// lost, and counted. Returns the final account.
    pub async fn flush(self) -> SpanAccount {
        let Self { tracer, logger, metrics, ledger } = self;
        // Not inline: on a current-thread runtime gRPC could not send anything while this thread waits for it.
        let spans =
            tokio::task::spawn_blocking(move || Ok(tracer.shutdown_with_timeout(FLUSH_TIMEOUT)?));
        warn_unless_flushed("spans", spans.await);
        ledger.close();
        let account = ledger.snapshot();
        log_account(account);
        let metrics = tokio::task::spawn_blocking(move || metrics.stop(FLUSH_TIMEOUT));
        let logs = tokio::task::spawn_blocking(move || match logger {
            Some(logger) => Ok(logger.shutdown_with_timeout(FLUSH_TIMEOUT)?),
            None => Ok(()),
        });
        let (metrics, logs) = tokio::join!(metrics, logs);
        warn_unless_flushed("metrics", metrics);
        warn_unless_flushed("log records", logs);
        account
    }
}

fn install_subscriber(
    args: &TelemetryArgs,
    service: &str,
    tracer: &SdkTracerProvider,
    logger: Option<&SdkLoggerProvider>,
) -> anyhow::Result<()> {
    let spans = tracing_opentelemetry::layer()
        .with_tracer(tracer.tracer("tracechain"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_level(false)
        .with_tracked_inactivity(false)
        .with_error_fields_to_exceptions(false)
        .with_error_records_to_exceptions(false)
        .with_error_events_to_exceptions(false)
        .with_error_events_to_status(false)
        .with_filter(filter_fn(|metadata| metadata.is_span() && metadata.target() == SPAN_TARGET));
    let lines = log_lines::LogLines::new(resource::service_name(args, service), args.log_format);
    let subscriber = tracing_subscriber::registry()
        .with(spans)
        .with(lines.with_filter(args.log_level.filter()))
        .with(logger.map(|provider| log_export::layer(provider, args)));
    tracing::subscriber::set_global_default(subscriber)
        .context("telemetry was started before in this process; start it once")
}

type ResolveTarget = fn(&TelemetryArgs) -> anyhow::Result<Target>;

fn say_where_to(args: &TelemetryArgs) -> anyhow::Result<()> {
    if args.otel_sdk_disabled {
        tracing::info!(
            "Telemetry is off (OTEL_SDK_DISABLED); trace context passes through as it came"
        );
        return Ok(());
    }
    let signals: [(bool, &str, ResolveTarget); 3] = [
        (args.otel_traces_exporter.otlp, "spans", TelemetryArgs::traces_target),
        (args.otel_logs_exporter.otlp, "log records", TelemetryArgs::logs_target),
        (args.otel_metrics_exporter.otlp, "metrics", TelemetryArgs::metrics_target),
    ];
    for (_, signal, target) in signals.into_iter().filter(|(on, ..)| *on) {
        let target = target(args)?;
        let protocol = match (target.protocol, target.protocol_guessed) {
            (Protocol::HttpProtobuf, _) => "http/protobuf",
            (Protocol::Grpc, false) => "grpc",
            (Protocol::Grpc, true) => {
                "grpc (taken for port 4317; OTEL_EXPORTER_OTLP_PROTOCOL chooses)"
            }
        };
        tracing::info!(signal, url = target.url, protocol, "Telemetry goes out over OTLP");
    }
    Ok(())
}

/// A span counts as lost on its way when it failed or was dropped: then the line is a warning.
fn log_account(account: SpanAccount) {
    let SpanAccount { ended, exported, failed, dropped, queued } = account;
    if failed + dropped > 0 {
        tracing::warn!(
            ended,
            exported,
            failed,
            dropped,
            queued,
            "Spans accounted for; some did not arrive"
        );
    } else {
        tracing::info!(ended, exported, failed, dropped, queued, "Spans accounted for");
    }
}

fn warn_unless_flushed(signal: &str, result: Result<anyhow::Result<()>, tokio::task::JoinError>) {
    if let Err(error) = result.map_err(anyhow::Error::new).flatten() {
        tracing::warn!(
            signal,
            error = format!("{error:#}"),
            "Telemetry could not be flushed whole"
        );
    }
}
