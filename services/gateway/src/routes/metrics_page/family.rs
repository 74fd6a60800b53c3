//! One metric family as a section of the page: name, kind, unit, help, and a row per series.

use std::fmt::Write;

use prometheus::proto::{Metric, MetricFamily, MetricType};

use super::{histogram::Distribution, measure::Unit, text::escaped};

/// The section; its name is what the page's script finds it by again.
pub(super) fn section(family: &MetricFamily) -> String {
    let (name, unit) = (family.name(), Unit::of(family.name()));
    let kind = format!("{:?}", family.get_field_type()).to_lowercase();
    let series = family.get_metric();
    let is_histogram = family.get_field_type() == MetricType::HISTOGRAM;
    let is_single = !is_histogram && matches!(series, [only] if only.get_label().is_empty());
    let class = if is_single { "family single" } else { "family" };
    let mut text = format!(
        "<section class=\"{class}\" data-family=\"{name}\" aria-label=\"{name}\">\n<h2>{name}</h2>\n\
         <p class=\"help\">{} <span class=\"kind\">{kind}, {}</span></p>\n<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Series of {name}\">\
         <table>\n<thead><tr><th scope=\"col\">Labels</th>{}</tr></thead>\n<tbody>\n",
        escaped(family.help()),
        unit.name(),
        columns(family.get_field_type()),
        name = escaped(name),
    );
    for metric in series {
        let labels = escaped(&labels(metric));
        let (order, cells) = cells(metric, family.get_field_type(), unit);
        // Writing to a `String` does not fail.
        let _ = writeln!(
            text,
            "<tr data-labels=\"{labels}\" data-value=\"{order}\"><th scope=\"row\">{labels}</th>{cells}</tr>"
        );
    }
    text + "</tbody></table></div>\n</section>\n"
}

fn columns(kind: MetricType) -> &'static str {
    match kind {
        MetricType::HISTOGRAM => {
            "<th scope=\"col\">Count</th><th scope=\"col\">Mean</th><th scope=\"col\">p50</th><th scope=\"col\">p95</th>\
             <th scope=\"col\">p99</th><th scope=\"col\">Distribution</th>"
        }
        _ => "<th scope=\"col\">Value</th>",
    }
}

/// What the row is ordered by, and its cells after the labels.
fn cells(metric: &Metric, kind: MetricType, unit: Unit) -> (f64, String) {
    match kind {
        MetricType::COUNTER => single(metric.get_counter().get_value(), unit),
        MetricType::GAUGE => single(metric.get_gauge().get_value(), unit),
        MetricType::HISTOGRAM => distribution(&Distribution::of(metric.get_histogram()), unit),
        // The `prometheus` crate makes no others.
        MetricType::SUMMARY | MetricType::UNTYPED => (0.0, "<td>-</td>".to_owned()),
    }
}

fn single(value: f64, unit: Unit) -> (f64, String) {
    (value, format!("<td title=\"{value}\">{}</td>", unit.show(value)))
}

#[expect(clippy::cast_precision_loss, reason = "an order for people")]
fn distribution(distribution: &Distribution, unit: Unit) -> (f64, String) {
    let none = || "none".to_owned();
    let mut cells = format!(
        "<td>{}</td><td>{}</td>",
        distribution.count,
        distribution.mean().map_or_else(none, |mean| unit.show(mean))
    );
    for share in [0.5, 0.95, 0.99] {
        let shown = distribution.percentile(share).map_or_else(none, |value| value.show(unit));
        // Writing to a `String` does not fail.
        let _ = write!(cells, "<td>{}</td>", escaped(&shown));
    }
    let _ = write!(cells, "<td>{}</td>", distribution.bars(unit));
    (distribution.count as f64, cells)
}

fn labels(metric: &Metric) -> String {
    let pairs = metric.get_label().iter().map(|pair| format!("{}={}", pair.name(), pair.value()));
    let text = pairs.collect::<Vec<_>>().join(", ");
    if text.is_empty() { "(no labels)".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use prometheus::{Histogram, HistogramOpts, IntCounterVec, Opts, core::Collector};

    use super::*;

    #[test]
    fn a_section_shows_help_labels_unit_and_values_and_escapes_them() {
        let counter =
            IntCounterVec::new(Opts::new("requests_total", "All <requests>"), &["route"]).unwrap();
        counter.with_label_values(&["\"<b>\""]).inc_by(3);
        let text = section(&counter.collect()[0]);
        assert!(
            text.contains("All &lt;requests&gt; <span class=\"kind\">counter, a number"),
            "{text}"
        );
        assert!(text.contains(">route=&quot;&lt;b&gt;&quot;</th><td title=\"3\">3</td>"), "{text}");
        assert!(!text.contains("<b>"), "{text}");
    }

    #[test]
    fn a_histogram_shows_count_mean_percentiles_and_bars() {
        let options = HistogramOpts::new("wait_seconds", "Time").buckets(vec![1.0, 2.0]);
        let histogram = Histogram::with_opts(options).unwrap();
        histogram.observe(0.5);
        histogram.observe(1.5);
        let text = section(&histogram.collect()[0]);
        assert!(
            text.contains("<td>2</td><td>1 s</td><td>1 s</td><td>1.9 s</td><td>1.98 s</td>"),
            "{text}"
        );
        assert!(text.contains("<svg class=\"bars\" role=\"img\""), "{text}");
    }
}
