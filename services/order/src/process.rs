//! `POST /process`: prices and places an order, then has it audited.

use axum::{extract::State, response::Response};
use garde::Validate;
use serde::Deserialize;
use serde_json::json;
use shared::{
    chain,
    json::{Json, Members},
    names::{self, attribute, ours},
    problem::{Failure, Problem},
    propagation::Carrier,
    scope::Scope,
    telemetry::set_attribute,
    timestamp::now_micros,
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use uuid::Uuid;

use crate::{
    audit::{self, Delivery},
    metrics,
    outbox::FIRST_LEASE,
    pricing::{self, Priced},
    routes::App,
    store::{Continuation, NewOrder, Order, Status},
};

mod answer;

const MAX_ID: i64 = (1 << 53) - 1;
const MAX_ITEMS: usize = 50;
const MAX_QUANTITY: i64 = 1_000_000;

/// The caller's body as far as this service reads it; other members are passed on.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct ProcessRequest {
    #[garde(range(min = 1, max = MAX_ID))]
    user_id: i64,
    #[garde(length(chars, min = 1, max = 64))]
    action: String,
    #[garde(custom(few), dive)]
    items: Option<Vec<Item>>,
    #[garde(skip)]
    request_id: Option<Uuid>,
}

/// A garde rule: at most 50 items.
#[expect(clippy::ref_option, reason = "the signature that garde calls")]
fn few(items: &Option<Vec<Item>>, _: &()) -> garde::Result {
    let count = items.as_ref().map_or(0, Vec::len);
    if count > MAX_ITEMS {
        return Err(garde::Error::new(format!(
            "has {count} entries; accepted: at most {MAX_ITEMS}"
        )));
    }
    Ok(())
}

/// One line of the order asked for.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct Item {
    #[garde(length(chars, min = 1, max = 64))]
    pub(crate) sku: String,
    #[garde(range(min = 1, max = MAX_QUANTITY))]
    pub(crate) quantity: i64,
}

/// Places the order and delivers its audit record, or keeps it for later.
pub(crate) async fn process(
    State(app): State<App>,
    scope: Scope,
    body: Json<ProcessRequest>,
) -> Result<Response, Failure> {
    let members = body.members()?;
    let request = body.value;
    request.request_id.inspect(|id| scope.identify(*id));
    set_attribute(&Span::current(), attribute::USER_ID, request.user_id);
    let priced =
        pricing::price_order(&app.store, &scope, &request.items.unwrap_or_default()).await?;
    let members = members_for_audit(members, &scope);
    let new = new_order(request.user_id, request.action, priced, &scope, &members);
    let place = app.store.place_order(&new, scope.deadline());
    let placed = scope.within(names::database::ORDERS, place).await?.map_err(Problem::from)?;
    if placed.order.status == Status::Deleted {
        return Err(order_is_gone().into());
    }
    expect_same(&placed.order, &new)?;
    describe(&placed.order);
    let body = {
        let Order { id, total_cents, currency, trace_id, .. } = &placed.order;
        audit_body(&members, *id, *total_cents, currency, trace_id)
    };
    let delivery = audit::deliver(&app.next, body.into(), &scope).await;
    if matches!(delivery, Delivery::Spent) && !placed.replayed {
        return Err(withdraw(&app, placed.order.id, &scope).await?.into());
    }
    if !placed.replayed {
        metrics::order_took_status(&placed.order);
    }
    let audited = answer::settle(&app, &placed.order, delivery).await;
    Ok(answer::answer(&placed, audited, &scope))
}

/// What audit gets of the caller's members: all but what is personal, and the request's id.
fn members_for_audit(mut members: Members, scope: &Scope) -> Members {
    for personal in ["user_name", "user_email"] {
        members.remove(personal);
    }
    members.set("request_id", &json!(scope.request_id()));
    members
}

/// The trace that placed the order goes along: a repeat of the request runs in another trace, and may be the first to reach
/// audit, yet order and audit record are to be found under one trace id.
fn audit_body(
    members: &Members,
    id: Uuid,
    total_cents: i64,
    currency: &str,
    trace_id: &str,
) -> Vec<u8> {
    let mut members = members.clone();
    let order =
        json!({"id": id, "total_cents": total_cents, "currency": currency, "trace_id": trace_id});
    members.set("order", &order);
    members.to_string().into_bytes()
}

fn new_order(
    user_id: i64,
    action: String,
    priced: Priced,
    scope: &Scope,
    members: &Members,
) -> NewOrder {
    let (id, now, trace_id) = (Uuid::now_v7(), now_micros(), chain::trace_id());
    let carrier = Carrier::from_context(&Span::current().context());
    NewOrder {
        id,
        request_id: scope.request_id(),
        user_id,
        action,
        audit_body: audit_body(members, id, priced.total_cents, &priced.currency, &trace_id),
        items: priced.items,
        total_cents: priced.total_cents,
        currency: priced.currency,
        created_at: now,
        trace_id,
        next_attempt_at: now + FIRST_LEASE.as_micros() as i64,
        continuation: Continuation {
            traceparent: carrier.traceparent,
            tracestate: carrier.tracestate,
            baggage: carrier.baggage,
        },
    }
}

/// The order of a repeat is the first one's, so what it is asked for has to be that. A key's check by user-service compares the
/// whole body; this is for callers that come without one.
fn expect_same(order: &Order, new: &NewOrder) -> Result<(), Problem> {
    if (order.user_id, &order.action) == (new.user_id, &new.action) {
        return Ok(());
    }
    Err(Problem::conflict(
        "the request id has placed an order of another user or action; send the same again or a new request id",
    ))
}

fn describe(order: &Order) {
    let span = Span::current();
    set_attribute(&span, ours::ORDER_ID, order.id.to_string());
    set_attribute(&span, ours::ORDER_TOTAL_CENTS, order.total_cents);
}

/// Audit has a record of an order that this request placed before and that this database has lost: the new one could never have
/// any. Nobody was told of it yet, so it is taken back.
async fn withdraw(app: &App, id: Uuid, scope: &Scope) -> Result<Problem, Problem> {
    scope.within(names::database::ORDERS, app.store.withdraw_order(id)).await??;
    tracing::warn!(order_id = %id, "An order is taken back: audit-service has a record of its request with another");
    Ok(order_is_gone())
}

/// A request places one order, also when that is gone.
fn order_is_gone() -> Problem {
    Problem::conflict(
        "the order that this request id placed before was deleted; send a new idempotency key to order again",
    )
}
