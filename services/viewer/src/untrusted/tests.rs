//! What holds for every body, not only for those that somebody thought of.

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value},
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span::Event},
};
use proptest::{collection::vec, option, prelude::*, sample};
use prost::Message;
use serde_json::{Map, Value, json};

use super::*;
use crate::{MIN_BUDGET_BYTES, TraceId};

/// Names that OTLP's JSON gives a meaning to, in any place.
const NAMES: [&str; 20] = [
    "resourceSpans",
    "resourceLogs",
    "resourceMetrics",
    "scopeSpans",
    "scopeLogs",
    "scopeMetrics",
    "resource",
    "scope",
    "spans",
    "logRecords",
    "attributes",
    "key",
    "value",
    "intValue",
    "arrayValue",
    "kvlistValue",
    "values",
    "traceId",
    "startTimeUnixNano",
    "schemaUrl",
];

fn store() -> Store {
    Store::within(MIN_BUDGET_BYTES)
}

fn near_otlp() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        "[0-9a-f]{0,33}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(8, 64, 4, |inner| {
        let member = (sample::select(NAMES.to_vec()), inner.clone());
        prop_oneof![
            vec(inner, 0..4).prop_map(Value::from),
            vec(member, 0..5).prop_map(|members| {
                Value::Object(Map::from_iter(
                    members.into_iter().map(|(name, value)| (name.to_owned(), value)),
                ))
            }),
        ]
    })
}

/// The value at the place of the request, of a resource group, of a scope group, of a span and of an attribute's value.
fn in_place(depth: usize, value: Value) -> Value {
    match depth {
        0 => value,
        1 => json!({"resourceSpans": [value]}),
        2 => in_place(1, json!({"scopeSpans": [value]})),
        3 => in_place(2, json!({"spans": [value]})),
        _ => in_place(3, json!({"attributes": [{"key": "k", "value": value}]})),
    }
}

fn any_value() -> impl Strategy<Value = AnyValue> {
    use any_value::Value::{BoolValue, BytesValue, DoubleValue, IntValue, StringValue};
    let value = prop_oneof![
        any::<String>().prop_map(StringValue),
        any::<bool>().prop_map(BoolValue),
        any::<i64>().prop_map(IntValue),
        any::<f64>()
            .prop_filter("JSON has no other numbers", |value| value.is_finite())
            .prop_map(DoubleValue),
        vec(any::<u8>(), 0..8).prop_map(BytesValue),
    ];
    option::of(value).prop_map(|value| AnyValue { value })
}

fn key_value() -> impl Strategy<Value = KeyValue> {
    (any::<String>(), option::of(any_value())).prop_map(|(key, value)| KeyValue {
        key,
        value,
        ..KeyValue::default()
    })
}

fn span() -> impl Strategy<Value = Span> {
    let ids = (any::<[u8; 16]>(), any::<[u8; 8]>())
        .prop_filter("no zero ids", |(trace, span)| *trace != [0; 16] && *span != [0; 8]);
    let event = (any::<u64>(), any::<String>()).prop_map(|(time_unix_nano, name)| Event {
        time_unix_nano,
        name,
        ..Event::default()
    });
    let texts = (any::<String>(), any::<String>(), option::of(any::<String>()));
    let numbers = (any::<i32>(), any::<u64>(), any::<u64>(), any::<u32>());
    (ids, texts, numbers, vec(key_value(), 0..4), vec(event, 0..3)).prop_map(
        |(
            (trace_id, span_id),
            (name, trace_state, message),
            (kind, start, end, flags),
            attributes,
            events,
        )| Span {
            trace_id: trace_id.to_vec(),
            span_id: span_id.to_vec(),
            trace_state,
            name,
            kind,
            start_time_unix_nano: start,
            end_time_unix_nano: end,
            flags,
            attributes,
            events,
            status: message.map(|message| Status { message, code: kind }),
            ..Span::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_as_an_export_make_it_panic(body in vec(any::<u8>(), 0..300)) {
        let store = store();
        export_protobuf(&store, &body);
        export_json(&store, &body);
        read_back(&store);
    }

    #[test]
    fn no_json_near_an_export_makes_it_panic_and_what_is_taken_in_can_be_read(
        depth in 0..5_usize,
        value in near_otlp(),
    ) {
        let store = store();
        export_json(&store, in_place(depth, value).to_string().as_bytes());
        read_back(&store);
        let stats = store.stats();
        prop_assert!(stats.bytes <= stats.budget_bytes, "{:?}", stats);
    }

    #[test]
    fn any_span_is_read_as_it_was_sent(sent in span(), resource in vec(key_value(), 0..3)) {
        let scope_spans = vec![ScopeSpans { spans: vec![sent.clone()], ..ScopeSpans::default() }];
        let resource = Some(opentelemetry_proto::tonic::resource::v1::Resource {
            attributes: resource,
            ..Default::default()
        });
        let group = ResourceSpans { resource: resource.clone(), scope_spans, ..ResourceSpans::default() };
        let request = ExportTraceServiceRequest { resource_spans: vec![group] };
        let store = store();

        export_protobuf(&store, &request.encode_to_vec());

        let id = TraceId::from_bytes(&sent.trace_id).expect("it is not zero");
        let trace = store.trace(id).expect("it was taken in");
        let spans: Vec<Span> = trace.spans().into_iter().map(|seen| seen.span).collect();
        prop_assert_eq!(spans, vec![sent]);
        // One without anything in it is as good as none.
        let read = trace.resource_spans().remove(0).resource.unwrap_or_default();
        prop_assert_eq!(Some(read), resource);
    }

    #[test]
    fn any_span_of_json_is_the_one_of_protobuf(sent in span()) {
        let scope_spans = vec![ScopeSpans { spans: vec![sent.clone()], ..ScopeSpans::default() }];
        let group = ResourceSpans { scope_spans, ..ResourceSpans::default() };
        let request = ExportTraceServiceRequest { resource_spans: vec![group] };
        let store = store();

        export_json(&store, &serde_json::to_vec(&request).expect("it has a form in JSON"));

        let id = TraceId::from_bytes(&sent.trace_id).expect("it is not zero");
        let trace = store.trace(id).expect("it was taken in");
        let spans: Vec<Span> = trace.spans().into_iter().map(|seen| seen.span).collect();
        prop_assert_eq!(spans, vec![sent]);
    }

    #[test]
    fn no_text_as_a_query_makes_it_panic_where_there_are_spans(
        sent in span(),
        text in "\\{( ?(name|kind|status|duration|\\.k|span\\.k) ?(=|!=|>=|<|=~|!~) ?(\"[^\"]{0,8}\"|[0-9]{1,20}(ms|s|h)?|[a-z]{1,8})){0,3} ?\\}?",
    ) {
        let scope_spans = vec![ScopeSpans { spans: vec![sent], ..ScopeSpans::default() }];
        let group = ResourceSpans { scope_spans, ..ResourceSpans::default() };
        let store = store();
        export_protobuf(&store, &ExportTraceServiceRequest { resource_spans: vec![group] }.encode_to_vec());
        query(&store, &text);
    }
}
