//! What the Collector makes of nginx's spans, and of what nobody is to store.

use opentelemetry_proto::tonic::common::v1::any_value::Value::{IntValue, StringValue};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use testbed::{ChainOptions, CollectorOptions, until};

use crate::DEADLINE;
use crate::made::Front;
use crate::system::System;

#[tokio::test]
async fn nginx_s_span_is_stored_as_client_under_today_s_names_and_nothing_personal_is() {
    let options = CollectorOptions::default();
    let Some(system) = System::start(ChainOptions::sqlite(), options).await else { return };
    let front = Front::new();

    front.send(&system.collector.endpoint()).await;

    let spans = until(DEADLINE, async || {
        Some(system.jaeger.spans(&front.trace_id).await).filter(|spans| spans.len() == 2)
    });
    let spans = spans.await.unwrap();
    let nginx = spans.iter().find(|seen| seen.service == "nginx").unwrap();
    assert_eq!((nginx.kind, nginx.failed), (SpanKind::Client, false));
    let mut seen: Vec<_> = nginx
        .span
        .attributes
        .iter()
        .map(|attribute| {
            let value = match attribute.value.clone().unwrap().value.unwrap() {
                StringValue(text) => text,
                IntValue(number) => number.to_string(),
                other => format!("{other:?}"),
            };
            format!("{}={value}", attribute.key)
        })
        .collect();
    seen.sort();
    let expected = [
        "http.request.body.size=41",
        "http.request.method=POST",
        "http.response.body.size=600",
        "http.response.status_code=200",
        "http.route=/api",
        "network.protocol.version=1.1",
        "server.address=localhost",
        "server.port=8080",
        "url.path=/api/v1/process",
        "url.scheme=http",
        "user_agent.original=loadgen/1",
    ];
    assert_eq!(seen, expected);
    // Nobody else's kind is touched.
    let caller = spans.iter().find(|seen| seen.service == "loadgen").unwrap();
    assert_eq!(
        (caller.kind, caller.text("peer.service").as_deref()),
        (SpanKind::Client, Some("nginx"))
    );
}
