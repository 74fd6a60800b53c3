//! Too much of it, a clock that jumps, and contexts that are dropped.

use crate::{clean_row, row};

#[tokio::test]
async fn three_times_too_many_requests_are_shed_and_nothing_accepted_is_lost() {
    let Some(row) = row("overload").await else { return };
    assert_eq!((row.complaints(), row.lost()), (vec![], 0), "{row:#?}");
    let done = row.report.reconciliation.done;
    assert_eq!([done.orders, done.audit_records], [done.requests; 2], "{row:#?}");
}

#[tokio::test]
async fn a_clock_that_jumps_loses_nothing_and_holds_no_delivery_up() {
    let Some(row) = clean_row("clock").await else { return };
    assert!(row.report.status("202") > 0, "{row:#?}");
}

#[tokio::test]
async fn connections_that_say_nothing_cost_no_request() {
    let Some(row) = clean_row("silent-connections").await else { return };
    assert_eq!(row.report.answers('2'), row.report.total.requests, "{row:#?}");
}

/// As many traces are found broken, at this hop and at no other, as contexts were dropped: [`testbed::drills::Row::complaints`] compares.
async fn is_found(name: &str, hop: (&str, &str)) {
    let Some(row) = row(name).await else { return };
    assert_eq!((row.complaints(), row.lost()), (vec![], 0), "{row:#?}");
    let hops = &row.report.verification.hops;
    let named: Vec<_> = hops.iter().map(|hop| (hop.from.as_str(), hop.to.as_str())).collect();
    assert_eq!(named, [hop], "{row:#?}");
    assert_eq!(row.explained(), row.report.verdict("broken"), "{row:#?}");
    assert!(row.explained() > 0, "{row:#?}");
}

#[tokio::test]
async fn contexts_that_the_gateway_drops_are_found() {
    is_found("drop-context-gateway", ("gateway", "user-service")).await;
}

#[tokio::test]
async fn contexts_that_user_service_drops_are_found() {
    is_found("drop-context-user", ("user-service", "order-service")).await;
}

#[tokio::test]
async fn contexts_that_order_service_drops_are_found() {
    is_found("drop-context-order", ("order-service", "audit-service")).await;
}
