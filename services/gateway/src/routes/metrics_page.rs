//! `GET /view_metrics`: the registry's current values for people.

use std::fmt::Write;

use axum::response::Html;
use prometheus::proto::{Metric, MetricFamily, MetricType};
use shared::metrics;

const HEAD: &str = "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Metrics of the gateway</title>\n\
    <style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}\
    h2{font-size:1rem;margin:1.5rem 0 0;font-family:ui-monospace,monospace}p{margin:.2rem 0}\
    table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ddd;padding:.15rem .5rem;text-align:left}\
    td:last-child,th:last-child{text-align:right;font-variant-numeric:tabular-nums}</style></head>\n\
    <body><h1>Metrics of the gateway</h1>\n<p>The values of this moment; machines read <a href=\"/metrics\">/metrics</a>.</p>\n";

/// A table per family.
pub(super) async fn view_metrics() -> Html<String> {
    let families = metrics::registry().gather();
    let tables: String = families.iter().map(table).collect();
    Html(format!("{HEAD}{tables}</body>\n</html>\n"))
}

fn table(family: &MetricFamily) -> String {
    let kind = format!("{:?}", family.get_field_type()).to_lowercase();
    let mut text = format!(
        "<h2>{}</h2>\n<p>{} ({kind})</p>\n",
        escaped(family.name()),
        escaped(family.help())
    );
    text.push_str("<table><tr><th>Labels</th><th>Value</th></tr>\n");
    for metric in family.get_metric() {
        let value = value(metric, family.get_field_type());
        // Writing to a `String` does not fail.
        let _ = writeln!(text, "<tr><td>{}</td><td>{value}</td></tr>", escaped(&labels(metric)));
    }
    text + "</table>\n"
}

fn labels(metric: &Metric) -> String {
    let pairs = metric.get_label().iter().map(|pair| format!("{}={}", pair.name(), pair.value()));
    pairs.collect::<Vec<_>>().join(", ")
}

fn value(metric: &Metric, kind: MetricType) -> String {
    match kind {
        MetricType::COUNTER => metric.get_counter().get_value().to_string(),
        MetricType::GAUGE => metric.get_gauge().get_value().to_string(),
        MetricType::HISTOGRAM => {
            let histogram = metric.get_histogram();
            distribution(histogram.get_sample_count(), histogram.get_sample_sum())
        }
        // The `prometheus` crate makes no others.
        MetricType::SUMMARY | MetricType::UNTYPED => "-".to_owned(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a mean for people")]
fn distribution(count: u64, sum: f64) -> String {
    if count == 0 {
        return "none".to_owned();
    }
    format!("{count} with a mean of {:.6}", sum / count as f64)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use prometheus::{Histogram, HistogramOpts, IntCounterVec, Opts, core::Collector};

    use super::*;

    #[test]
    fn a_table_shows_help_labels_and_values_and_escapes_them() {
        let counter =
            IntCounterVec::new(Opts::new("requests_total", "All <requests>"), &["route"]).unwrap();
        counter.with_label_values(&["\"<b>\""]).inc_by(3);
        let text = table(&counter.collect()[0]);
        assert!(text.contains("All &lt;requests&gt; (counter)"), "{text}");
        assert!(text.contains("<td>route=&quot;&lt;b&gt;&quot;</td><td>3</td>"), "{text}");
    }

    #[test]
    fn a_histogram_shows_its_count_and_mean() {
        let histogram = Histogram::with_opts(HistogramOpts::new("seconds", "Time")).unwrap();
        histogram.observe(0.5);
        histogram.observe(1.5);
        let text = table(&histogram.collect()[0]);
        assert!(text.contains("2 with a mean of 1.000000"), "{text}");
    }
}
