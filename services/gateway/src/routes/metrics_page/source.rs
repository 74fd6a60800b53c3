//! Where the values of the page come from, and who else gets them.

use shared::config::telemetry::TelemetryArgs;

use super::text::escaped;

const OWN: &str = "The values of this moment, read from this process's own registry";

/// A sentence or two, as HTML.
pub(super) fn source(telemetry: &TelemetryArgs) -> String {
    let exporters = &telemetry.otel_metrics_exporter;
    let mut others = Vec::new();
    if exporters.prometheus {
        others.push("Prometheus reads the same at <a href=\"/metrics\"><code>/metrics</code></a> of the gateway's port".to_owned());
    }
    let seconds = telemetry.otel_metric_export_interval.as_secs_f64();
    if exporters.otlp {
        others.push(format!("they are sent by OTLP every {seconds} s"));
    }
    if exporters.console {
        others.push(format!("they are written to standard output every {seconds} s"));
    }
    if telemetry.otel_sdk_disabled {
        return format!("{OWN}. Nobody else gets them: <code>OTEL_SDK_DISABLED</code> is true.");
    }
    let name = exporters_of(telemetry);
    if others.is_empty() {
        return format!(
            "{OWN}. Nobody else gets them: <code>OTEL_METRICS_EXPORTER</code> is {name}."
        );
    }
    format!("{OWN}. <code>OTEL_METRICS_EXPORTER</code> is {name}: {}.", others.join("; "))
}

fn exporters_of(telemetry: &TelemetryArgs) -> String {
    let exporters = &telemetry.otel_metrics_exporter;
    let all = [
        ("prometheus", exporters.prometheus),
        ("otlp", exporters.otlp),
        ("console", exporters.console),
    ];
    let names: Vec<_> = all.into_iter().filter(|(_, on)| *on).map(|(name, _)| name).collect();
    let value = if names.is_empty() { "none".to_owned() } else { names.join(",") };
    format!("<code>{}</code>", escaped(&value))
}
