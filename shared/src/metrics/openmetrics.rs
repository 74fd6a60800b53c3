//! The OpenMetrics 1.0 text format with exemplars, over what the registry gathers.

use std::{
    fmt::{self, Write as _},
    time::SystemTime,
};

use prometheus::proto::{LabelPair, Metric, MetricFamily, MetricType};

use super::exemplars::{Buckets, Exemplar, Exemplars};

/// Value of `Content-Type` for this format.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Encodes all families; those of a kind that OpenMetrics or this project does not have are left out.
pub(super) fn encode(families: &[MetricFamily], exemplars: &Exemplars) -> String {
    let mut text = String::with_capacity(families.len() * 512);
    for family in families {
        // Writing into a `String` does not fail.
        let _ = encode_family(&mut text, family, exemplars);
    }
    text.push_str("# EOF\n");
    text
}

fn encode_family(text: &mut String, family: &MetricFamily, exemplars: &Exemplars) -> fmt::Result {
    let (kind, name) = match family.get_field_type() {
        // The family of a counter has no suffix, its sample always has.
        MetricType::COUNTER => {
            ("counter", family.name().strip_suffix("_total").unwrap_or(family.name()))
        }
        MetricType::GAUGE => ("gauge", family.name()),
        MetricType::HISTOGRAM => ("histogram", family.name()),
        MetricType::SUMMARY | MetricType::UNTYPED => return Ok(()),
    };
    writeln!(text, "# TYPE {name} {kind}\n# HELP {name} {}", Escaped(family.help()))?;
    for metric in family.get_metric() {
        let labels = Labels(metric.get_label());
        match family.get_field_type() {
            MetricType::COUNTER => {
                writeln!(
                    text,
                    "{name}_total{labels} {}",
                    Number(metric.get_counter().get_value())
                )?;
            }
            MetricType::GAUGE => {
                writeln!(text, "{name}{labels} {}", Number(metric.get_gauge().get_value()))?
            }
            _ => encode_histogram(text, name, metric, &exemplars_of(exemplars, name, metric))?,
        }
    }
    Ok(())
}

/// The exemplars of a gathered series.
pub(super) fn exemplars_of(exemplars: &Exemplars, family: &str, metric: &Metric) -> Buckets {
    let values: Vec<&str> = metric.get_label().iter().map(LabelPair::value).collect();
    exemplars.of(family, &values)
}

fn encode_histogram(
    text: &mut String,
    name: &str,
    metric: &Metric,
    exemplars: &Buckets,
) -> fmt::Result {
    let histogram = metric.get_histogram();
    let finite = histogram.get_bucket().iter().filter(|bucket| bucket.upper_bound().is_finite());
    let buckets = finite
        .map(|bucket| (bucket.upper_bound(), bucket.cumulative_count()))
        .chain([(f64::INFINITY, histogram.get_sample_count())]);
    for (place, (bound, count)) in buckets.enumerate() {
        let labels = WithBound(metric.get_label(), bound);
        write!(text, "{name}_bucket{labels} {count}")?;
        if let Some(Some(exemplar)) = exemplars.get(place) {
            encode_exemplar(text, exemplar)?;
        }
        text.push('\n');
    }
    let labels = Labels(metric.get_label());
    writeln!(text, "{name}_sum{labels} {}", Number(histogram.get_sample_sum()))?;
    writeln!(text, "{name}_count{labels} {}", histogram.get_sample_count())
}

fn encode_exemplar(text: &mut String, exemplar: &Exemplar) -> fmt::Result {
    let Exemplar { span, value, time } = exemplar;
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let ids = format_args!("trace_id=\"{}\",span_id=\"{}\"", span.trace_id, span.span_id);
    write!(text, " # {{{ids}}} {} {seconds:.3}", Number(*value))
}

struct Labels<'a>(&'a [LabelPair]);

impl fmt::Display for Labels<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (pair, before) in self.0.iter().zip(std::iter::once("{").chain(std::iter::repeat(",")))
        {
            write!(f, "{before}{}=\"{}\"", pair.name(), Escaped(pair.value()))?;
        }
        f.write_str(if self.0.is_empty() { "" } else { "}" })
    }
}

struct WithBound<'a>(&'a [LabelPair], f64);

impl fmt::Display for WithBound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for pair in self.0 {
            write!(f, "{}=\"{}\",", pair.name(), Escaped(pair.value()))?;
        }
        write!(f, "le=\"{}\"}}", Number(self.1))
    }
}

struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '\\' => f.write_str("\\\\"),
            '"' => f.write_str("\\\""),
            '\n' => f.write_str("\\n"),
            c => f.write_char(c),
        })
    }
}

/// A number in the canonical form: `+Inf`, and a decimal point always.
struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_infinite() {
            return f.write_str(if self.0 > 0.0 { "+Inf" } else { "-Inf" });
        }
        write!(f, "{:?}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry};

    use super::*;
    use crate::metrics::exemplars::tests::ids;

    #[test]
    fn counters_gauges_and_histograms_have_their_openmetrics_form() {
        let registry = Registry::new();
        let counter =
            IntCounterVec::new(Opts::new("hits_total", "Hits, \"all\"\n of them."), &["path"])
                .unwrap();
        let gauge = IntGauge::new("open", "Open.").unwrap();
        let options = HistogramOpts::new("took_seconds", "Took.").buckets(vec![0.5, 1.0]);
        let histogram = HistogramVec::new(options, &["method", "path"]).unwrap();
        registry.register(Box::new(counter.clone())).unwrap();
        registry.register(Box::new(gauge.clone())).unwrap();
        registry.register(Box::new(histogram.clone())).unwrap();
        counter.with_label_values(&["a\"b\\c"]).inc_by(3);
        gauge.set(-2);
        histogram.with_label_values(&["GET", "/"]).observe(0.25);
        histogram.with_label_values(&["GET", "/"]).observe(4.0);
        let exemplars = Exemplars::default();
        exemplars.note("took_seconds", &[0.5, 1.0], &["GET", "/"], 4.0, Some(&ids(1, true)));

        let text = encode(&registry.gather(), &exemplars);
        let (exemplar_line, rest): (Vec<&str>, Vec<&str>) =
            text.lines().partition(|line| line.contains(" # {"));
        let expected = "# TYPE hits counter\n\
            # HELP hits Hits, \\\"all\\\"\\n of them.\n\
            hits_total{path=\"a\\\"b\\\\c\"} 3.0\n\
            # TYPE open gauge\n\
            # HELP open Open.\n\
            open -2.0\n\
            # TYPE took_seconds histogram\n\
            # HELP took_seconds Took.\n\
            took_seconds_bucket{method=\"GET\",path=\"/\",le=\"0.5\"} 1\n\
            took_seconds_bucket{method=\"GET\",path=\"/\",le=\"1.0\"} 1\n\
            took_seconds_sum{method=\"GET\",path=\"/\"} 4.25\n\
            took_seconds_count{method=\"GET\",path=\"/\"} 2\n\
            # EOF";
        assert_eq!(rest.join("\n"), expected);
        assert_eq!(exemplar_line.len(), 1);
        let start = format!(
            "took_seconds_bucket{{method=\"GET\",path=\"/\",le=\"+Inf\"}} 2 # {{trace_id=\"{}\",span_id=\"{}\"}} 4.0 ",
            "01".repeat(16),
            "01".repeat(8)
        );
        assert!(exemplar_line[0].starts_with(&start), "{}", exemplar_line[0]);
    }
}
