//! What `POST /process` answers: the order, and where its audit record stands.

use axum::{
    Json as JsonAnswer,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};
use shared::{
    chain::ChainEntry,
    names::{self, ours},
    scope::Scope,
    telemetry::set_attribute,
    timestamp::rfc3339,
};
use tracing::Span;

use crate::{
    audit::Delivery,
    resources::ItemBody,
    routes::App,
    store::{AuditState, Delivered, Order, Placed},
};

/// Where the audit record stands, and the members that it adds to the answer.
pub(super) type Audited = (AuditState, Map<String, Value>);

/// What there is to say of the audit record: audit's answer, or why there is none.
pub(super) async fn settle(app: &App, order: &Order, delivery: Delivery) -> Audited {
    match delivery {
        Delivery::Recorded { audit_id, recorded_at, answer } => {
            app.acks.send(Delivered { order_id: order.id, audit_id, recorded_at });
            (AuditState::Recorded, answer)
        }
        Delivery::Refused(status) if order.audit_id.is_none() => park(app, order, status).await,
        Delivery::Spent if order.audit_id.is_none() => park(app, order, StatusCode::CONFLICT).await,
        // A repeat may know more than this try was told.
        _ => audit_of(order),
    }
}

async fn park(app: &App, order: &Order, status: StatusCode) -> Audited {
    let is_parked = app.acks.park(&app.store, order.id, status).await;
    without_record(if is_parked { AuditState::Parked } else { AuditState::Pending })
}

fn audit_of(order: &Order) -> Audited {
    let (Some(audit_id), Some(recorded_at)) = (order.audit_id, order.audited_at) else {
        return without_record(order.audit());
    };
    let audit = json!({"id": audit_id, "recorded_at": rfc3339(recorded_at)});
    (AuditState::Recorded, Map::from_iter([("audit".to_owned(), audit)]))
}

fn without_record(state: AuditState) -> Audited {
    (state, Map::from_iter([("audit".to_owned(), json!({"status": state.as_str()}))]))
}

/// 200 when audit has its record, 202 until then.
pub(super) fn answer(placed: &Placed, audited: Audited, scope: &Scope) -> Response {
    let (state, mut answer) = audited;
    set_attribute(&Span::current(), ours::AUDIT_PENDING, state == AuditState::Pending);
    let (status, word) = match state {
        AuditState::Recorded => (StatusCode::OK, "completed"),
        AuditState::Pending | AuditState::Parked => (StatusCode::ACCEPTED, "accepted"),
    };
    answer.insert("status".to_owned(), json!(word));
    answer.insert("trace_id".to_owned(), json!(placed.order.trace_id));
    answer.insert("request_id".to_owned(), json!(scope.request_id()));
    answer.insert("order".to_owned(), order_body(&placed.order));
    ChainEntry::current(scope).prepend_to(&mut answer);
    (status, replay_header(placed.replayed), JsonAnswer(answer)).into_response()
}

/// The order as the chain's answer shows it; the resource has more.
fn order_body(order: &Order) -> Value {
    let items: Vec<_> = order.items.iter().map(ItemBody::from).collect();
    json!({
        "id": order.id,
        "status": order.status.as_str(),
        "total_cents": order.total_cents,
        "currency": order.currency,
        "items": items,
    })
}

fn replay_header(replayed: bool) -> HeaderMap {
    let header = (names::header::IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    replayed.then_some(header).into_iter().collect()
}
