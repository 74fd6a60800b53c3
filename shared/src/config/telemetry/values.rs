//! The values that telemetry's variables take, and their parsers, which say what is accepted.

/// The exporters of spans or log records; none when all are false.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Exporters {
    /// Over OTLP.
    pub otlp: bool,
    /// One JSON line each on standard output.
    pub console: bool,
}

impl Exporters {
    /// Whether there is an exporter at all.
    #[must_use]
    pub fn any(self) -> bool {
        self.otlp || self.console
    }
}

/// The exporters of metrics; none when all are false.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct MetricsExporters {
    /// `/metrics`, for Prometheus to scrape.
    pub prometheus: bool,
    /// Over OTLP, each interval.
    pub otlp: bool,
    /// The text form on standard output, each interval.
    pub console: bool,
}

/// The OTLP protocol.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Protocol {
    /// `http/protobuf`, port 4318.
    HttpProtobuf,
    /// `grpc`, port 4317.
    Grpc,
}

/// Compression of OTLP requests.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Compression {
    /// None.
    #[default]
    None,
    /// gzip.
    Gzip,
}

/// `OTEL_TRACES_SAMPLER`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SamplerName {
    /// Whether a caller's decision is kept.
    pub parent_based: bool,
    /// What decides where there is no caller's decision to keep.
    pub root: RootSampler,
}

/// The sampler of traces that begin here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RootSampler {
    /// Every trace.
    AlwaysOn,
    /// No trace.
    AlwaysOff,
    /// The share of `OTEL_TRACES_SAMPLER_ARG`, by trace id.
    TraceIdRatio,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// One readable line.
    Text,
}

pub(super) fn count(value: &str) -> Result<usize, String> {
    let accepted = "accepted: a whole number from 1 to 1000000";
    value
        .parse()
        .ok()
        .filter(|count| (1..=1_000_000).contains(count))
        .ok_or_else(|| accepted.to_owned())
}

pub(super) fn ratio(value: &str) -> Result<f64, String> {
    let parsed: Option<f64> = value.parse().ok();
    parsed
        .filter(|ratio| (0.0..=1.0).contains(ratio))
        .ok_or_else(|| "accepted: a number from 0 to 1".to_owned())
}

pub(super) fn exporters(value: &str) -> Result<Exporters, String> {
    let mut exporters = Exporters::default();
    each_exporter(value, "accepted: otlp, console, otlp,console, none", |name| match name {
        "otlp" => set(&mut exporters.otlp),
        "console" => set(&mut exporters.console),
        _ => None,
    })?;
    Ok(exporters)
}

pub(super) fn metrics_exporters(value: &str) -> Result<MetricsExporters, String> {
    let mut exporters = MetricsExporters::default();
    let accepted = "accepted: prometheus or otlp, each also with console (otlp,console), console, none; not both, since \
        Prometheus would get every metric twice";
    each_exporter(value, accepted, |name| match name {
        "prometheus" => set(&mut exporters.prometheus),
        "otlp" => set(&mut exporters.otlp),
        "console" => set(&mut exporters.console),
        _ => None,
    })?;
    if exporters.prometheus && exporters.otlp { Err(accepted.to_owned()) } else { Ok(exporters) }
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of what `each_exporter` calls")]
fn set(exporter: &mut bool) -> Option<()> {
    *exporter = true;
    Some(())
}

/// Calls `take` with each name of the list; `none` stands alone.
fn each_exporter(
    value: &str,
    accepted: &str,
    mut take: impl FnMut(&str) -> Option<()>,
) -> Result<(), String> {
    let value = value.to_ascii_lowercase();
    if value.trim() == "none" {
        return Ok(());
    }
    let taken = value.split(',').try_for_each(|name| take(name.trim()));
    taken.ok_or_else(|| accepted.to_owned())
}

pub(super) fn protocol(value: &str) -> Result<Protocol, String> {
    match value.to_ascii_lowercase().as_str() {
        "http/protobuf" => Ok(Protocol::HttpProtobuf),
        "grpc" => Ok(Protocol::Grpc),
        _ => Err("accepted: http/protobuf, grpc".to_owned()),
    }
}

pub(super) fn compression(value: &str) -> Result<Compression, String> {
    match value.to_ascii_lowercase().as_str() {
        "gzip" => Ok(Compression::Gzip),
        "none" => Ok(Compression::None),
        _ => Err("accepted: gzip, none".to_owned()),
    }
}

pub(super) fn sampler(value: &str) -> Result<SamplerName, String> {
    let value = value.to_ascii_lowercase();
    let (parent_based, name) = match value.strip_prefix("parentbased_") {
        Some(name) => (true, name),
        None => (false, value.as_str()),
    };
    let root = match name {
        "always_on" => RootSampler::AlwaysOn,
        "always_off" => RootSampler::AlwaysOff,
        "traceidratio" => RootSampler::TraceIdRatio,
        _ => {
            return Err("accepted: always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off, \
                        parentbased_traceidratio"
                .to_owned());
        }
    };
    Ok(SamplerName { parent_based, root })
}

pub(super) fn log_format(value: &str) -> Result<LogFormat, String> {
    match value.to_ascii_lowercase().as_str() {
        "json" => Ok(LogFormat::Json),
        "text" => Ok(LogFormat::Text),
        _ => Err("accepted: json, text".to_owned()),
    }
}
