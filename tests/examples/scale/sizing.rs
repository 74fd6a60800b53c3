//! From what one request costs to what a rate of requests needs. Nothing here is measured: that is in docs/scale-inputs.toml.
//!
//! Invariant: everything but the rate grows in proportion. What does not (a lock, a single writer, a quorum) is in docs/scale.md in words.

use std::fmt::Write as _;

use super::display::{count, line, number, size};
use super::inputs::{Inputs, Processor};

/// The rates that are sized, with the share of traces that is kept at each.
const STEPS: [(f64, f64); 3] = [(1_000.0, 1.0), (100_000.0, 0.1), (1_000_000.0, 0.01)];

/// Chosen: how busy anything may be at the rate, so that the loss of a zone of three, or a wave of load, is carried.
const BUSY: f64 = 0.6;
/// Chosen: cores of a database's server; it may be half busy, for it also has to back up, vacuum and replicate.
const DATABASE_CORES: f64 = 16.0;
const DATABASE_BUSY: f64 = 0.5;
/// Chosen: connections of one pod (`databases.poolSize`), and cores of a node.
const POOL: f64 = 16.0;
const NODE_CORES: f64 = 16.0;
/// infra/helm/collector-gateway-values.yaml: cores, memory, and how long a trace is gathered.
const GATEWAY_CORES: f64 = 2.0;
const GATEWAY_BYTES: f64 = 2.0 * 1024.0 * 1024.0 * 1024.0;
const DECISION_WAIT_SECONDS: f64 = 10.0;
/// infra/otel-collector.tail-sampling.yaml: a trace in a gateway's memory. Half of the memory may be traces.
const TRACE_BYTES_IN_MEMORY: f64 = 15_000.0;
/// Chosen: how long traces and logs are kept, and series that one Prometheus holds.
const RETENTION_DAYS: f64 = 7.0;
const SERIES_OF_A_PROMETHEUS: f64 = 5_000_000.0;
const SECONDS_OF_A_DAY: f64 = 86_400.0;

/// One step: the rate, and what is kept of its traces.
struct Step<'a> {
    inputs: &'a Inputs,
    rate: f64,
    kept: f64,
}

/// A line of the table: what it is, and its value at a step.
type Row = (&'static str, fn(&Step<'_>) -> String);

/// The tables of docs/scale.md.
///
/// # Errors
/// The text is not what infra/measure-scale.sh prints.
pub(crate) fn tables(inputs: &str) -> Result<String, String> {
    let inputs: Inputs = toml::from_str(inputs).map_err(|error| error.to_string())?;
    Ok([measured(&inputs), one_core(&inputs), sizing(&inputs)].join("\n"))
}

fn measured(inputs: &Inputs) -> String {
    let (cpu, telemetry, series) = (&inputs.cpu_ms_per_request, &inputs.telemetry, &inputs.series);
    let rows = &inputs.row_bytes_per_request;
    let mut text = String::from("| measured, for one request | |\n|---|---|\n");
    let milliseconds = |value: f64| format!("{value:.2} ms");
    for (what, value) in [
        ("processor time: gateway", milliseconds(cpu.gateway)),
        ("user-service", milliseconds(cpu.user)),
        ("order-service", milliseconds(cpu.order)),
        ("audit-service", milliseconds(cpu.audit)),
        ("Postgres, users and audit", milliseconds(cpu.postgres)),
        ("MariaDB, orders", milliseconds(cpu.mariadb)),
        ("Collector", milliseconds(telemetry.collector_cpu_ms_per_request)),
        ("Tempo", milliseconds(telemetry.tempo_cpu_ms_per_request)),
        ("rows with their indexes: Postgres", size(rows.postgres)),
        ("rows with their indexes: MariaDB", size(rows.mariadb)),
        ("spans", format!("{:.0}", telemetry.spans_per_request)),
        ("a span on the wire, OTLP http/protobuf", size(telemetry.span_bytes_on_the_wire)),
        ("the same with gzip", size(telemetry.span_bytes_on_the_wire_gzip)),
        ("a span in a block of Tempo", size(telemetry.span_bytes_in_tempo)),
        ("log lines on stdout", size(telemetry.log_bytes_per_request)),
        ("log records on the wire", size(telemetry.log_bytes_on_the_wire)),
        ("the same with gzip", size(telemetry.log_bytes_on_the_wire_gzip)),
        ("Prometheus series of a gateway", format!("{:.0}", series.gateway)),
        ("of a user-service", format!("{:.0}", series.user)),
        ("of an order-service", format!("{:.0}", series.order)),
        ("of an audit-service", format!("{:.0}", series.audit)),
    ] {
        line(&mut text, &[what, &value]);
    }
    text
}

fn one_core(inputs: &Inputs) -> String {
    let cpu = &inputs.cpu_ms_per_request;
    let telemetry = &inputs.telemetry;
    let mut text =
        String::from("| computed: what one core carries | requests/s | spans/s |\n|---|---|---|\n");
    for (what, milliseconds) in [
        ("gateway", cpu.gateway),
        ("user-service", cpu.user),
        ("order-service", cpu.order),
        ("audit-service", cpu.audit),
        ("all four services", cpu.services()),
        ("Postgres (users and audit)", cpu.postgres),
        ("MariaDB (orders)", cpu.mariadb),
        ("Collector", telemetry.collector_cpu_ms_per_request),
        ("Tempo, all its parts", telemetry.tempo_cpu_ms_per_request),
    ] {
        let requests = 1000.0 / milliseconds;
        let spans = number(requests * telemetry.spans_per_request);
        line(&mut text, &[what, &number(requests), &spans]);
    }
    text
}

fn sizing(inputs: &Inputs) -> String {
    let steps = STEPS.map(|(rate, kept)| Step { inputs, rate, kept });
    let mut text = String::from("| computed |");
    for step in &steps {
        let _ = write!(text, " {} requests/s |", number(step.rate));
    }
    text.push_str("\n|---|---|---|---|\n");
    for (what, value) in ROWS {
        let values: Vec<String> = steps.iter().map(value).collect();
        let mut cells = vec![*what];
        cells.extend(values.iter().map(String::as_str));
        line(&mut text, &cells);
    }
    text
}

const ROWS: &[Row] = &[
    ("gateway pods of one core", |step| pods(step, |cpu| cpu.gateway)),
    ("user-service pods", |step| pods(step, |cpu| cpu.user)),
    ("order-service pods", |step| pods(step, |cpu| cpu.order)),
    ("audit-service pods", |step| pods(step, |cpu| cpu.audit)),
    ("nodes of 16 cores for them", |step| count(step.nodes())),
    ("Postgres shards of 16 cores, users and audit together", |step| {
        count(step.shards(|cpu| cpu.postgres))
    }),
    ("MySQL shards of 16 cores, orders", |step| count(step.shards(|cpu| cpu.mariadb))),
    ("connections to one MySQL shard, where each pod reaches every shard", |step| {
        number(step.pods(|cpu| cpu.order) * POOL)
    }),
    ("rows per day: Postgres, MySQL", |step| {
        let rows = &step.inputs.row_bytes_per_request;
        format!("{}, {}", step.a_day(rows.postgres), step.a_day(rows.mariadb))
    }),
    ("spans/s made", |step| number(step.rate * step.inputs.telemetry.spans_per_request)),
    ("spans on the wire, plain and gzip", |step| {
        let telemetry = &step.inputs.telemetry;
        let plain = step.a_second(telemetry.spans_per_request * telemetry.span_bytes_on_the_wire);
        let gzip =
            step.a_second(telemetry.spans_per_request * telemetry.span_bytes_on_the_wire_gzip);
        format!("{plain}, {gzip}")
    }),
    ("agents' cores, over all nodes", |step| {
        count(step.cores(step.inputs.telemetry.collector_cpu_ms_per_request))
    }),
    ("Collector gateways of 2 cores and 2 GiB", |step| count(step.collector_gateways())),
    ("traces kept (chosen)", |step| format!("{} %", number(step.kept * 100.0))),
    ("spans/s stored", |step| {
        number(step.rate * step.kept * step.inputs.telemetry.spans_per_request)
    }),
    ("Tempo's cores, all its parts", |step| {
        count(step.kept * step.cores(step.inputs.telemetry.tempo_cpu_ms_per_request))
    }),
    ("traces stored per day, and in 7 days", |step| {
        let telemetry = &step.inputs.telemetry;
        let stored = step.kept * telemetry.spans_per_request * telemetry.span_bytes_in_tempo;
        format!("{}, {}", step.a_day(stored), step.days(stored, RETENTION_DAYS))
    }),
    ("the same if every trace were kept, per day", |step| {
        let telemetry = &step.inputs.telemetry;
        step.a_day(telemetry.spans_per_request * telemetry.span_bytes_in_tempo)
    }),
    ("log lines on stdout per day, at INFO", |step| {
        step.a_day(step.inputs.telemetry.log_bytes_per_request)
    }),
    ("log records on the wire, plain and gzip", |step| {
        let telemetry = &step.inputs.telemetry;
        let gzip = step.a_second(telemetry.log_bytes_on_the_wire_gzip);
        format!("{}, {gzip}", step.a_second(telemetry.log_bytes_on_the_wire))
    }),
    ("Prometheus series, and servers of 5 million", |step| {
        let series = step.series();
        format!("{}, {}", number(series), count(series / SERIES_OF_A_PROMETHEUS))
    }),
];

impl Step<'_> {
    /// Cores that are busy to the chosen share.
    fn cores(&self, milliseconds: f64) -> f64 {
        self.rate * milliseconds / 1000.0 / BUSY
    }

    /// At least two, so that one may go.
    fn pods(&self, of: impl Fn(&Processor) -> f64) -> f64 {
        self.cores(of(&self.inputs.cpu_ms_per_request)).ceil().max(2.0)
    }

    fn nodes(&self) -> f64 {
        self.cores(self.inputs.cpu_ms_per_request.services()) / NODE_CORES
    }

    fn shards(&self, of: impl Fn(&Processor) -> f64) -> f64 {
        let cores = self.rate * of(&self.inputs.cpu_ms_per_request) / 1000.0;
        cores / DATABASE_CORES / DATABASE_BUSY
    }

    /// By processor time or by the memory of the traces that are waited for, whichever asks for more.
    fn collector_gateways(&self) -> f64 {
        let cores = self.cores(self.inputs.telemetry.collector_cpu_ms_per_request);
        let memory = self.rate * DECISION_WAIT_SECONDS * TRACE_BYTES_IN_MEMORY;
        (cores / GATEWAY_CORES).max(memory / (GATEWAY_BYTES / 2.0)).max(2.0)
    }

    fn series(&self) -> f64 {
        let series = &self.inputs.series;
        self.pods(|cpu| cpu.gateway) * series.gateway
            + self.pods(|cpu| cpu.user) * series.user
            + self.pods(|cpu| cpu.order) * series.order
            + self.pods(|cpu| cpu.audit) * series.audit
    }

    fn a_second(&self, bytes: f64) -> String {
        format!("{}/s", size(self.rate * bytes))
    }

    fn a_day(&self, bytes: f64) -> String {
        self.days(bytes, 1.0)
    }

    fn days(&self, bytes: f64, days: f64) -> String {
        size(self.rate * bytes * SECONDS_OF_A_DAY * days)
    }
}

fn pods(step: &Step<'_>, of: impl Fn(&Processor) -> f64) -> String {
    number(step.pods(of))
}
