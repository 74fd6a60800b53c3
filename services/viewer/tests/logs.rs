//! Log records by trace, service, level and text.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use opentelemetry_proto::tonic::{
    collector::logs::v1::ExportLogsServiceRequest,
    common::v1::{AnyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
};
use prost::Message;
use serde_json::json;
use support::{attribute, get, get_json, hex_id, of_service, post, start};
use viewer::TraceId;

const BUY: [u8; 16] = [0x0b; 16];
const READ: [u8; 16] = [0x0c; 16];

fn record(trace: &[u8], severity_number: i32, body: &str) -> LogRecord {
    LogRecord {
        time_unix_nano: support::START,
        severity_number,
        body: Some(AnyValue { value: Some(Value::StringValue(body.to_owned())) }),
        attributes: vec![attribute("status_code", Value::IntValue(200))],
        trace_id: trace.to_vec(),
        span_id: if trace.is_empty() { Vec::new() } else { vec![1; 8] },
        ..LogRecord::default()
    }
}

fn logs_of(service: &str, log_records: Vec<LogRecord>) -> ResourceLogs {
    let resource = of_service(service, Vec::new()).resource;
    ResourceLogs {
        resource,
        scope_logs: vec![ScopeLogs { log_records, ..ScopeLogs::default() }],
        ..ResourceLogs::default()
    }
}

#[tokio::test]
async fn logs_are_found_by_trace_service_level_and_text() {
    let viewer = start().await;
    let gateway = vec![record(&BUY, 9, "Request completed"), record(&[], 17, "Pool exhausted")];
    let user = vec![record(&BUY, 13, "slow query"), record(&READ, 9, "Request completed")];
    let body = ExportLogsServiceRequest {
        resource_logs: vec![logs_of("gateway", gateway), logs_of("user-service", user)],
    };
    assert_eq!(
        post(&viewer, "/v1/logs", "application/x-protobuf", body.encode_to_vec()).await.status(),
        200
    );

    let by_trace = get_json(&viewer, &format!("/api/logs?trace_id={}", hex_id(BUY))).await;
    let first = json!({
        "time_unix_nano": "1700000000000000000", "level": "INFO", "message": "Request completed", "service": "gateway",
        "trace_id": hex_id(BUY), "span_id": "0101010101010101", "attributes": {"status_code": 200},
    });
    assert_eq!(by_trace["logs"].as_array().unwrap().len(), 2);
    assert_eq!(by_trace["logs"][1], first);
    for (parameters, count) in [
        ("", 4),
        ("service=gateway", 2),
        ("level=warn", 2),
        ("level=WARNING&service=gateway", 1),
        ("text=REQUEST", 2),
        ("limit=3", 3),
        ("trace_id=ff", 0),
    ] {
        let found = get_json(&viewer, &format!("/api/logs?{parameters}")).await;
        assert_eq!(found["logs"].as_array().unwrap().len(), count, "{parameters}");
    }
    let held = viewer.store().log_records(Some(TraceId(READ)));
    assert_eq!((held.len(), held[0].service.as_str()), (1, "user-service"));
    for parameters in ["level=loud", "trace_id=xyz", "limit=0"] {
        assert_eq!(
            get(&viewer, &format!("/api/logs?{parameters}")).await.status(),
            400,
            "{parameters}"
        );
    }
}
