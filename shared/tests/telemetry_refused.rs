//! What a start of telemetry refuses, by the name of the variable.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use shared::{config::telemetry::TelemetryArgs, telemetry::Telemetry};

async fn refusal(flags: &[&str]) -> String {
    let args = TelemetryArgs::from_flags(flags.iter().copied()).unwrap();
    format!("{:#}", Telemetry::start(&args, "order-service").unwrap_err())
}

#[tokio::test]
async fn a_start_that_fails_names_the_variable_and_what_to_do() {
    let error = refusal(&["--otel-exporter-otlp-headers=s3cret"]).await;
    assert!(error.contains("OTEL_EXPORTER_OTLP_HEADERS") && !error.contains("s3cret"), "{error}");

    let error =
        refusal(&["--otel-bsp-max-queue-size=5", "--otel-bsp-max-export-batch-size=6"]).await;
    assert!(error.contains("OTEL_BSP_MAX_EXPORT_BATCH_SIZE is '6', accepted: 1 to 5"), "{error}");

    // Last: the log lines are installed by then, so no further start would get as far.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = refusal(&[
        "--otel-traces-exporter=none",
        "--otel-logs-exporter=none",
        &format!("--metrics-port={port}"),
    ])
    .await;
    assert!(
        error.contains(&format!("port {port} on 127.0.0.1 is taken"))
            && error.contains("set METRICS_PORT to a free port"),
        "{error}"
    );
}
