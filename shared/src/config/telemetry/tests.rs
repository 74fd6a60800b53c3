use super::*;

fn args(flags: &[&str]) -> TelemetryArgs {
    TelemetryArgs::from_flags(flags.iter().copied()).unwrap()
}

fn refusal(flag: &str) -> String {
    TelemetryArgs::from_flags([flag]).unwrap_err().to_string()
}

#[test]
fn defaults_are_otlp_over_http_to_localhost() {
    let args = args(&[]);
    assert!(args.spans_enabled());
    assert!(args.otel_metrics_exporter.prometheus);
    let target = args.traces_target().unwrap();
    assert_eq!(
        (target.url.as_str(), target.protocol),
        ("http://localhost:4318/v1/traces", Protocol::HttpProtobuf)
    );
    assert_eq!(args.otel_bsp_schedule_delay, Duration::from_secs(1));
    assert_eq!(args.span_batch_size().unwrap(), 512);
}

#[test]
fn the_general_endpoint_is_a_base_and_a_signals_own_is_used_as_it_is() {
    let args = args(&[
        "--otel-exporter-otlp-endpoint=https://collector:9999/base/",
        "--otel-exporter-otlp-logs-endpoint=http://logs:3100/otlp",
    ]);
    assert_eq!(args.traces_target().unwrap().url, "https://collector:9999/base/v1/traces");
    assert_eq!(args.metrics_target().unwrap().url, "https://collector:9999/base/v1/metrics");
    assert_eq!(args.logs_target().unwrap().url, "http://logs:3100/otlp");
}

#[test]
fn port_4317_alone_means_grpc_and_a_scheme_may_be_left_out() {
    let target = args(&["--otel-exporter-otlp-endpoint=collector:4317"]).traces_target().unwrap();
    assert_eq!((target.url.as_str(), target.protocol), ("http://collector:4317", Protocol::Grpc));
    assert!(target.protocol_guessed);

    let asked = args(&[
        "--otel-exporter-otlp-endpoint=collector:4317",
        "--otel-exporter-otlp-protocol=http/protobuf",
    ]);
    let target = asked.traces_target().unwrap();
    assert_eq!((target.protocol, target.protocol_guessed), (Protocol::HttpProtobuf, false));
}

#[test]
fn the_lesser_of_the_export_timeout_and_the_otlp_timeout_holds() {
    let both = args(&["--otel-bsp-export-timeout=300", "--otel-exporter-otlp-timeout=5000"]);
    assert_eq!(both.traces_target().unwrap().timeout, Duration::from_millis(300));
    assert_eq!(both.logs_target().unwrap().timeout, Duration::from_secs(5));
}

#[test]
fn disabled_or_silenced_telemetry_records_no_spans() {
    assert!(!args(&["--otel-sdk-disabled=TRUE"]).spans_enabled());
    assert!(!args(&["--otel-traces-exporter=none"]).spans_enabled());
    let silenced =
        args(&["--otel-traces-exporter=otlp,console", "--otel-metrics-exporter=console,otlp"])
            .silenced();
    assert!(!silenced.spans_enabled());
    assert_eq!(silenced.otel_metrics_exporter, MetricsExporters::default());
}

#[test]
fn a_bad_value_says_what_it_was_and_what_is_accepted() {
    for (flag, value, accepted) in [
        (
            "--otel-exporter-otlp-endpoint",
            "ftp://x",
            "accepted: an http:// or https:// URL, or host:port",
        ),
        (
            "--otel-exporter-otlp-endpoint",
            "http://me:s3cret@collector:4318",
            "without user, password or query",
        ),
        (
            "--otel-exporter-otlp-traces-endpoint",
            "http://collector:4318/v1/traces?key=s3cret",
            "without user, password or query",
        ),
        (
            "--otel-exporter-otlp-endpoint",
            "host:99999",
            "accepted: an http:// or https:// URL, or host:port",
        ),
        ("--otel-exporter-otlp-traces-protocol", "http/json", "accepted: http/protobuf, grpc"),
        ("--otel-traces-exporter", "jaeger", "accepted: otlp, console, otlp,console, none"),
        ("--otel-traces-exporter", "otlp,none", "accepted: otlp, console, otlp,console, none"),
        (
            "--otel-metrics-exporter",
            "statsd",
            "accepted: prometheus or otlp, each also with console (otlp,console), console, none",
        ),
        (
            "--otel-metrics-exporter",
            "otlp,console,prometheus",
            "not both, since Prometheus would get every metric twice",
        ),
        ("--otel-traces-sampler", "sometimes", "accepted: always_on"),
        ("--otel-traces-sampler-arg", "1.5", "accepted: a number from 0 to 1"),
        ("--otel-traces-sampler-arg", "NaN", "accepted: a number from 0 to 1"),
        ("--otel-bsp-max-queue-size", "0", "accepted: a whole number from 1"),
        ("--otel-bsp-schedule-delay", "1s", "accepted: a whole number of milliseconds"),
        ("--otel-sdk-disabled", "yes", "accepted: true, false"),
        ("--otel-resource-attributes", "a=%zz", "accepted: key=value,key=value"),
        ("--log-level", "loud", "accepted: trace, debug, info, warn (or warning), error, off"),
        ("--log-format", "xml", "accepted: json, text"),
    ] {
        let error = refusal(&format!("{flag}={value}"));
        assert!(
            error.contains(flag) && error.contains(value) && error.contains(accepted),
            "{error}"
        );
    }
}

#[test]
fn headers_are_decoded_and_never_printed() {
    let flag = "--otel-exporter-otlp-headers=authorization=Bearer%20s3cret, x-tenant=a";
    let args = args(&[flag]);
    let target = args.traces_target().unwrap();
    let expected = [("authorization", "Bearer s3cret"), ("x-tenant", "a")];
    assert_eq!(target.headers.0, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert!(!format!("{args:?} {target:?}").contains("s3cret"));
}

#[test]
fn a_bad_header_is_told_by_its_number_alone() {
    let args = args(&["--otel-exporter-otlp-logs-headers=a=b,s3cret"]);
    let error = args.logs_target().unwrap_err().to_string();
    assert!(
        error.contains("OTEL_EXPORTER_OTLP_LOGS_HEADERS") && error.contains("entry 2 has no `=`"),
        "{error}"
    );
    assert!(!error.contains("s3cret"), "{error}");
}

#[test]
fn a_certificate_that_cannot_be_read_names_its_variable() {
    let args = args(&["--otel-exporter-otlp-certificate=/nowhere/ca.pem"]);
    let error = format!("{:#}", args.traces_target().unwrap_err());
    assert!(
        error.contains("OTEL_EXPORTER_OTLP_CERTIFICATE is '/nowhere/ca.pem', accepted:"),
        "{error}"
    );
}

#[test]
fn a_batch_may_not_be_larger_than_its_queue() {
    let args = args(&["--otel-bsp-max-queue-size=10", "--otel-bsp-max-export-batch-size=11"]);
    let error = args.span_batch_size().unwrap_err().to_string();
    assert!(error.contains("OTEL_BSP_MAX_EXPORT_BATCH_SIZE is '11', accepted: 1 to 10"), "{error}");
}

#[test]
fn resource_attributes_are_decoded_and_the_last_value_wins() {
    let args = args(&["--otel-resource-attributes=a=1%2C2, b=x ,a=3"]);
    let attributes = args.otel_resource_attributes.unwrap();
    assert_eq!(attributes.0[0], ("a".to_owned(), "1,2".to_owned()));
    assert_eq!(
        (attributes.get("a"), attributes.get("b"), attributes.get("c")),
        (Some("3"), Some("x"), None)
    );
}

#[test]
fn every_flag_has_a_description_and_the_general_ones_of_otlp_their_default() {
    let command = TelemetryArgs::augment_args(clap::Command::new("telemetry"));
    let mut of_otlp = 0;
    for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
        let name = arg.get_env().unwrap().to_str().unwrap();
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        assert!(!help.is_empty(), "{name} has no description");
        let Some(rest) = name.strip_prefix("OTEL_EXPORTER_OTLP_") else { continue };
        of_otlp += 1;
        let of_signal = ["TRACES_", "METRICS_", "LOGS_"].iter().any(|own| rest.starts_with(own));
        assert_eq!(help.ends_with(". Default: as for all signals"), of_signal, "{name}: {help}");
        assert!(help.contains(". Default: "), "{name}: {help}");
    }
    assert_eq!(of_otlp, 4 * 8);
}
