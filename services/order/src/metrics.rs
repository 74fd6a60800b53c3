//! The order service's own metrics.

use std::sync::LazyLock;

use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts};
use shared::metrics::registry;

use crate::store::Order;

static ORDERS: LazyLock<IntCounterVec> =
    LazyLock::new(|| counters("tracechain_orders_total", "Orders that took on a status"));
static VALUE: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counters(
        "tracechain_order_value_cents_total",
        "Value of the orders that took on a status, in cents",
    )
});
static PENDING: LazyLock<IntGauge> =
    LazyLock::new(|| gauge("tracechain_outbox_pending", "Audit records still to be delivered"));
static PARKED: LazyLock<IntGauge> =
    LazyLock::new(|| gauge("tracechain_outbox_parked", "Audit records that audit-service refused"));
static DELIVERED: LazyLock<IntCounter> = LazyLock::new(|| {
    let counter = IntCounter::new(
        "tracechain_outbox_delivered_total",
        "Audit records that audit-service has",
    );
    registered(counter)
});

/// Makes the families appear before anything happened.
pub(crate) fn register() {
    outbox(0, 0);
    outbox_delivered(0);
}

/// An order took on its status: it was placed, completed or cancelled.
pub(crate) fn order_took_status(order: &Order) {
    let labels = [order.status.as_str(), order.currency.as_str()];
    ORDERS.with_label_values(&labels).inc();
    VALUE.with_label_values(&labels).inc_by(u64::try_from(order.total_cents).unwrap_or(0));
}

/// What waits in the outbox.
pub(crate) fn outbox(pending: i64, parked: i64) {
    PENDING.set(pending);
    PARKED.set(parked);
}

/// Records that were acknowledged.
pub(crate) fn outbox_delivered(records: u64) {
    DELIVERED.inc_by(records);
}

fn counters(name: &str, help: &str) -> IntCounterVec {
    registered(IntCounterVec::new(Opts::new(name, help), &["status", "currency"]))
}

fn gauge(name: &str, help: &str) -> IntGauge {
    registered(IntGauge::new(name, help))
}

#[expect(clippy::expect_used, reason = "names are constants, registered once")]
fn registered<C: prometheus::core::Collector + Clone + 'static>(
    created: prometheus::Result<C>,
) -> C {
    let collector = created.expect("the name and labels are valid");
    registry().register(Box::new(collector.clone())).expect("the name is registered once");
    collector
}
