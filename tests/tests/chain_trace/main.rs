//! One request is one trace: the whole system on each set of databases, held against DESIGN sections 4 and 5.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod attributes;
mod moved;
mod others;
mod purchase;
mod rows;
mod system;
mod tables;

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::json;
use system::{Caller, System, ask};
use testbed::{ChainOptions, Engine, SeenSpan, Service};

fn service_name(service: Service) -> &'static str {
    match service {
        Service::Audit => "audit-service",
        Service::Order => "order-service",
        Service::User => "user-service",
        Service::Gateway => "gateway",
    }
}

fn find<'s>(spans: &'s [SeenSpan], service: Service, kind: SpanKind, name: &str) -> &'s SeenSpan {
    let fits = |seen: &&SeenSpan| {
        seen.service == service_name(service) && seen.kind == kind && seen.name == name
    };
    spans.iter().find(fits).unwrap_or_else(|| panic!("no {kind:?} {name} of {service}"))
}

/// The SERVER span of a service.
fn server(spans: &[SeenSpan], service: Service) -> &SeenSpan {
    let fits =
        |seen: &&SeenSpan| seen.service == service_name(service) && seen.kind == SpanKind::Server;
    spans.iter().find(fits).unwrap_or_else(|| panic!("no SERVER span of {service}"))
}

async fn a_purchase_continues_the_callers_trace(system: &System) {
    let (before, caller) = (system.scrape().await, Caller::new());

    let request = system
        .post("/api/v1/process", &purchase::body())
        .header("traceparent", caller.traceparent())
        .header("tracestate", purchase::TRACESTATE)
        .header("baggage", "user.id=1,tenant=blue");
    let answer = ask(request).await;
    system.export_caller(&caller).await;

    assert_eq!(
        (answer.status, &answer.body["status"]),
        (200, &json!("completed")),
        "{}",
        answer.body
    );
    let spans = system.trace(&caller.trace_id, &tables::called(tables::PROCESS)).await;
    assert_eq!(server(&spans, Service::Gateway).parent, caller.span_id);
    purchase::check_answer(&answer, &caller.trace_id, &spans);
    purchase::check_attributes(system, &spans, &answer);
    purchase::check_tracestate(&spans);
    purchase::check_nothing_personal(system, &spans);
    purchase::check_resources(system, &caller.trace_id);
    purchase::check_logs(system, &caller.trace_id, &spans).await;
    purchase::check_rows(system, &caller, &spans).await;
    system.wait_delivered(1.0).await;
    moved::check_one_purchase(&before, &system.scrape().await);
    let held = usize::try_from(system.sink.store().span_count()).unwrap();
    assert_eq!(
        held,
        spans.len(),
        "nobody asked for these:\n{}",
        system.other_traces(&caller.trace_id)
    );
}

async fn a_request_without_context_begins_its_own_trace(system: &System) {
    let body = json!({"user_id": 7_310_002, "action": "test_trace"});

    let answer = ask(system.post("/api/v1/process", &body)).await;

    assert_eq!(answer.status, 200, "{}", answer.body);
    let trace_id = answer.trace_id();
    let spans = system.trace(&trace_id, tables::PROCESS).await;
    assert_eq!(server(&spans, Service::Gateway).parent, "");
    purchase::check_answer(&answer, &trace_id, &spans);
    let priced = find(&spans, Service::Order, SpanKind::Internal, "price_order");
    let expected = json!({
        "order.item.skus": ["default"], "order.item.quantities": [1], "order.total_cents": 999,
    });
    purchase::check(priced, &expected);
}

async fn a_purchase_is_one_trace(options: ChainOptions) {
    let Some(system) = System::start(options).await else { return };
    a_purchase_continues_the_callers_trace(&system).await;
    a_request_without_context_begins_its_own_trace(&system).await;
}

#[tokio::test]
async fn a_purchase_is_one_trace_on_postgres_and_mysql() {
    a_purchase_is_one_trace(ChainOptions::servers(Engine::MySql)).await;
}

#[tokio::test]
async fn a_purchase_is_one_trace_on_postgres_and_mariadb() {
    a_purchase_is_one_trace(ChainOptions::servers(Engine::MariaDb)).await;
}

#[tokio::test]
async fn a_purchase_is_one_trace_on_sqlite() {
    a_purchase_is_one_trace(ChainOptions::sqlite()).await;
}

async fn the_other_requests_are_whole_too(options: ChainOptions) {
    let Some(system) = System::start(options).await else { return };
    others::a_keyed_request_claims_its_key_first(&system).await;
    others::a_registration_writes_user_and_registration_together(&system).await;
    others::a_read_goes_straight_to_the_owner_of_the_data(&system).await;
}

#[tokio::test]
async fn keys_registrations_and_reads_are_whole_traces_on_postgres_and_mysql() {
    the_other_requests_are_whole_too(ChainOptions::servers(Engine::MySql)).await;
}

#[tokio::test]
async fn keys_registrations_and_reads_are_whole_traces_on_postgres_and_mariadb() {
    the_other_requests_are_whole_too(ChainOptions::servers(Engine::MariaDb)).await;
}

#[tokio::test]
async fn keys_registrations_and_reads_are_whole_traces_on_sqlite() {
    the_other_requests_are_whole_too(ChainOptions::sqlite()).await;
}
