//! The way of a span out of the process: sampler, accounting processor, batches, exporters.

use std::{sync::Arc, time::Duration};

use opentelemetry::Context;
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    trace::{
        BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider, Span, SpanData,
        SpanExporter, SpanProcessor,
    },
};

use super::{
    console::ConsoleSpans,
    delivery::{self, Patience, Rejected, Way},
    ledger::Ledger,
    otlp,
};
use crate::{
    config::telemetry::{Protocol, RootSampler, TelemetryArgs},
    faults,
};

/// The tracer provider, which is there even when nothing is exported: propagation needs it.
pub(super) fn provider(
    args: &TelemetryArgs,
    resource: Resource,
    ledger: &Arc<Ledger>,
) -> anyhow::Result<SdkTracerProvider> {
    let builder = SdkTracerProvider::builder().with_resource(resource);
    if !args.spans_enabled() {
        return Ok(builder.with_sampler(Sampler::AlwaysOff).build());
    }
    let patience = Patience::default();
    let exporter = exporter(args, Arc::clone(ledger), &patience)?;
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(args.otel_bsp_max_queue_size)
        .with_max_export_batch_size(args.span_batch_size()?)
        .with_scheduled_delay(args.otel_bsp_schedule_delay)
        .build();
    let processor = AccountingProcessor {
        inner: BatchSpanProcessor::new(exporter, config),
        ledger: Arc::clone(ledger),
        patience,
    };
    Ok(builder.with_sampler(sampler(args)).with_span_processor(processor).build())
}

fn sampler(args: &TelemetryArgs) -> Sampler {
    let root = match args.otel_traces_sampler.root {
        RootSampler::AlwaysOn => Sampler::AlwaysOn,
        RootSampler::AlwaysOff => Sampler::AlwaysOff,
        RootSampler::TraceIdRatio => {
            Sampler::TraceIdRatioBased(args.otel_traces_sampler_arg.unwrap_or(1.0))
        }
    };
    if args.otel_traces_sampler.parent_based { Sampler::ParentBased(Box::new(root)) } else { root }
}

fn exporter(
    args: &TelemetryArgs,
    ledger: Arc<Ledger>,
    patience: &Patience,
) -> anyhow::Result<CountingExporter<Exporters>> {
    let rejected = Rejected::default();
    let otlp = match args.otel_traces_exporter.otlp {
        true => Some(Otlp::new(args, &rejected, patience)?),
        false => None,
    };
    let console = args.otel_traces_exporter.console.then(ConsoleSpans::default);
    Ok(CountingExporter { inner: Exporters { otlp, console }, rejected, ledger })
}

/// Admits sampled spans against the ledger in front of the SDK's batch processor, whose queue is as large, so that only the
/// ledger ever refuses a span.
#[derive(Debug)]
struct AccountingProcessor {
    inner: BatchSpanProcessor,
    ledger: Arc<Ledger>,
    patience: Patience,
}

impl SpanProcessor for AccountingProcessor {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        if faults::active().is_some_and(|faults| faults.drops_span()) {
            self.ledger.lose();
        } else if self.ledger.admit() {
            self.inner.on_end(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.patience.end();
        let result = self.inner.shutdown_with_timeout(timeout);
        self.ledger.close();
        result
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

/// Books every batch, before and after the exporter behind it.
#[derive(Debug)]
struct CountingExporter<E> {
    inner: E,
    rejected: Rejected,
    ledger: Arc<Ledger>,
}

impl<E: SpanExporter> SpanExporter for CountingExporter<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len() as u64;
        if !self.ledger.depart(spans) {
            return Err(OTelSdkError::AlreadyShutdown);
        }
        let result = self.inner.export(batch).await;
        let rejected = self.rejected.take();
        self.ledger.settle(spans, if result.is_ok() { spans.saturating_sub(rejected) } else { 0 });
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

/// The exporters of `OTEL_TRACES_EXPORTER`. A batch counts as exported when OTLP took it; the console counts alone only.
#[derive(Debug)]
struct Exporters {
    otlp: Option<Otlp>,
    console: Option<ConsoleSpans>,
}

impl SpanExporter for Exporters {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let console = self.console.as_ref().map_or(Ok(()), |console| console.write(&batch));
        match &self.otlp {
            Some(otlp) => otlp.export(batch).await,
            None => console,
        }
    }

    fn set_resource(&mut self, resource: &Resource) {
        if let Some(otlp) = &mut self.otlp {
            otlp.exporter.set_resource(resource);
        }
        if let Some(console) = &mut self.console {
            console.set_resource(resource);
        }
    }
}

/// Either kind waits for an endpoint that is away: HTTP's client by itself, gRPC by its way.
#[derive(Debug)]
struct Otlp {
    exporter: opentelemetry_otlp::SpanExporter,
    grpc: Option<Way>,
}

impl Otlp {
    fn new(args: &TelemetryArgs, rejected: &Rejected, patience: &Patience) -> anyhow::Result<Self> {
        let target = args.traces_target()?;
        let grpc =
            (target.protocol == Protocol::Grpc).then(|| Way::new("spans", &target.url, patience));
        Ok(Self { exporter: otlp::span_exporter(&target, rejected, patience)?, grpc })
    }

    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        match &self.grpc {
            Some(way) => delivery::deliver(&self.exporter, way, batch).await,
            None => self.exporter.export(batch).await,
        }
    }
}

#[cfg(test)]
mod tests;
