//! A request as a service would record it, and what an endpoint must then have: the same for both protocols.

use opentelemetry_proto::tonic::{
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::{metric::Data, number_data_point},
    trace::v1::{span::SpanKind, status::StatusCode},
};
use shared::{metrics, telemetry};

use crate::otlp_sink::Received;

/// Records a SERVER span with an INTERNAL child that fails, a log line in it, and the request's metrics; also what must not leave.
pub(crate) fn record() -> telemetry::SpanIds {
    let target_is_foreign = tracing::info_span!("foreign");
    let server = tracing::info_span!(
        target: telemetry::SPAN_TARGET, "server", otel.name = "POST /t/process", otel.kind = "server", http.response.status_code = 500_i64
    );
    let ids = telemetry::span_ids(&server).unwrap();
    server.in_scope(|| {
        target_is_foreign.in_scope(|| tracing::info!(status_code = 500, "Request completed"))
    });
    let child = tracing::info_span!(target: telemetry::SPAN_TARGET, parent: &server, "price_order");
    let skus = vec![opentelemetry::StringValue::from("a"), "b".into()];
    telemetry::set_attribute(&child, "order.item.skus", opentelemetry::Value::Array(skus.into()));
    telemetry::record_error(&child, "deadlock", "the transaction was chosen as victim");
    tracing::info!(target: "hyper::proto", "not exported: a carrier's event");
    metrics::http_request("POST", "/t/process", 500, 0.25, Some(&ids));
    ids
}

pub(crate) fn assert_arrived(received: &Received, ids: telemetry::SpanIds) {
    assert_spans(received, ids);
    assert_logs(received, ids);
    assert_metrics(received, ids);
    let name = attribute(&received.resources[0].attributes, "service.name");
    assert_eq!(name, Some(&Value::StringValue("order-service".to_owned())));
}

fn assert_spans(received: &Received, ids: telemetry::SpanIds) {
    let names: Vec<_> = received.spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let server = received.spans.iter().find(|span| span.name == "POST /t/process").unwrap();
    let child = received.spans.iter().find(|span| span.name == "price_order").unwrap();
    assert_eq!((server.kind(), child.kind()), (SpanKind::Server, SpanKind::Internal));
    assert_eq!(server.trace_id, ids.trace_id.to_bytes());
    assert_eq!((&child.trace_id, &child.parent_span_id), (&server.trace_id, &server.span_id));
    assert_eq!(
        attribute(&server.attributes, "http.response.status_code"),
        Some(&Value::IntValue(500))
    );
    let keys: Vec<_> = server.attributes.iter().map(|pair| pair.key.as_str()).collect();
    assert_eq!(keys, ["http.response.status_code"], "no place, thread or target");
    assert!(server.events.is_empty(), "log lines are no span events");

    let Some(Value::ArrayValue(skus)) = attribute(&child.attributes, "order.item.skus") else {
        panic!("{child:?}")
    };
    assert_eq!(skus.values.len(), 2);
    assert_eq!(
        attribute(&child.attributes, "error.type"),
        Some(&Value::StringValue("deadlock".to_owned()))
    );
    assert_eq!(child.status.as_ref().unwrap().code(), StatusCode::Error);
    let events: Vec<_> = child.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(events, ["exception"]);
    assert!(attribute(&child.events[0].attributes, "exception.message").is_some());
}

fn assert_logs(received: &Received, ids: telemetry::SpanIds) {
    let body = |record: &opentelemetry_proto::tonic::logs::v1::LogRecord| match record
        .body
        .as_ref()?
        .value
        .as_ref()?
    {
        Value::StringValue(text) => Some(text.clone()),
        _ => None,
    };
    let record = received
        .logs
        .iter()
        .find(|record| body(record).as_deref() == Some("Request completed"))
        .unwrap();
    assert_eq!(record.trace_id, ids.trace_id.to_bytes());
    assert_eq!(record.span_id, ids.span_id.to_bytes());
    assert_eq!(record.event_name, "");
    assert!(record.time_unix_nano > 0);
    assert_eq!(attribute(&record.attributes, "status_code"), Some(&Value::IntValue(500)));
    let account = received
        .logs
        .iter()
        .find(|record| body(record).as_deref() == Some("Spans accounted for"))
        .unwrap();
    assert_eq!(attribute(&account.attributes, "exported"), Some(&Value::IntValue(2)));
    assert!(!received.logs.iter().filter_map(body).any(|text| text.contains("not exported")));
}

fn assert_metrics(received: &Received, ids: telemetry::SpanIds) {
    let data = |name: &str| {
        let metric = received.metrics.iter().rev().find(|metric| metric.name == name);
        metric.unwrap_or_else(|| panic!("{name} has not arrived")).data.clone().unwrap()
    };
    let Data::Sum(requests) = data("http_requests_total") else { panic!("a counter is a sum") };
    assert_eq!(requests.data_points[0].value, Some(number_data_point::Value::AsDouble(1.0)));
    let Data::Histogram(durations) = data("http_request_duration_seconds") else {
        panic!("a histogram")
    };
    let exemplar = &durations.data_points[0].exemplars[0];
    assert_eq!(
        (&exemplar.trace_id[..], &exemplar.span_id[..]),
        (&ids.trace_id.to_bytes()[..], &ids.span_id.to_bytes()[..])
    );
    let Data::Sum(exported) = data("otel_sdk_spans_exported_total") else {
        panic!("a counter is a sum")
    };
    assert_eq!(
        exported.data_points[0].value,
        Some(number_data_point::Value::AsDouble(2.0)),
        "the whole account"
    );
    let Data::Gauge(queued) = data("otel_sdk_spans_queued") else { panic!("a gauge") };
    assert_eq!(queued.data_points[0].value, Some(number_data_point::Value::AsDouble(0.0)));
}

fn attribute<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    let pair = attributes.iter().find(|pair| pair.key == key)?;
    pair.value.as_ref()?.value.as_ref()
}
